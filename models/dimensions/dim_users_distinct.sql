{{ config(enabled=var('with_dim_users_distinct'), dist='user_id') }}

-- The tempting way to write dim_users, kept for the tour in the README: a user with two levels is two rows.
select distinct
    user_id,
    first_name,
    last_name,
    gender,
    level
from {{ ref('stg_events') }}
where {{ is_songplay() }}
