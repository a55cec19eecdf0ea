{{ config(dist='user_id') }}

-- A user who changes the subscription has events with both levels: the latest one counts.
with plays as (
    select
        user_id,
        first_name,
        last_name,
        gender,
        level,
        row_number() over (
            partition by user_id
            order by start_time desc, session_id desc, item_in_session desc
        ) as recency
    from {{ ref('stg_events') }}
    where {{ is_songplay() }}
)

select
    user_id,
    first_name,
    last_name,
    gender,
    level
from plays
where recency = 1
