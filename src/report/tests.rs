//! A run told from hand-made events.

use std::time::Duration;

use insta::assert_snapshot;

use super::{Color, LogFormat, LogLevel, Options, Terminal};
use crate::adapter::{LoadError, Table, Value};
use crate::artifacts::fixture::{self, Captured};
use crate::diagnostic::Diagnostic;
use crate::redact::Redactor;
use crate::relation::Column;
use crate::run::{Event, NodeResult, RunResults, Status};

fn options() -> Options {
    Options {
        color: Color::Never,
        invocation_id: "0000".into(),
        now: fixture::now,
        ..Options::default()
    }
}

fn results() -> Vec<NodeResult> {
    let mut source = fixture::result(fixture::SOURCE, Status::Success);
    source.rows = Some(8056);
    source.rejected = vec![LoadError {
        file: "s3://shop/log/1.json".into(),
        line: 7,
        column: Some("user_id".into()),
        data_type: Some("integer".into()),
        raw_value: "x".into(),
        reason: "Invalid digit".into(),
        place: None,
    }];
    let mut view = fixture::result(fixture::STAGING, Status::Success);
    view.message = Some("view".into());
    let mut broken = fixture::result(fixture::FACT, Status::Error);
    broken.diagnostics = vec![
        Diagnostic::error("database-error", "column `x` does not exist")
            .at(fixture::yaml("fct_plays"))
            .note("Binder Error: hunter2"),
    ];
    broken.sent = vec!["create table t as\nselect 'hunter2'".into()];
    let mut failing = fixture::result(fixture::UNIQUE, Status::Fail);
    failing.failures = Some(8);
    failing.message = Some("Got 8 results, configured to fail if != 0".into());
    let column = |name: &str| Column {
        name: name.into(),
        data_type: "integer".into(),
        nullable: true,
    };
    failing.sample = Some(Table {
        columns: vec![column("unique_field"), column("n_records")],
        rows: vec![
            vec![Value::Int(15), Value::Int(2)],
            vec![Value::Int(101), Value::Int(2)],
        ],
        truncated: true,
    });
    let mut skipped = fixture::result(fixture::SINGULAR, Status::Skipped);
    skipped.message = Some("because `model.shop.fct_plays` failed".into());
    vec![
        source,
        view,
        fixture::result(fixture::NOT_NULL, Status::Pass),
        failing,
        broken,
        skipped,
    ]
}

/// What goes to standard output and to standard error.
fn told(options: Options) -> (String, String) {
    let (out, err) = (Captured::default(), Captured::default());
    let terminal = Terminal::with_streams(options, Box::new(out.clone()), Box::new(err.clone()));
    terminal.hide(Redactor::new(["hunter2".to_owned()]));
    let manifest = fixture::manifest();
    let results = results();
    terminal.diagnostics(&[
        Diagnostic::warning("unused-key", "nothing uses `x`").at(fixture::yaml("dim_users"))
    ]);
    let listener = terminal.run(&manifest, "dev");
    listener.event(&Event::Started {
        total: 12,
        threads: 2,
    });
    for (result, index) in results.iter().zip(1..) {
        listener.event(&Event::NodeStarted {
            node: result.node,
            index,
        });
        listener.event(&Event::NodeFinished { result, index });
    }
    listener.event(&Event::Message {
        text: "words of a template".into(),
        info: true,
    });
    listener.event(&Event::Retrying {
        node: fixture::FACT,
        reason: "could not open relation".into(),
        attempt: 2,
    });
    listener.event(&Event::Cancelling);
    listener.finish(&RunResults {
        results,
        elapsed: Duration::from_millis(1234),
        cancelled: false,
    });
    terminal.answer("an answer\n").unwrap();
    (out.text(), err.text())
}

