select {{ pivot('status', ['new', 'old'], prefix='n_') }}
from {{ ref('orders') }}
{% if var('n') > 2 and execute %}where x = '{{ var("start") }}'{% endif %}

