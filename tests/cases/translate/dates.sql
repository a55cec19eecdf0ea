select dateadd(mon, 1, d), datediff(day, d, getdate()), date_trunc('qtr', d), extract(dow from d), to_char(d, 'YYYY-MM') from t where d >= dateadd(day, -7, sysdate);
