{{ config(materialized='my_own') }}
select id from {{ ref('orders') }}
