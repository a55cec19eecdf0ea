select count(*) filter (where amount > 10) as large
from {{ ref('orders') }}
