{{ config(materialized='incremental', unique_key='id', on_schema_change='sync_all_columns') }}
{% if var('situation') == 'changed' -%}
select 1 as id, 2.5::float as amount, 2 as more
{%- else -%}
select 1 as id, 1 as amount, 3 as less
{%- endif %}
