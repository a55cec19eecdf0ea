with users as (
    select
        level,
        count(*) as users
    from {{ ref('dim_users') }}
    group by level
),

plays as (
    select
        level,
        count(*) as plays,
        max(start_time) as last_play
    from {{ ref('fct_songplays') }}
    group by level
)

select
    levels.level,
    levels.is_paying,
    nvl(users.users, 0) as users,
    nvl(plays.plays, 0) as plays,
    dateadd(day, 30, plays.last_play) as quiet_from
from {{ ref('levels') }} as levels
left join users on levels.level = users.level
left join plays on levels.level = plays.level
