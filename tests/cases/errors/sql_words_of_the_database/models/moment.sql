select to_date('x', 'YYYY-MM-DD') as d
