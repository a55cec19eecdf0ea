select {{ dollars('amount', digit=2) }} as amount
