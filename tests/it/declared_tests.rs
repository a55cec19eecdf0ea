//! Declared tests: whose configuration wins, where failures are kept, and what is said of those that mean nothing.

use insta::assert_snapshot;

use crate::project::TestProject;

#[test]
fn what_stands_at_a_test_wins_over_the_configuration_of_its_macro() {
    let project = TestProject::new()
        .file(
            "tests_sql/generic/is_even.sql",
            "{% test is_even(model, column_name) %}{{ config(severity='warn', tags=['numbers'], limit=1) }}
select * from {{ model }} where {{ column_name }} % 2 <> 0
{% endtest %}",
        )
        .file("models/m.sql", "select 1 as id union all select 3")
        .file(
            "models/m.yml",
            "models:
  - name: m
    columns:
      - name: id
        data_tests:
          - is_even
          - is_even: {name: strict, config: {severity: error, limit: 5, tags: [nightly]}}
",
        );
    assert_snapshot!(project.redstart("build --threads 1"), @"
    exit 1
    Running 3 nodes on 1 thread (target `dev.main`)
    1 of 3  OK    created sql view model main.m                           [[time]]
    2 of 3  WARN  test is_even_m_id                                       [1 failure in [time]]
          warning[test-warned]: test `is_even_m_id` found 1 row (models/m.yml:6:13)
    3 of 3  FAIL  test strict                                             [2 failures in [time]]
          error[test-failed]: test `strict` found 2 rows (models/m.yml:7:13)

    warning[test-warned]: test `is_even_m_id` found 1 row
     --> models/m.yml:6:13
      |
    6 |           - is_even
      |             ^^^^^^^ Got 1 result, configured to warn if != 0
      |
      = note: the row:
              id
              --
               1

    error[test-failed]: test `strict` found 2 rows
     --> models/m.yml:7:13
      |
    7 |           - is_even: {name: strict, config: {severity: error, limit: 5, tags: [nightly]}}
      |             ^^^^^^^ Got 2 results, configured to fail if != 0
      |
      = note: the rows:
              id
              --
               1
               3
      = help: `redstart show --select strict --limit -1` shows all that it finds, `redstart compile --select strict` its query

    Finished 2 data tests, 1 view model in [time]
    Done. PASS=1 WARN=1 ERROR=1 SKIP=0 TOTAL=3
    The data dictionary is in [project]/target/index.html
    ");
    assert_snapshot!(project.redstart("ls -s tag:numbers tag:nightly,strict --resource-type test --output name"), @"
    exit 0
    is_even_m_id
    strict
    ");
}

#[test]
fn a_failing_test_says_where_its_rows_are_kept() {
    let project = TestProject::new()
        .file("models/m.sql", "select 1 as id union all select 1")
        .file(
            "models/m.yml",
            "models:
  - name: m
    columns: [{name: id, data_tests: [unique]}]
",
        );
    project.redstart("run").success();
    let output = project.redstart("test --store-failures");
    assert!(
        output
            .text()
            .contains("all of them are kept: `select * from main_dbt_test__audit.unique_m_id`"),
        "{output}"
    );
    assert_eq!(
        project.query("select * from main_dbt_test__audit.unique_m_id"),
        "unique_field | n_records\n1 | 2\n"
    );
}

#[test]
fn what_a_test_says_in_vain_is_told() {
    let project = TestProject::new()
        .file("models/m.sql", "select 1 as id, 2 as n")
        .file("tests_sql/nothing.sql", "select 1 as a where false")
        .file(
            "models/m.yml",
            "models:
  - name: m
    columns:
      - name: id
        data_tests:
          - not_null: {arguments: {column_name: n}}
          - unique: {config: {error_if: '>'}}
          - expression_is_true: {arguments: {expression: ''}}
    data_tests:
      - unique_combination: {arguments: {columns: [id, m]}}
      - row_count: {arguments: {compare_to: ref('m'), tolerance: 10%}}
data_tests:
  - name: nothin
",
        );
    assert_snapshot!(project.redstart("parse"), @r#"
    exit 2
    warning[no-effect]: `column_name` has no effect: the test is on `id`, under which it stands
     --> models/m.yml:6:36
      |
    6 |           - not_null: {arguments: {column_name: n}}
      |                                    ^^^^^^^^^^^
      |
      = help: declare the test under the column that it is for

    error[bad-config]: `error_if` is no comparison: `>`
     --> models/m.yml:7:41
      |
    7 |           - unique: {config: {error_if: '>'}}
      |                                         ^^^ the number of failures stands before it
      |
      = help: write such as `error_if: ">10"` or `error_if: "between 1 and 5"`

    error[bad-test-argument]: `expression` of test `expression_is_true` must be a text that says something
     --> models/m.yml:8:46
      |
    8 |           - expression_is_true: {arguments: {expression: ''}}
      |                                              ^^^^^^^^^^
      |
      = help: write `expression: "…"`

    error[bad-test-argument]: `tolerance` of test `row_count` must be a part as a number: 0.1 for a tenth, not `10%`
      --> models/m.yml:11:55
       |
    11 |       - row_count: {arguments: {compare_to: ref('m'), tolerance: 10%}}
       |                                                       ^^^^^^^^^
       |
       = help: write `tolerance: 0.1`

    warning[unmatched-properties]: there is no test `nothin` to describe
      --> models/m.yml:13:11
       |
    13 |   - name: nothin
       |           ^^^^^^ no file `nothin.sql`
       |
       = help: did you mean `nothing`?

    3 errors, 2 warnings
    "#);
    let project = project.file(
        "models/m.yml",
        "models:
  - name: m
    data_tests:
      - unique_combination: {arguments: {columns: [id, m]}}
",
    );
    assert_snapshot!(project.redstart("check"), @"
    exit 1
    Checked 3 nodes: 1 error, 0 warnings
    --- stderr
    error[unknown-column]: the test `unique_combination` is on the column `m`, which `m` does not have
     --> models/m.yml:4:9
      |
    4 |       - unique_combination: {arguments: {columns: [id, m]}}
      |         ^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `n`?

    1 error
    ");
}

#[test]
fn settings_that_a_materialization_does_not_heed_are_told() {
    let project = TestProject::new()
        .file(
            "models/t.sql",
            "{{ config(materialized='table', bind=false, auto_refresh=true) }} select 1 as id",
        )
        .file(
            "models/v.sql",
            "{{ config(backup=false, bind=false) }} select 1 as id",
        )
        .file(
            "models/e.sql",
            "{{ config(materialized='ephemeral', dist='id') }} select 1 as id",
        );
    assert_snapshot!(project.redstart("parse"), @"
    exit 0
    project: 3 nodes, no errors
    --- stderr
    warning[no-effect]: `dist` has no effect: an ephemeral model holds no rows
     --> models/e.sql:1:42
      |
    1 | {{ config(materialized='ephemeral', dist='id') }} select 1 as id
      |                                          ^^^^
      |
      = help: make it a table with `materialized='table'`, or take the setting out

    warning[no-effect]: `bind` has no effect: a table is bound to nothing: that is for views
     --> models/t.sql:1:38
      |
    1 | {{ config(materialized='table', bind=false, auto_refresh=true) }} select 1 as id
      |                                      ^^^^^
      |
      = help: make it a view with `materialized='view'`, or take the setting out

    warning[no-effect]: `auto_refresh` has no effect: a table is refreshed by its builds alone
     --> models/t.sql:1:58
      |
    1 | {{ config(materialized='table', bind=false, auto_refresh=true) }} select 1 as id
      |                                                          ^^^^
      |
      = help: make it a materialized view with `materialized='materialized_view'`, or take the setting out

    warning[no-effect]: `backup` has no effect: a view holds no rows
     --> models/v.sql:1:18
      |
    1 | {{ config(backup=false, bind=false) }} select 1 as id
      |                  ^^^^^
      |
      = help: make it a table with `materialized='table'`, or take the setting out

    4 warnings
    ");
}

#[test]
fn a_configuration_among_the_arguments_is_one() {
    let project = TestProject::new()
        .file("models/m.sql", "select 1 as id union all select 1")
        .file(
            "models/m.yml",
            "models:
  - name: m
    data_tests:
      - unique: {arguments: {column_name: id, config: {severity: warn}}}
",
        );
    let output = project.redstart("build").success();
    assert!(output.text().contains("WARN  test unique_m_id"), "{output}");
}

#[test]
fn a_name_of_a_test_is_read_as_far_as_it_goes() {
    let project = TestProject::new()
        .file("models/a.sql", "select 1 as id")
        .file(
            "models/a.yml",
            "models: [{name: a, columns: [{name: id, data_tests: ['not_null:', unique-or-so]}]}]\n",
        );
    let output = project.redstart("build").success();
    assert!(output.stdout.contains("test not_null_a_id"), "{output}");
    assert!(output.stdout.contains("test unique_a_id"), "{output}");
    let told = "warning[no-effect]: `-or-so` has no effect behind the name of the test";
    assert!(output.text().contains(told), "{output}");
}
