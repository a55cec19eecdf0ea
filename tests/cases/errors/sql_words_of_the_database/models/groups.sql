select ntile(0) over (order by a) as n from (select 1 as a) as x
