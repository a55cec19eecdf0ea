select distinct
    gin_id,
    garnish_id
from {{ source('bar', 'gin_garnishes') }}
