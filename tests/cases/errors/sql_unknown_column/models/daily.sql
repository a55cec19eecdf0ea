select
  order_id,
  amont
from {{ ref('orders') }}
