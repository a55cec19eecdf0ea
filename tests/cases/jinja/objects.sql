{%- set rel = api.Relation.create(database='db', schema='s', identifier='i', type='view') -%}
{{ rel }} {{ rel.include(database=false) }} {{ rel.is_view }} {{ rel.identifier }} {{ rel.type }} {{ rel.quote(schema=false) }} {{ rel.without_identifier() }}
{%- set t = run_query("select 1 as id, 'ada' as name union all select 2, 'grace' order by 1") %}
{% if execute %}{{ t.columns[0].values() }} {{ t.columns['name'].values() | join('+') }} {{ t.column_names }} {% for row in t.rows %}{{ row['id'] }}{{ row.name }}{{ row[1] }};{% endfor %} {{ t.rows | length }} {{ t.columns | map(attribute='name') | list }}
{%- for r in t %}{{ r.values() | list }}{% endfor %}{% endif %}
{% set c = api.Column('price', 'numeric', none, 18, 2) %}{{ c.name }} {{ c.data_type }} {{ c.is_numeric() }} {{ c.quoted }} {{ c.dtype }} {{ api.Column.translate_type('string') }} {{ api.Column('n', 'varchar', 20).data_type }}
