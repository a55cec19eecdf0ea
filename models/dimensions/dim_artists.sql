{{ config(dist='name', sort='artist_id') }}

-- An artist's name and place differ from song to song: the latest song has the last word.
with names as (
    select
        artist_id,
        artist_name,
        artist_location,
        artist_latitude,
        artist_longitude,
        row_number() over (
            partition by artist_id
            order by nvl(year, 0) desc, song_id
        ) as choice
    from {{ ref('stg_songs') }}
)

select
    artist_id,
    artist_name as name,
    artist_location as location,
    artist_latitude as latitude,
    artist_longitude as longitude
from names
where choice = 1
