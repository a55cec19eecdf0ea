select sum(a) over (order by a rows between 1 following and 1 preceding) as s from (select 1 as a) as x
