//! Snapshots: how a history begins, goes on, and what stops it.

use insta::assert_snapshot;

use super::Work;
use super::fixture::{Case, sections};
use super::tests::{TABLE, VIEW, people};
use crate::manifest::ResourceType;
use crate::manifest::snapshot_config::{
    HardDeletes, HistoryColumns, SnapshotConfig, SnapshotStrategy,
};
use crate::relation::Column;

const HISTORY: [(&str, &str); 6] = [
    ("id", "integer"),
    ("name", "character varying(10)"),
    ("dbt_scd_id", "character varying(32)"),
    ("dbt_updated_at", "timestamp"),
    ("dbt_valid_from", "timestamp"),
    ("dbt_valid_to", "timestamp"),
];

fn snapshot(strategy: SnapshotStrategy, hard_deletes: HardDeletes) -> Case<'static> {
    let mut node = people("snapshot");
    node.resource_type = ResourceType::Snapshot;
    node.config.unique_key = vec!["id".into()];
    node.config.snapshot = Some(Box::new(SnapshotConfig {
        updated_at: (strategy == SnapshotStrategy::Timestamp).then(|| "changed_at".into()),
        strategy,
        hard_deletes,
        valid_to_current: None,
        names: HistoryColumns {
            scd_id: "dbt_scd_id".into(),
            updated_at: "dbt_updated_at".into(),
            valid_from: "dbt_valid_from".into(),
            valid_to: "dbt_valid_to".into(),
            is_deleted: "dbt_is_deleted".into(),
        },
    }));
    Case::of(node)
}

/// What follows once the columns of the query are known.
fn rest(case: &Case<'_>, columns: &[(&str, &str)]) -> String {
    let Ok(Work::Build(build)) = case.work() else {
        return case.told();
    };
    let columns: Vec<Column> = columns
        .iter()
        .map(|(name, data_type)| Column {
            name: (*name).into(),
            data_type: (*data_type).into(),
            nullable: true,
        })
        .collect();
    match build.then.map(|rest| rest.sections(&columns)) {
        Some(Ok(found)) => sections(&found),
        Some(Err(problem)) => problem.to_string(),
        None => "nothing".into(),
    }
}

