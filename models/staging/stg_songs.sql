select
    song_id,
    title,
    duration,
    nullif(year, 0) as year,
    artist_id,
    artist_name,
    artist_location,
    artist_latitude,
    artist_longitude
from {{ source('raw', 'songs') }}
