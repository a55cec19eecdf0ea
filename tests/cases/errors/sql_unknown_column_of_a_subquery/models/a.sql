select 1 as a, count(*) as n from (select 1 as b) group by c
