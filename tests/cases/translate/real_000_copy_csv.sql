COPY garnishes FROM 's3://ginventory-bucket/normalized_data/garnishes.csv' IAM_ROLE 'arn:aws:iam::1:role/x' FORMAT AS csv IGNOREHEADER 1 delimiter ';';
