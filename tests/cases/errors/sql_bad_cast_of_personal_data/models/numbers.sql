{{ config(materialized='table') }}
select cast(email as integer) as number from {{ ref('people') }}
