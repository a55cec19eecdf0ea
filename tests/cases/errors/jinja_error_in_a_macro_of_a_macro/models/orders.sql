select
  {{ dollars('amount') }} as amount
