select a,, b from t
where group by;
