select regexp_substr(a, b) from t;
