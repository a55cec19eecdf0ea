WITH p as (
        SELECT count(user_id) as paid 
        FROM dm_users
        WHERE level = 'paid'
    ),
    f as (
        SELECT count(user_id) as free
        FROM dm_users
        WHERE level = 'free'
    )
    SELECT 'Ratio: ', 'Free users: '||f.free, 'Paid users: '||p.paid, (f.free/p.paid)||':'||(p.paid/p.paid)
    FROM p,f;
