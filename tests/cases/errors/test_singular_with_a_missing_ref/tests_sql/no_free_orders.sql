select * from {{ ref('order') }} where amount = 0
