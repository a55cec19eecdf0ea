{% snapshot history %}
{{ config(unique_key='id', strategy='check', check_cols=['name']) }}
select 1 as id, {% if var('situation') == 'changed' %}'bob'{% else %}'ann'{% endif %}::varchar(10) as name
{% endsnapshot %}
