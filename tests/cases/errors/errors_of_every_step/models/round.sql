select * from {{ ref('circle') }}
