select datediff(week, a, b) from t;
