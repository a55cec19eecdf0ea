//! Every materialization on its first run, its second, over another kind of relation, and made anew.

use insta::assert_snapshot;
use serde_json::json;

use super::fixture::{Case, Held, column, has, model, sections};
use super::{Hidden, Hooks, Seed, Work};
use crate::adapter::statement::{
    ColumnDefinition, Copy, CopyFormat, Dist, SeedRows, SortType, TableAttributes,
};
use crate::compile::HookSql;
use crate::diagnostic::Source;
use crate::manifest::config::OnSchemaChange;
use crate::manifest::node::{
    Constraint, ConstraintKind, Detail, GenericTest, SourceDetail, StagedLoad, TestDetail,
};
use crate::manifest::{Node, NodeId, ResourceType};
use crate::relation::{Relation, RelationKind};

const TABLE: RelationKind = RelationKind::Table;
const VIEW: RelationKind = RelationKind::View;
const QUERY: &str = "select id, name from raw.people";
const COLUMNS: [(&str, &str); 2] = [("id", "integer"), ("name", "character varying(20)")];

fn people(materialized: &str) -> Node {
    model("people", materialized, QUERY)
}

fn hook(sql: &str, transaction: bool) -> HookSql {
    HookSql {
        sql: sql.into(),
        transaction,
        origin: None,
    }
}

