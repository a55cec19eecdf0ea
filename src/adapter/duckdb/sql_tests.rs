use super::*;
use crate::adapter::copy::Folders;
use crate::adapter::redshift::tests::statements;

fn said(emulates_redshift: bool) -> String {
    let config = Config {
        path: None,
        database: "sales".to_owned(),
        emulates_redshift,
        settings: Vec::new(),
        places: Default::default(),
        s3: Folders::default(),
    };
    statements()
        .iter()
        .map(|statement| match Words::of(&config).sql(statement) {
            Ok(said) => said.join("\n;\n"),
            Err(refusal) => format!("refused: {}", refusal.message),
        })
        .collect::<Vec<_>>()
        .join("\n---\n")
}

#[test]
fn every_statement_has_its_words_where_redshift_is_emulated() {
    insta::assert_snapshot!(said(true), @r#"
    create schema if not exists "sales"
    ---
    create table "dev"."sales"."orders" as (
    select 1 as id -- one
    )
    ---
    create table "sales"."sales"."a" as (
    select 1 as id -- one
    )
    ---
    create table "sales"."sales"."a" as (
    select 1 as id -- one
    )
    ---
    set query_group to 'x';
    ;
    create temporary table "orders__tmp" as (
    select 1 as id -- one
    )
    ---
    create sequence "sales"."sales"."orders__id__identity" start 0 increment 1 minvalue -9223372036854775808 maxvalue 9223372036854775807
    ;
    create table "sales"."sales"."orders" (
      "id" BIGINT not null default nextval('"sales"."sales"."orders__id__identity"'),
      "weird "" name" VARCHAR check (system.main.strlen("weird "" name") <= 20),
      "amount" DECIMAL(10, 2) default 0.00
    )
    ---
    create view "sales"."sales"."v" as (
    select 1 as id
    )
    ---
    create view "sales"."sales"."v" as (
    with "__rs_late" as (select 1) select * from (
    select 1 as id
    )
    )
    ---
    alter view "sales"."sales"."v" rename to "w"
    ---
    drop table if exists "sales"."sales"."orders"
    ---
    drop view "sales"."sales"."v"
    ---
    insert into "sales"."sales"."orders" ("id", "amount") (
      select "id", "amount" from "orders__tmp"
    )
    ---
    insert into "sales"."sales"."orders" (
    select 1
    )
    ---
    delete from "sales"."sales"."orders"
    where (__rs.key("id"), __rs.key("day")) in (
      select __rs.key("id"), __rs.key("day") from "orders__tmp"
    )
    and day > '2024-01-01'
    ---
    SELECT error('Found multiple matches to update the same tuple') FROM (SELECT 1 FROM "sales"."sales"."orders" JOIN "orders__tmp" as DBT_INTERNAL_SOURCE ON __rs.key("sales"."sales"."orders"."id") = __rs.key(DBT_INTERNAL_SOURCE."id") and __rs.key("sales"."sales"."orders"."day") = __rs.key(DBT_INTERNAL_SOURCE."day") and DBT_INTERNAL_SOURCE.day > '2024-01-01' GROUP BY "sales"."sales"."orders".rowid HAVING count(*) > 1 LIMIT 1)
    ;
    merge into "sales"."sales"."orders"
    using "orders__tmp" as DBT_INTERNAL_SOURCE
    on __rs.key("sales"."sales"."orders"."id") = __rs.key(DBT_INTERNAL_SOURCE."id") and __rs.key("sales"."sales"."orders"."day") = __rs.key(DBT_INTERNAL_SOURCE."day") and DBT_INTERNAL_SOURCE.day > '2024-01-01'
    when matched then update set "amount" = DBT_INTERNAL_SOURCE."amount"
    when not matched then insert ("id", "day", "amount") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount")
    ---
    merge into "sales"."sales"."orders"
    using "orders__tmp" as DBT_INTERNAL_SOURCE
    on __rs.key("sales"."sales"."orders"."id") = __rs.key(DBT_INTERNAL_SOURCE."id") and __rs.key("sales"."sales"."orders"."day") = __rs.key(DBT_INTERNAL_SOURCE."day") and DBT_INTERNAL_SOURCE.day > '2024-01-01'
    when not matched then insert ("id", "day", "amount") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount")
    ---
    -- 2 rows of seeds/seed.csv are appended to "sales"."sales"."seed"
    ---
    alter table "sales"."sales"."orders" add column "note" VARCHAR
    ---
    alter table "sales"."sales"."orders" drop column "note"
    ---
    refused: DuckDB has no materialized views
    ---
    refused: DuckDB has no materialized views
    ---

    ---
    alter table "sales"."sales"."orders" alter column "note" set data type VARCHAR
    ---
    alter table "sales"."sales"."orders" alter column "note" set data type BIGINT
    ---

    ---

    ---
    comment on view "sales"."sales"."v" is 'it''s \ fine'
    ---
    comment on column "sales"."sales"."v"."id" is 'it''s \ fine'
    ---

    ---
    begin transaction
    ---
    commit
    ---
    vacuum; analyze
    ---
    -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
    "#);
}

#[test]
fn every_statement_has_its_words_in_plain_duckdb() {
    insta::assert_snapshot!(said(false), @r#"
    create schema if not exists "Sales"
    ---
    create table "dev"."Sales"."orders" as (
    select 1 as id -- one
    )
    ---
    create table "sales"."Sales"."a" as (
    select 1 as id -- one
    )
    ---
    create table "sales"."Sales"."a" as (
    select 1 as id -- one
    )
    ---
    set query_group to 'x';
    ;
    create temporary table "orders__tmp" as (
    select 1 as id -- one
    )
    ---
    create sequence "sales"."Sales"."orders__id__identity" start 0 increment 1 minvalue -9223372036854775808 maxvalue 9223372036854775807
    ;
    create table "sales"."Sales"."orders" (
      "id" bigint primary key not null default nextval('"sales"."Sales"."orders__id__identity"'),
      "Weird "" name" varchar(20) unique,
      "amount" decimal(10,2) default 0.00,
      primary key ("id"),
      unique ("id", "amount"),
      foreign key ("id") references "sales"."Sales"."parents" ("id")
    )
    ---
    create view "sales"."Sales"."v" as (
    select 1 as id
    )
    ---
    create view "sales"."Sales"."v" as (
    select 1 as id
    )
    ---
    alter view "sales"."Sales"."v" rename to "w"
    ---
    drop table if exists "sales"."Sales"."orders"
    ---
    drop view "sales"."Sales"."v"
    ---
    insert into "sales"."Sales"."orders" ("id", "amount") (
      select "id", "amount" from "orders__tmp"
    )
    ---
    insert into "sales"."Sales"."orders" (
    select 1
    )
    ---
    delete from "sales"."Sales"."orders"
    where ("id", "day") in (
      select "id", "day" from "orders__tmp"
    )
    and day > '2024-01-01'
    ---
    merge into "sales"."Sales"."orders" as DBT_INTERNAL_DEST
    using "orders__tmp" as DBT_INTERNAL_SOURCE
    on DBT_INTERNAL_DEST."id" = DBT_INTERNAL_SOURCE."id" and DBT_INTERNAL_DEST."day" = DBT_INTERNAL_SOURCE."day" and DBT_INTERNAL_SOURCE.day > '2024-01-01'
    when matched then update set "amount" = DBT_INTERNAL_SOURCE."amount"
    when not matched then insert ("id", "day", "amount") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount")
    ---
    merge into "sales"."Sales"."orders" as DBT_INTERNAL_DEST
    using "orders__tmp" as DBT_INTERNAL_SOURCE
    on DBT_INTERNAL_DEST."id" = DBT_INTERNAL_SOURCE."id" and DBT_INTERNAL_DEST."day" = DBT_INTERNAL_SOURCE."day" and DBT_INTERNAL_SOURCE.day > '2024-01-01'
    when not matched then insert ("id", "day", "amount") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount")
    ---
    -- 2 rows of seeds/seed.csv are appended to "sales"."Sales"."seed"
    ---
    alter table "sales"."Sales"."orders" add column "note" varchar(9)
    ---
    alter table "sales"."Sales"."orders" drop column "note"
    ---
    refused: DuckDB has no materialized views
    ---
    refused: DuckDB has no materialized views
    ---

    ---
    alter table "sales"."Sales"."orders" alter column "note" set data type character varying(300)
    ---
    alter table "sales"."Sales"."orders" alter column "note" set data type bigint
    ---

    ---

    ---
    comment on view "sales"."Sales"."v" is 'it''s \ fine'
    ---
    comment on column "sales"."Sales"."v"."id" is 'it''s \ fine'
    ---
    refused: DuckDB has no privileges, so `select` cannot be granted
    ---
    begin transaction
    ---
    commit
    ---
    vacuum; analyze
    ---
    -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
    ---
    -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
    "#);
}
