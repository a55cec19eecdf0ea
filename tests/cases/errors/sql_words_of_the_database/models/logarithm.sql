select ln(0) as l
