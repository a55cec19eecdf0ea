{%- set ns = namespace(total=0, seen=[]) -%}
{%- for k, v in {'x': 1, 'y': 2}.items() -%}
  {%- set ns.total = ns.total + v -%}
  {%- do ns.seen.append(k) -%}
{%- endfor -%}
{{ ns.total }} {{ ns.seen }} {{ tojson({'a': [1, none, 'é'], 'b': {'c': true}}) }} {{ fromjson('{"a": [1, 2.5]}')['a'] }}
{{ toyaml({'a': 1, 'b': ['x', 'y']}) }}{{ fromyaml('a: [1, yes]') }} {{ zip([1, 2], ['a', 'b']) | list }} {{ set([1, 1]) | list }} {{ local_md5('x') }}
{{ modules.datetime.date(2024, 2, 28) + modules.datetime.timedelta(days=2) }} {{ modules.datetime.datetime(2024, 1, 31, 10, 5).strftime('%Y/%m/%d %H:%M %A') }} {{ modules.re.sub('a+', 'b', 'caaat') }}
{{ modules.itertools.product([1, 2], ['a']) | list }} {{ dbt_utils is defined }} {{ undefined_thing is defined }} {{ none }} {{ '' or 'dflt' }} {{ 5 if false }}|
