select 1 as order_id, 'Ada Exampleton' as customer union all select null, 'Bo Placeholder'
