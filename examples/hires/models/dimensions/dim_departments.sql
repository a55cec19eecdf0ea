{{ config(rejects=true, reject_limit=var('reject_limit')) }}

select
    id as department_id,
    department
from {{ source('uploads', 'departments') }}
