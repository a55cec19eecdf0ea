{{ config(materialized='incremental', incremental_strategy='append') }}
select {% if var('situation') == 'changed' %}'longer'::varchar(20){% else %}'ann'::varchar(10){% endif %} as name
