{{ config(materialized='table', post_hook='analyze compression of {{ this }}') }}
select 1 as order_id, 20 as amount
