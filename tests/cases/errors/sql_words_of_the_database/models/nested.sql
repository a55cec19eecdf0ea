select sum(sum(a)) from (select 1 as a) as x
