select distinct
    gin_id,
    tonic_id
from {{ source('bar', 'gin_tonics') }}
