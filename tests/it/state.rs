//! An earlier run beside this one: `state:`, `--defer`, `retry`, `clone`.

use insta::assert_snapshot;

use crate::project::TestProject;

const TWO_TARGETS: &str = "\
project:
  target: dev
  outputs:
    dev: {type: duckdb, path: project.duckdb, schema: dev, emulate: redshift, threads: 2}
    prod: {type: duckdb, path: project.duckdb, schema: prod, emulate: redshift, threads: 2}
";

/// A project that production built, its artifacts in `before/`.
fn built() -> TestProject {
    let project = TestProject::empty()
        .file("profiles.yml", TWO_TARGETS)
        .file(
            "dbt_project.yml",
            "name: project\nprofile: project\nmodels: {+materialized: table}\n",
        )
        .file("seeds/s.csv", "id,name\n1,a\n2,b\n")
        .file("models/a.sql", "select id, name from {{ ref('s') }}")
        .file(
            "models/b.sql",
            "select id, {{ twice('id') }} as double from {{ ref('a') }}",
        )
        .file("models/c.sql", "select count(*) as n from {{ ref('b') }}")
        .file(
            "macros/twice.sql",
            "{% macro twice(x) %}{{ x }} * 2{% endmacro %}",
        )
        .file(
            "models/a.yml",
            "models: [{name: a, columns: [{name: id, data_tests: [unique]}]}]\n",
        );
    project
        .redstart("build --target prod --target-path before")
        .success();
    project
}

