select
    datediff('day', d) as days,
    to_date(d) as day,
    nvl2(1, 2) as one,
    cast('abc' as int) as number,
    iff(d is null, 1, 2) as two
from (select current_date as d)
where amount = dateadd(mnth, 1, d)
