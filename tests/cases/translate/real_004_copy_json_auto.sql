COPY staging_songs FROM 's3://udacity-dend/song_data' IAM_ROLE 'arn:aws:iam::1:role/x' COMPUPDATE OFF REGION 'us-west-2' FORMAT AS JSON 'auto' TRUNCATECOLUMNS BLANKSASNULL EMPTYASNULL MAXERROR 10;
