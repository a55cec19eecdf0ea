select distinct
    md5(branch) as branch_id,
    branch
from {{ ref('stg_transactions') }}
