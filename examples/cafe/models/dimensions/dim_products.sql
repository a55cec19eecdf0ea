select distinct
    product_id,
    name,
    size,
    flavour,
    price
from {{ ref('stg_items') }}
