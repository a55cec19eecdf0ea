select count(*) filter (where x > 1) from t;
