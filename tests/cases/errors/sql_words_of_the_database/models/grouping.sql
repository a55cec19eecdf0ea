select grouping(1) from (select 1 as a) as x
