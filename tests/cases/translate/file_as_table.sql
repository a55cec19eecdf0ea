select * from "events.parquet";
