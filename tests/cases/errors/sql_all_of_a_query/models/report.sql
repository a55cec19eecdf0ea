with first as (
  select to_date(name) as day, idd from {{ ref('rows_now') }}
),
second as (
  select iff(true, 1, 2) as y, day from first
),
third as (
  select datediff('dayy', day, day) as days from {{ ref('rows_now') }} where lag(id, -1) over (order by id) = 1
)
select first.day, (select dateadd(dya, 1, day) from second) as s, inner_one.z
from first
join second on first.day = second.yy and dateadd(monht, 1, second.day) = first.day
join (select nvl2(1, 2) as z from third) as inner_one on true
union all
select strtol('1'), 1, 2 from third limit ten
