{# Only these events are somebody listening; every other page is somebody looking around. #}
{% macro is_songplay(page='page') -%}
    {{ page }} = 'NextSong'
{%- endmacro %}
