COPY staging.products FROM 's3://b/f' IAM_ROLE 'r' CSV;
