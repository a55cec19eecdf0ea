{{ config(dist='customer_id', sort='customer_id') }}

select
    c.customer_id,
    c.customer_name,
    count(o.order_id) as orders,
    nvl(sum(o.amount), 0) as amount,
    max(o.ordered_at) as last_ordered_at
from {{ ref('stg_customers') }} as c
left join {{ ref('stg_orders') }} as o on o.customer_id = c.customer_id
group by c.customer_id, c.customer_name
