//! Every typed statement in PostgreSQL's words.

use super::*;
use crate::adapter::redshift::tests::statements;

#[test]
fn every_statement_in_the_words_of_postgres() {
    let said = statements()
        .iter()
        .map(|statement| match sql(statement) {
            Ok(said) => said.join("\n;\n"),
            Err(refusal) => format!("refused: {}", refusal.message),
        })
        .collect::<Vec<_>>()
        .join("\n---\n");
    insta::assert_snapshot!(said, @r#"
    create schema if not exists "Sales"
    ---
    create table "dev"."Sales"."orders" as (
    select 1 as id -- one
    )
    ---
    create table "Sales"."a" as (
    select 1 as id -- one
    )
    ---
    create table "Sales"."a" as (
    select 1 as id -- one
    )
    ---
    set query_group to 'x';
    ;
    create temporary table "orders__tmp" as (
    select 1 as id -- one
    )
    ---
    refused: a foreign key is not supported on PostgreSQL yet
    ---
    create view "Sales"."v" as (
    select 1 as id
    )
    ---
    create view "Sales"."v" as (
    select 1 as id
    )
    ---
    alter view "Sales"."v" rename to "w"
    ---
    drop table if exists "Sales"."orders"
    ---
    drop view "Sales"."v"
    ---
    insert into "Sales"."orders" ("id", "amount") (
      select "id", "amount" from "orders__tmp"
    )
    ---
    insert into "Sales"."orders" (
    select 1
    )
    ---
    delete from "Sales"."orders"
    where ("id", "day") in (
      select "id", "day" from "orders__tmp"
    )
    and day > '2024-01-01'
    ---
    merge into "Sales"."orders" as DBT_INTERNAL_DEST
    using "orders__tmp" as DBT_INTERNAL_SOURCE
    on DBT_INTERNAL_DEST."id" = DBT_INTERNAL_SOURCE."id" and DBT_INTERNAL_DEST."day" = DBT_INTERNAL_SOURCE."day" and DBT_INTERNAL_SOURCE.day > '2024-01-01'
    when matched then update set "amount" = DBT_INTERNAL_SOURCE."amount"
    when not matched then insert ("id", "day", "amount") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount")
    ---
    merge into "Sales"."orders" as DBT_INTERNAL_DEST
    using "orders__tmp" as DBT_INTERNAL_SOURCE
    on DBT_INTERNAL_DEST."id" = DBT_INTERNAL_SOURCE."id" and DBT_INTERNAL_DEST."day" = DBT_INTERNAL_SOURCE."day" and DBT_INTERNAL_SOURCE.day > '2024-01-01'
    when not matched then insert ("id", "day", "amount") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount")
    ---
    -- copy "Sales"."seed" from stdin: 2 rows of seeds/seed.csv
    ---
    alter table "Sales"."orders" add column "note" varchar(9)
    ---
    alter table "Sales"."orders" drop column "note"
    ---
    create materialized view "Sales"."mv" as (
    select 1 as id
    )
    ---
    refresh materialized view "Sales"."mv"
    ---

    ---
    alter table "Sales"."orders" alter column "note" type character varying(300)
    ---
    alter table "Sales"."orders" alter column "note" type bigint using "note"::bigint
    ---

    ---

    ---
    comment on view "Sales"."v" is E'it''s \\ fine'
    ---
    comment on column "Sales"."v"."id" is E'it''s \\ fine'
    ---
    grant select on "Sales"."orders" to "ann", "analysts", "r", PUBLIC, "bo", "etl", "reader", "IAM:ada"
    ---
    begin
    ---
    commit
    ---
    vacuum; analyze
    ---
    -- copy "Sales"."orders" from stdin: the files below s3://b/it's
    ---
    -- copy "Sales"."orders" from stdin: the files below s3://b/it's
    ---
    -- copy "Sales"."orders" from stdin: the files below s3://b/it's
    ---
    -- copy "Sales"."orders" from stdin: the files below s3://b/it's
    ---
    -- copy "Sales"."orders" from stdin: the files below s3://b/it's
    ---
    -- copy "Sales"."orders" from stdin: the files below s3://b/it's
    ---
    -- copy "Sales"."orders" from stdin: the files below s3://b/it's
    ---
    -- copy "Sales"."orders" from stdin: the files below s3://b/it's
    ---
    -- copy "Sales"."orders" from stdin: the files below s3://b/it's
    ---
    -- copy "Sales"."orders" from stdin: the files below s3://b/it's
    ---
    -- copy "Sales"."orders" from stdin: the files below s3://b/it's
    "#);
}

#[test]
fn a_table_has_its_indexes_and_may_be_unlogged() {
    let said = sql(&Statement::CreateTableAs {
        relation: Relation::new("s", "t"),
        query: "select 1 as id".to_owned(),
        attributes: TableAttributes {
            unlogged: true,
            indexes: vec![
                Index {
                    columns: vec!["id".to_owned(), "day".to_owned()],
                    unique: true,
                    method: None,
                },
                Index {
                    columns: vec!["id".to_owned()],
                    unique: false,
                    method: Some("hash".to_owned()),
                },
            ],
            ..TableAttributes::default()
        },
        temporary: false,
        header: None,
    })
    .unwrap();
    insta::assert_snapshot!(said.join("\n;\n"), @r#"
    create unlogged table "s"."t" as (
    select 1 as id
    )
    ;
    create unique index on "s"."t" ("id", "day")
    ;
    create index on "s"."t" using "hash" ("id")
    "#);
}

#[test]
fn before_version_15_a_merge_is_an_update_and_an_insert() {
    let merge = statements()
        .into_iter()
        .find(
            |statement| matches!(statement, Statement::Merge { update, .. } if !update.is_empty()),
        )
        .unwrap();
    insta::assert_snapshot!(update_and_insert(&merge, Of::Postgres).unwrap(), @r#"
    with updated as (
      update "Sales"."orders" as DBT_INTERNAL_DEST set "amount" = DBT_INTERNAL_SOURCE."amount"
      from "orders__tmp" as DBT_INTERNAL_SOURCE
      where DBT_INTERNAL_DEST."id" = DBT_INTERNAL_SOURCE."id" and DBT_INTERNAL_DEST."day" = DBT_INTERNAL_SOURCE."day" and DBT_INTERNAL_SOURCE.day > '2024-01-01'
      returning 1
    ), inserted as (
      insert into "Sales"."orders" ("id", "day", "amount")
      select DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount" from "orders__tmp" as DBT_INTERNAL_SOURCE
      where not exists (
        select 1 from "Sales"."orders" as DBT_INTERNAL_DEST where DBT_INTERNAL_DEST."id" = DBT_INTERNAL_SOURCE."id" and DBT_INTERNAL_DEST."day" = DBT_INTERNAL_SOURCE."day" and DBT_INTERNAL_SOURCE.day > '2024-01-01'
      )
      returning 1
    )
    select ((select count(*) from updated) + (select count(*) from inserted))::text
    "#);
}

#[test]
fn a_backslash_in_a_literal_is_one_backslash() {
    assert_eq!(literal("it's"), "'it''s'");
    assert_eq!(literal(r"a\'b"), r"E'a\\''b'");
}

#[test]
fn a_role_is_named_as_dbt_names_it() {
    assert_eq!(grantee("Reporter"), "\"reporter\"");
    assert_eq!(grantee("group \"Bi Team\""), "\"Bi Team\"");
    assert_eq!(grantee("me@example.com"), "\"me@example.com\"");
    assert_eq!(grantee("PUBLIC"), "PUBLIC");
}

#[test]
fn a_name_that_would_be_cut_is_refused() {
    let long = Relation::new("s", "x".repeat(64));
    let refused = sql(&Statement::CreateView {
        relation: long,
        query: "select 1".to_owned(),
        bind: true,
        header: None,
    })
    .unwrap_err();
    assert_eq!(refused.code, "name-too-long");
}
