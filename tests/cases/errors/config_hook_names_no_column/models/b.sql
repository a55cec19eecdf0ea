{{ config(materialized='table', post_hook="insert into {{ this }} (amont) select 2") }}
select 1 as amount
