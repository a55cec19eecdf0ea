-- How often is each artist played?
select
    artist,
    count(*) as plays,
    count(distinct user_id) as listeners
from {{ ref('stg_events') }}
where {{ is_songplay() }}
group by artist
order by plays desc, artist
