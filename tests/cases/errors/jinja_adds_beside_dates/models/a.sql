select
    '{{ modules.datetime.date(2024, 1, 1) }}' as day,
    {{ 'a' + 1 }} as sum
