select {{ cents_to_dollar('amount') }} as amount
