//! Snapshots: the history of rows, on DuckDB that emulates Redshift, on DuckDB and on PostgreSQL.

use insta::assert_snapshot;

use crate::postgres;
use crate::project::TestProject;

const DUCKDB: &str =
    "project: {target: dev, outputs: {dev: {type: duckdb, path: project.duckdb, schema: main}}}\n";

const SOURCE: &str = "{{ config(materialized='table') }}
{% if var('day') == 1 %}
select 1 as id, 'a' as name, cast('2024-01-01' as timestamp) as changed_at
union all select 2, 'b', cast('2024-01-01' as timestamp)
union all select 3, 'c', cast('2024-01-01' as timestamp)
{% elif var('day') == 2 %}
select 1 as id, 'longer' as name, cast('2024-01-02' as timestamp) as changed_at, 'new' as extra
union all select 2, 'b', cast('2024-01-01' as timestamp), null
union all select 4, 'd', cast('2024-01-02' as timestamp), 'x'
{% else %}
select 1 as id, 'longer' as name, cast('2024-01-02' as timestamp) as changed_at, 'new' as extra
union all select 2, 'b', cast('2024-01-01' as timestamp), null
union all select 3, 'c', cast('2024-01-03' as timestamp), null
union all select 4, 'd', cast('2024-01-02' as timestamp), 'x'
{% endif %}
";

const SNAPSHOTS: &str = "
snapshots:
  - name: by_column
    relation: ref('rows_now')
    config: {unique_key: id, strategy: check, check_cols: [name], updated_at: changed_at, hard_deletes: new_record,
             dbt_valid_to_current: \"cast('9999-12-31' as timestamp)\",
             snapshot_meta_column_names: {dbt_valid_from: since, dbt_valid_to: until}}
  - name: by_time
    columns: [{name: id, data_tests: [not_null]}]
";

const BY_TIME: &str = "{% snapshot by_time %}
{{ config(unique_key=['id'], strategy='timestamp', updated_at='changed_at', invalidate_hard_deletes=true) }}
select * from {{ ref('rows_now') }}
{% endsnapshot %}
";

fn on(project: TestProject) -> TestProject {
    project
        .file("models/rows_now.sql", SOURCE)
        .file("snapshots/history.sql", BY_TIME)
        .file("snapshots/history.yml", SNAPSHOTS)
        .file(
            "models/reads.sql",
            "select count(*) as n from {{ ref('by_time') }}",
        )
}

/// Both histories after three days, with what is not the same twice left out.
fn histories(project: &TestProject) -> String {
    for day in [1, 2, 2, 3] {
        project
            .redstart(&format!("build --vars \"day: {day}\""))
            .success();
    }
    let show = |sql: &str| {
        project
            .redstart(&format!(
                "show --inline \"{sql}\" --limit -1 --vars \"day: 3\" --quiet"
            ))
            .success()
            .stdout
    };
    let ended = "case when until = cast('9999-12-31' as timestamp) then 'holds' when id = 3 and name = 'c' then 'ended' else cast(cast(until as date) as varchar) end as until";
    let by_column = show(&format!(
        "select id, name, extra, dbt_is_deleted, {ended}, (select count(distinct dbt_scd_id) from {{{{ ref('by_column') }}}}) as keys from {{{{ ref('by_column') }}}} order by id, since"
    ));
    let ended = "case when dbt_valid_to is null then 'holds' when id = 3 then 'ended' else cast(cast(dbt_valid_to as date) as varchar) end as until";
    let by_time = show(&format!(
        "select id, name, extra, dbt_scd_id, cast(dbt_valid_from as date) as since, {ended} from {{{{ ref('by_time') }}}} order by id, dbt_valid_from"
    ));
    format!("{by_column}\n{by_time}")
}

#[test]
fn a_history_has_a_row_for_each_state_of_a_row() {
    assert_snapshot!(histories(&on(TestProject::new())), @"");
}

#[test]
fn a_history_is_the_same_on_every_engine_but_for_the_words_of_a_moment() {
    let duckdb = histories(&on(TestProject::new().file("profiles.yml", DUCKDB)));
    let postgres = histories(&on(postgres::project("histories")));
    assert_eq!(duckdb, postgres);
    let emulated = on(postgres::project("played").file(
        "profiles.yml",
        postgres::profile("played", &[("emulate", "redshift")]),
    ));
    assert_eq!(histories(&emulated), histories(&on(TestProject::new())));
}

#[test]
fn a_snapshot_that_fails_leaves_its_history_whole() {
    let project = on(TestProject::new()).file(
        "snapshots/history.sql",
        BY_TIME.replace("select *", "select *, 1 / {{ var('by', 1) }} as one"),
    );
    project.redstart("build --vars \"day: 1\"").success();
    let before = project.query("select * from by_time order by id");
    let failed = project.redstart("snapshot -s by_time --vars \"{day: 2, by: 0}\"");
    assert_snapshot!(failed, @"");
    assert_eq!(project.query("select * from by_time order by id"), before);
    assert_snapshot!(project.query("select table_name from information_schema.tables where table_name like '%__rs_%'"), @"");
}

#[test]
fn snapshots_are_selected_and_listed_like_dbts() {
    let project = on(TestProject::new());
    assert_snapshot!(project.redstart("ls --vars \"day: 1\" -q"), @"");
    assert_snapshot!(project.redstart("ls --vars \"day: 1\" -q -s resource_type:snapshot"), @"");
    assert_snapshot!(project.redstart("ls --vars \"day: 1\" -q -s snapshot:by_time+"), @"");
}

#[test]
fn what_is_wrong_with_a_snapshot_is_told_at_its_place() {
    let project = TestProject::new()
        .file("models/a.sql", "select 1 as id")
        .file(
            "snapshots/s.sql",
            "{% snapshot bare %}select * from {{ ref('a') }}{% endsnapshot %}
{% snapshot wrong %}{{ config(strategy='chek', unique_key='id', hard_deletes='drop') }}select * from {{ ref('a') }}{% endsnapshot %}
{% snapshot timeless %}{{ config(strategy='timestamp', unique_key='id') }}select * from {{ ref('a') }}{% endsnapshot %}
",
        )
        .file(
            "snapshots/s.yml",
            "snapshots:\n  - {name: far, relation: a, config: {strategy: check, unique_key: id, check_cols: []}}\n",
        )
        .file("snapshots/empty.sql", "select 1\n");
    assert_snapshot!(project.redstart("parse"), @"");
}
