select
    id as garnish_id,
    trim(replace(name, chr(13), '')) as name
from {{ source('bar', 'garnishes') }}
