select dateadd(day, 1) as tomorrow
