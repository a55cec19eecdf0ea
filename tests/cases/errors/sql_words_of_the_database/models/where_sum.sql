select a from (select 1 as a) as x where sum(a) = 1
