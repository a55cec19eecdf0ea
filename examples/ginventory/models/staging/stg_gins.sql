-- Of several countries or strengths the first counts. A decimal comma becomes a point, and what is no number then is unknown. A line end
-- inside of a field is one letter, also in a file from Windows.
with first_of as (
    select
        id as gin_id,
        trim(replace(name, chr(13), '')) as name,
        trim(split_part(country, '/', 1)) as country,
        trim(split_part(replace(replace(alcohol, '%', ''), ',', '.'), '/', 1)) as alcohol,
        replace(description, chr(13), '') as description
    from {{ source('bar', 'gins') }}
)

select
    gins.gin_id,
    gins.name,
    coalesce(corrections.country, gins.country) as country,
    case when gins.alcohol ~ '^[0-9]{1,2}([.][0-9]{1,2})?$' then gins.alcohol::decimal(4, 2) end as alcohol,
    gins.description
from first_of as gins
left join {{ ref('country_corrections') }} as corrections on corrections.written = gins.country
