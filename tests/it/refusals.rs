//! Nodes that cannot be planned, beside nodes that can.

use insta::assert_snapshot;

use crate::project::TestProject;

#[test]
fn what_is_refused_is_that_nodes_error_and_the_rest_is_built() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: project\nprofile: project\nmodels: {+materialized: table}\n",
        )
        .file("models/good.sql", "select 1 as id")
        .file(
            "models/no_function.sql",
            "select nosuchfn(id) as id from {{ ref('good') }}",
        )
        .file("models/no_number.sql", "select cast('x' as int) as id")
        .file(
            "models/no_column.sql",
            "{{ config(dist='nowhere') }} select 1 as id",
        )
        .file("models/below.sql", "select id from {{ ref('no_number') }}")
        .file(
            "models/below_and_wrong.sql",
            "select nosuchfn(id) as id from {{ ref('no_number') }}",
        )
        .file(
            "models/schema.yml",
            "models: [{name: no_number, columns: [{name: id, data_tests: [unique]}]}]\n",
        );
    let profile = crate::project::PROFILES.replace("threads: 2", "threads: 1");
    project.write("profiles.yml", profile);

    let unchecked = project.redstart("build --no-check");
    assert_eq!(unchecked.code, 1, "{unchecked}");
    assert_snapshot!(project.redstart("build"), @"
    exit 1
    Running 7 nodes on 1 thread (target `dev.main`)
    1 of 7  ERROR creating sql table model main.no_column                 [[time]]
          error[unknown-column]: `dist` names `nowhere`, which `no_column` does not have (models/no_column.sql:1:17)
    2 of 7  ERROR creating sql table model main.no_function               [[time]]
          error[unknown-function]: the function `nosuchfn` is not known (models/no_function.sql:1:8)
    3 of 7  ERROR creating sql table model main.no_number                 [[time]]
          error[not-redshift]: `x` is not a whole number (models/no_number.sql:1:13)
    4 of 7  SKIP  test unique_no_number_id                                [`no_number` failed]
    5 of 7  SKIP  sql table model main.below                              [`no_number` failed]
    6 of 7  ERROR creating sql table model main.below_and_wrong           [[time]]
          error[unknown-function]: the function `nosuchfn` is not known (models/below_and_wrong.sql:1:8)
    7 of 7  OK    created sql table model main.good                       [1 row in [time]]

    error[unknown-column]: `dist` names `nowhere`, which `no_column` does not have
     --> models/no_column.sql:1:17
      |
    1 | {{ config(dist='nowhere') }} select 1 as id
      |                 ^^^^^^^ not among its 1 columns
      |
      = help: there is `id`

    error[unknown-function]: the function `nosuchfn` is not known
     --> models/no_function.sql:1:8
      |
    1 | select nosuchfn(id) as id from {{ ref('good') }}
      |        ^^^^^^^^ it is not in the table of Redshift's functions
      |
      = help: use a function of Redshift: docs/redshift-emulation.md lists those that are emulated; a function of your own can be a macro

    error[not-redshift]: `x` is not a whole number
     --> models/no_number.sql:1:13
      |
    1 | select cast('x' as int) as id
      |             ^^^ Redshift refuses this
      |
      = help: write a number, or keep the text as `varchar`

    error[unknown-function]: the function `nosuchfn` is not known
     --> models/below_and_wrong.sql:1:8
      |
    1 | select nosuchfn(id) as id from {{ ref('no_number') }}
      |        ^^^^^^^^ it is not in the table of Redshift's functions
      |
      = help: use a function of Redshift: docs/redshift-emulation.md lists those that are emulated; a function of your own can be a macro

    Finished 1 data test, 6 table models in [time]
    Done. PASS=1 WARN=0 ERROR=4 SKIP=2 TOTAL=7
    The data dictionary is in [project]/target/index.html
    ");
    assert_snapshot!(project.query("select * from good"), @"
    id
    1
    ");
    let results: serde_json::Value =
        serde_json::from_str(&project.read("target/run_results.json")).unwrap();
    let mut told: Vec<String> = results["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            format!(
                "{} {}",
                result["unique_id"].as_str().unwrap(),
                result["status"].as_str().unwrap()
            )
        })
        .collect();
    told.sort();
    assert_snapshot!(told.join("\n"), @"
    model.project.below skipped
    model.project.below_and_wrong error
    model.project.good success
    model.project.no_column error
    model.project.no_function error
    model.project.no_number error
    test.project.unique_no_number_id.86a6a5b4c6 skipped
    ");
    assert!(project.path().join("target/manifest.json").exists());
}

#[test]
fn a_column_that_an_increment_lost_is_the_error_of_its_node_alone() {
    let project = TestProject::new()
        .file("models/other.sql", "select 1 as id")
        .file(
            "models/m.sql",
            "{{ config(materialized='incremental') }} select 1 as id{% if var('b', 1) == 1 %}, 2 as gone{% endif %}",
        );
    project.redstart("run").success();

    let output = project.redstart("run --vars 'b: 2'");
    assert_eq!(output.code, 1, "{output}");
    assert!(output.stdout.contains("error[schema-changed]"), "{output}");
    assert!(
        output
            .stdout
            .contains("Done. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2"),
        "{output}"
    );
}

#[test]
fn after_a_hook_that_failed_the_hooks_behind_it_are_skipped_as_in_dbt() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: project\nprofile: project\non-run-end: [\"select * from nowhere\", select 1, select 2]\n",
        )
        .file("models/a.sql", "select 1 as id");

    let output = project.redstart("run");
    assert_eq!(output.code, 1, "{output}");
    assert!(
        output
            .stdout
            .contains("Done. PASS=1 WARN=0 ERROR=1 SKIP=2 TOTAL=4"),
        "{output}"
    );
}

