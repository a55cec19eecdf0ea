select
    branches.branch,
    transactions.paid_at::date as day,
    count(*) as transactions,
    sum(transactions.total_price) as revenue
from {{ ref('fct_transactions') }} as transactions
inner join {{ ref('dim_branches') }} as branches on branches.branch_id = transactions.branch_id
group by branches.branch, transactions.paid_at::date
