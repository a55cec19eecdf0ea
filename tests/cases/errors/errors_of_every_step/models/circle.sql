select * from {{ ref('round') }}
