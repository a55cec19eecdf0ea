select {{ again() }} as n
