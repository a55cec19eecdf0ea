select id, row_number() over (partition by k order by at desc) as rn, lag(x ignore nulls) over (order by id), sum(x) over (order by id rows unbounded preceding) from t qualify rn = 1;
