{{ config(rejects=true, reject_limit=var('reject_limit')) }}

select
    id as job_id,
    job
from {{ source('uploads', 'jobs') }}
