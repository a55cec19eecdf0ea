-- A join that matches an event twice would count one play as two. Counted without the model's own join.
with expected as (
    select count(*) as plays
    from {{ ref('stg_events') }} as events
    where {{ is_songplay('events.page') }}
        and exists (
            select 1
            from {{ ref('stg_songs') }} as songs
            where songs.title = events.song
                and songs.artist_name = events.artist
        )
),

found as (
    select count(*) as plays
    from {{ ref('fct_songplays') }}
)

select
    expected.plays as events_with_a_song,
    found.plays as songplays
from expected
cross join found
where expected.plays <> found.plays
