select
    gins.gin_id,
    gins.name,
    countries.country_id,
    gins.alcohol,
    gins.description
from {{ ref('stg_gins') }} as gins
inner join {{ ref('dim_countries') }} as countries on countries.country = gins.country
