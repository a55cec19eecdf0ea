SELECT * FROM stl_load_errors ORDER BY starttime DESC LIMIT 10;