fn listed(project: &TestProject, selector: &str) -> String {
    let output = project.redstart(&format!(
        "ls --quiet --output name --indirect-selection empty -s {selector} --state before"
    ));
    assert_eq!(output.code, 0, "{output}");
    output.stdout.lines().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_modified_since_is_selected_by_its_part() {
    let project = built();
    assert_eq!(listed(&project, "state:modified"), "");
    assert_eq!(listed(&project, "state:old"), "a b c s unique_a_id");

    let project = project.file(
        "models/a.sql",
        "select id, upper(name) as name from {{ ref('s') }}",
    );
    assert_eq!(listed(&project, "state:modified"), "a");
    assert_eq!(
        listed(&project, "state:modified.body+"),
        "a b c unique_a_id"
    );
    assert_eq!(listed(&project, "state:modified.configs"), "");

    let project = project
        .file("models/d.sql", "select 1 as id")
        .file("seeds/s.csv", "id,name\n1,a\n2,c\n")
        .file(
            "macros/twice.sql",
            "{% macro twice(x) %}{{ x }} + {{ x }}{% endmacro %}",
        );
    assert_eq!(listed(&project, "state:new"), "d");
    assert_eq!(listed(&project, "state:modified"), "a b d s");
    assert_eq!(listed(&project, "state:modified.macros"), "b");
    assert_eq!(listed(&project, "state:unmodified"), "c unique_a_id");
}

#[test]
fn a_configuration_counts_as_it_is_written_and_not_what_it_renders_to() {
    let project = built();
    let project = project.file(
        "dbt_project.yml",
        "name: project\nprofile: project\nmodels: {+materialized: view}\n",
    );
    assert_eq!(listed(&project, "state:modified.configs"), "a b c");
    let project = project.file(
        "dbt_project.yml",
        "name: project\nprofile: project\nmodels: {+materialized: table, +schema: other, +tags: x}\n",
    );
    assert_eq!(listed(&project, "state:modified"), "a b c");
    assert_eq!(listed(&project, "state:modified.relation"), "a b c");
    assert_eq!(listed(&project, "state:modified.configs"), "");
}

#[test]
fn a_state_selector_without_a_state_says_what_to_name() {
    let project = TestProject::new().file("models/a.sql", "select 1 as id");
    assert_snapshot!(project.redstart("ls -s state:modified"), @r"
    exit 2
    error[state-needed]: `state:` compares with an earlier state
     --> --select:1:1
      |
    1 | state:modified
      | ^^^^^
      |
      = help: name the folder with its artifacts: --state path/to/artifacts

    1 error
    ");
    assert_snapshot!(project.redstart("ls -s state:modifed --state nowhere"), @r"
    exit 2
    error[state-missing]: there is no folder `[project]/nowhere` to compare with
     |
     = help: --state names the folder with the artifacts of an earlier run

    1 error
    ");
    assert_snapshot!(project.redstart("build --defer"), @r"
    exit 2
    error[state-needed]: there is no state to defer to
     |
     = help: name the folder with the manifest.json of an earlier run: --state path/to/artifacts

    1 error
    ");
}

#[test]
fn unselected_nodes_are_read_from_where_the_earlier_run_built_them() {
    let project = built();
    let run = "run -s c --defer --state before";
    project.redstart(run).success();
    assert_snapshot!(project.query("select n from dev.c"), @r"
    n
    2
    ");
    assert!(
        project
            .read("target/compiled/project/models/c.sql")
            .contains("prod")
    );
    // What is here is read here, unless the state is favored.
    project
        .redstart("run -s b --defer --state before")
        .success();
    project.redstart(run).success();
    assert!(
        project
            .read("target/compiled/project/models/c.sql")
            .contains("\"dev\".\"b\"")
    );
    project.redstart(&format!("{run} --favor-state")).success();
    assert!(
        project
            .read("target/compiled/project/models/c.sql")
            .contains("\"prod\".\"b\"")
    );
    project
        .redstart(&format!("{run} --favor-state --no-favor-state"))
        .success();
    assert!(
        project
            .read("target/compiled/project/models/c.sql")
            .contains("\"dev\".\"b\"")
    );
    // The manifest tells where nodes of this run belong.
    assert!(
        project
            .read("target/manifest.json")
            .contains(r#""relation_name":"\"project\".\"dev\".\"a\"""#)
    );

    let project = project.env("DBT_STATE", "before").env("DBT_DEFER", "true");
    assert!(
        project
            .redstart("compile -s b")
            .success()
            .stdout
            .contains("\"prod\".\"a\"")
    );
    assert!(project.redstart("show -s c").success().stdout.contains('2'));
}

#[test]
fn what_failed_and_what_was_skipped_is_tried_again_with_the_flags_of_then() {
    let project = built().file(
        "models/b.sql",
        "{{ config(materialized='table') }}\nselect id, cast(name as integer) as double from {{ ref('a') }}",
    );
    assert_eq!(
        project
            .redstart("build --vars '{x: 1}' -s s+ --no-write-json")
            .code,
        1
    );
    assert_snapshot!(project.redstart("retry"), @r"
    exit 2
    error[nothing-to-retry]: there is no last run in `[project]/target`
     |
     = help: run a command first, or name the folder of its artifacts with --state

    1 error
    ");
    assert_eq!(project.redstart("build --vars '{x: 1}' -s s+").code, 1);
    let output = project.redstart("retry");
    assert_eq!(output.code, 1, "{output}");
    assert!(
        output.stdout.contains("Trying build again for 2 nodes"),
        "{output}"
    );
    assert!(
        output
            .stdout
            .contains("Done. PASS=0 WARN=0 ERROR=1 SKIP=1 TOTAL=2"),
        "{output}"
    );

    let project = project.file(
        "models/b.sql",
        "select id, {{ var('x') }} as double from {{ ref('a') }}",
    );
    let output = project.redstart("retry").success();
    assert!(
        output
            .stdout
            .contains("Done. PASS=2 WARN=0 ERROR=0 SKIP=0 TOTAL=2"),
        "{output}"
    );
    assert_snapshot!(project.query("select distinct double from dev.b"), @r"
    double
    1
    ");
    let output = project.redstart("retry").success();
    assert!(output.stdout.contains("Nothing to do"), "{output}");
}

#[test]
fn a_run_that_was_killed_is_tried_again_as_a_whole() {
    let project = TestProject::new()
        .file(
            "models/a.sql",
            "{{ config(materialized='table') }} select {{ var('x', 1) }} as id",
        )
        .file("models/b.sql", "select id from {{ ref('a') }}")
        // Its hook takes as long as the test lets it.
        .file(
            "models/slow.sql",
            "{{ config(materialized='table', pre_hook=var('wait', 'select 1')) }} select id from {{ ref('b') }}",
        );
    project.redstart("build").success();
    let wait = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000000) select count(*) from n";
    let mut killed = project
        .command(&format!(
            "build -s a+ --threads 1 --vars '{{x: 2, wait: \"{wait}\"}}' --fail-fast"
        ))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    let marker = project.path().join("target/unfinished_run.json");
    while !marker.exists() {
        assert!(killed.try_wait().expect("a process").is_none());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    killed.kill().expect("a process");
    killed.wait().expect("its end");
    let output = project.redstart("retry --vars '{x: 3}'").success();
    assert!(
        output.stdout.contains(
            "The last run, `build`, left no results: it was ended from outside, or still goes on. All of it is tried again"
        ),
        "{output}"
    );
    assert!(
        output.stdout.contains("Trying build again for 3 nodes"),
        "{output}"
    );
    assert_snapshot!(project.query("select id from slow"), @r"
    id
    3
    ");
    assert!(!marker.exists());
    let output = project.redstart("retry").success();
    assert!(output.stdout.contains("Nothing to do"), "{output}");
}

#[test]
fn what_was_wrong_before_or_when_a_run_began_is_tried_again() {
    let right = "select id, 1 as double from {{ ref('a') }}";
    for (wrong, told) in [
        ("select id, nope as double from {{ ref('a') }}", "`nope`"),
        (
            "select {% if execute %}{{ exceptions.raise_compiler_error('no such thing') }}{% endif %} from {{ ref('a') }}",
            "no such thing",
        ),
    ] {
        let project = built().file("models/b.sql", wrong);
        let output = project.redstart("build -s s+");
        assert_eq!(output.code, 1, "{output}");
        let results = project.read("target/run_results.json");
        let results: serde_json::Value = serde_json::from_str(&results).expect("JSON");
        let of = |name: &str| {
            let all = results["results"].as_array().expect("results").iter();
            let is = |one: &&serde_json::Value| {
                let id = one["unique_id"].as_str().unwrap_or_default();
                id.starts_with("model.") && id.ends_with(name)
            };
            let one = all.clone().find(is).expect("a result");
            (one["status"].clone(), one["message"].to_string())
        };
        assert_eq!(of(".a").0, "success");
        assert_eq!(of(".b").0, "error");
        assert!(of(".b").1.contains(told), "{}", of(".b").1);
        let project = project.file("models/b.sql", right);
        let output = project.redstart("retry").success();
        assert!(output.stdout.contains("ERROR=0 SKIP=0"), "{output}");
        assert_eq!(
            project.query("select distinct double from dev.b"),
            "double\n1\n"
        );
    }
}

#[test]
fn results_of_the_earlier_run_select_nodes() {
    let project = built().file(
        "models/b.sql",
        "select id, nope as double from {{ ref('a') }}",
    );
    assert_eq!(
        project
            .redstart("build --no-check --target-path before")
            .code,
        1
    );
    assert_eq!(listed(&project, "result:error"), "b");
    assert_eq!(listed(&project, "result:skipped"), "c");
    assert_eq!(listed(&project, "result:success,state:old"), "a s");
    assert_eq!(listed(&project, "result:pass"), "unique_a_id");
}

#[test]
fn clones_are_views_of_what_the_earlier_run_built() {
    let project = built();
    let output = project.redstart("clone --state before -s a s").success();
    assert!(
        output
            .stdout
            .contains("Done. PASS=2 WARN=0 ERROR=0 SKIP=0 TOTAL=2"),
        "{output}"
    );
    assert_snapshot!(project.query("select table_name, table_type from information_schema.tables where table_schema = 'dev' order by 1"), @r"
    table_name | table_type
    a | VIEW
    s | VIEW
    ");
    assert_snapshot!(project.query("select id, name from dev.a order by 1"), @r"
    id | name
    1 | a
    2 | b
    ");
    let output = project.redstart("clone --state before -s a b").success();
    assert!(
        output.stdout.contains("model.project.a: is there already"),
        "{output}"
    );
    assert!(output.stdout.contains("TOTAL=1"), "{output}");
    assert_eq!(project.redstart("clone").code, 2);
}

#[test]
fn empty_reads_no_rows_and_sample_those_of_a_stretch_of_time() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: project\nprofile: project\nmodels: {+materialized: table}\n",
        )
        .file(
            "seeds/raw.csv",
            "id,at\n1,2024-01-01 10:00:00\n2,2024-01-05 10:00:00\n",
        )
        .file("models/events.sql", "select id, at from {{ ref('raw') }}")
        .file(
            "models/events.yml",
            "models: [{name: events, config: {event_time: at}}]\n",
        )
        .file("models/late.sql", "select id from {{ ref('events') }}");
    assert_snapshot!(project.redstart("compile -s events --empty"), @r#"
    exit 0
    select id, at from (select * from "project"."main"."raw" where false limit 0)
    "#);
    project.redstart("build").success();
    project.redstart("build -s events --empty").success();
    assert_snapshot!(project.query("select count(*) as n from events"), @r"
    n
    0
    ");
    project.redstart("build").success();
    let sample = "run -s late --sample '{start: 2024-01-03, end: 2024-02-01}'";
    project.redstart(sample).success();
    assert_snapshot!(project.query("select id from late"), @r"
    id
    2
    ");
    assert_snapshot!(project.read("target/compiled/project/models/late.sql"), @r#"select id from (select * from "project"."main"."events" where at >= '2024-01-03 00:00:00+00:00' and at < '2024-02-01 00:00:00+00:00')"#);
    assert_snapshot!(project.redstart("run --sample soon"), @r#"
    exit 2
    error[bad-flag]: `--sample soon` is no stretch of time
     |
     = help: write `--sample "3 days"` (hours, days, months, years)
     = help: or `--sample "{start: 2024-01-01, end: 2024-02-01}"`

    1 error
    "#);
}

#[test]
fn an_operation_tells_what_became_of_it_and_is_tried_again() {
    let project = built().file(
        "macros/op.sql",
        "{% macro op(x) %}{% if x == var('bad', 2) %}{{ exceptions.raise_compiler_error('no') }}{% endif %}{% endmacro %}",
    );
    let told = || {
        let results = project.read("target/run_results.json");
        let results: serde_json::Value = serde_json::from_str(&results).expect("JSON");
        let one = &results["results"][0];
        format!("{} {} {}", one["unique_id"], one["status"], one["failures"])
    };
    let output = project.redstart("run-operation op --args '{x: 2}'");
    assert_eq!(output.code, 1, "{output}");
    assert_eq!(told(), "\"macro.project.op\" \"error\" 1");
    project.redstart("retry --vars '{bad: 3}'").success();
    assert_eq!(told(), "\"macro.project.op\" \"success\" 0");
    let output = project.redstart("retry").success();
    assert!(output.stdout.contains("Nothing to try again"), "{output}");
}
