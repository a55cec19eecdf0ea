{{ config(materialized='incremental', incremental_strategy='insert_overwrite') }}
select 1 as order_id, 20 as amount
