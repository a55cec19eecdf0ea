select a / b, avg(a), sum(a) / count(*), trunc(a), a::varchar(3), a::int from t;
