grant select on s.t to group readers; analyze s.t; update s.t set x = 1 where id = 2;
