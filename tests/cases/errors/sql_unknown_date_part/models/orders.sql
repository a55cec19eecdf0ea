select dateadd(dya, 1, '2024-01-01'::date) as tomorrow
