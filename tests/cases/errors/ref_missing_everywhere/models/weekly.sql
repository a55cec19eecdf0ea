select *
from {{ ref('daly') }}
