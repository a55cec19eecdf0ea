select 1 as id, to_charr(current_date, 'YYYY') as year
