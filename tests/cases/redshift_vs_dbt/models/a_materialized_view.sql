{{ config(materialized='materialized_view', dist='even' if var('situation') == 'changed' else 'all', auto_refresh=False) }}
select 1 as id
