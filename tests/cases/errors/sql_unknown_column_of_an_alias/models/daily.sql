select o.order_id, o.total
from {{ ref('orders') }} as o
