//! Every materialization on its first run, its second, over another kind of relation, and made anew.

use std::sync::Arc;

use insta::assert_snapshot;

use super::Hooks;
use super::fixture::{Case, Held, column, model};
use crate::adapter::seed::SeedRows;
use crate::adapter::statement::{
    ColumnDefinition, Copy, CopyFormat, Dist, SortType, TableAttributes,
};
use crate::compile::HookSql;
use crate::diagnostic::Span;
use crate::manifest::node::{Constraint, ConstraintKind, Detail, SourceDetail, StagedLoad};
use crate::manifest::{Node, ResourceType};
use crate::project::seed::Seed;
use crate::relation::{Relation, RelationKind};

pub(super) const TABLE: RelationKind = RelationKind::Table;
pub(super) const VIEW: RelationKind = RelationKind::View;
const QUERY: &str = "select id, name from raw.people";
pub(super) const COLUMNS: [(&str, &str); 2] =
    [("id", "integer"), ("name", "character varying(20)")];

pub(super) fn people(materialized: &str) -> Node {
    model("people", materialized, QUERY)
}

pub(super) fn hook(sql: &str, transaction: bool) -> HookSql {
    HookSql {
        late: None,
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
        ..TableAttributes::default()
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
    let source = Arc::clone(&node.code.as_ref().unwrap().source);
    for (key, value) in [("dist", "'ids'"), ("sort", "['name', 'age']")] {
        let at = sql.find(value).unwrap();
        let span = Span::new(&source, at..at + value.len());
        node.config.origins.insert(key.into(), span);
    }
    assert_snapshot!(Case::of(node).columns(&["id", "name"]).told(), @"
    error[unknown-column]: `dist` names `ids`, which `people` does not have (models/people.sql:1:39)
      help: did you mean `id`?
    error[unknown-column]: `sort` names `age`, which `people` does not have (models/people.sql:1:60)
      help: there is `id`, `name`
    ");
}

#[test]
fn an_encoding_of_a_table_that_is_made_by_its_query_is_told_to_be_in_vain() {
    let mut node = model("people", "table", "select 1 as id");
    let mut id = column("id", "");
    id.encode = Some("az64".into());
    node.columns.insert("id".into(), id);
    assert_snapshot!(Case::of(node).columns(&["id"]).told(), @r#"
    Build
      create table "analytics"."people"
      as (
      select 1 as id
      )
    warning[no-effect]: `encode` of `id` has no effect: `people` is made by its query, and Redshift chooses the encodings (models/schema.yml:1:9)
    "#);
}

#[test]
fn what_is_bound_to_a_replaced_table_keeps_its_old_rows_until_the_run_makes_it_anew() {
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
    At the end of the run
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
      alter table "analytics"."adults" rename to "adults__rs_old"
      alter table "analytics"."adults__rs_tmp" rename to "adults"
    Clean
      drop view if exists "analytics"."adults__rs_old"
    "#);
    assert_snapshot!(bound(&["adults"]), @r"
    error[bound-dependents]: `analytics.people` cannot be replaced: `analytics.seniors` is bound to it (models/people.sql:1:1)
      help: build it together with what stands on it: `--select people+`
      help: on Redshift a view with `bind: false` is bound to nothing; PostgreSQL binds every view
    ");
}

#[test]
fn what_a_killed_run_left_with_something_bound_to_it_is_dropped_last() {
    let mut case = Case::of(people("table")).on(&[
        ("people", TABLE, &COLUMNS),
        ("people__rs_tmp", TABLE, &COLUMNS),
        ("people__rs_old", TABLE, &COLUMNS),
        ("adults", VIEW, &COLUMNS),
    ]);
    let name = Relation::new("analytics", "people__rs_old");
    let mut old = case.existing.remove(&name).unwrap();
    old.dependents.push(Relation::new("analytics", "adults"));
    case.existing.insert(old);
    assert_snapshot!(case.told(), @r#"
    Prepare
      drop table if exists "analytics"."people__rs_tmp"
    Build
      create table "analytics"."people__rs_tmp"
      as (
      select id, name from raw.people
      )
    Publish, transaction
      alter table "analytics"."people" rename to "people__rs_old2"
      alter table "analytics"."people__rs_tmp" rename to "people"
    Clean
      drop table if exists "analytics"."people__rs_old2"
    At the end of the run
      drop table if exists "analytics"."people__rs_old"
    "#);
}

#[test]
fn a_seed_is_loaded_beside_too() {
    let mut node = model("levels", "seed", "");
    node.resource_type = ResourceType::Seed;
    node.code = None;
    let mut case = Case::of(node);
    case.seed = Some(Seed {
        columns: vec![
            ColumnDefinition::new("level", "varchar(4)"),
            ColumnDefinition::new("price", "integer"),
        ],
        warnings: Vec::new(),
        rows: std::sync::Arc::new(SeedRows::of_text(
            "seeds/levels.csv",
            "level,price\nfree,0\n",
        )),
    });
    let mut price = column("Price", "");
    price.encode = Some("az64".into());
    case.node.columns.insert("Price".into(), price);
    assert_snapshot!(case.told(), @r#"
    Build, transaction
      create table "analytics"."levels" (
        "level" varchar(4),
        "price" integer encode az64
      )
      insert into "analytics"."levels" ("level", "price") values
        -- the 1 rows of seeds/levels.csv
    "#);
    assert_snapshot!(case.on(&[("levels", TABLE, &[])]).told(), @r#"
    Build, transaction
      create table "analytics"."levels__rs_tmp" (
        "level" varchar(4),
        "price" integer encode az64
      )
      insert into "analytics"."levels__rs_tmp" ("level", "price") values
        -- the 1 rows of seeds/levels.csv
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
        location: None,
        external: None,
        load: Some(StagedLoad {
            copy: copy("s3://sparkify/log_data"),
            attributes: TableAttributes {
                sort: vec!["ts".into()],
                ..TableAttributes::default()
            },
            mode: Default::default(),
        }),
        freshness: None,
        freshness_value: Default::default(),
        loaded_at: Default::default(),
        source_meta: Default::default(),
        quoting: Default::default(),
        unrendered_schema: None,
        unrendered_database: None,
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

pub(super) fn copy(from: &str) -> Copy {
    Copy {
        iam_role: Some("default".into()),
        ..Copy::new(Relation::new("", ""), from, CopyFormat::JsonAuto)
    }
}

#[test]
fn a_name_beside_another_is_never_too_long_and_never_the_same_for_two() {
    let long = Relation::new("s", "ä".repeat(63));
    let longer = Relation::new("s", format!("{}b", "ä".repeat(63)));
    let names = [&long, &longer].map(|of| super::publish::beside(of, "__rs_tmp").identifier);
    assert_ne!(names[0], names[1]);
    for name in names {
        assert!(name.len() <= 63 && name.ends_with("__rs_tmp"), "{name}");
    }
}

#[test]
fn an_unknown_materialization_has_a_near_name() {
    let mut case = Case::of(people("incremantal"));
    assert_snapshot!(case.told(), @r"
    error[unknown-materialization]: there is no materialization `incremantal` (models/people.sql:1:1)
      help: did you mean `incremental`?
    ");
    case.node.config.materialized = "snapshot".into();
    assert_snapshot!(case.told(), @"error[bad-config]: `people` does not say how it keeps its history (models/people.sql:1:1)");
}
