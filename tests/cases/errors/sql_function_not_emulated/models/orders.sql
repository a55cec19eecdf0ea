select st_makepoint(1, 2) as place
