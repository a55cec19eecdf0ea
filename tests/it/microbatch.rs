//! Models that are built in batches of time.

use insta::assert_snapshot;
use serde_json::Value;

use crate::postgres;
use crate::project::TestProject;

const WINDOW: &str = "--event-time-start 2024-01-01 --event-time-end 2024-01-05";

const EVENTS: &str = "id,seen_at,v\n\
    1,2024-01-01 10:00:00,1\n2,2024-01-02 00:00:00,1\n3,2024-01-02 23:59:59,1\n4,2024-01-03 12:00:00,1\n5,2024-01-04 01:00:00,1\n";

const MODEL: &str = "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen_at', \
    begin='2024-01-01', batch_size='day', pre_hook=\"insert into {{ target.schema }}.said select 'before'\", \
    post_hook=\"insert into {{ target.schema }}.said select 'after'\") }}\n\
    select id, seen_at, v, '{{ model.batch.id }} {{ is_incremental() }}' as batch from {{ ref('events') }}\
    {% if model.batch.id == var('broken', 'none') %} where nope = 1{% endif %}\n";

/// Events of four days, and a model that is built a day at a time.
fn shop() -> TestProject {
    TestProject::empty()
        .file("seeds/events.csv", EVENTS)
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: shop\nseeds:\n  shop:\n    events: {+event_time: seen_at, +column_types: {seen_at: timestamp}}\n\
             on-run-start: create table if not exists {{ target.schema }}.said(what varchar(10))\n",
        )
        .file("models/daily.sql", MODEL)
        .file("models/total.sql", "select count(*) as n from {{ ref('daily') }}")
}

fn on_duckdb(emulate: &str) -> TestProject {
    let profile = format!(
        "shop: {{target: dev, outputs: {{dev: {{type: duckdb, path: project.duckdb, schema: main{emulate}}}}}}}\n"
    );
    shop().file("profiles.yml", profile)
}

/// What `run_results.json` says of the batches of the model.
fn told(project: &TestProject) -> String {
    let results: Value = serde_json::from_str(&project.read("target/run_results.json")).unwrap();
    let results = results["results"].as_array().unwrap();
    let of = results
        .iter()
        .find(|result| result["unique_id"] == "model.shop.daily")
        .unwrap();
    let days = |key: &str| -> Vec<String> {
        let stretches = of["batch_results"][key].as_array().unwrap();
        let day = |stretch: &Value| stretch[0].as_str().unwrap()[8..10].to_owned();
        stretches.iter().map(day).collect()
    };
    format!(
        "{}, {}: built {}; not built {}",
        of["status"].as_str().unwrap(),
        of["message"].as_str().unwrap(),
        days("successful").join(" "),
        days("failed").join(" ")
    )
}

#[test]
fn a_model_is_built_one_day_after_the_other() {
    for emulate in ["", ", emulate: redshift"] {
        let project = on_duckdb(emulate);
        let output = project.redstart(&format!("build {WINDOW}"));
        assert_eq!(output.code, 0, "{output}");
        assert_eq!(
            told(&project),
            "success, SUCCESS: built 01 02 03 04; not built ",
            "{emulate}"
        );
        assert_eq!(
            project.query(
                "select id, batch, (select count(*) from said) as said from daily order by id"
            ),
            "id | batch | said\n1 | 20240101 False | 2\n2 | 20240102 True | 2\n3 | 20240102 True | 2\n4 | 20240103 True | 2\n5 | 20240104 True | 2\n"
        );
        assert_eq!(project.query("select n from total"), "n\n5\n");
        assert_eq!(
            project
                .read("target/compiled/shop/models/daily/daily_2024-01-02.sql")
                .trim(),
            "select id, seen_at, v, '20240102 True' as batch from (select * from \"project\".\"main\".\"events\" \
             where seen_at >= '2024-01-02 00:00:00+00:00' and seen_at < '2024-01-03 00:00:00+00:00')"
        );
    }
}

#[test]
fn what_a_batch_brings_replaces_the_rows_of_its_time() {
    let project = on_duckdb(", emulate: redshift");
    project.redstart(&format!("build {WINDOW}")).success();
    let project = project.file(
        "seeds/events.csv",
        "id,seen_at,v\n1,2024-01-01 10:00:00,9\n8,2024-01-02 00:00:00,9\n",
    );
    project.redstart("seed").success();
    project
        .redstart("run -s daily --event-time-start 2024-01-02 --event-time-end 2024-01-03")
        .success();
    assert_eq!(
        project.query("select id, v from daily order by id"),
        "id | v\n1 | 1\n4 | 1\n5 | 1\n8 | 9\n"
    );
    // A full refresh makes the table anew from `begin` on, or here from where it is asked to.
    project
        .redstart(&format!("run -s daily --full-refresh {WINDOW}"))
        .success();
    assert_eq!(
        project.query("select id, v from daily order by id"),
        "id | v\n1 | 9\n8 | 9\n"
    );
}

