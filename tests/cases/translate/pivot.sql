select * from (select region, qty from sales) pivot (sum(qty) as total for region in ('east', 'west' as w));