#[test]
fn show_tells_the_line_of_what_the_database_refuses() {
    let project = TestProject::new()
        .file("models/a.sql", "select\n  1 as id,\n  'x' as name\n")
        .file("models/bad.sql", "{{ config(materialized='table') }}\nselect\n  cast(name as integer) as n\nfrom {{ ref('a') }}");
    project.redstart("run -s a").success();

    assert_snapshot!(project.redstart("show -s bad"), @"
    exit 2
    error[bad-value]: a text that is turned into a number is none
     --> models/bad.sql:3:3
      |
    3 |   cast(name as integer) as n
      |   ^^^^
      |
      = note: the database said: Invalid Input Error: invalid digit in the number: x
      = help: clean such rows before the cast: `nullif(trim(x), '')`, `case when x ~ '^[0-9]+$' then x::int end`

    1 error
    ");
}

/// A project with a model that is right, a hook, and what is added.
fn with_mistakes() -> TestProject {
    TestProject::new()
        .file(
            "dbt_project.yml",
            "name: project\nprofile: project\non-run-start: drop table if exists began; create table began as select 1 as n\nmodels: {+materialized: table}\n",
        )
        .file("models/good.sql", "select 1 as id")
        .file("models/wrong.sql", "select nosuchfn(1) as id")
        .file("models/wrong_too.sql", "select id, nope from {{ ref('good') }}")
}

#[test]
fn where_the_first_failure_ends_the_run_all_mistakes_are_told_and_nothing_is_sent() {
    let project = with_mistakes();
    for arguments in ["build --fail-fast", "build --atomic"] {
        let output = project.redstart(arguments);
        assert_eq!(output.code, 1, "{output}");
        for told in [
            "`nosuchfn` is not known",
            "`nope`",
            "ERROR=2 SKIP=2 TOTAL=4",
        ] {
            assert!(output.text().contains(told), "`{told}`: {output}");
        }
        let tables = "select count(*) as n from information_schema.tables";
        assert_eq!(project.query(tables), "n\n0\n", "{arguments}");
    }
    let output = project.redstart("build");
    assert!(output.stdout.contains("PASS=2 WARN=0 ERROR=2"), "{output}");
}

#[test]
fn a_mistake_in_an_ephemeral_model_is_that_of_what_is_made_of_it() {
    let project = TestProject::new()
        .file("models/base.sql", "select 1 as id")
        .file(
            "models/eph.sql",
            "{{ config(materialized='ephemeral') }} select nosuch as id from {{ ref('base') }}",
        )
        .file("models/one.sql", "select id from {{ ref('eph') }}");
    let output = project.redstart("build --threads 1");
    assert_eq!(output.code, 1, "{output}");
    assert!(output.text().contains("models/eph.sql:1:47"), "{output}");
    assert!(
        output
            .stdout
            .contains("1 of 2  ERROR creating sql view model main.one"),
        "{output}"
    );
    assert!(output.stdout.contains("PASS=1 WARN=0 ERROR=1"), "{output}");
    let output = project.redstart("run -s eph");
    assert_eq!(output.code, 1, "{output}");
    assert!(output.text().contains("models/eph.sql:1:47"), "{output}");
}

#[test]
fn what_would_say_a_mistake_once_more_is_skipped() {
    let project = TestProject::new()
        .file("models/a.sql", "select 1 as id")
        .file("models/b.sql", "select 1 as id")
        .file("models/wrong.sql", "select nope from {{ ref('b') }}")
        .file(
            "models/all.yml",
            "models:
  - {name: a, config: {audit: true}, columns: [{name: idx, data_tests: [not_null]}]}
unit_tests:
  - name: ut
    model: wrong
    given: [{input: ref('b'), rows: [{id: 1}]}]
    expect: {rows: [{nope: 1}]}
",
        );
    let output = project.redstart("build --threads 1");
    assert_eq!(output.code, 1, "{output}");
    for told in [
        "[`not_null_a_idx` failed]",
        "[`wrong` failed]",
        "PASS=1 WARN=0 ERROR=2 SKIP=2 TOTAL=5",
    ] {
        assert!(output.stdout.contains(told), "`{told}`: {output}");
    }
}

#[test]
fn all_that_is_wrong_in_a_line_of_show_is_told() {
    let project = TestProject::new().file("models/orders.sql", "select 1 as id");
    let shown = project.redstart(
        "show --inline \"select {{ nothing(1) }} from {{ ref('ordres') }}, {{ ref('nope') }}\"",
    );
    assert_snapshot!(shown, @"
    exit 2
    error[undefined-macro]: there is no macro `nothing`
     --> --inline:1:11
      |
    1 | select {{ nothing(1) }} from {{ ref('ordres') }}, {{ ref('nope') }}
      |           ^^^^^^^^^^
      |
      = help: write it in macros/, or name the package that has it in packages.yml and run `redstart deps`

    error[unknown-ref]: there is no model `ordres`
     --> --inline:1:33
      |
    1 | select {{ nothing(1) }} from {{ ref('ordres') }}, {{ ref('nope') }}
      |                                 ^^^^^^^^^^^^^
      |
      = help: did you mean `orders`?

    error[unknown-ref]: there is no model `nope`
     --> --inline:1:54
      |
    1 | select {{ nothing(1) }} from {{ ref('ordres') }}, {{ ref('nope') }}
      |                                                      ^^^^^^^^^^^
      |
      = help: `redstart ls --resource-type model seed snapshot` lists what `ref` can name

    3 errors
    ");
}
