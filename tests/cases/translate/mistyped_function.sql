select date_truncc('month', d) from t;
