select list_aggregate([1, 2], 'sum') as total
