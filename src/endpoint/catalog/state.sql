create schema if not exists {database}.public;
create schema if not exists {state};
create table if not exists {state}.relations (
  schema_name varchar, name varchar, kind varchar, definition varchar, query varchar, owner varchar,
  diststyle varchar, distkey varchar, sort_type varchar, sortkeys varchar[], backup boolean, auto_refresh boolean,
  encodings map(varchar, varchar), created timestamp
);
create table if not exists {state}.constraints (
  schema_name varchar, table_name varchar, name varchar, kind varchar, columns varchar[], definition varchar
);
create table if not exists {state}.depends (
  schema_name varchar, name varchar, on_schema varchar, on_name varchar
);
create table if not exists {state}.schemas (name varchar, owner varchar);
create table if not exists {state}.identities (
  kind varchar, name varchar, id bigint, superuser boolean, createdb boolean, owner varchar
);
create table if not exists {state}.members (kind varchar, name varchar, member_kind varchar, member varchar);
create table if not exists {state}.grants (
  kind varchar, schema_name varchar, name varchar, privilege varchar, grantee_kind varchar, grantee varchar, grantor varchar,
  admin boolean
);
insert into {state}.identities
select * from (values ('user', 'rdsdb', 1, true, true, 'rdsdb'), ('user', {user}, 100, true, true, {user})) as new(kind, name, id, superuser, createdb, owner)
where not exists (select 1 from {state}.identities as old where old.kind = new.kind and old.name = new.name);
