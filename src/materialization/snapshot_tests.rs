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
    node.config.snapshot = Some(SnapshotConfig {
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
    });
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
    assert_snapshot!(case.told(), @"");
    case = case.on(&[("people", TABLE, &HISTORY)]);
    assert_snapshot!(case.told(), @"");
    assert_snapshot!(rest(&case, &[("id", "integer"), ("name", "character varying(20)"), ("changed_at", "timestamp")]), @"");
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
    assert_snapshot!(rest(&case, &HISTORY[..2]), @"");
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
    assert_snapshot!(timestamp().on(&[("people", TABLE, &HISTORY[..3])]).told(), @"");
    assert_snapshot!(timestamp().on(&[("people", VIEW, &HISTORY)]).told(), @"");
    let named = case(SnapshotStrategy::Check(Some(vec!["nmae".into()])));
    let mut columns = HISTORY.to_vec();
    columns.push(("dbt_is_deleted", "text"));
    assert_snapshot!(rest(&named.on(&[("people", TABLE, &columns)]), &HISTORY[..2]), @"");
}
