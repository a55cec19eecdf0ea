select datediff(mounth, a, b) from t;
