{{ config(materialized='table') }}
select cast(true as varchar) as paid