#[test]
fn a_batch_that_fails_leaves_the_others_and_retry_builds_it_alone() {
    let project = on_duckdb(", emulate: redshift");
    let output = project.redstart(&format!("build {WINDOW} --vars '{{broken: \"20240103\"}}'"));
    assert_eq!(output.code, 1, "{output}");
    let said = format!("{output}");
    let words = [
        "PARTIAL",
        "3 of 4 batches",
        "in the batch 2024-01-03",
        "models/daily.sql:2:",
        "`daily` failed",
    ];
    for word in words {
        assert!(said.contains(word), "{word}: {output}");
    }
    assert_eq!(
        told(&project),
        "partial success, PARTIAL SUCCESS (3/4): built 01 02 04; not built 03"
    );
    project.redstart("retry --vars '{broken: none}'").success();
    assert_eq!(
        told(&project),
        "success, SUCCESS: built 03 01 02 04; not built "
    );
    assert_eq!(
        project.query("select n, (select count(*) from said) as said from total"),
        "n | said\n5 | 4\n"
    );
}

#[test]
fn nothing_more_is_tried_when_the_first_batch_fails() {
    // Nothing before the run sees that this fails.
    let broken = MODEL.replace("nope = 1", "cast('x' || v as integer) = 1");
    let project = on_duckdb(", emulate: redshift").file("models/daily.sql", broken);
    let output = project.redstart(&format!("build {WINDOW} --vars '{{broken: \"20240101\"}}'"));
    assert_eq!(output.code, 1, "{output}");
    assert_eq!(
        told(&project),
        "error, ERROR: built ; not built 01 02 03 04"
    );
    project.redstart("retry --vars '{broken: none}'").success();
    assert_eq!(
        told(&project),
        "success, SUCCESS: built 01 02 03 04; not built "
    );
}

#[test]
fn postgresql_merges_batches_by_their_key() {
    let schema = "batches_of_days";
    let project = shop()
        .file("profiles.yml", postgres::profile(schema, &[]))
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\nseeds:\n  shop:\n    events: {+event_time: seen_at, +column_types: {seen_at: timestamp}}\n\
             on-run-start: create table if not exists {{ target.schema }}.said(what varchar(10))\n",
        );
    let output = project.redstart(&format!("build {WINDOW}"));
    assert_eq!(output.code, 1, "{output}");
    let said = format!("{output}");
    assert!(
        said.contains("merged on PostgreSQL by `unique_key`"),
        "{output}"
    );
    let project = project.file(
        "models/daily.sql",
        MODEL.replace("begin=", "unique_key='id', begin="),
    );
    project.redstart(&format!("build {WINDOW}")).success();
    let rows = postgres::query(&format!("select id, batch from {schema}.daily order by id"));
    assert!(
        rows.contains("20240101 False") && rows.contains("20240104 True"),
        "{rows}"
    );
}

