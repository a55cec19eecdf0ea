select {{ dollars('amount', 2, true) }} as amount
