select * from {{ ref('ordrs') }}
