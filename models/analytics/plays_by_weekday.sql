-- From the seed, so that a day without a single play is a row with 0 and not missing.
with plays as (
    select
        times.weekday,
        count(*) as plays,
        count(distinct plays.user_id) as listeners
    from {{ ref('fct_songplays') }} as plays
    inner join {{ ref('dim_time') }} as times on plays.start_time = times.start_time
    group by times.weekday
)

select
    weekdays.weekday,
    weekdays.name,
    weekdays.is_weekend,
    nvl(plays.plays, 0) as plays,
    nvl(plays.listeners, 0) as listeners
from {{ ref('weekdays') }} as weekdays
left join plays on weekdays.weekday = plays.weekday
