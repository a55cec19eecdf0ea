select sqrt(-1) as r
