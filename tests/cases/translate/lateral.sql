select * from t, lateral (select 1) q;
