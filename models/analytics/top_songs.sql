with plays as (
    select
        song_id,
        artist_id,
        count(*) as plays
    from {{ ref('fct_songplays') }}
    group by song_id, artist_id
)

select
    rank() over (order by plays.plays desc) as place,
    plays.song_id,
    songs.title,
    artists.name as artist,
    plays.plays
from plays
inner join {{ ref('dim_songs') }} as songs on plays.song_id = songs.song_id
inner join {{ ref('dim_artists') }} as artists on plays.artist_id = artists.artist_id
order by plays.plays desc, songs.title, plays.song_id
limit 10
