select 1 as amount, {{ ref("b") }}
