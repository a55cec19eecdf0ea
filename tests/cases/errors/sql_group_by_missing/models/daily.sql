select order_id, sum(amount) as amount
from {{ ref('orders') }}
