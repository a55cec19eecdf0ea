UNLOAD('SELECT * FROM COMPANY.PUBLIC.jobs') to 's3://company-backup-1/backup-parquet/jobs' iam_role 'arn:aws:iam::1:role/SpectrumRole' FORMAT PARQUET ALLOWOVERWRITE;
