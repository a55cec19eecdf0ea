{% set most_items = 30 %}
with places as (
    {% for place in range(1, most_items + 1) %}
    select {{ place }} as place{% if not loop.last %} union all{% endif %}
    {% endfor %}
),

items as (
    select
        transactions.transaction_id,
        places.place,
        trim(split_part(transactions.products, ', ', places.place)) as item
    from {{ ref('stg_transactions') }} as transactions
    inner join places on places.place <= transactions.items
),

-- `Regular Flavoured iced latte - Hazelnut - 2.75`: size and name, perhaps a flavour, the price.
parts as (
    select
        transaction_id,
        place,
        split_part(item, ' - ', 1) as product,
        case when regexp_count(item, ' - ') = 2 then split_part(item, ' - ', 2) end as flavour,
        split_part(item, ' - ', regexp_count(item, ' - ') + 1) as price
    from items
)

select
    transaction_id,
    place,
    split_part(product, ' ', 1) as size,
    substring(product, position(' ' in product) + 1) as name,
    flavour,
    price::decimal(8, 2) as price,
    md5(product || '|' || coalesce(flavour, '') || '|' || price) as product_id
from parts
