select
    countries.country,
    count(distinct gins.gin_id) as gins,
    count(distinct tonics.tonic_id) as tonics,
    count(distinct garnishes.garnish_id) as garnishes,
    max(gins.alcohol) as strongest
from {{ ref('dim_gins') }} as gins
inner join {{ ref('dim_countries') }} as countries on countries.country_id = gins.country_id
left join {{ ref('bridge_gin_tonics') }} as tonics on tonics.gin_id = gins.gin_id
left join {{ ref('bridge_gin_garnishes') }} as garnishes on garnishes.gin_id = gins.gin_id
group by countries.country
