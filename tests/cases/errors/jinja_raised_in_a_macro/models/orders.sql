select {{ dollars('euro') }} as amount