#[test]
fn a_history_begins_as_a_table_and_goes_on_in_one_transaction() {
    let mut case = snapshot(SnapshotStrategy::Timestamp, HardDeletes::Ignore);
    assert_snapshot!(case.told(), @r#"
    Build
      create table "analytics"."people"
      as (
      select *,
        md5(coalesce(cast(id as varchar), '') || '|' || coalesce(cast(changed_at as varchar), '')) as dbt_scd_id,
        changed_at as dbt_updated_at,
        changed_at as dbt_valid_from,
        coalesce(nullif(changed_at, changed_at), null) as dbt_valid_to
      from (
      select id, name from raw.people
      ) as sbq
      )
    "#);
    case = case.on(&[("people", TABLE, &HISTORY)]);
    assert_snapshot!(case.told(), @r#"
    Build
      create temporary table "people__rs_tmp"
      as (
      select id, name from raw.people
      )
    … then, with the columns of people__rs_tmp
    "#);
    assert_snapshot!(rest(&case, &[("id", "integer"), ("name", "character varying(20)"), ("changed_at", "timestamp")]), @r#"
    Prepare
      alter table "analytics"."people" alter column "name" type character varying(20)
    Publish, transaction
      alter table "analytics"."people" add column "changed_at" timestamp
      create temporary table "people__rs_chg"
      as (
      with snapshotted_data as (
        select *, id as dbt_unique_key
        from "dev"."analytics"."people"
        where dbt_valid_to is null
      ),
      source_data as (
        select *, id as dbt_unique_key, changed_at as rs_updated_at, md5(coalesce(cast(id as varchar), '') || '|' || coalesce(cast(changed_at as varchar), '')) as rs_scd_id
        from "people__rs_tmp"
      )
      select 'insert' as dbt_change_type, source_data."id", source_data."name", source_data."changed_at", rs_updated_at as dbt_updated_at, rs_updated_at as dbt_valid_from, coalesce(nullif(rs_updated_at, rs_updated_at), null) as dbt_valid_to, rs_scd_id as dbt_scd_id
      from source_data
      left join snapshotted_data on snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
      where snapshotted_data.dbt_unique_key is null
        or snapshotted_data.dbt_valid_from < source_data.changed_at
      union all
      select 'update' as dbt_change_type, source_data."id", source_data."name", source_data."changed_at", rs_updated_at, rs_updated_at, rs_updated_at, snapshotted_data.dbt_scd_id
      from source_data
      join snapshotted_data on snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
      where snapshotted_data.dbt_valid_from < source_data.changed_at
      )
      update "analytics"."people"
      set "dbt_valid_to" = DBT_INTERNAL_SOURCE."dbt_valid_to"
      from "people__rs_chg" as DBT_INTERNAL_SOURCE
      where DBT_INTERNAL_SOURCE."dbt_scd_id" = "analytics"."people"."dbt_scd_id"
        and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
        and "analytics"."people"."dbt_valid_to" is null
      insert into "analytics"."people" ("id", "name", "changed_at", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_scd_id") (
      select "id", "name", "changed_at", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_scd_id"
      from "people__rs_chg"
      where dbt_change_type = 'insert'
      )
    Clean
      drop table if exists "people__rs_chg"
      drop table if exists "people__rs_tmp"
    "#);
}

#[test]
fn rows_are_compared_by_columns_and_a_deleted_one_gets_a_row_of_its_own() {
    let mut columns = HISTORY.to_vec();
    columns.push(("dbt_is_deleted", "character varying(5)"));
    let named = SnapshotStrategy::Check(Some(vec!["NAME".into()]));
    let mut case = snapshot(named, HardDeletes::NewRecord).on(&[("people", TABLE, &columns)]);
    let snapshot = case.node.config.snapshot.as_mut().unwrap();
    snapshot.valid_to_current = Some("'9999-12-31'::timestamp".into());
    case.node.config.unique_key = vec!["id".into(), "name".into()];
    assert_snapshot!(rest(&case, &HISTORY[..2]), @r#"
    Publish, transaction
      create temporary table "people__rs_chg"
      as (
      with snapshotted_data as (
        select *, id as dbt_unique_key_1, name as dbt_unique_key_2
        from "dev"."analytics"."people"
        where (dbt_valid_to = '9999-12-31'::timestamp or dbt_valid_to is null)
      ),
      source_data as (
        select *, id as dbt_unique_key_1, name as dbt_unique_key_2, getdate()::timestamp as rs_updated_at, md5(coalesce(cast(id as varchar), '') || '|' || coalesce(cast(name as varchar), '') || '|' || coalesce(cast(getdate()::timestamp as varchar), '')) as rs_scd_id
        from "people__rs_tmp"
      )
      select 'insert' as dbt_change_type, source_data."id", source_data."name", rs_updated_at as dbt_updated_at, rs_updated_at as dbt_valid_from, coalesce(nullif(rs_updated_at, rs_updated_at), '9999-12-31'::timestamp) as dbt_valid_to, rs_scd_id as dbt_scd_id, 'False' as dbt_is_deleted
      from source_data
      left join snapshotted_data on snapshotted_data.dbt_unique_key_1 = source_data.dbt_unique_key_1 and snapshotted_data.dbt_unique_key_2 = source_data.dbt_unique_key_2
      where snapshotted_data.dbt_unique_key_1 is null
        or snapshotted_data."name" != source_data."name" or (snapshotted_data."name" is null and source_data."name" is not null) or (snapshotted_data."name" is not null and source_data."name" is null) or snapshotted_data.dbt_is_deleted = 'True'
      union all
      select 'update' as dbt_change_type, source_data."id", source_data."name", rs_updated_at, rs_updated_at, rs_updated_at, snapshotted_data.dbt_scd_id, snapshotted_data.dbt_is_deleted
      from source_data
      join snapshotted_data on snapshotted_data.dbt_unique_key_1 = source_data.dbt_unique_key_1 and snapshotted_data.dbt_unique_key_2 = source_data.dbt_unique_key_2
      where snapshotted_data."name" != source_data."name" or (snapshotted_data."name" is null and source_data."name" is not null) or (snapshotted_data."name" is not null and source_data."name" is null) or snapshotted_data.dbt_is_deleted = 'True'
      union all
      select 'delete' as dbt_change_type, source_data."id", source_data."name", getdate()::timestamp, getdate()::timestamp, getdate()::timestamp, snapshotted_data.dbt_scd_id, snapshotted_data.dbt_is_deleted
      from snapshotted_data
      left join source_data on snapshotted_data.dbt_unique_key_1 = source_data.dbt_unique_key_1 and snapshotted_data.dbt_unique_key_2 = source_data.dbt_unique_key_2
      where source_data.dbt_unique_key_1 is null
        and not (snapshotted_data.dbt_is_deleted = 'True' and snapshotted_data.dbt_valid_to = '9999-12-31'::timestamp)
      union all
      select 'insert' as dbt_change_type, snapshotted_data."id", snapshotted_data."name", getdate()::timestamp, getdate()::timestamp, snapshotted_data.dbt_valid_to, md5(coalesce(cast(snapshotted_data.dbt_scd_id as varchar), '') || '|' || coalesce(cast(getdate()::timestamp as varchar), '')), 'True'
      from snapshotted_data
      left join source_data on snapshotted_data.dbt_unique_key_1 = source_data.dbt_unique_key_1 and snapshotted_data.dbt_unique_key_2 = source_data.dbt_unique_key_2
      where source_data.dbt_unique_key_1 is null
        and not (snapshotted_data.dbt_is_deleted = 'True' and snapshotted_data.dbt_valid_to = '9999-12-31'::timestamp)
      )
      update "analytics"."people"
      set "dbt_valid_to" = DBT_INTERNAL_SOURCE."dbt_valid_to"
      from "people__rs_chg" as DBT_INTERNAL_SOURCE
      where DBT_INTERNAL_SOURCE."dbt_scd_id" = "analytics"."people"."dbt_scd_id"
        and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
        and ("analytics"."people"."dbt_valid_to" = '9999-12-31'::timestamp or "analytics"."people"."dbt_valid_to" is null)
      insert into "analytics"."people" ("id", "name", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_scd_id", "dbt_is_deleted") (
      select "id", "name", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_scd_id", "dbt_is_deleted"
      from "people__rs_chg"
      where dbt_change_type = 'insert'
      )
    Clean
      drop table if exists "people__rs_chg"
      drop table if exists "people__rs_tmp"
    "#);
}

#[test]
fn a_new_column_among_all_makes_every_row_another() {
    let case = snapshot(SnapshotStrategy::Check(None), HardDeletes::Ignore)
        .on(&[("people", TABLE, &HISTORY)]);
    let same = rest(&case, &HISTORY[..2]);
    assert!(
        same.contains("snapshotted_data.\"name\" != source_data.\"name\""),
        "{same}"
    );
    let more = rest(&case, &[HISTORY[0], HISTORY[1], ("city", "text")]);
    assert!(more.contains("where true"), "{more}");
}

#[test]
fn what_is_no_history_stops_it() {
    let case = |strategy| snapshot(strategy, HardDeletes::NewRecord);
    let timestamp = || case(SnapshotStrategy::Timestamp);
    assert_snapshot!(timestamp().on(&[("people", TABLE, &HISTORY[..3])]).told(), @r"
    error[no-history]: the table `analytics.people` is no history that `people` could go on with: it lacks `dbt_valid_from`, `dbt_valid_to`, `dbt_is_deleted` (models/people.sql:1:1)
      help: add the columns and fill them, or move the table out of the way to begin a new history
    ");
    assert_snapshot!(timestamp().on(&[("people", VIEW, &HISTORY)]).told(), @r"
    error[wrong-relation]: `people` keeps its history in a table, and `analytics.people` is none (models/people.sql:1:1)
      help: drop it, or give the snapshot another `alias` or `schema`
    ");
    let named = case(SnapshotStrategy::Check(Some(vec!["nmae".into()])));
    let mut columns = HISTORY.to_vec();
    columns.push(("dbt_is_deleted", "text"));
    assert_snapshot!(rest(&named.on(&[("people", TABLE, &columns)]), &HISTORY[..2]), @"error[unknown-column]: `check_cols` names `nmae`, which the query does not give (models/people.sql:1:1)");
}
