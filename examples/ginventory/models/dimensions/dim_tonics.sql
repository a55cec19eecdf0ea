select
    id as tonic_id,
    trim(replace(name, chr(13), '')) as name
from {{ source('bar', 'tonics') }}
