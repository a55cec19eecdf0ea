UNLOAD ( 'SELECT * FROM staging.products' ) TO 's3://b/staging_products.csv' IAM_ROLE 'r' REGION 'eu-west-1' PARALLEL OFF ALLOWOVERWRITE CSV;
