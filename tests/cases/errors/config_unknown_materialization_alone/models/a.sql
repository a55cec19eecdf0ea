{{ config(dist='id', sort='id') }} select 1 as id
