select * from {{ ref('orders') }} where amount > 10
