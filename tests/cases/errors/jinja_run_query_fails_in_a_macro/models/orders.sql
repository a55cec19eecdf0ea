select {{ latest_day() }} as day
