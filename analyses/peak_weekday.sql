-- On which day of the week is most played? Two people may begin a song in the same millisecond: counted by dim_time, which has each moment once, that is
-- one play (`moments`); counted by events it is two.
select
    weekdays.name as weekday,
    count(distinct events.start_time) as moments,
    count(*) as plays
from {{ ref('stg_events') }} as events
inner join {{ ref('weekdays') }} as weekdays on weekdays.weekday = extract(dow from events.start_time)
where {{ is_songplay('events.page') }}
group by weekdays.name
order by moments desc, weekdays.name
