select a::uuid from t;
