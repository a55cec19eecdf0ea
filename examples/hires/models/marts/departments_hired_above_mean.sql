with hired as (
    select
        departments.department_id,
        departments.department,
        count(*) as hired
    from {{ ref('fct_hires') }} as people
    inner join {{ ref('dim_departments') }} as departments on departments.department_id = people.department_id
    where people.hired_at >= '2021-01-01' and people.hired_at < '2022-01-01'
    group by departments.department_id, departments.department
)

select
    department_id,
    department,
    hired
from hired
where hired > (select avg(hired::decimal(18, 4)) from hired)
