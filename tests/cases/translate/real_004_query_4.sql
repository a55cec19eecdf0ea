SELECT 
        CASE 
                WHEN dmt.weekday = 1 THEN 'Monday'
                WHEN dmt.weekday = 2 THEN 'Tuesday' 
                WHEN dmt.weekday = 3 THEN 'Wednesday' 
                WHEN dmt.weekday = 4 THEN 'Thursday' 
                WHEN dmt.weekday = 5 THEN 'Friday'
                WHEN dmt.weekday = 6 THEN 'Saturday' 
                WHEN dmt.weekday = 7 THEN 'Sunday'
        END,
        'Total songplays:', count(*) 
    FROM dm_time dmt
    GROUP BY dmt.weekday
    ORDER BY 2 DESC
    LIMIT 1;
