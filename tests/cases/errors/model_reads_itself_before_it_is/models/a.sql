{{ config(materialized='table') }}
select * from {{ this }}
