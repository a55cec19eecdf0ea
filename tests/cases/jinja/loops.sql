{{ config(materialized='table') }}
{%- set cols = ['a', 'b', 'c'] %}
select
{%- for c in cols %}
    {{ cents(c, scale=loop.index) }} as {{ c }}{{ "," if not loop.last }}
{%- endfor %}
from {{ ref('orders') }}
