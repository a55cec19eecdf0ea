-- Every event that was loaded is a songplay, a play of a song that the catalogue does not have, or no play at all.
with loaded as (
    select count(*) as events
    from {{ source('raw', 'events') }}
),

songplays as (
    select count(*) as events
    from {{ ref('fct_songplays') }}
),

unknown_songs as (
    select count(*) as events
    from {{ ref('stg_events') }} as events
    left join {{ ref('fct_songplays') }} as songplays on events.event_id = songplays.songplay_id
    where {{ is_songplay('events.page') }}
        and songplays.songplay_id is null
),

other_pages as (
    select count(*) as events
    from {{ ref('stg_events') }}
    where not ({{ is_songplay() }})
)

select
    loaded.events as loaded,
    songplays.events as songplays,
    unknown_songs.events as unknown_songs,
    other_pages.events as other_pages
from loaded
cross join songplays
cross join unknown_songs
cross join other_pages
where loaded.events <> songplays.events + unknown_songs.events + other_pages.events
