COPY jobs FROM 's3://company-backup-1/backup/jobs.avro' iam_role 'arn:aws:iam::1:role/SpectrumRole' AVRO AS 'auto' IGNOREALLERRORS;
