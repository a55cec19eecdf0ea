{{ config(tags=3) }}
select 1 as order_id, 20 as amount
