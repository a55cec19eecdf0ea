select 'paid as status
