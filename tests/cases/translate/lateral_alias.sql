select qty * 2 as dbl, dbl + 1 as more, case when dbl = 4 then 'four' end as word from sales;
