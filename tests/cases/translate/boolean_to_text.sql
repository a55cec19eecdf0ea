select (a > 1)::varchar from t;
