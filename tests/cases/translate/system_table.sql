select * from svv_table_info;
