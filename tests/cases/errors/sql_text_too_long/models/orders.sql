select 1 as order_id, cast('twenty' as varchar(10)) as amount