#[test]
fn what_is_wrong_with_batches_is_told_where_it_stands() {
    let project = on_duckdb("").file(
        "models/wrong.sql",
        "{{ config(materialized='incremental', incremental_strategy='microbatch', begin='soon', batch_size='week', lookback='x') }}\nselect 1 as id",
    );
    assert_snapshot!(project.redstart("parse"), @r#"
    exit 2
    error[bad-config]: a microbatch model needs `event_time`, the name of the column that tells a row's time
     --> models/wrong.sql:1:1
      |
    1 | {{ config(materialized='incremental', incremental_strategy='microbatch', begin='soon', batch_size='week', lookback='x') }}
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write such as `event_time: created_at`

    error[bad-config]: `begin` is the day or time from which it is built first, not `soon`
     --> models/wrong.sql:1:80
      |
    1 | {{ config(materialized='incremental', incremental_strategy='microbatch', begin='soon', batch_size='week', lookback='x') }}
      |                                                                                ^^^^^^
      |
      = help: write such as `begin: "2024-01-01"`

    error[bad-config]: `batch_size` is one of `hour`, `day`, `month`, `year`, not `week`
     --> models/wrong.sql:1:99
      |
    1 | {{ config(materialized='incremental', incremental_strategy='microbatch', begin='soon', batch_size='week', lookback='x') }}
      |                                                                                                   ^^^^^^
      |
      = help: write such as `batch_size: day`

    error[bad-config]: `lookback` is a number of batches, not `x`
     --> models/wrong.sql:1:116
      |
    1 | {{ config(materialized='incremental', incremental_strategy='microbatch', begin='soon', batch_size='week', lookback='x') }}
      |                                                                                                                    ^^^
      |
      = help: write such as `lookback: 3`

    4 errors
    "#);
    let project = on_duckdb("").file(
        "models/alone.sql",
        "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', begin='2024-01-01', batch_size='day') }}\nselect 1 as id",
    );
    assert_snapshot!(project.redstart("parse"), @r#"
    exit 0
    shop: 5 nodes, no errors
    --- stderr
    warning[unfiltered-batches]: `alone` is built in batches, and nothing that it reads has an `event_time`
     --> models/alone.sql:1:85
      |
    1 | {{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', begin='2024-01-01', batch_size='day') }}
      |                                                                                     ^^^^ each batch reads everything
      |
      = help: give what it reads an `event_time`, so that a batch reads its own rows only

    1 warning
    "#);
    assert_snapshot!(project.redstart("run --event-time-start 2024-01-01"), @r#"
    exit 2
    error[bad-flag]: `--event-time-start` needs `--event-time-end` beside it
     |
     = help: say where the batches end: `--event-time-end 2026-01-31`

    1 error
    "#);
    assert_snapshot!(project.redstart("run --event-time-start 2024-01-03 --event-time-end 2024-01-01"), @r#"
    exit 2
    error[bad-flag]: `--event-time-start` must lie before `--event-time-end`
     |
     = help: the batches begin at the first and end before the second

    1 error
    "#);
}

#[test]
fn a_time_that_is_no_column_is_told_once() {
    let project = on_duckdb("").file(
        "models/alone.sql",
        "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='att', begin='2024-01-01', batch_size='day') }}\nselect 1 as id, cast('2024-01-01' as timestamp) as at",
    );
    let run = "run -s alone --event-time-start 2024-01-01 --event-time-end 2024-01-05 --quiet";
    assert_snapshot!(project.redstart(run), @"
    exit 1
    1 of 2  ERROR creating sql incremental model main.alone               [[time]]
          error[unknown-column]: `event_time` names `att`, which `alone` does not have (models/alone.sql:1:86)
    error[unknown-column]: `event_time` names `att`, which `alone` does not have
     --> models/alone.sql:1:86
      |
    1 | {{ config(materialized='incremental', incremental_strategy='microbatch', event_time='att', begin='2024-01-01', batch_size='day') }}
      |                                                                                      ^^^ not among its 2 columns
      |
      = help: did you mean `at`?
    ");
    assert_snapshot!(project.redstart(&format!("{run} --no-check")), @r#"
    exit 1
    2 of 2  PARTIAL creating sql incremental model main.alone               [1 of 4 batches in [time]]
          error[unknown-column]: there is no column `att` in what is read here (models/alone.sql:2:1)
    error[unknown-column]: there is no column `att` in what is read here
     --> models/alone.sql:2:1
      |
    2 | select 1 as id, cast('2024-01-01' as timestamp) as at
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: the database said: Binder Error: Referenced column "att" not found in FROM clause!
              Candidate bindings: "at"
      = note: in 3 batches, from 2024-01-02 to 2024-01-04
      = help: did you mean `at`?
    "#);
    let project = on_duckdb(", emulate: redshift").file(
        "models/alone.sql",
        "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='id', begin='2024-01-01', batch_size='day') }}\nselect 1 as id",
    );
    assert_snapshot!(project.redstart(run), @"
    exit 1
    1 of 2  ERROR creating sql incremental model main.alone               [[time]]
          error[event-time-type]: `event_time` names `id`, which is integer and no time (models/alone.sql:1:86)
    error[event-time-type]: `event_time` names `id`, which is integer and no time
     --> models/alone.sql:1:86
      |
    1 | {{ config(materialized='incremental', incremental_strategy='microbatch', event_time='id', begin='2024-01-01', batch_size='day') }}
      |                                                                                      ^^
      |
      = help: name a column of type `timestamp` or `date`, or cast it in the query
    ");
}
