select {{ 'n' + 1 }} as n
