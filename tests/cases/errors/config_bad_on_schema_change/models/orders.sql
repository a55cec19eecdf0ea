{{ config(materialized='incremental', on_schema_change='append') }}
select 1 as order_id, 20 as amount
