//! Snapshots: the history of rows, on DuckDB that emulates Redshift, on DuckDB and on PostgreSQL.

use insta::assert_snapshot;
use redstart::endpoint::{Options, Server};

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
    assert_snapshot!(histories(&on(TestProject::new())), @r"
    id | name   | extra | dbt_is_deleted | until      | keys
    ---+--------+-------+----------------+------------+-----
     1 | a      | NULL  | False          | 2024-01-02 |    7
     1 | longer | new   | False          | holds      |    7
     2 | b      | NULL  | False          | holds      |    7
     3 | c      | NULL  | False          | ended      |    7
     3 | c      | NULL  | False          | holds      |    7
     3 | c      | NULL  | True           | ended      |    7
     4 | d      | x     | False          | holds      |    7

    id | name   | extra | dbt_scd_id                       | since      | until
    ---+--------+-------+----------------------------------+------------+-----------
     1 | a      | NULL  | 8bd6037542377309505ab720e545f24e | 2024-01-01 | 2024-01-02
     1 | longer | new   | 37079bbc2903f67ad53b23fcc5e5622c | 2024-01-02 | holds
     2 | b      | NULL  | f8e4dcba7004839b9c5b44a77923cd0a | 2024-01-01 | holds
     3 | c      | NULL  | 36d97e6f161bf778b28647771ac013ae | 2024-01-01 | ended
     3 | c      | NULL  | 11540a041db89f55fb5b14382e7a24ea | 2024-01-03 | holds
     4 | d      | x     | c4b154367a0fd4ef8517fd84b9ae6619 | 2024-01-02 | holds
    ");
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

/// A project on a Redshift of our own.
fn at_endpoint(server: &Server) -> TestProject {
    let profile = format!(
        "project: {{target: dev, outputs: {{dev: {{type: redshift, host: 127.0.0.1, port: {}, user: awsuser, password: unused, dbname: dev, schema: hist, threads: 2, sslmode: disable}}}}}}\n",
        server.address().port()
    );
    TestProject::new().file("profiles.yml", profile)
}

#[test]
fn a_target_of_redshift_keeps_the_same_history_and_says_whose_its_statements_are() {
    let server = Server::start(Options::default()).expect("the endpoint starts");
    let project = on(at_endpoint(&server)).file(
        "dbt_project.yml",
        "name: project\nprofile: project\nquery-comment: {append: false}\n",
    );
    assert_eq!(histories(&project), histories(&on(TestProject::new())));
    let own = "\"node_id\": \"snapshot.project.by_time\"} */\nupdate ";
    let log = server.log();
    assert!(log.iter().any(|sent| sent.text.contains(own)), "{log:#?}");
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
    assert_snapshot!(failed, @r"
    exit 1
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  ERROR snapshot main.by_time                                   [[time]]
          error[division-by-zero]: a number is divided by zero (snapshots/history.sql:3:13)

    error[division-by-zero]: a number is divided by zero
     --> snapshots/history.sql:3:13
      |
    3 | select *, 1 / {{ var('by', 1) }} as one from {{ ref('rows_now') }}
      |             ^
      |
      = note: the database said: Invalid Input Error: division by zero
      = help: a divisor that can be 0 becomes NULL with `nullif(…, 0)`, and then the result is NULL

    Finished 1 snapshot in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    ");
    assert_eq!(project.query("select * from by_time order by id"), before);
    assert_snapshot!(project.query("select table_name from information_schema.tables where table_name like '%__rs_%'"), @"table_name");
}

#[test]
fn snapshots_are_selected_and_listed_like_dbts() {
    let project = on(TestProject::new());
    assert_snapshot!(project.redstart("ls --vars \"day: 1\" -q"), @r"
    exit 0
    project.reads
    project.rows_now
    project.by_column
    project.history.by_time
    project.not_null_by_time_id
    ");
    assert_snapshot!(project.redstart("ls --vars \"day: 1\" -q -s resource_type:snapshot"), @r"
    exit 0
    project.by_column
    project.history.by_time
    project.not_null_by_time_id
    ");
    assert_snapshot!(project.redstart("ls --vars \"day: 1\" -q -s by_time+"), @r"
    exit 0
    project.reads
    project.history.by_time
    project.not_null_by_time_id
    ");
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
    assert_snapshot!(project.redstart("parse"), @r"
    exit 2
    warning[no-snapshot]: the file holds no snapshot
     --> snapshots/empty.sql:1:1
      |
    1 | select 1
      | ^^^^^^^^
      |
      = help: write `{% snapshot name %} … {% endsnapshot %}` around the query

    error[bad-config]: a snapshot needs `strategy`: how it sees that a row changed
     --> snapshots/s.sql:1:13
      |
    1 | {% snapshot bare %}select * from {{ ref('a') }}{% endsnapshot %}
      |             ^^^^
      |
      = help: configure `strategy`

    error[bad-config]: a snapshot needs `unique_key`: the columns by which a row is known again
     --> snapshots/s.sql:1:13
      |
    1 | {% snapshot bare %}select * from {{ ref('a') }}{% endsnapshot %}
      |             ^^^^
      |
      = help: configure `unique_key`

    error[unknown-strategy]: there is no snapshot strategy `chek`
     --> snapshots/s.sql:2:40
      |
    2 | {% snapshot wrong %}{{ config(strategy='chek', unique_key='id', hard_deletes='drop') }}select * from {{ ref('a') }}{% endsnapshot %}
      |                                        ^^^^^^
      |
      = help: did you mean `check`?
      = help: write `timestamp` or `check`, or a macro `snapshot_chek_strategy`

    error[unknown-value]: `hard_deletes` cannot be `drop`
     --> snapshots/s.sql:2:78
      |
    2 | {% snapshot wrong %}{{ config(strategy='chek', unique_key='id', hard_deletes='drop') }}select * from {{ ref('a') }}{% endsnapshot %}
      |                                                                              ^^^^^^
      |
      = help: write one of `ignore`, `invalidate`, `new_record`

    error[bad-config]: a snapshot needs `updated_at`: the column that says when a row was changed
     --> snapshots/s.sql:3:13
      |
    3 | {% snapshot timeless %}{{ config(strategy='timestamp', unique_key='id') }}select * from {{ ref('a') }}{% endsnapshot %}
      |             ^^^^^^^^
      |
      = help: configure `updated_at`

    error[bad-relation]: `a` is neither a `ref` nor a `source`
     --> snapshots/s.yml:2:27
      |
    2 |   - {name: far, relation: a, config: {strategy: check, unique_key: id, check_cols: []}}
      |                           ^
      |
      = help: write `ref('model')` or `source('source', 'table')`

    6 errors, 1 warning
    ");
}

/// Replaces one macro of dbt by its like, so that the history is kept by macros.
const BY_MACROS: &str = "{% macro post_snapshot(staging_relation) %}{% do drop_relation_if_exists(staging_relation) %}{% endmacro %}";

#[test]
fn a_history_kept_by_macros_is_the_same_on_every_engine() {
    let by_macros = |project: TestProject| on(project).file("macros/m.sql", BY_MACROS);
    let emulated = histories(&on(TestProject::new()));
    assert_eq!(histories(&by_macros(TestProject::new())), emulated);

    let duckdb = || TestProject::new().file("profiles.yml", DUCKDB);
    let plain = histories(&on(duckdb()));
    assert_eq!(histories(&by_macros(duckdb())), plain);
    assert_eq!(histories(&by_macros(postgres::project("by_macros"))), plain);
    let played = postgres::project("macros_played").file(
        "profiles.yml",
        postgres::profile("macros_played", &[("emulate", "redshift")]),
    );
    assert_eq!(histories(&by_macros(played)), emulated);
    let server = Server::start(Options::default()).expect("the endpoint starts");
    assert_eq!(histories(&by_macros(at_endpoint(&server))), emulated);
}

const OWN: &str = "
{% macro snapshot_hash_arguments(args) -%}
    'key ' || {% for arg in args %}cast({{ arg }} as varchar){{ \" || '/' || \" if not loop.last }}{% endfor %}
{%- endmacro %}

{% macro snapshot_longer_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
    {% set key = config.get('unique_key') %}
    {% set updated_at = snapshot_get_time() %}
    {% do return({
        'unique_key': key,
        'updated_at': updated_at,
        'row_changed': 'length(' ~ snapshotted_rel ~ '.name) < length(' ~ current_rel ~ '.name)',
        'scd_id': snapshot_hash_arguments([key, 'name'])
    }) %}
{% endmacro %}

{% macro default__snapshot_merge_sql(target, source, insert_cols) -%}
    insert into {{ target }} ({{ insert_cols | join(', ') }})
    select {{ insert_cols | join(', ') }} from {{ source }} where dbt_change_type = 'insert';
{%- endmacro %}
";

#[test]
fn macros_and_strategies_of_a_project_keep_its_history() {
    let project = TestProject::new()
        .file("macros/m.sql", OWN)
        .file("models/now.sql", "{% set names = ['a', 'bb', 'c'] %}select 1 as id, '{{ names[var('day')] }}' as name")
        .file(
            "snapshots/s.sql",
            "{% snapshot s %}{{ config(strategy='longer', unique_key='id') }}select * from {{ ref('now') }}{% endsnapshot %}
             {% snapshot t %}{{ config(strategy='project.longer', unique_key='id') }}select * from {{ ref('now') }}{% endsnapshot %}",
        );
    for day in 0..3 {
        project
            .redstart(&format!("build --quiet --vars \"day: {day}\""))
            .success();
    }
    assert_snapshot!(project.query("select 's' as of, name, dbt_scd_id, dbt_valid_to from s union all select 't', name, dbt_scd_id, dbt_valid_to from t order by 1, 2"), @"
    of | name | dbt_scd_id | dbt_valid_to
    s | a | key 1/a | NULL
    s | bb | key 1/bb | NULL
    t | a | key 1/a | NULL
    t | bb | key 1/bb | NULL
    ");
}

#[test]
fn what_stands_under_the_name_of_a_history_kept_by_macros_must_be_one() {
    let project = on(TestProject::new())
        .file("macros/m.sql", BY_MACROS)
        .file(
            "dbt_project.yml",
            "name: project\nprofile: project\non-run-start: create table if not exists by_time (id int, dbt_valid_from timestamp)\n",
        );
    let output = project
        .redstart("build -s rows_now by_time --vars \"day: 1\" --quiet")
        .to_string();
    assert!(
        output.contains("is no history that could go on: it lacks dbt_scd_id, dbt_valid_to"),
        "{output}"
    );
}

#[test]
fn a_history_of_columns_that_are_not_there_is_not_begun() {
    // Made anew for each command: nodes that wait for the same go by how long they took the last time.
    let made = || {
        let project = TestProject::new()
            .file("models/a.sql", "select 1 as id, 'x' as name, current_date as day")
        .file(
            "snapshots/s.yml",
            "snapshots:
  - {name: checked, relation: ref('a'), config: {strategy: check, unique_key: id, check_cols: [name, nmae]}}
  - {name: timed, relation: ref('a'), config: {strategy: timestamp, unique_key: [id, idd], updated_at: dya}}
  - {name: right, relation: ref('a'), config: {strategy: timestamp, unique_key: ID, updated_at: Day}}
  - {name: worked, relation: ref('a'), config: {strategy: timestamp, unique_key: id, updated_at: \"cast(day as timestamp)\"}}
  - {name: now, relation: ref('a'), config: {strategy: check, unique_key: id, check_cols: all, updated_at: current_date}}
",
        );
        project.redstart("run").success();
        project
    };
    let told = made().redstart("snapshot");
    assert!(
        told.code == 1 && told.text().contains("`check_cols` names `nmae`"),
        "{told}"
    );
    let project = made();
    assert_snapshot!(project.redstart("build --threads 1"), @r#"
    exit 1
    Running 6 nodes on 1 thread (target `dev.main`)
    1 of 6  ERROR snapshot main.checked                                   [[time]]
          error[unknown-column]: `check_cols` names `nmae`, which `checked` does not have (snapshots/s.yml:2:102)
    2 of 6  ERROR snapshot main.timed                                     [[time]]
          error[unknown-column]: `unique_key` names `idd`, which `timed` does not have (snapshots/s.yml:3:86)
          error[unknown-column]: `updated_at` names `dya`, which `timed` does not have (snapshots/s.yml:3:104)
    3 of 6  ERROR snapshot main.worked                                    [[time]]
          error[unknown-column]: `updated_at` names `cast(day as timestamp)`, which `worked` does not have (snapshots/s.yml:5:99)
    4 of 6  OK    created sql view model main.a                           [[time]]
    5 of 6  OK    snapshotted main.now                                    [1 row in [time]]
    6 of 6  OK    snapshotted main.right                                  [1 row in [time]]

    error[unknown-column]: `check_cols` names `nmae`, which `checked` does not have
     --> snapshots/s.yml:2:102
      |
    2 |   - {name: checked, relation: ref('a'), config: {strategy: check, unique_key: id, check_cols: [name, nmae]}}
      |                                                                                                      ^^^^ not among its 3 columns
      |
      = help: did you mean `name`?

    error[unknown-column]: `unique_key` names `idd`, which `timed` does not have
     --> snapshots/s.yml:3:86
      |
    3 |   - {name: timed, relation: ref('a'), config: {strategy: timestamp, unique_key: [id, idd], updated_at: dya}}
      |                                                                                      ^^^ not among its 3 columns
      |
      = help: did you mean `id`?

    error[unknown-column]: `updated_at` names `dya`, which `timed` does not have
     --> snapshots/s.yml:3:104
      |
    3 |   - {name: timed, relation: ref('a'), config: {strategy: timestamp, unique_key: [id, idd], updated_at: dya}}
      |                                                                                                        ^^^ not among its 3 columns
      |
      = help: did you mean `day`?

    error[unknown-column]: `updated_at` names `cast(day as timestamp)`, which `worked` does not have
     --> snapshots/s.yml:5:99
      |
    5 |   - {name: worked, relation: ref('a'), config: {strategy: timestamp, unique_key: id, updated_at: "cast(day as timestamp)"}}
      |                                                                                                   ^^^^^^^^^^^^^^^^^^^^^^ not among its 3 columns
      |
      = help: there is `day`, `id`, `name`

    Finished 5 snapshots, 1 view model in [time]
    Done. PASS=3 WARN=0 ERROR=3 SKIP=0 TOTAL=6
    The data dictionary is in [project]/target/index.html
    "#);
}

#[test]
fn a_key_that_several_rows_have_is_told() {
    let rows = "select 1 as id, 'a' as part, cast('2024-01-01' as timestamp) as changed_at
union all select 1, 'b', cast('2024-01-01' as timestamp) union all select 2, 'a', cast('2024-01-01' as timestamp)";
    let snapshot = |key: &str| {
        format!(
            "{{% snapshot kept %}}{{{{ config(unique_key={key}, strategy='timestamp', updated_at='changed_at') }}}}
select * from {{{{ ref('rows_now') }}}}{{% endsnapshot %}}"
        )
    };
    let on = |project: TestProject| {
        project
            .file("models/rows_now.sql", rows)
            .file("snapshots/kept.sql", snapshot("'id'"))
    };
    let duckdb = on(TestProject::new());
    let engines = [
        on(TestProject::new().file("profiles.yml", DUCKDB)),
        on(postgres::project("repeated")),
    ];
    for project in [&duckdb].into_iter().chain(&engines) {
        project.redstart("build").success();
        let again = project.redstart("snapshot").success();
        assert!(
            again.stdout.contains("warning[repeated-key]"),
            "{}",
            again.stdout
        );
    }
    assert_snapshot!(duckdb.redstart("snapshot"), @"
    exit 0
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  OK    snapshotted main.kept                                   [3 rows in [time]]
          warning[repeated-key]: a value of its `unique_key` stands in several rows of `kept`: the history of such a key is wrong (snapshots/kept.sql:1:41)

    warning[repeated-key]: a value of its `unique_key` stands in several rows of `kept`: the history of such a key is wrong
     --> snapshots/kept.sql:1:41
      |
    1 | {% snapshot kept %}{{ config(unique_key='id', strategy='timestamp', updated_at='changed_at') }}
      |                                         ^^^^
      |
      = help: name all columns that tell its rows apart, or have the query give one row a key

    Finished 1 snapshot in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    ");
    // A key may be any expression, and NULL is none.
    for key in [
        "\"id || '-' || part\"",
        "\"row_number() over (order by id, part)\"",
        "\"case when id > 5 then id end\"",
    ] {
        let project = TestProject::new()
            .file("models/rows_now.sql", rows)
            .file("snapshots/kept.sql", snapshot(key));
        project.redstart("build").success();
        let again = project.redstart("snapshot").success();
        assert!(
            !again.stdout.contains("repeated-key"),
            "{key}: {}",
            again.stdout
        );
    }
    let mended = duckdb.file("snapshots/kept.sql", snapshot("['id', 'part']"));
    mended.redstart("build --full-refresh").success();
    let mended = mended.redstart("snapshot").success();
    assert!(!mended.stdout.contains("repeated-key"), "{}", mended.stdout);
}
