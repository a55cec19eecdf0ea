//! Runs against a warehouse that answers as it is told to.

use std::sync::Mutex;
use std::time::Duration;

use insta::assert_snapshot;

use super::double::{Answer, Double, Setup, wrong};
use super::{Event, locked};
use crate::adapter::{ErrorClass, LoadError, Table, Value};
use crate::manifest::config::{OnSchemaChange, Severity};
use crate::manifest::node::{Detail, TestDetail};
use crate::manifest::{Node, ResourceType};
use crate::materialization::fixture::{column, existing, has, model};
use crate::relation::RelationKind;

fn well(_: &str, _: usize) -> Answer {
    Answer::Done(Some(3))
}

fn data_test(name: &str, sql: &str) -> Node {
    let mut node = model(name, "test", sql);
    node.resource_type = ResourceType::Test;
    node.relation = None;
    node.detail = Detail::Test(Box::new(TestDetail {
        generic: None,
        attached_node: None,
        column_name: None,
        declared_on: None,
    }));
    node
}

fn verdict(failures: i128) -> Table {
    Table {
        columns: ["failures", "should_warn", "should_error"]
            .map(|name| has(name, "bigint"))
            .to_vec(),
        rows: vec![vec![
            Value::Int(failures),
            Value::Bool(failures != 0),
            Value::Int(i128::from(failures != 0)),
        ]],
        truncated: false,
    }
}

