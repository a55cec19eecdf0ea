{{ config(materialized='incremental', incremental_strategy='append') }}
select 1 as id, 'ann'::varchar(10) as name
