select sum(x) over (order by id) from t;
