{{ config(rejects=true, reject_limit=var('reject_limit')) }}

-- Rows that fail a test of fct_hires in facts.yml go to fct_hires__rejects; the others have the types that `castable` names.
select
    id,
    name,
    datetime as hired_at,
    department_id,
    job_id
from {{ source('uploads', 'hired_employees') }}
