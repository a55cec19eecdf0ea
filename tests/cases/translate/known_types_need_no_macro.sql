with t as (select 1::int as a, 'x'::varchar(5) as b, current_date as c) select a / 2, b = 'x', c > '2024-01-01', avg(a), sum(a) from t group by 1, 2, 3;
