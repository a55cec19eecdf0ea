select 'ann@example.com' as email
