{{ config(materialized='table', database='elsewhere') }}
select 1 as id
