select
    id as garnish_id,
    trim(name) as name
from {{ source('bar', 'garnishes') }}
