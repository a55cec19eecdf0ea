select a from (select 1 as a) as x where rank() over (order by a) = 1
