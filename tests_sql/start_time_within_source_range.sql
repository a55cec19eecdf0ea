-- A play outside the time that the logs cover means that a clock or a unit was read wrongly.
select
    songplay_id,
    start_time
from {{ ref('fct_songplays') }}
where start_time < (select min(ts) from {{ source('raw', 'events') }})
    or start_time > (select max(ts) from {{ source('raw', 'events') }})
