{{ config(unique_key='transaction_id', dist='transaction_id', sort='paid_at') }}

select
    transactions.transaction_id,
    transactions.paid_at,
    branches.branch_id,
    methods.payment_method_id,
    transactions.total_price
from {{ ref('stg_transactions') }} as transactions
inner join {{ ref('dim_branches') }} as branches on branches.branch = transactions.branch
inner join {{ ref('dim_payment_methods') }} as methods on methods.payment_method = transactions.payment_method
{% if is_incremental() %}
-- What is new is what is not there: a file may come late, so the last date tells nothing.
left join {{ this }} as known on known.transaction_id = transactions.transaction_id
where known.transaction_id is null
{% endif %}
