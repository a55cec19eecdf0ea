{{ config(materialized='view', bind=false) }}
select id from {{ ref('prices') }}
