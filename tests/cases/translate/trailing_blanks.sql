select * from a left join b on a.code = b.code and b.kind = 'x ' where a.name in ('p', 'q ') and a.n = 1;
