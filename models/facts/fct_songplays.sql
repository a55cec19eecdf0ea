{{ config(
    materialized='incremental',
    unique_key='songplay_id',
    dist='song_id',
    sort='song_id'
) }}

with plays as (
    select *
    from {{ ref('stg_events') }}
    where {{ is_songplay() }}
    {% if is_incremental() %}
        -- The last moment is read again, because more than one event may share it; unique_key keeps each once.
        and start_time >= (select max(start_time) from {{ this }})
    {% endif %}
),

-- Title and name find the song. Where an artist has several songs of one title, the nearest in length is the one.
matches as (
    select
        plays.event_id,
        plays.start_time,
        plays.user_id,
        plays.level,
        songs.song_id,
        songs.artist_id,
        plays.session_id,
        plays.location,
        plays.user_agent,
        row_number() over (
            partition by plays.event_id
            order by abs(plays.length - songs.duration), songs.song_id
        ) as nearness
    from plays
    inner join {{ ref('stg_songs') }} as songs
        on plays.song = songs.title
        and plays.artist = songs.artist_name
)

select
    event_id as songplay_id,
    start_time,
    user_id,
    level,
    song_id,
    artist_id,
    session_id,
    location,
    user_agent
from matches
where nearness = 1
