{{ config(materialized='table', sort='order_id', sort_type='compund') }}
select 1 as order_id, 20 as amount
