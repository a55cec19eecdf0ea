//! Incremental models: their first run, batches by each strategy, and changed columns.

use insta::assert_snapshot;

use super::fixture::{Case, has, sections};
use super::tests::{COLUMNS, TABLE, VIEW, hook, people};
use super::{Hooks, Work};
use crate::manifest::Node;
use crate::manifest::config::OnSchemaChange;
use crate::manifest::microbatch::{Batch, BatchSize, Microbatch};

fn incremental(change: impl FnOnce(&mut Node)) -> Case<'static> {
    let mut node = people("incremental");
    change(&mut node);
    Case::of(node)
}

#[test]
fn an_incremental_model_is_a_table_at_first_and_when_made_anew() {
    let keyed = |node: &mut Node| node.config.unique_key = vec!["id".into()];
    assert_snapshot!(incremental(keyed).told(), @r#"
    Build
      create table "analytics"."people"
      as (
      select id, name from raw.people
      )
    "#);
    let mut again = incremental(keyed).on(&[("people", TABLE, &COLUMNS)]);
    again.full_refresh = true;
    assert_snapshot!(again.told(), @r#"
    Build
      create table "analytics"."people__rs_tmp"
      as (
      select id, name from raw.people
      )
    Publish, transaction
      alter table "analytics"."people" rename to "people__rs_old"
      alter table "analytics"."people__rs_tmp" rename to "people"
    Clean
      drop table if exists "analytics"."people__rs_old"
    "#);
    again.node.config.full_refresh = Some(false);
    assert!(again.told().contains("delete from"));
    let was_view = incremental(keyed).on(&[("people", VIEW, &COLUMNS)]);
    assert!(
        was_view.told().contains("alter table"),
        "{}",
        was_view.told()
    );
}

#[test]
fn without_a_key_a_batch_is_appended() {
    let case = incremental(|_| {}).on(&[("people", TABLE, &COLUMNS)]);
    assert_snapshot!(case.told(), @r#"
    Publish
      insert into "analytics"."people" ("id", "name") (
      select "id", "name"
      from (
      select id, name from raw.people
      ) as rs_batch
      )
    "#);
    assert_snapshot!(case.columns(&["name", "id"]).told(), @r#"
    Publish
      insert into "analytics"."people" ("name", "id") (
      select id, name from raw.people
      )
    "#);
}

#[test]
fn with_a_key_a_batch_replaces_its_rows() {
    let case = incremental(|node| {
        node.config.unique_key = vec!["id".into(), "name".into()];
        node.config.incremental_predicates = vec!["id > 10".into()];
    })
    .on(&[("people", TABLE, &COLUMNS)]);
    assert_snapshot!(case.told(), @r#"
    Build
      create temporary table "people__rs_tmp"
      as (
      select id, name from raw.people
      )
    Publish, transaction
      delete from "analytics"."people"
      where ("id", "name") in (
        select "id", "name" from "people__rs_tmp"
      )
      and (id > 10)
      insert into "analytics"."people" ("id", "name") (
        select "id", "name" from "people__rs_tmp"
      )
    Clean
      drop table if exists "people__rs_tmp"
    "#);
}

#[test]
fn a_key_may_be_an_expression() {
    let keyed = |keys: &'static [&'static str], strategy: Option<&'static str>| {
        incremental(move |node| {
            node.config.incremental_strategy = strategy.map(str::to_owned);
            node.config.unique_key = keys.iter().map(|key| (*key).to_owned()).collect();
        })
        .on(&[("people", TABLE, &COLUMNS)])
        .columns(&["id", "name"])
        .told()
    };
    assert_snapshot!(keyed(&["id || '-' || name"], None), @r#"
    Build
      create temporary table "people__rs_tmp"
      as (
      select id, name from raw.people
      )
    Publish, transaction
      delete from "analytics"."people"
      where ((id || '-' || name)) in (
        select (id || '-' || name) from "people__rs_tmp"
      )
      insert into "analytics"."people" ("id", "name") (
        select "id", "name" from "people__rs_tmp"
      )
    Clean
      drop table if exists "people__rs_tmp"
    "#);
    assert_snapshot!(keyed(&["ID, name"], None), @r#"
    Build
      create temporary table "people__rs_tmp"
      as (
      select id, name from raw.people
      )
    Publish, transaction
      delete from "analytics"."people"
      where ("id", "name") in (
        select "id", "name" from "people__rs_tmp"
      )
      insert into "analytics"."people" ("id", "name") (
        select "id", "name" from "people__rs_tmp"
      )
    Clean
      drop table if exists "people__rs_tmp"
    "#);
    assert_snapshot!(keyed(&["id || '-' || name"], Some("merge")), @"
    error[bad-config]: `merge` compares columns, and `unique_key` of `people` is the expression `id || '-' || name` (models/people.sql:1:1)
      help: give the query a column with this value and name it, or use `incremental_strategy: delete+insert`
    ");
}

#[test]
fn a_merge_updates_what_it_is_told_to() {
    let merge = |change: fn(&mut Node)| {
        incremental(|node| {
            node.config.incremental_strategy = Some("merge".into());
            node.config.unique_key = vec!["id".into()];
            change(node);
        })
        .on(&[("people", TABLE, &COLUMNS)])
        .told()
    };
    assert_snapshot!(merge(|_| {}), @r#"
    Build
      create temporary table "people__rs_tmp"
      as (
      select id, name from raw.people
      )
    Publish
      merge into "analytics"."people"
      using "people__rs_tmp" as DBT_INTERNAL_SOURCE
      on "analytics"."people"."id" = DBT_INTERNAL_SOURCE."id"
      when matched then update set "id" = DBT_INTERNAL_SOURCE."id", "name" = DBT_INTERNAL_SOURCE."name"
      when not matched then insert ("id", "name") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."name")
    Clean
      drop table if exists "people__rs_tmp"
    "#);
    let excluded = merge(|node| node.config.merge_exclude_columns = vec!["ID".into()]);
    assert!(excluded.contains("update set \"name\""), "{excluded}");
    assert_snapshot!(
        merge(|node| {
            node.config.merge_exclude_columns = vec!["id".into()];
            node.config.merge_update_columns = vec!["name".into()];
        }),
        @"
    error[bad-config]: `people` has both `merge_update_columns` and `merge_exclude_columns`: one is enough (models/people.sql:1:1)
      help: list the columns to update, or those to leave alone
    "
    );
}

#[test]
fn a_batch_replaces_the_rows_of_its_time_and_no_others() {
    let moment = |text: &str| text.parse::<jiff::civil::DateTime>().unwrap();
    let (start, end) = (moment("2024-01-02T00:00:00"), moment("2024-01-03T00:00:00"));
    let mut case = incremental(|node| {
        node.config.incremental_strategy = Some("microbatch".into());
        node.config.incremental_predicates = vec!["DBT_INTERNAL_DEST.id > 5".into()];
        node.config.microbatch = Some(Microbatch {
            event_time: "at".into(),
            begin: start,
            size: BatchSize::Day,
            lookback: 1,
        });
    });
    case.batch = Some(Batch {
        start,
        end,
        size: BatchSize::Day,
        index: 1,
        of: 2,
        goes_on: true,
    });
    // A batch that goes on makes nothing anew, whatever the flag says.
    case.full_refresh = true;
    let told = case.on(&[("people", TABLE, &COLUMNS)]).told();
    let delete = "delete from \"analytics\".\"people\" where (\"analytics\".\"people\".id > 5) and \
                  at >= timestamp '2024-01-02 00:00:00' and at < timestamp '2024-01-03 00:00:00'";
    let (before, after) = told.split_once(delete).expect(&told);
    assert!(before.contains("temp"), "{told}");
    assert!(after.contains("insert into"), "{told}");
}

#[test]
fn a_strategy_that_is_not_there_is_named() {
    let strategy = |name: &str| {
        incremental(|node| node.config.incremental_strategy = Some(name.into())).told()
    };
    assert_snapshot!(strategy("delete_insert"), @r"
    error[unknown-strategy]: there is no incremental strategy `delete_insert` (models/people.sql:1:1)
      help: did you mean `delete+insert`?
      help: use `append`, `delete+insert`, `merge` or `microbatch`
    ");
}

#[test]
fn a_key_that_the_query_does_not_have_is_an_error() {
    let case = incremental(|node| node.config.unique_key = vec!["idd".into()]);
    assert_snapshot!(case.columns(&["id", "name"]).told(), @r"
    error[unknown-column]: `unique_key` names `idd`, which `people` does not have (models/people.sql:1:1)
      help: did you mean `id`?
    ");
}

#[test]
fn a_column_that_is_gone_is_told_before_anything_runs() {
    let case = incremental(|_| {}).on(&[("people", TABLE, &COLUMNS)]);
    assert_snapshot!(case.columns(&["id"]).told(), @r"
    error[schema-changed]: the table of `people` has `name`, its query does not (models/people.sql:1:1)
      help: let the table follow with `on_schema_change: sync_all_columns`
      help: or make it anew with `--full-refresh`
    ");
}

#[test]
fn hooks_in_the_transaction_keep_an_increment_in_one() {
    let pre = [hook("lock analytics.people", true)];
    let mut case = incremental(|node| node.config.unique_key = vec!["id".into()])
        .on(&[("people", TABLE, &COLUMNS)]);
    case.hooks = Hooks {
        pre: &pre,
        post: &[],
    };
    assert_snapshot!(case.told(), @r#"
    Publish, transaction, once
      lock analytics.people
      create temporary table "people__rs_tmp"
      as (
      select id, name from raw.people
      )
      delete from "analytics"."people"
      where ("id") in (
        select "id" from "people__rs_tmp"
      )
      insert into "analytics"."people" ("id", "name") (
        select "id", "name" from "people__rs_tmp"
      )
    Clean
      drop table if exists "people__rs_tmp"
    "#);
}

fn after(policy: OnSchemaChange, columns: &[(&str, &str)]) -> String {
    let case = incremental(|node| {
        node.config.unique_key = vec!["id".into()];
        node.config.on_schema_change = policy;
    })
    .on(&[("people", TABLE, &COLUMNS)]);
    let Ok(Work::Build(build)) = case.work() else {
        return case.told();
    };
    let columns: Vec<_> = columns.iter().map(|(name, kind)| has(name, kind)).collect();
    match build.then.map(|then| then.sections(&columns)) {
        Some(Ok(rest)) => format!("{}--\n{}", sections(&build.sections), sections(&rest)),
        Some(Err(problem)) => format!(
            "{problem}\n{}\n{}",
            problem.notes.join("\n"),
            problem.help.join("\n")
        ),
        None => "nothing follows".into(),
    }
}

#[test]
fn changed_columns_follow_the_policy() {
    let same = [("ID", "integer"), ("name", "character varying(99)")];
    let more = [
        ("id", "integer"),
        ("name", "character varying(20)"),
        ("age", "smallint"),
    ];
    let other = [("id", "integer"), ("age", "smallint")];
    let retyped = [("id", "bigint"), ("name", "character varying(20)")];
    assert_snapshot!(after(OnSchemaChange::AppendNewColumns, &more), @r#"
    Build
      create temporary table "people__rs_tmp"
      as (
      select id, name from raw.people
      )
    --
    Publish, transaction
      alter table "analytics"."people" add column "age" smallint
      delete from "analytics"."people"
      where ("id") in (
        select "id" from "people__rs_tmp"
      )
      insert into "analytics"."people" ("id", "name", "age") (
        select "id", "name", "age" from "people__rs_tmp"
      )
    Clean
      drop table if exists "people__rs_tmp"
    "#);
    assert_snapshot!(after(OnSchemaChange::SyncAllColumns, &other), @r#"
    Build
      create temporary table "people__rs_tmp"
      as (
      select id, name from raw.people
      )
    --
    Publish, transaction
      alter table "analytics"."people" add column "age" smallint
      alter table "analytics"."people" drop column "name"
      delete from "analytics"."people"
      where ("id") in (
        select "id" from "people__rs_tmp"
      )
      insert into "analytics"."people" ("id", "age") (
        select "id", "age" from "people__rs_tmp"
      )
    Clean
      drop table if exists "people__rs_tmp"
    "#);
    assert!(after(OnSchemaChange::Fail, &same).contains("insert into"));
    assert_snapshot!(after(OnSchemaChange::Fail, &other), @r"
    error[schema-changed]: the columns of `analytics.people` changed (models/people.sql:1:1)
    new: `age` smallint
    gone: `name` character varying(20)
    let the table follow with `on_schema_change: append_new_columns` or `sync_all_columns`
    or make it anew with `--full-refresh`
    ");
    let appended = after(OnSchemaChange::AppendNewColumns, &other);
    assert!(!appended.contains("drop column") && appended.contains(r#"("id", "age")"#));
    assert_snapshot!(after(OnSchemaChange::SyncAllColumns, &retyped), @r#"
    Build
      create temporary table "people__rs_tmp"
      as (
      select id, name from raw.people
      )
    --
    Publish, transaction
      alter table "analytics"."people" add column "id__rs_type" bigint
      update "analytics"."people" set "id__rs_type" = cast("id" as bigint)
      alter table "analytics"."people" drop column "id"
      alter table "analytics"."people" rename column "id__rs_type" to "id"
      delete from "analytics"."people"
      where ("id") in (
        select "id" from "people__rs_tmp"
      )
      insert into "analytics"."people" ("id", "name") (
        select "id", "name" from "people__rs_tmp"
      )
    Clean
      drop table if exists "people__rs_tmp"
    "#);
}

#[test]
fn a_column_grows_with_the_texts_that_come_into_it() {
    let mut case = incremental(|_| {}).on(&[("people", TABLE, &COLUMNS)]);
    case.lengths = true;
    assert_snapshot!(case.told(), @r#"
    Build
      create temporary table "people__rs_tmp"
      as (
      select id, name from raw.people
      )
    … then, with the columns of people__rs_tmp
    "#);
    let Ok(Work::Build(build)) = case.work() else {
        panic!("a build")
    };
    let then = build.then.expect("a second half");
    let rest = |batch: &[(&str, &str)]| {
        let batch: Vec<_> = batch.iter().map(|(name, kind)| has(name, kind)).collect();
        match then.sections(&batch) {
            Ok(rest) => sections(&rest),
            Err(problem) => problem.to_string(),
        }
    };
    assert_snapshot!(rest(&[("id", "integer"), ("name", "character varying(300)")]), @r#"
    Prepare
      alter table "analytics"."people" alter column "name" type character varying(300)
    Publish
      insert into "analytics"."people" ("id", "name") (
        select "id", "name" from "people__rs_tmp"
      )
    Clean
      drop table if exists "people__rs_tmp"
    "#);
    assert!(!rest(&[("id", "integer"), ("name", "character varying(3)")]).contains("type"));
    let more = rest(&[
        ("id", "integer"),
        ("name", "character varying(9)"),
        ("new", "date"),
    ]);
    assert!(!more.contains("new"), "changes are ignored: {more}");
    assert_snapshot!(rest(&[("id", "integer")]), @"error[schema-changed]: the columns of `analytics.people` changed (models/people.sql:1:1)");
}
