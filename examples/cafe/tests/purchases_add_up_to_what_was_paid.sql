-- For every transaction: the sum of what was bought is what was paid.
select
    transactions.transaction_id,
    transactions.total_price,
    sum(purchases.quantity * purchases.price) as bought
from {{ ref('fct_transactions') }} as transactions
left join {{ ref('fct_purchases') }} as purchases on purchases.transaction_id = transactions.transaction_id
group by transactions.transaction_id, transactions.total_price
having coalesce(sum(purchases.quantity * purchases.price), 0) <> transactions.total_price
