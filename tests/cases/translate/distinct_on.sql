select distinct on (id) id, x from t;
