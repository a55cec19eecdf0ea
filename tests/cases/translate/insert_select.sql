insert into s.t (a, b) with x as (select 1 as a) select a, a / 2 from x;
