select power(10, 400) as p
