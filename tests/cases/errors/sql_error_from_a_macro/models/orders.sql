{{ config(materialized='table') }}
select
  {{ cents('amount') }} as amount
from {{ ref('lines') }}
