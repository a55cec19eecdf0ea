select json_extract_path_text('{bad', 'a') as j
