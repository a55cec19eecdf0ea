{{ config(materialized='dynamic_table') }} select 1 as id
