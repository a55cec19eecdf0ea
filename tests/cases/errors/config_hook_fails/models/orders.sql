{{ config(materialized='table', post_hook="insert into {{ target.schema }}.audit values ('{{ this }}')") }}
select 1 as order_id, 20 as amount
