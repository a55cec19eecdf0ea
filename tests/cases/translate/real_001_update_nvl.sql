UPDATE staging.products SET id = id + ( SELECT NVL(MAX(id), 0) FROM public.products ), transaction_id = transaction_id + ( SELECT NVL(MAX(transaction_id), 0) FROM public.products );