#[test]
fn nodes_run_in_order_and_say_how_many_rows_they_have() {
    let setup = Setup::tables(&["a", "b < a"]);
    let warehouse = Double::new(well);
    let mut events = Vec::new();
    let results = setup.run(&warehouse, &mut |event| {
        events.push(match event {
            Event::Started { total, threads } => format!("started {total} on {threads}"),
            Event::NodeStarted { index, .. } => format!("begin {index}"),
            Event::NodeFinished { index, .. } => format!("end {index}"),
            other => format!("{other:?}"),
        });
    });
    assert_snapshot!(setup.told(&results), @r"
    a success: 3 rows
    b success: 3 rows
    ");
    assert_snapshot!(events.join("\n"), @r"
    started 2 on 1
    begin 1
    end 1
    begin 2
    end 2
    ");
    assert_snapshot!(warehouse.log().join("\n"), @r#"
    create table "analytics"."a" as ( select 1 as a )
    create table "analytics"."b" as ( select 1 as b )
    "#);
    assert_eq!(results.results[0].sent.len(), 1);
    assert!(!results.failed());
}

#[test]
fn the_longest_way_to_the_end_goes_first() {
    let mut setup = Setup::tables(&["short", "long", "after < long"]);
    let order = |setup: &Setup| setup.told(&setup.run(&Double::new(well), &mut |_| {}));
    assert_snapshot!(order(&setup), @r"
    long success: 3 rows
    short success: 3 rows
    after success: 3 rows
    ");
    setup
        .durations
        .insert("model.shop.short".into(), Duration::from_secs(60));
    assert!(order(&setup).starts_with("short"), "{}", order(&setup));
}

#[test]
fn a_failure_skips_what_depends_on_it_and_nothing_else() {
    let mut setup = Setup::tables(&["a", "b < a", "c < b", "d", "e < d c"]);
    setup.threads = 4;
    let warehouse = Double::new(|sql, _| {
        if sql.contains("as a") && sql.starts_with("create") {
            wrong(ErrorClass::User, "column \"x\" does not exist")
        } else {
            Answer::Done(Some(1))
        }
    });
    let results = setup.run(&warehouse, &mut |_| {});
    let mut lines: Vec<_> = setup.told(&results).lines().map(str::to_owned).collect();
    lines.sort();
    assert_snapshot!(lines.join("\n"), @r"
    a error: the database refused `a`
    b skipped: `a` failed
    c skipped: `a` failed
    d success: 1 row
    e skipped: `a` failed
    ");
    let failed = results.of(setup.id("a")).unwrap();
    assert_snapshot!(failed.diagnostics[0], @"error[database-error]: the database refused `a` (models/a.sql:1:1)");
    assert_snapshot!(failed.diagnostics[0].notes[0], @r#"the database said: column "x" does not exist"#);
}

#[test]
fn fail_fast_starts_nothing_more() {
    let mut setup = Setup::tables(&["a", "b"]);
    setup.fail_fast = true;
    let warehouse = Double::new(|_, _| wrong(ErrorClass::User, "no"));
    let results = setup.run(&warehouse, &mut |_| {});
    assert_snapshot!(setup.told(&results), @r"
    a error: the database refused `a`
    b skipped: stopped at the first failure
    ");
}

#[test]
fn a_section_that_lost_is_tried_again_whole() {
    let mut setup = Setup::tables(&["a"]);
    setup.existing = existing(&[("a", RelationKind::Table, &[])]);
    let warehouse = Double::new(|sql, before| {
        if sql.contains("rename to \"a\"") && before < 2 {
            let after = Duration::from_millis(1);
            wrong(
                ErrorClass::Retryable { after },
                "serializable isolation violation",
            )
        } else {
            Answer::Done(None)
        }
    });
    let mut retries = Vec::new();
    let results = setup.run(&warehouse, &mut |event| {
        if let Event::Retrying {
            attempt, reason, ..
        } = event
        {
            retries.push(format!("{attempt}: {reason}"));
        }
    });
    assert_eq!(retries.len(), 2);
    assert_eq!(retries[1], "3: serializable isolation violation");
    assert_snapshot!(setup.told(&results), @"a success:");
    assert_snapshot!(warehouse.log().join("\n"), @r#"
    create table "analytics"."a__rs_tmp" as ( select 1 as a )
    begin
    alter table "analytics"."a" rename to "a__rs_old"
    alter table "analytics"."a__rs_tmp" rename to "a"
    begin
    alter table "analytics"."a" rename to "a__rs_old"
    alter table "analytics"."a__rs_tmp" rename to "a"
    begin
    alter table "analytics"."a" rename to "a__rs_old"
    alter table "analytics"."a__rs_tmp" rename to "a"
    commit
    drop table if exists "analytics"."a__rs_old"
    select count(*) as n_rows from "analytics"."a"
    "#);
}

#[test]
fn a_section_that_always_loses_fails_and_cleans_up() {
    let mut setup = Setup::tables(&["a"]);
    setup.existing = existing(&[("a", RelationKind::Table, &[])]);
    let warehouse = Double::new(|sql, _| {
        if sql.contains("rename") {
            let after = Duration::from_micros(1);
            wrong(ErrorClass::Retryable { after }, "1023")
        } else {
            Answer::Done(None)
        }
    });
    let results = setup.run(&warehouse, &mut |_| {});
    assert_snapshot!(setup.told(&results), @"a error: somebody else kept changing what `a` needs");
    assert_eq!(
        warehouse.log().last().map(String::as_str),
        Some("drop table if exists \"analytics\".\"a__rs_tmp\"")
    );
}

#[test]
fn ctrl_c_stops_what_runs_and_reports_the_rest() {
    let setup = Setup::tables(&["a", "b < a"]);
    let cancel = setup.cancel.clone();
    let warehouse = Double::new(move |_, _| {
        cancel.request();
        Answer::Hangs
    });
    let told = Mutex::new(Vec::new());
    let results = setup.run(&warehouse, &mut |event| {
        if matches!(event, Event::Cancelling) {
            locked(&told).push("cancelling");
        }
    });
    assert!(results.cancelled && !results.failed());
    assert_eq!(*locked(&told), ["cancelling"]);
    assert_snapshot!(setup.told(&results), @r"
    a skipped: cancelled
    b skipped: cancelled
    ");
}

#[test]
fn a_panic_is_an_error_of_its_node() {
    let mut setup = Setup::tables(&["a", "b"]);
    setup.threads = 2;
    let warehouse = Double::new(|sql, _| {
        assert!(!sql.contains("as a"), "a thing that cannot be");
        Answer::Done(Some(1))
    });
    let results = setup.run(&warehouse, &mut |_| {});
    assert_eq!(results.results.len(), 2);
    let failed = results.of(setup.id("a")).unwrap();
    assert_snapshot!(failed.diagnostics[0], @"error[internal]: Redstart broke down at `a`");
    assert_snapshot!(failed.diagnostics[0].notes[0], @"a thing that cannot be");
}

#[test]
fn a_test_stands_before_what_depends_on_its_node() {
    let mut setup = Setup::tables(&["a", "b < a", "c < b"]);
    setup.add(data_test("check_a", "select 7 as bad"), &["a"]);
    let run = |setup: &Setup, failures: i128| {
        let warehouse = Double::new(move |sql, _| {
            if sql.contains("dbt_internal_test") {
                Answer::Rows(verdict(failures))
            } else if sql.starts_with("select 7") {
                Answer::Rows(Table {
                    columns: vec![has("bad", "integer")],
                    rows: vec![vec![Value::Int(7)]; 14],
                    truncated: false,
                })
            } else {
                Answer::Done(Some(1))
            }
        });
        let results = setup.run(&warehouse, &mut |_| {});
        (setup.told(&results), results)
    };
    assert_snapshot!(run(&setup, 0).0, @r"
    a success: 1 row
    check_a pass: 
    b success: 1 row
    c success: 1 row
    ");
    let (told, results) = run(&setup, 8);
    assert_snapshot!(told, @r"
    a success: 1 row
    check_a fail: Got 8 results, configured to fail if != 0
    b skipped: `check_a` failed
    c skipped: `check_a` failed
    ");
    let sample = results.of(setup.id("check_a")).unwrap().sample.clone();
    assert_eq!(sample.map(|table| table.rows.len()), Some(10));
    let check = setup.id("check_a");
    setup.manifest.nodes[check.index()].config.severity = Severity::Warn;
    assert_snapshot!(run(&setup, 1).0, @r"
    a success: 1 row
    check_a warn: Got 1 result, configured to warn if != 0
    b success: 1 row
    c success: 1 row
    ");
    setup.manifest.nodes[check.index()].config.severity = Severity::Error;
    setup.options.tests_gate = false;
    assert_snapshot!(run(&setup, 1).0, @r"
    a success: 1 row
    b success: 1 row
    c success: 1 row
    check_a fail: Got 1 result, configured to fail if != 0
    ");
}

#[test]
fn a_test_over_two_nodes_stands_before_what_depends_on_both() {
    let mut setup = Setup::tables(&["a", "b", "left < a", "right < b", "both < left right"]);
    setup.add(data_test("a_and_b", "select 1"), &["a", "b"]);
    let waits = setup.with_plan(&Double::new(well), |_, plan| {
        let plan = plan.unwrap();
        let name = |place: usize| setup.manifest.node(plan.steps[place].node).name.clone();
        (0..plan.steps.len())
            .map(|place| {
                let waits: Vec<String> = plan.steps[place]
                    .waits_for
                    .iter()
                    .map(|&p| name(p))
                    .collect();
                format!("{} < {}\n", name(place), waits.join(" "))
            })
            .collect::<String>()
    });
    assert_snapshot!(waits, @r"
    a < 
    b < 
    left < a
    right < b
    a_and_b < a b
    both < left right a_and_b
    ");
}

#[test]
fn a_refusal_is_its_nodes_error_and_what_does_not_stand_on_it_is_built() {
    let mut setup = Setup::tables(&["good"]);
    setup.add(model("a", "table", "select forbidden()"), &["good"]);
    setup.add(model("b", "view", "select forbidden()"), &["a"]);
    setup.add(model("below", "table", "select 1 as id"), &["b"]);
    setup.add(data_test("t", "select forbidden()"), &["b"]);
    let results = setup.run(&Double::new(well), &mut |_| {});
    let mut told: Vec<String> = setup.told(&results).lines().map(str::to_owned).collect();
    told.sort();
    assert_snapshot!(told.join("\n"), @r"
    a error: there is no function `forbidden`
    b skipped: `a` failed
    below skipped: `a` failed
    good success: 3 rows
    t skipped: `a` failed
    ");
    let place = |name: &str| {
        let result = results.of(setup.id(name)).unwrap();
        result.diagnostics[0].to_string()
    };
    assert_snapshot!(place("a"), @"error[unknown-function]: there is no function `forbidden` (models/a.sql:1:8)");
}

#[test]
fn a_late_node_is_made_at_its_turn() {
    let mut setup = Setup::tables(&["a", "b < a"]);
    setup.late = vec!["b"];
    let results = setup.run(&Double::new(well), &mut |_| {});
    assert_snapshot!(setup.told(&results), @r"
    a success: 3 rows
    b success: 3 rows
    ");
    let late = results.of(setup.id("b")).unwrap();
    assert_eq!(late.compiled_code.as_deref(), Some("select 1 as b"));
}

#[test]
fn an_increment_asks_for_the_columns_of_its_batch() {
    let mut setup = Setup::tables(&[]);
    let mut node = model("a", "incremental", "select 1 as id, 2 as n");
    node.config.on_schema_change = OnSchemaChange::AppendNewColumns;
    setup.add(node, &[]);
    setup.existing = existing(&[("a", RelationKind::Table, &[("id", "integer")])]);
    let columns = vec![has("id", "integer"), has("n", "integer")];
    let warehouse = Double::new(|sql, _| {
        if sql.starts_with("select count(*)") {
            Answer::Rows(Table {
                rows: vec![vec![Value::Int(12)]],
                ..Table::default()
            })
        } else {
            Answer::Done(Some(1))
        }
    })
    .with_columns(columns);
    let results = setup.run(&warehouse, &mut |_| {});
    assert_snapshot!(setup.told(&results), @"a success: 12 rows");
    assert_snapshot!(warehouse.log().join("\n"), @r#"
    create temporary table "a__rs_tmp" as ( select 1 as id, 2 as n )
    begin
    alter table "analytics"."a" add column "n" integer
    insert into "analytics"."a" ("id", "n") ( select "id", "n" from "a__rs_tmp" )
    commit
    drop table if exists "a__rs_tmp"
    select count(*) as n_rows from "analytics"."a"
    "#);
}

#[test]
fn a_load_error_names_the_file_and_the_declaration_and_no_personal_value() {
    let mut setup = Setup::tables(&["a"]);
    let mut ts = column("ts", "timestamp");
    ts.description = "when".into();
    setup.manifest.nodes[0]
        .columns
        .insert("ts".into(), ts.clone());
    ts.meta.insert("pii".into(), true.into());
    ts.name = "born".into();
    setup.manifest.nodes[0].columns.insert("born".into(), ts);
    let warehouse = Double::new(|_, _| {
        let row = |column: &str, line| LoadError {
            file: "s3://sparkify/a.json".into(),
            line,
            column: Some(column.into()),
            data_type: Some("Timestamp".into()),
            raw_value: "soon".into(),
            reason: "Invalid timestamp format or value".into(),
            place: None,
        };
        let mut error = crate::adapter::Error::new(ErrorClass::User, "load failed");
        error.load_errors = vec![row("ts", 3), row("born", 4)];
        Answer::Wrong(Box::new(error))
    });
    let results = setup.run(&warehouse, &mut |_| {});
    let told: String = results.results[0]
        .diagnostics
        .iter()
        .map(|problem| format!("{problem}\n  {}\n", problem.notes.join("\n  ")))
        .collect();
    assert_snapshot!(told, @"
    error[load-error]: s3://sparkify/a.json:3: column `ts` timestamp of `a`: Invalid timestamp format or value (models/schema.yml:1:9)
      the value: soon
    error[load-error]: s3://sparkify/a.json:4: column `born` timestamp of `a`: Invalid timestamp format or value (models/schema.yml:1:9)
      the value is personal and not shown
    ");
}

#[test]
fn a_cell_of_a_seed_is_shown_in_its_file_unless_the_line_is_personal() {
    for personal in [false, true] {
        let mut setup = Setup::tables(&["a"]);
        let mut level = column("level", "varchar(3)");
        if personal {
            level.meta.insert("pii".into(), true.into());
        }
        setup.manifest.nodes[0]
            .columns
            .insert("level".into(), level);
        let warehouse = Double::new(|_, _| {
            let source = crate::diagnostic::Source::new("seeds/a.csv", "level\ntoolong\n");
            let mut error = crate::adapter::Error::new(ErrorClass::User, "load failed");
            error.load_errors = vec![LoadError {
                file: source.path.clone(),
                line: 2,
                column: Some("level".into()),
                data_type: Some("varchar(3)".into()),
                raw_value: "toolong".into(),
                reason: "String length exceeds DDL length".into(),
                place: Some(crate::diagnostic::Span::new(&source, 6..13)),
            }];
            Answer::Wrong(Box::new(error))
        });
        let results = setup.run(&warehouse, &mut |_| {});
        let told = results.results[0].diagnostics[0].to_string();
        let shown = "error[load-error]: a cell does not fit column `level` varchar(3) of `a` (seeds/a.csv:2:1)";
        assert_eq!(told == shown, !personal, "{told}");
    }
}

#[test]
fn operations_stand_before_and_after_everything() {
    let mut setup = Setup::tables(&["a"]);
    for (name, at_start) in [("end", false), ("start", true)] {
        let mut node = model(name, "view", &format!("select '{name}'"));
        node.resource_type = ResourceType::Operation;
        node.relation = None;
        node.detail = Detail::Operation { at_start, index: 0 };
        setup.add(node, &[]);
    }
    let results = setup.run(&Double::new(well), &mut |_| {});
    assert_snapshot!(setup.told(&results), @r"
    start success: 
    a success: 3 rows
    end success:
    ");
    let warehouse = Double::new(|sql, _| {
        if sql.contains("start") {
            wrong(ErrorClass::User, "no")
        } else {
            Answer::Done(None)
        }
    });
    let results = setup.run(&warehouse, &mut |_| {});
    assert_snapshot!(setup.told(&results), @r"
    start error: the database refused `start`
    a skipped: `on-run-start` failed
    end success:
    ");
}

#[test]
fn a_schema_that_cannot_be_made_fails_the_nodes_in_it() {
    let mut setup = Setup::tables(&["a"]);
    setup.existing = Default::default();
    let warehouse = Double::new(|sql, _| {
        if sql.starts_with("create schema") {
            wrong(ErrorClass::User, "permission denied")
        } else {
            Answer::Done(None)
        }
    });
    let results = setup.run(&warehouse, &mut |_| {});
    assert_snapshot!(setup.told(&results), @"a error: the database refused `a`");
    assert_eq!(warehouse.log().len(), 1);
}
