{% set names = [{'first': 'a'}] %}
select '{{ names[5].first }}' as name
