//! The history of runs, in a table of the warehouse: what became of every node, for machines that keep nothing of earlier runs.

use insta::assert_snapshot;

use crate::loads::{Everywhere, TARGETS};
use crate::postgres;

fn shop(schema: &str) -> Everywhere {
    postgres::query(&format!(
        "set client_min_messages = error; drop schema if exists {schema}_ops cascade"
    ));
    let all = Everywhere::new(schema);
    let key = format!("run_history: {schema}_ops.runs");
    let profiles = all
        .project
        .read("profiles.yml")
        .replace("      s3:", &format!("      {key}\n      s3:"))
        .replace(", s3:", &format!(", {key}, s3:"));
    all.project.write("profiles.yml", profiles);
    all.project.write(
        "models/one.sql",
        "{{ config(materialized='table') }} select 1 as id union all select 2",
    );
    all.project
        .write("models/two.sql", "select id from {{ ref('one') }}");
    all.project.write(
        "models/models.yml",
        "models:\n  - name: one\n    columns: [{name: id, data_tests: [{accepted_range: {arguments: {max_value: 1}}}]}]\n",
    );
    all
}

#[test]
fn what_became_of_every_node_is_kept_in_the_warehouse() {
    let all = shop("history_kept");
    assert_eq!(all.run("build").code, 1);
    assert_snapshot!(all.rows("select command, resource_type, unique_id, status, n_rows, failures from history_kept_ops.runs order by unique_id"), @"
    command | resource_type | unique_id                                        | status  | n_rows | failures
    --------+---------------+--------------------------------------------------+---------+--------+---------
    build   | model         | model.project.one                                | success |      2 |     NULL
    build   | model         | model.project.two                                | skipped |   NULL |     NULL
    build   | test          | test.project.accepted_range_one_id__1.be9f915b50 | fail    |   NULL |        1
    ");
    all.run("run").success();
    assert_snapshot!(all.rows("select command, count(*) as nodes, count(distinct run_id) as runs, min(case when seconds >= 0 then 1 else 0 end) as timed from history_kept_ops.runs group by command order by command"), @"
    command | nodes | runs | timed
    --------+-------+------+------
    build   |     3 |    1 |     1
    run     |     2 |    1 |     1
    ");
    let ids = "show --inline 'select count(query_id) as found from history_kept_ops.runs' --target";
    let found = TARGETS.map(|target| {
        let shown = all.project.redstart(&format!("{ids} {target}")).success();
        shown
            .stdout
            .lines()
            .last()
            .unwrap_or_default()
            .trim()
            .to_owned()
    });
    // Only Redshift numbers its queries.
    assert_eq!(found, ["0", "0", "2"]);
}

#[test]
fn where_nothing_is_left_of_earlier_runs_the_history_tells_when_a_node_was_built() {
    let all = shop("history_read");
    for target in TARGETS {
        let run = |arguments: &str| {
            all.project
                .redstart(&format!("{arguments} --target {target}"))
        };
        assert_eq!(run("build").code, 1);
        std::fs::remove_dir_all(all.project.path().join("target")).expect("a folder");
        run("build --select two").success();
        let dictionary = all.project.read("target/dictionary.md");
        let one = dictionary.split("## one").nth(1).unwrap_or_default();
        assert!(one.contains("- Last built: "), "{target}: {dictionary}");
    }
}

#[test]
fn what_took_longest_by_the_history_is_built_first_on_a_machine_that_knows_nothing() {
    let all = shop("history_steers");
    for name in ["a", "b", "z"] {
        all.project.write(
            format!("models/{name}.sql"),
            "{{ config(materialized='table') }} select 1 as id",
        );
    }
    all.project.write(
        "macros/steer.sql",
        "{% macro steer() %}{% do run_query(\"update history_steers_ops.runs set seconds = case when unique_id = 'model.project.z' then 60 else 0.01 end\") %}{% endmacro %}",
    );
    for target in TARGETS {
        let run = |arguments: &str| {
            all.project
                .redstart(&format!("{arguments} --target {target}"))
                .success()
        };
        let first = || {
            std::fs::remove_dir_all(all.project.path().join("target")).unwrap_or_default();
            let built = run("run --select a b z --threads 1").text();
            let line = built.lines().find(|line| line.starts_with("1 of 3"));
            line.expect("a node").to_owned()
        };
        let by_name = first();
        assert!(by_name.contains(".a "), "{target}: {by_name}");
        run("run-operation steer");
        let by_time = first();
        assert!(by_time.contains(".z "), "{target}: {by_time}");
    }
}

#[test]
fn a_history_that_cannot_be_kept_is_told_and_fails_nothing() {
    let all = shop("history_refused");
    all.project.write(
        "models/one.sql",
        "{{ config(materialized='table', schema='ops', alias='runs') }} select 1 as id",
    );
    for target in TARGETS {
        let built = all
            .project
            .redstart(&format!("build --exclude two --target {target}"))
            .success();
        let told = "warning[no-run-history]: this run is not in the history of runs, `history_refused_ops.runs`";
        assert!(built.text().contains(told), "{target}: {built}");
    }
    let profiles = all.project.read("profiles.yml");
    let wrong = profiles.replace("history_refused_ops.runs", "'a b'");
    all.project.write("profiles.yml", wrong);
    assert_snapshot!(all.project.redstart("build"), @"
    exit 2
    error[bad-target-key]: `run_history` names a table
      --> profiles.yml:16:104
       |
    16 |     dev: {type: duckdb, path: project.duckdb, schema: history_refused, emulate: redshift, run_history: 'a b', s3: {'s3://lake/': buc...
       |                                                                                                        ^^^^^
       |
       = help: write `run_history: schema.table`

    1 error
    ");
}
