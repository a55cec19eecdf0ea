{{ config(alias='orders__RS_tmp') }}
select 1 as id
