{% call wrap('b', upper=true) %}
  inside {{ 1 + 1 }}
{% endcall %}
{% set x %}
 block {{ 2 ** 3 }} {{ 7 // 2 }} {{ 7 % 3 }} {{ 7 / 2 }} {{ 1e3 }} {{ 0.1 + 0.2 }}
{% endset %}
[{{ x | trim }}]
{{ 'a,b'.split(',') }} {{ 'Hello'.lower().replace('l', 'L') }} {{ '%s is %d' % ('x', 3) }} {{ "{:,}".format(1234567) }} {{ 'x'.join(['1','2']) }}
{{ [3,1,2] | sort }} {{ [1,2,3] | map('string') | list }} {{ range(3) | list }} {{ (1, 2) }} {{ {'a': [true, none, 1.5, 'q']} }} {{ "it's" }} {{ ["it's", 'a"b'] }}
