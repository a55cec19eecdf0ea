select distinct
    md5(payment_method) as payment_method_id,
    payment_method
from {{ ref('stg_transactions') }}
