(select id from a union all select id from b) minus select id from c order by 1 limit 3;
