{% set price = {'net': 1} %}
select {{ price.gross.cents }} as amount