#[test]
fn a_view_is_created_once_and_then_swapped() {
    assert_snapshot!(Case::of(people("view")).told(), @r#"
    Build
      create view "analytics"."people" as (
      select id, name from raw.people
      )
    "#);
    assert_snapshot!(Case::of(people("view")).on(&[("people", VIEW, &COLUMNS)]).told(), @r#"
    Build
      create view "analytics"."people__rs_tmp" as (
      select id, name from raw.people
      )
    Publish, transaction
      alter table "analytics"."people" rename to "people__rs_old"
      alter table "analytics"."people__rs_tmp" rename to "people"
    Clean
      drop view if exists "analytics"."people__rs_old"
    "#);
}

#[test]
fn a_view_that_is_not_bound_says_so() {
    let mut node = people("view");
    node.config.bind = false;
    assert_snapshot!(Case::of(node).told(), @r#"
    Build
      create view "analytics"."people" as (
      select id, name from raw.people
      ) with no schema binding
    "#);
}

#[test]
fn a_table_is_built_beside_and_swapped_in_one_short_transaction() {
    let mut node = people("table");
    node.config.attributes = TableAttributes {
        dist: Some(Dist::Key("id".into())),
        sort: vec!["id".into(), "name".into()],
        sort_type: Some(SortType::Compound),
        backup: Some(false),
    };
    assert_snapshot!(Case::of(node.clone()).told(), @r#"
    Build
      create table "analytics"."people"
      backup no
      diststyle key distkey ("id")
      compound sortkey ("id", "name")
      as (
      select id, name from raw.people
      )
    "#);
    assert_snapshot!(Case::of(node).on(&[("people", TABLE, &COLUMNS)]).told(), @r#"
    Build
      create table "analytics"."people__rs_tmp"
      backup no
      diststyle key distkey ("id")
      compound sortkey ("id", "name")
      as (
      select id, name from raw.people
      )
    Publish, transaction
      alter table "analytics"."people" rename to "people__rs_old"
      alter table "analytics"."people__rs_tmp" rename to "people"
    Clean
      drop table if exists "analytics"."people__rs_old"
    "#);
}

#[test]
fn a_relation_of_another_kind_makes_room() {
    assert_snapshot!(Case::of(people("table")).on(&[("people", VIEW, &COLUMNS)]).told(), @r#"
    Build
      create table "analytics"."people__rs_tmp"
      as (
      select id, name from raw.people
      )
    Publish, transaction
      alter table "analytics"."people" rename to "people__rs_old"
      alter table "analytics"."people__rs_tmp" rename to "people"
    Clean
      drop view if exists "analytics"."people__rs_old"
    "#);
    assert_snapshot!(Case::of(people("view")).on(&[("people", TABLE, &COLUMNS)]).told(), @r#"
    Build
      create view "analytics"."people__rs_tmp" as (
      select id, name from raw.people
      )
    Publish, transaction
      alter table "analytics"."people" rename to "people__rs_old"
      alter table "analytics"."people__rs_tmp" rename to "people"
    Clean
      drop table if exists "analytics"."people__rs_old"
    "#);
    assert_snapshot!(
        Case::of(people("table")).on(&[("people", RelationKind::MaterializedView, &COLUMNS)]).told(),
        @r#"
    Build
      create table "analytics"."people__rs_tmp"
      as (
      select id, name from raw.people
      )
    Publish, transaction
      drop materialized view if exists "analytics"."people"
      alter table "analytics"."people__rs_tmp" rename to "people"
    "#
    );
}

#[test]
fn what_a_killed_run_left_goes_first() {
    let left: [Held<'_>; 3] = [
        ("people", TABLE, &COLUMNS),
        ("people__rs_tmp", TABLE, &COLUMNS),
        ("people__rs_old", VIEW, &COLUMNS),
    ];
    assert_snapshot!(Case::of(people("table")).on(&left).told(), @r#"
    Prepare
      drop table if exists "analytics"."people__rs_tmp"
      drop view if exists "analytics"."people__rs_old"
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
}

#[test]
fn hooks_grants_and_comments_stand_where_dbt_has_them() {
    let pre = [
        hook("set query_group to 'etl'", false),
        hook("lock raw.people", true),
    ];
    let post = [
        hook("analyze analytics.people", true),
        hook("vacuum analytics.people", false),
        hook(" ", true),
    ];
    let mut node = people("table");
    node.description = "All people".into();
    node.columns.insert("id".into(), column("id", "integer"));
    node.columns
        .insert("gone".into(), column("gone", "integer"));
    node.config.persist_docs_relation = true;
    node.config.persist_docs_columns = true;
    node.config.grants = vec![("select".into(), vec!["group readers".into(), "ada".into()])];
    let mut case = Case::of(node).columns(&["id", "name"]);
    case.hooks = Hooks {
        pre: &pre,
        post: &post,
    };
    assert_snapshot!(case.told(), @r#"
    Prepare, once
      set query_group to 'etl'
    Build, transaction, once
      lock raw.people
      create table "analytics"."people"
      as (
      select id, name from raw.people
      )
      analyze analytics.people
      grant select on "analytics"."people" to group "readers", "ada"
      comment on table "analytics"."people" is 'All people'
      comment on column "analytics"."people"."id" is 'the id'
    Clean, once
      vacuum analytics.people
    "#);
    let case = case.on(&[("people", TABLE, &COLUMNS)]);
    assert_snapshot!(case.told(), @r#"
    Prepare, once
      set query_group to 'etl'
    Publish, transaction, once
      lock raw.people
      create table "analytics"."people__rs_tmp"
      as (
      select id, name from raw.people
      )
      alter table "analytics"."people" rename to "people__rs_old"
      alter table "analytics"."people__rs_tmp" rename to "people"
      analyze analytics.people
      grant select on "analytics"."people" to group "readers", "ada"
      comment on table "analytics"."people" is 'All people'
      comment on column "analytics"."people"."id" is 'the id'
    Clean, once
      drop table if exists "analytics"."people__rs_old"
      vacuum analytics.people
    "#);
    let post_only = Case {
        hooks: Hooks {
            pre: &[],
            post: &post[..1],
        },
        ..case
    };
    assert_snapshot!(post_only.told(), @r#"
    Build
      create table "analytics"."people__rs_tmp"
      as (
      select id, name from raw.people
      )
    Publish, transaction, once
      alter table "analytics"."people" rename to "people__rs_old"
      alter table "analytics"."people__rs_tmp" rename to "people"
      analyze analytics.people
      grant select on "analytics"."people" to group "readers", "ada"
      comment on table "analytics"."people" is 'All people'
      comment on column "analytics"."people"."id" is 'the id'
    Clean
      drop table if exists "analytics"."people__rs_old"
    "#);
}

#[test]
fn a_contract_makes_the_table_from_its_columns() {
    let mut node = people("table");
    node.config.contract_enforced = true;
    let mut id = column("id", "integer");
    id.constraints
        .push(constraint(ConstraintKind::NotNull, &[]));
    node.columns.insert("id".into(), id);
    node.columns
        .insert("name".into(), column("name", "varchar(20)"));
    node.constraints
        .push(constraint(ConstraintKind::PrimaryKey, &["id"]));
    node.constraints
        .push(constraint(ConstraintKind::Check, &[]));
    assert_snapshot!(Case::of(node.clone()).columns(&["name", "id"]).told(), @r#"
    Build, transaction
      create table "analytics"."people" (
        "id" integer not null,
        "name" varchar(20),
        primary key ("id")
      )
      insert into "analytics"."people" ("name", "id") (
      select id, name from raw.people
      )
    warning[unsupported-constraint]: a check constraint of `people` is left out
    "#);
    assert_snapshot!(Case::of(node.clone()).told(), @r#"
    Build, transaction
      create table "analytics"."people" (
        "id" integer not null,
        "name" varchar(20),
        primary key ("id")
      )
      insert into "analytics"."people" ("id", "name") (
      select id, name
      from (
      select id, name from raw.people
      ) as rs_contract
      )
    warning[unsupported-constraint]: a check constraint of `people` is left out
    "#);
    assert_snapshot!(Case::of(node).columns(&["id", "nam"]).told(), @r"
    error[contract-broken]: the contract of `people` has `name`, its query does not (models/schema.yml:1:9)
      help: did you mean `nam`?
    error[contract-broken]: the query of `people` has `nam`, its contract does not (models/people.sql:1:1)
      help: declare `nam` under `columns:`, or leave it out of the query
    ");
}

fn constraint(kind: ConstraintKind, columns: &[&str]) -> Constraint {
    Constraint {
        kind,
        name: None,
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        expression: None,
        to: None,
        to_node: None,
        to_columns: Vec::new(),
        warn_unsupported: true,
        warn_unenforced: true,
        declared_at: None,
    }
}

#[test]
fn a_dist_or_sort_column_that_is_not_there_is_an_error_at_its_place() {
    let sql = "{{ config(materialized='table', dist='ids', sort=['name', 'age']) }} select 1 as id, 'a' as name";
    let mut node = model("people", "table", sql);
    node.config.attributes.dist = Some(Dist::Key("ids".into()));
    node.config.attributes.sort = vec!["name".into(), "age".into()];
    assert_snapshot!(Case::of(node).columns(&["id", "name"]).told(), @r"
    error[unknown-column]: `dist` names `ids`, which `people` does not have (models/people.sql:1:39)
      help: did you mean `id`?
    error[unknown-column]: `sort` names `age`, which `people` does not have (models/people.sql:1:60)
    ");
}

#[test]
fn a_replaced_table_takes_the_views_bound_to_it_along_only_if_the_run_makes_them_again() {
    let bound = |rebuilt: &[&'static str]| {
        let mut case = Case::of(people("table")).on(&[
            ("people", TABLE, &COLUMNS),
            ("adults", VIEW, &COLUMNS),
            ("seniors", VIEW, &COLUMNS),
        ]);
        for (below, above) in [("people", "adults"), ("adults", "seniors")] {
            let mut relation = case
                .existing
                .remove(&Relation::new("analytics", below))
                .unwrap();
            relation.dependents.push(Relation::new("analytics", above));
            case.existing.insert(relation);
        }
        case.rebuilt = rebuilt.to_vec();
        case.told()
    };
    assert_snapshot!(bound(&["adults", "seniors"]), @r#"
    Build
      create table "analytics"."people__rs_tmp"
      as (
      select id, name from raw.people
      )
    Publish, transaction
      alter table "analytics"."people" rename to "people__rs_old"
      alter table "analytics"."people__rs_tmp" rename to "people"
    Clean
      drop view if exists "analytics"."seniors"
      drop view if exists "analytics"."adults"
      drop table if exists "analytics"."people__rs_old"
    "#);
    let view = Case::of(model("adults", "view", "select 1 as id"))
        .on(&[("people", TABLE, &COLUMNS), ("adults", VIEW, &COLUMNS)]);
    let mut people = view
        .existing
        .get(&Relation::new("analytics", "people"))
        .unwrap()
        .clone();
    people.dependents.push(Relation::new("analytics", "adults"));
    let mut view = view;
    view.existing.insert(people);
    assert_snapshot!(view.told(), @r#"
    Build
      create view "analytics"."adults__rs_tmp" as (
      select 1 as id
      )
    Publish, transaction
      drop view if exists "analytics"."adults"
      alter table "analytics"."adults__rs_tmp" rename to "adults"
    "#);
    assert_snapshot!(bound(&["adults"]), @r"
    error[bound-dependents]: `analytics.people` cannot be replaced: `analytics.seniors` is bound to it (models/people.sql:1:1)
      help: build it together with what stands on it: `--select people+`
      help: or make those views late-binding: `bind: false`
    ");
}

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
      and id > 10
      insert into "analytics"."people" ("id", "name") (
        select "id", "name" from "people__rs_tmp"
      )
    Clean
      drop table if exists "people__rs_tmp"
    "#);
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
        @"error[bad-config]: `people` has both `merge_update_columns` and `merge_exclude_columns`: one is enough (models/people.sql:1:1)"
    );
}

#[test]
fn a_strategy_that_is_not_there_is_named() {
    let strategy = |name: &str| {
        incremental(|node| node.config.incremental_strategy = Some(name.into())).told()
    };
    assert_snapshot!(strategy("microbatch"), @r"
    error[unsupported-strategy]: the incremental strategy `microbatch` is not supported (models/people.sql:1:1)
      help: use `append`, `delete+insert` or `merge`
    ");
    assert_snapshot!(strategy("delete_insert"), @r"
    error[unknown-strategy]: there is no incremental strategy `delete_insert` (models/people.sql:1:1)
      help: did you mean `delete+insert`?
      help: use `append`, `delete+insert` or `merge`
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
    assert_snapshot!(after(OnSchemaChange::SyncAllColumns, &retyped), @r"
    error[schema-changed]: the columns of `analytics.people` changed (models/people.sql:1:1)
    `id` was integer, is bigint
    the type of a column is not changed in place: make the table anew with `--full-refresh`
    ");
}

#[test]
fn a_seed_is_loaded_beside_too() {
    let source = Source::new("seeds/levels.csv", "level,price\nfree,0\n");
    let mut node = model("levels", "seed", "");
    node.resource_type = ResourceType::Seed;
    node.code = None;
    let mut case = Case::of(node);
    case.seed = Some(Seed {
        columns: vec![
            ColumnDefinition::new("level", "varchar(4)"),
            ColumnDefinition::new("price", "integer"),
        ],
        rows: std::sync::Arc::new(SeedRows {
            source,
            rows: Vec::new(),
        }),
    });
    assert_snapshot!(case.told(), @r#"
    Build, transaction
      create table "analytics"."levels" (
        "level" varchar(4),
        "price" integer
      )
    "#);
    assert_snapshot!(case.on(&[("levels", TABLE, &[])]).told(), @r#"
    Build, transaction
      create table "analytics"."levels__rs_tmp" (
        "level" varchar(4),
        "price" integer
      )
    Publish, transaction
      alter table "analytics"."levels" rename to "levels__rs_old"
      alter table "analytics"."levels__rs_tmp" rename to "levels"
    Clean
      drop table if exists "analytics"."levels__rs_old"
    "#);
}

#[test]
fn a_load_makes_its_table_and_copies_into_it() {
    let mut node = model("events", "load", "");
    node.resource_type = ResourceType::Source;
    node.code = None;
    node.detail = Detail::Source(Box::new(SourceDetail {
        source_name: "raw".into(),
        source_description: String::new(),
        loader: String::new(),
        external: None,
        load: Some(StagedLoad {
            copy: copy("s3://sparkify/log_data"),
            attributes: TableAttributes {
                sort: vec!["ts".into()],
                ..TableAttributes::default()
            },
        }),
        freshness: None,
        loaded_at_field: None,
        source_meta: Default::default(),
    }));
    assert_snapshot!(Case::of(node.clone()).told(), @r"
    error[no-columns]: `events` declares no columns to make its table from
      help: list them under `columns:` with `name` and `data_type`
    ");
    node.columns
        .insert("id".into(), column("id", "bigint identity(1, 1)"));
    let mut ts = column("ts", "timestamp");
    ts.encode = Some("az64".into());
    node.columns.insert("ts".into(), ts);
    assert_snapshot!(Case::of(node).on(&[("events", TABLE, &[])]).told(), @r#"
    Build, transaction
      create table "analytics"."events__rs_tmp" (
        "id" bigint identity(1, 1),
        "ts" timestamp encode az64
      )
      compound sortkey ("ts")
      copy "analytics"."events__rs_tmp" ("ts")
      from 's3://sparkify/log_data'
      iam_role default
      format json 'auto'
    Publish, transaction
      alter table "analytics"."events" rename to "events__rs_old"
      alter table "analytics"."events__rs_tmp" rename to "events"
    Clean
      drop table if exists "analytics"."events__rs_old"
    "#);
}

fn copy(from: &str) -> Copy {
    Copy {
        into: Relation::new("", ""),
        columns: Vec::new(),
        from: from.into(),
        iam_role: Some("default".into()),
        region: None,
        format: CopyFormat::JsonAuto,
        gzip: false,
        time_format: None,
        date_format: None,
        blanks_as_null: false,
        empty_as_null: false,
        truncate_columns: false,
        trim_blanks: false,
        accept_invalid_characters: None,
        fill_record: false,
        ignore_blank_lines: false,
        null_as: None,
        max_error: 0,
        computes: Vec::new(),
        origin: None,
    }
}

fn data_test(name: Option<&str>, sql: &str) -> Node {
    let mut node = model("a_test", "test", sql);
    node.resource_type = ResourceType::Test;
    node.relation = Some(Relation::new("audit", "a_test"));
    node.depends_on = vec![NodeId(0)];
    node.detail = Detail::Test(Box::new(TestDetail {
        generic: name.map(|name| GenericTest {
            name: name.into(),
            namespace: None,
            arguments: Default::default(),
        }),
        attached_node: Some(NodeId(0)),
        column_name: Some("email".into()),
    }));
    node
}

fn asked(node: Node) -> super::TestQuery {
    let mut read = people("table");
    let mut email = column("email", "varchar(99)");
    email.meta.insert("pii".into(), json!(true));
    read.columns.insert("email".into(), email);
    let mut case = Case::of(node);
    case.others = vec![read];
    match case.work() {
        Ok(Work::Test(test)) => *test,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_test_asks_how_many_failures_there_are() {
    let mut node = data_test(None, "select 1 -- one\n;");
    assert_snapshot!(asked(node.clone()).check, @r"
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
    select 1 -- one

    ) as dbt_internal_test
    ");
    node.config.limit = Some(10);
    node.config.fail_calc = "sum(n)".into();
    node.config.warn_if = "> 1".into();
    node.config.error_if = "> 10".into();
    node.config.store_failures = Some(true);
    let test = asked(node);
    assert_snapshot!(test.check, @r#"
    select
      sum(n) as failures,
      sum(n) > 1 as should_warn,
      sum(n) > 10 as should_error
    from (
    select * from "audit"."a_test"
    ) as dbt_internal_test
    "#);
    assert_snapshot!(sections(&test.store.unwrap().sections), @r#"
    Build
      create table "audit"."a_test"
      as (
      select *
      from (
      select 1 -- one
      
      ) as dbt_limit_subq
      limit 10
      )
    "#);
}

#[test]
fn personal_values_are_hidden_under_every_name_they_have() {
    let hidden = |name: Option<&str>, sql: &str| match asked(data_test(name, sql)).hidden {
        Hidden::All => "all".to_owned(),
        Hidden::Columns(names) => names.into_iter().collect::<Vec<_>>().join(", "),
    };
    assert_eq!(hidden(Some("unique"), "select 1"), "email, unique_field");
    assert_eq!(hidden(Some("not_null"), "select 1"), "email");
    assert_eq!(hidden(None, "select lower(Email) as e from people"), "all");
    assert_eq!(hidden(None, "select * from people"), "email");
    let mut node = data_test(Some("unique_combination"), "select 1");
    if let Detail::Test(test) = &mut node.detail {
        let generic = test.generic.as_mut().unwrap();
        let columns = json!(["id", "lower(email)"]);
        generic.arguments.insert("columns".into(), columns);
    }
    assert_eq!(asked(node).hidden, Hidden::All);
}

#[test]
fn a_name_beside_another_is_never_too_long_and_never_the_same_for_two() {
    let long = Relation::new("s", "ä".repeat(63));
    let longer = Relation::new("s", format!("{}b", "ä".repeat(63)));
    let names = [&long, &longer].map(|of| super::publish::beside(of, "__rs_tmp").identifier);
    assert_ne!(names[0], names[1]);
    for name in names {
        assert!(name.len() <= 127 && name.ends_with("__rs_tmp"), "{name}");
    }
}

#[test]
fn an_unknown_materialization_has_a_near_name() {
    let mut case = Case::of(people("incremantal"));
    assert_snapshot!(case.told(), @r"
    error[unknown-materialization]: there is no materialization `incremantal` (models/people.sql:1:1)
      help: did you mean `incremental`?
    ");
    case.node.config.materialized = "materialized_view".into();
    assert_snapshot!(case.told(), @"error[unsupported-materialization]: `people` is materialized as `materialized_view`, which is not supported yet (models/people.sql:1:1)");
}
