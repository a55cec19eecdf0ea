select count(*), max(x), nvl(a, b), 'text', 1 + 1, a::int, case when a then b end, extract(year from d), t.c from t;
