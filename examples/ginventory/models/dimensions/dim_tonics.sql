select
    id as tonic_id,
    trim(name) as name
from {{ source('bar', 'tonics') }}
