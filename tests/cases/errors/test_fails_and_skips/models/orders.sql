select 1 as order_id, 20 as amount union all select 1, 30
