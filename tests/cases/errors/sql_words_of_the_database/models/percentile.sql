select percentile_cont(2) within group (order by a) as p from (select 1 as a) as x