#[test]
fn a_run_is_told_line_by_line_and_what_went_wrong_once_more_at_its_end() {
    let (out, err) = told(options());
    assert_snapshot!(out, @r#"
    Running 12 nodes on 2 threads (target `dev`)
     1 of 12  OK    loaded source table staging.events                    [8056 rows in 0.12s]
          warning[rows-left-out]: 1 row left out of `source.shop.raw.events`
     2 of 12  OK    created sql view model dev.stg_events                 [view in 0.12s]
     3 of 12  PASS  test not_null_dim_users_user_id                       [0.12s]
     4 of 12  FAIL  test unique_dim_users_user_id                         [8 failures in 0.12s]
          error[test-failed]: test `unique_dim_users_user_id` found 8 rows (models/schema.yml:6:13)
     5 of 12  ERROR creating sql incremental model dev.fct_plays          [0.12s]
          error[database-error]: column `x` does not exist (models/schema.yml:8:11)
     6 of 12  SKIP  test plays_are_counted                                [because `model.shop.fct_plays` failed]
    words of a template
    RETRY `model.shop.fct_plays` is tried again (attempt 2): could not open relation
    Cancelling: waiting for the running statements to stop

    warning[unused-key]: nothing uses `x`
     --> models/schema.yml:2:11
      |
    2 |   - name: dim_users
      |           ^^^^^^^^^

    warning[rows-left-out]: 1 row left out of `source.shop.raw.events`
     |
     = note: s3://shop/log/1.json:7: column `user_id` integer: Invalid digit ("x")

    error[test-failed]: test `unique_dim_users_user_id` found 8 rows
     --> models/schema.yml:6:13
      |
    6 |           - unique
      |             ^^^^^^ Got 8 results, configured to fail if != 0
      |
      = note: the first 2 rows:
              unique_field | n_records
              -------------+----------
                        15 |         2
                       101 |         2
      = help: `redstart show --select unique_dim_users_user_id --limit -1` shows all that it finds, `redstart compile --select unique_dim_users_user_id` its query

    error[database-error]: column `x` does not exist
     --> models/schema.yml:8:11
      |
    8 |   - name: fct_plays
      |           ^^^^^^^^^
      |
      = note: Binder Error: *****
      = help: mend the query: the words of the database, above, say what is wrong with it

    Finished 3 data tests, 1 incremental model, 1 load, 1 view model in 1.23s
    Done. PASS=3 WARN=0 ERROR=2 SKIP=1 TOTAL=6
    an answer
    "#);
    assert_snapshot!(err, @"
    warning[unused-key]: nothing uses `x`
     --> models/schema.yml:2:11
      |
    2 |   - name: dim_users
      |           ^^^^^^^^^

    1 warning
    ");
}

#[test]
fn where_standard_output_is_the_answer_the_log_goes_to_standard_error() {
    let (out, err) = told(Options {
        answers: true,
        ..options()
    });
    assert_eq!(out, "an answer\n");
    assert!(err.contains("Done. PASS=3 WARN=0 ERROR=2 SKIP=1 TOTAL=6"));
}

#[test]
fn quiet_tells_errors_alone() {
    let (out, err) = told(Options {
        quiet: true,
        ..options()
    });
    assert_snapshot!(out, @"
     4 of 12  FAIL  test unique_dim_users_user_id                         [8 failures in 0.12s]
          error[test-failed]: test `unique_dim_users_user_id` found 8 rows (models/schema.yml:6:13)
     5 of 12  ERROR creating sql incremental model dev.fct_plays          [0.12s]
          error[database-error]: column `x` does not exist (models/schema.yml:8:11)
    error[test-failed]: test `unique_dim_users_user_id` found 8 rows
     --> models/schema.yml:6:13
      |
    6 |           - unique
      |             ^^^^^^ Got 8 results, configured to fail if != 0
      |
      = note: the first 2 rows:
              unique_field | n_records
              -------------+----------
                        15 |         2
                       101 |         2
      = help: `redstart show --select unique_dim_users_user_id --limit -1` shows all that it finds, `redstart compile --select unique_dim_users_user_id` its query

    error[database-error]: column `x` does not exist
     --> models/schema.yml:8:11
      |
    8 |   - name: fct_plays
      |           ^^^^^^^^^
      |
      = note: Binder Error: *****
      = help: mend the query: the words of the database, above, say what is wrong with it

    an answer
    ");
    assert_eq!(err, "");
}

#[test]
fn debug_shows_the_statements_without_secrets() {
    let (out, _) = told(Options {
        log_level: LogLevel::Debug,
        ..options()
    });
    assert!(
        out.contains("      create table t as\n      select '*****'\n"),
        "{out}"
    );
    assert!(!out.contains("hunter2"));
}

#[test]
fn every_json_line_has_the_shape_of_dbt_and_no_secret() {
    let (out, err) = told(Options {
        log_format: LogFormat::Json,
        ..options()
    });
    assert_eq!(err, "");
    let mut names = Vec::new();
    for line in out.lines().filter(|line| *line != "an answer") {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for key in [
            "code",
            "invocation_id",
            "level",
            "msg",
            "name",
            "pid",
            "thread",
            "ts",
        ] {
            assert!(!line["info"][key].is_null(), "{key} of {line}");
        }
        names.push(format!(
            "{} {} {}",
            line["info"]["level"].as_str().unwrap(),
            line["info"]["name"].as_str().unwrap(),
            line["data"]["node_info"]["unique_id"]
                .as_str()
                .unwrap_or_default()
        ));
    }
    assert!(!out.contains("hunter2"));
    assert_snapshot!(names.join("\n"), @"
    warn ProjectDiagnostic 
    info ConcurrencyLine 
    info LogModelResult source.shop.raw.events
    info LogModelResult model.shop.stg_events
    info LogTestResult test.shop.not_null_dim_users_user_id
    error LogTestResult test.shop.unique_dim_users_user_id
    error LogModelResult model.shop.fct_plays
    info SkippingDetails test.shop.plays_are_counted
    info JinjaLogInfo 
    info NodeRetrying model.shop.fct_plays
    warn CancellingRun 
    warn ProjectDiagnostic 
    warn ProjectDiagnostic 
    error ProjectDiagnostic 
    error ProjectDiagnostic 
    info FinishedRunningStats 
    info StatsLine
    ");
}

#[test]
fn a_finished_node_is_told_to_programs_as_dbt_does() {
    let (out, _) = told(Options {
        log_format: LogFormat::Json,
        ..options()
    });
    let line = out
        .lines()
        .find(|line| line.contains("LogModelResult"))
        .unwrap();
    let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
    line["info"]["pid"] = 1.into();
    line["info"]["thread"] = "t".into();
    assert_snapshot!(serde_json::to_string_pretty(&line).unwrap(), @r#"
    {
      "data": {
        "description": "source table staging.events",
        "status": "success",
        "index": 1,
        "total": 12,
        "execution_time": 0.12,
        "rows": 8056,
        "num_failures": null,
        "message": null,
        "node_info": {
          "materialized": "table",
          "meta": {},
          "node_finished_at": "2024-01-15T10:30:45.243456Z",
          "node_name": "events",
          "node_path": "sources.yml",
          "node_relation": {
            "alias": "events",
            "database": "",
            "relation_name": "\"staging\".\"events\"",
            "schema": "staging"
          },
          "node_started_at": "2024-01-15T10:30:45.123456Z",
          "node_status": "success",
          "resource_type": "source",
          "unique_id": "source.shop.raw.events"
        }
      },
      "info": {
        "category": "",
        "code": "Q012",
        "extra": {},
        "invocation_id": "0000",
        "level": "info",
        "msg": " 1 of 12  OK    loaded source table staging.events                    [8056 rows in 0.12s]",
        "name": "LogModelResult",
        "pid": 1,
        "thread": "t",
        "ts": "2024-01-15T10:30:45.123456Z"
      }
    }
    "#);
}

#[test]
fn a_personal_value_of_a_row_left_out_is_not_shown() {
    let manifest = fixture::manifest();
    let mut result = fixture::result(fixture::DIMENSION, Status::Success);
    result.rejected = vec![LoadError {
        file: "a.csv".into(),
        line: 2,
        column: Some("EMAIL".into()),
        data_type: None,
        raw_value: "ada@example.com".into(),
        reason: "too long".into(),
        place: None,
    }];
    let told = super::recap::of_node(manifest.node(fixture::DIMENSION), &result);
    assert_snapshot!(super::paint(&told[0]), @"
    warning[rows-left-out]: 1 row left out of `model.shop.dim_users`
     --> models/schema.yml:2:11
      |
    2 |   - name: dim_users
      |           ^^^^^^^^^
      |
      = note: a.csv:2: column `EMAIL`: too long
    ");
}

#[test]
fn colours_stand_around_the_status() {
    let (out, _) = told(Options {
        color: Color::Always,
        ..options()
    });
    assert!(out.contains("\u{1b}[31mFAIL \u{1b}[0m"), "{out}");
}
