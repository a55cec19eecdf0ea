select * from {{ ref('ordrs') }}
union all
select * from {{ ref('orderz') }}
