{{ config(materialized='table') }}
select 1 as id
where current_date > 3
