//! Materialized views on their first run, their next, configured in another way, and over another kind of relation.

use insta::assert_snapshot;

use super::Hooks;
use super::fixture::{Case, existing};
use super::tests::{COLUMNS, TABLE, VIEW, hook, people};
use crate::adapter::statement::{Dist, SortType, TableAttributes};
use crate::manifest::config::OnConfigurationChange;
use crate::relation::{MaterializedView, Relation, RelationKind};

const MATERIALIZED: RelationKind = RelationKind::MaterializedView;

fn case() -> Case<'static> {
    let mut node = people("materialized_view");
    node.config.auto_refresh = true;
    node.config.attributes = TableAttributes {
        dist: Some(Dist::Key("id".into())),
        sort: vec!["id".into()],
        backup: Some(false),
        ..TableAttributes::default()
    };
    Case::of(node)
}

/// The view is there, and made so.
fn made(change: impl FnOnce(&mut MaterializedView)) -> Case<'static> {
    let mut case = case().on(&[("people", MATERIALIZED, &COLUMNS)]);
    let mut made = MaterializedView {
        definition:
            "create materialized view analytics.people as (\n select id, name\n from raw.people )"
                .into(),
        dist: "KEY(id)".into(),
        sort: vec!["id".into()],
        auto_refresh: true,
    };
    change(&mut made);
    let mut old = case
        .existing
        .remove(case.node.relation.as_ref().unwrap())
        .unwrap();
    old.made = Some(Box::new(made));
    case.existing.insert(old);
    case
}

#[test]
fn a_materialized_view_is_created_and_then_refreshed() {
    assert_snapshot!(case().told(), @r#"
    Publish
      create materialized view "analytics"."people"
      backup no
      diststyle key distkey ("id")
      sortkey ("id")
      auto refresh yes
      as (
      select id, name from raw.people
      )
    "#);
    assert_snapshot!(made(|_| {}).told(), @r#"
    Publish
      refresh materialized view "analytics"."people"
    "#);
}

#[test]
fn a_sort_key_has_no_kind_and_that_is_told() {
    let with = |sort_type| {
        let mut case = case();
        case.node.config.attributes.sort_type = Some(sort_type);
        case.told()
    };
    assert_snapshot!(with(SortType::Interleaved), @r#"
    Publish
      create materialized view "analytics"."people"
      backup no
      diststyle key distkey ("id")
      sortkey ("id")
      auto refresh yes
      as (
      select id, name from raw.people
      )
    warning[no-effect]: `sort_type: interleaved` has no effect: the sort key of a materialized view is compound (models/people.sql:1:1)
    "#);
    assert_snapshot!(with(SortType::Auto), @r#"
    Publish
      create materialized view "analytics"."people"
      backup no
      diststyle key distkey ("id")
      auto refresh yes
      as (
      select id, name from raw.people
      )
    "#);
}

#[test]
fn who_refreshes_it_is_changed_in_place() {
    assert_snapshot!(made(|made| made.auto_refresh = false).told(), @r#"
    Publish, transaction
      alter materialized view "analytics"."people" auto refresh yes
      refresh materialized view "analytics"."people"
    "#);
}

#[test]
fn one_that_was_made_in_another_way_is_made_anew_in_one_transaction() {
    let by_query = made(|made| made.definition = "create materialized view x as (select 1)".into());
    assert_snapshot!(by_query.told(), @r#"
    Publish, transaction
      drop materialized view if exists "analytics"."people"
      create materialized view "analytics"."people"
      backup no
      diststyle key distkey ("id")
      sortkey ("id")
      auto refresh yes
      as (
      select id, name from raw.people
      )
    "#);
    let mut whole = made(|_| {});
    whole.full_refresh = true;
    assert_eq!(whole.told(), by_query.told());
    let by_dist = made(|made| made.dist = "AUTO(EVEN)".into());
    assert_eq!(by_dist.told(), by_query.told());
    let by_sort = made(|made| made.sort.clear());
    assert_eq!(by_sort.told(), by_query.told());
}

#[test]
fn a_change_is_applied_told_or_refused() {
    let mut case = made(|made| made.sort = vec!["name".into()]);
    case.node.config.on_configuration_change = OnConfigurationChange::Continue;
    assert_snapshot!(case.told(), @r#"
    Publish
      refresh materialized view "analytics"."people"
    warning[configuration-changed]: the materialized view `people` was made in another way: `sort` changed (models/people.sql:1:1)
    "#);
    case.node.config.on_configuration_change = OnConfigurationChange::Fail;
    assert_snapshot!(case.told(), @"
    error[configuration-changed]: the materialized view `people` was made in another way: `sort` changed (models/people.sql:1:1)
      help: `on_configuration_change: apply` changes it, `--full-refresh` makes it anew
    ");
}

#[test]
fn another_kind_of_relation_makes_room() {
    assert_snapshot!(case().on(&[("people", TABLE, &COLUMNS)]).told(), @r#"
    Publish, transaction
      alter table "analytics"."people" rename to "people__rs_old"
      create materialized view "analytics"."people"
      backup no
      diststyle key distkey ("id")
      sortkey ("id")
      auto refresh yes
      as (
      select id, name from raw.people
      )
    Clean
      drop table if exists "analytics"."people__rs_old"
    "#);
    assert_snapshot!(case().on(&[("people", VIEW, &COLUMNS)]).told(), @r#"
    Publish, transaction
      alter table "analytics"."people" rename to "people__rs_old"
      create materialized view "analytics"."people"
      backup no
      diststyle key distkey ("id")
      sortkey ("id")
      auto refresh yes
      as (
      select id, name from raw.people
      )
    Clean
      drop view if exists "analytics"."people__rs_old"
    "#);
}

#[test]
fn a_view_that_is_bound_to_rows_this_run_replaces_is_made_anew() {
    let mut case = made(|_| {});
    let mut base = existing(&[("raw", TABLE, &COLUMNS)]);
    let mut base = base.remove(&Relation::new("analytics", "raw")).unwrap();
    base.dependents.push(Relation::new("analytics", "people"));
    case.existing.insert(base);
    assert_snapshot!(case.told(), @r#"
    Publish
      refresh materialized view "analytics"."people"
    "#);
    case.replaced = vec!["raw"];
    assert_snapshot!(case.told(), @r#"
    Publish, transaction
      drop materialized view if exists "analytics"."people"
      create materialized view "analytics"."people"
      backup no
      diststyle key distkey ("id")
      sortkey ("id")
      auto refresh yes
      as (
      select id, name from raw.people
      )
    "#);
}

#[test]
fn hooks_stand_around_it() {
    let (pre, post) = ([hook("set x to 1", true)], [hook("analyze", false)]);
    let mut case = made(|_| {});
    case.hooks = Hooks {
        pre: &pre,
        post: &post,
    };
    assert_snapshot!(case.told(), @r#"
    Publish, transaction, once
      set x to 1
      refresh materialized view "analytics"."people"
    Clean, once
      analyze
    "#);
}
