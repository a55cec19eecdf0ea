select 'a' ~ '(b' as p
