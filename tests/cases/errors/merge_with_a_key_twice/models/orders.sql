{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='id',
) }}
select 1 as id, 10 as amount
{% if is_incremental() %}union all select 1, 20{% endif %}
