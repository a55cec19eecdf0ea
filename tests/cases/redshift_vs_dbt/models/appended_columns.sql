{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='append_new_columns') }}
select 1 as id{% if var('situation') == 'changed' %}, 2 as more{% endif %}
