{{ config(materialized='incremental', incremental_strategy='merge', unique_key='id') }}
select 1 as id, 'ann'::varchar(10) as name
