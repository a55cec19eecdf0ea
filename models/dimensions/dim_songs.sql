{{ config(dist='title', sort='song_id') }}

select
    song_id,
    title,
    artist_id,
    year,
    duration
from {{ ref('stg_songs') }}
