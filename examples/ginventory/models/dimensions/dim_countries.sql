select
    id as country_id,
    iso,
    nicename as country
from {{ ref('countries') }}
