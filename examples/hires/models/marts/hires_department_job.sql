select
    departments.department,
    jobs.job,
    {% for quarter in range(1, 5) %}
    sum(case when extract(quarter from people.hired_at) = {{ quarter }} then 1 else 0 end) as q{{ quarter }}{% if not loop.last %},{% endif %}

    {% endfor %}
from {{ ref('fct_hires') }} as people
inner join {{ ref('dim_departments') }} as departments on departments.department_id = people.department_id
inner join {{ ref('dim_jobs') }} as jobs on jobs.job_id = people.job_id
where people.hired_at >= '2021-01-01' and people.hired_at < '2022-01-01'
group by departments.department, jobs.job
