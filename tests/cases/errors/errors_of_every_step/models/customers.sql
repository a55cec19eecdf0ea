-- `orders` is wrong itself, `odrers` is not.
select * from {{ ref('orders') }} join {{ ref('odrers') }} using (id)
