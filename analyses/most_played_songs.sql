-- Which song is played most? Artists and titles as the app names them, so that songs outside of the catalogue count too.
select
    song,
    artist,
    count(*) as plays
from {{ ref('stg_events') }}
where {{ is_songplay() }}
group by song, artist
order by plays desc, song, artist
limit 10
