{{ config(store_failures=true, severity='warn') }}
select * from {{ ref('prices') }} where amount > 15
