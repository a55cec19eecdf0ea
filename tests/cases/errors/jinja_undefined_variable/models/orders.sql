select {{ min_amount }} as amount
