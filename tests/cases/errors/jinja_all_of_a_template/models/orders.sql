{{ config(pre_hook="delete from {{ old_table }}", post_hook=["{{ gant('select') }}", "analyze {{ tabel('payments') }}"]) }}
select {{ cent('amount') }} as amount, '{{ target.shema }}' as schema_name
from {{ this.nam }}
where day >= '{{ var("first_day") }}' and day < '{{ until }}'
