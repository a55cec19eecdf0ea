{% set d = nested_dict() %}
-- {{ d }} {{ d.items() | list }} {{ d['a']['x'][-1] }} {{ d.keys() | list }} {{ d.b is none }} {{ 'a' in d }} {{ d | length }}
-- {{ early([1, 2, 3]) }} {{ early([]) }} {{ va(1, 2, 3, k='v') }} {{ va('x') }}
select {{ surrogate_key(['id', 'name']) }} as k
