-- Which songs do people hear that the catalogue does not have? Compile it, or `redstart show --select unmatched_plays`.
select
    events.artist,
    events.song,
    count(*) as plays
from {{ ref('stg_events') }} as events
left join {{ ref('fct_songplays') }} as songplays on events.event_id = songplays.songplay_id
where {{ is_songplay('events.page') }}
    and songplays.songplay_id is null
group by events.artist, events.song
order by plays desc, events.artist, events.song
