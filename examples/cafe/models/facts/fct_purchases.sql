{{ config(unique_key=['transaction_id', 'product_id'], dist='transaction_id') }}

select
    items.transaction_id,
    items.product_id,
    count(*)::integer as quantity,
    items.price
from {{ ref('stg_items') }} as items
{% if is_incremental() %}
left join (select distinct transaction_id from {{ this }}) as known on known.transaction_id = items.transaction_id
where known.transaction_id is null
{% endif %}
group by items.transaction_id, items.product_id, items.price
