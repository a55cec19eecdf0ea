TRUNCATE staging.products;
