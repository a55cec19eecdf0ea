select {{ var('start_dat') }} as day
