select null::integer as order_id
