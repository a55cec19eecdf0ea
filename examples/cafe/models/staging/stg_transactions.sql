-- Neither a branch and minute nor what was bought then is a key: two people may buy the same in one minute. Rows that are the same but
-- for who paid are numbered, and as they are the same, it does not matter which one is the first: the ids stay what they are when the
-- files are loaded again, in any order.
with numbered as (
    select
        date_time,
        branch,
        products,
        total_price,
        payment_method,
        row_number() over (
            partition by date_time, branch, products, total_price, payment_method order by date_time
        ) as twin
    from {{ source('till', 'transactions') }}
)

select
    md5(
        to_char(date_time, 'YYYY-MM-DD HH24:MI') || '|' || branch || '|' || products || '|' || total_price || '|' || payment_method || '|' || twin
    ) as transaction_id,
    date_time as paid_at,
    branch,
    products,
    regexp_count(products, ', ') + 1 as items,
    total_price,
    payment_method
from numbered
