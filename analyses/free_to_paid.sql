-- How many users listen for free, and how many pay? Each user once, by the latest subscription.
select
    sum(case when level = 'free' then 1 else 0 end) as free,
    sum(case when level = 'paid' then 1 else 0 end) as paid,
    round(sum(case when level = 'free' then 1 else 0 end)::decimal(18, 4) / nullif(sum(case when level = 'paid' then 1 else 0 end), 0), 2) as free_to_one_paid
from {{ ref('dim_users') }}
