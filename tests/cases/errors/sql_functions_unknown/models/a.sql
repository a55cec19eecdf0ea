select
    datadd(day, 1, current_date) as tomorrow,
    misspelt(1) as one,
    upper(nvll('a', 'b')) as letter,
    st_dwithin(null, null, 5) as near,
    id
from (select 1 as idd)
where lenght('a') > 0
