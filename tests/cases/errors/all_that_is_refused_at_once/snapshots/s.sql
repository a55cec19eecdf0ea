{% snapshot sn %}{{ config(strategy='mine', unique_key='id', target_schema='x') }}select 1 as id{% endsnapshot %}
