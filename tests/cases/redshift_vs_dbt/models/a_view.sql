{{ config(materialized='view') }}
select 1 as id, 'ann'::varchar(10) as name
