select * from warehouse.ordres
