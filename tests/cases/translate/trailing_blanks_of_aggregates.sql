select region, max(name) = 'ann' as is_ann from sales group by region having min(code) <> 'x';
