select top 3 id from (select top 10 id from t order by id desc) x;
