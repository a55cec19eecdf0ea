select
    products.name,
    products.size,
    products.flavour,
    sum(purchases.quantity) as sold,
    sum(purchases.quantity * purchases.price) as revenue
from {{ ref('fct_purchases') }} as purchases
inner join {{ ref('dim_products') }} as products on products.product_id = purchases.product_id
group by products.name, products.size, products.flavour
