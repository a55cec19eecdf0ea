create or replace view s.v as select id from s.t with no schema binding;
