{{ config(materialized='table', event_time='moment') }}
select 1 as id, '2024-01-01 10:00:00'::timestamp as moment
union all
select 2 as id, '2024-01-02 10:00:00'::timestamp as moment
