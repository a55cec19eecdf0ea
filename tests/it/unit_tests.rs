//! Unit tests: a model's query on given rows.

use insta::assert_snapshot;

use crate::project::TestProject;

const ORDERS: &str = "\
{{ config(materialized='incremental', unique_key='id') }}
select s.id, upper(s.name) as name, s.amount * 2 as amount, s.day, c.name as country, {{ var('cutoff', 5) }} as cutoff
from {{ ref('stg') }} s left join {{ ref('countries') }} c on c.n = s.id
{% if is_incremental() %}where s.id > (select max(id) from {{ this }}){% endif %}
";

const TESTS: &str = "\
unit_tests:
  - name: from_nothing
    model: orders
    overrides: {vars: {cutoff: 7}}
    given:
      - input: ref('stg')
        rows:
          - {id: 1, name: a, amount: 1.5, day: 2024-01-01}
          - {id: 2, name: \"it's\"}
      - input: ref('countries')
        format: csv
        rows: |
          n,name
          1,DE
          2,
    expect:
      rows:
        - {name: \"IT'S\", amount: null, country: null, cutoff: 7, day: null}
        - {name: A, amount: 3, country: DE, cutoff: 7, day: 2024-01-01}
  - name: on_top
    model: orders
    config: {tags: [fast]}
    overrides: {macros: {is_incremental: true}}
    given:
      - input: ref('stg')
        format: csv
        fixture: staged
      - input: ref('countries')
        rows: []
      - input: this
        rows: [{id: 1}]
    expect:
      format: csv
      rows: |
        id,name,cutoff
        2,B,5
";

/// A model over a view and a seed, with two unit tests.
fn orders(project: TestProject) -> TestProject {
    project
        .file("seeds/countries.csv", "code,name,n\nde,Germany,1\nfr,France,2\n")
        .file(
            "models/stg.sql",
            "select 1 as id, 'a' as name, cast(1.5 as decimal(10,2)) as amount, cast('2024-01-01' as date) as day",
        )
        .file("models/orders.sql", ORDERS)
        .file("models/unit_tests.yml", TESTS)
        .file("tests/fixtures/staged.csv", "id,name\n1,a\n2,b\n")
}

/// Before anything is built, and when all is.
fn both_pass(project: &TestProject) {
    for command in ["test", "build", "test", "build"] {
        let output = project.redstart(command).success();
        for name in ["orders::from_nothing", "orders::on_top"] {
            assert!(
                output.stdout.contains(&format!("PASS  unit_test {name}")),
                "{output}"
            );
        }
    }
}

#[test]
fn a_model_is_tested_on_given_rows_though_nothing_is_built() {
    both_pass(&orders(TestProject::new()));
}

#[test]
fn a_duckdb_project_runs_unit_tests_in_its_own_dialect() {
    let profile = "project: {target: dev, outputs: {dev: {type: duckdb, path: project.duckdb, schema: main}}}";
    both_pass(&orders(TestProject::empty().file("profiles.yml", profile)));
}

#[cfg(unix)]
#[test]
fn a_postgres_project_runs_unit_tests_though_nothing_is_built() {
    both_pass(&orders(crate::postgres::project("unit_tests")));
}

#[test]
fn a_failing_unit_test_shows_both_answers_and_holds_its_model_back() {
    let project = TestProject::new()
        .file("models/stg.sql", "select 1 as id, 'a' as name")
        .file(
            "models/orders.sql",
            "select id, upper(name) as name from {{ ref('stg') }}",
        )
        .file(
            "models/last.sql",
            "select count(*) as n from {{ ref('orders') }}",
        )
        .file(
            "models/unit_tests.yml",
            "unit_tests:
  - name: upper
    model: orders
    given:
      - input: ref('stg')
        rows: [{id: 1, name: a}, {id: 2, name: b}, {id: 3, name: c}]
    expect:
      rows: [{id: 1, name: A}, {id: 2, name: b}, {id: 4, name: D}]
",
        );

    assert_snapshot!(project.redstart("build --threads 1"), @"
    exit 1
    Running 4 nodes on 1 thread (target `dev.main`)
    1 of 4  OK    created sql view model main.stg                         [[time]]
    2 of 4  FAIL  unit_test orders::upper                                 [1 failure in [time]]
          error[unit-test-failed]: unit test `upper` failed (models/unit_tests.yml:2:11)
    3 of 4  SKIP  sql view model main.orders                              [`upper` failed]
    4 of 4  SKIP  sql view model main.last                                [`upper` failed]

    error[unit-test-failed]: unit test `upper` failed
     --> models/unit_tests.yml:2:11
      |
    2 |   - name: upper
      |           ^^^^^
      |
      = note: actual differs from expected:

              @@  | id | name
                  | 1  | A
              →   | 2  | b→B
              +++ | 3  | C
              --- | 4  | D
      = help: a row marked `---` was expected, `+++` came, and `→` came with another value: change the model or what is expected

    Finished 1 unit test, 3 view models in [time]
    Done. PASS=1 WARN=0 ERROR=1 SKIP=2 TOTAL=4
    The data dictionary is in [project]/target/index.html
    ");
    assert_snapshot!(project.query("select table_name from information_schema.tables where table_schema = 'main' order by 1"), @r"
    table_name
    stg
    ");
}

#[test]
fn what_is_wrong_with_the_rows_is_said_where_they_stand() {
    let project = TestProject::new()
        .file("models/stg.sql", "select 1 as id, 'a' as name")
        .file(
            "models/sums.sql",
            "select name, sum(id) as total from {{ ref('stg') }} join {{ source('raw', 'events') }} using (id) group by name",
        )
        .file(
            "models/schema.yml",
            "sources:
  - name: raw
    tables:
      - name: events
        columns: [{name: id, data_type: bigint}]
unit_tests:
  - name: wrong_column
    model: sums
    given:
      - {input: ref('stg'), rows: [{id: 1, nme: a}]}
      - {input: \"source('raw', 'events')\", rows: [{id: 1}]}
    expect: {rows: [{name: a, total: 1}]}
  - name: wrong_expectation
    model: sums
    given:
      - {input: ref('stg'), rows: [{id: 1, name: a}]}
      - {input: \"source('raw', 'events')\", rows: [{id: 1}]}
    expect:
      rows: [{name: a, total: 1}, {name: b}]
",
        );

    assert_snapshot!(project.redstart("test --threads 1 --quiet"), @r"
    exit 1
    1 of 2  ERROR unit_test sums::wrong_column                            [[time]]
          error[unknown-column]: `stg` has no column `nme` (models/schema.yml:10:44)
    2 of 2  ERROR unit_test sums::wrong_expectation                       [[time]]
          error[bad-unit-test]: this expected row does not say what `total` is (models/schema.yml:19:35)
    error[unknown-column]: `stg` has no column `nme`
      --> models/schema.yml:10:44
       |
    10 |       - {input: ref('stg'), rows: [{id: 1, nme: a}]}
       |                                            ^^^ not among its 2 columns
       |
       = help: did you mean `name`?

    error[bad-unit-test]: this expected row does not say what `total` is
      --> models/schema.yml:19:35
       |
    19 |       rows: [{name: a, total: 1}, {name: b}]
       |                                   ^^^^^^^^^
       |
       = help: add `total` to the row (`total: null` for NULL)
    note: the first row does
      --> models/schema.yml:19:14
       |
    19 |       rows: [{name: a, total: 1}, {name: b}]
       |              ^^^^^^^^^^^^^^^^^^^
    ");
    project.write(
        "models/schema.yml",
        "unit_tests:
  - name: wrong
    model: smus
    given:
      - {input: ref('stg'), format: csv, fixture: staged}
      - {input: stg, rows: []}
    expect: {}
",
    );
    assert_snapshot!(project.redstart("test"), @"
    exit 2
    error[unknown-fixture]: there is no fixture `staged`
     --> models/schema.yml:5:51
      |
    5 |       - {input: ref('stg'), format: csv, fixture: staged}
      |                                                   ^^^^^^ no file `staged.csv`
      |
      = help: fixtures stand in a folder `fixtures` in the folder of tests (`tests`)

    error[bad-unit-test]: `stg` is neither a `ref`, a `source` nor `this`
     --> models/schema.yml:6:17
      |
    6 |       - {input: stg, rows: []}
      |                 ^^^
      |
      = help: write `ref('model')`, `source('source', 'table')` or `this`

    error[bad-unit-test]: `expect` has no rows
     --> models/schema.yml:2:11
      |
    2 |   - name: wrong
      |           ^^^^^
      |
      = help: write them under `rows:`, or name a file with `fixture:`; `rows: []` is none

    error[unknown-source]: there is no source `raw`
     --> models/sums.sql:1:61
      |
    1 | select name, sum(id) as total from {{ ref('stg') }} join {{ source('raw', 'events') }} using (id) group by name
      |                                                             ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: declare it under `sources:` of a .yml file in models/

    4 errors
    ");
}

#[test]
fn a_unit_test_answers_for_macros_and_variables() {
    let project = TestProject::new()
        .file("macros/label.sql", "{% macro label(x) %}'{{ x }}'{% endmacro %}")
        .file("models/stg.sql", "select 1 as id")
        .file(
            "models/labels.sql",
            "select id, {{ label('x') }} as label, '{{ env_var('REGION', 'eu') }}' as region, '{{ var('who', 'all') }}' as who from {{ ref('stg') }}",
        )
        .file(
            "models/unit_tests.yml",
            "unit_tests:
  - name: overridden
    model: labels
    overrides:
      macros: {label: \"cast('y' as varchar(10))\"}
      vars: {who: me}
      env_vars: {REGION: us}
    given:
      - {input: ref('stg'), rows: [{id: 1}]}
    expect:
      format: sql
      rows: select 1 as id, 'y' as label, 'us' as region, 'me' as who
",
        );

    project.redstart("test").success();
    assert_snapshot!(project.redstart("ls -s test_type:unit"), @r"
    exit 0
    unit_test:project.overridden
    ");
    assert_snapshot!(project.redstart("ls -s labels,test_type:unit unit_test:over*"), @r"
    exit 0
    unit_test:project.overridden
    ");
}

#[test]
fn a_value_that_does_not_fit_its_column_is_marked() {
    let mut project = orders(TestProject::new()).file(
        "models/unit_tests.yml",
        "\
unit_tests:
  - name: unfit
    model: orders
    given:
      - input: ref('stg')
        rows:
          - {id: 1, name: a, day: 2024-01-01}
          - {id: abc, name: b, amount: 1.5, day: soon}
      - input: ref('countries')
        rows: []
    expect:
      rows: [{name: A}]
",
    );
    assert_snapshot!(project.redstart("build -s +orders"), @"
    exit 1
    Running 4 nodes on 2 threads (target `dev.main`)
    1 of 4  OK    created sql view model main.stg                         [[time]]
    2 of 4  OK    loaded seed file main.countries                         [2 rows in [time]]
    3 of 4  ERROR unit_test orders::unfit                                 [[time]]
          error[bad-unit-test]: a value of `id` cannot become `integer` (models/unit_tests.yml:8:14)
          error[bad-unit-test]: a value of `day` cannot become `date` (models/unit_tests.yml:8:45)
    4 of 4  SKIP  sql incremental model main.orders                       [`unfit` failed]

    error[bad-unit-test]: a value of `id` cannot become `integer`
     --> models/unit_tests.yml:8:14
      |
    8 |           - {id: abc, name: b, amount: 1.5, day: soon}
      |              ^^ `id` is `integer`
      |
      = help: give a value of the column's type, or null

    error[bad-unit-test]: a value of `day` cannot become `date`
     --> models/unit_tests.yml:8:45
      |
    8 |           - {id: abc, name: b, amount: 1.5, day: soon}
      |                                             ^^^ `day` is `date`
      |
      = help: give a value of the column's type, or null

    Finished 1 incremental model, 1 seed, 1 unit test, 1 view model in [time]
    Done. PASS=2 WARN=0 ERROR=1 SKIP=1 TOTAL=4
    The data dictionary is in [project]/target/index.html
    ");
    // The line of a row may hold more than the value.
    project = project.file(
        "models/personal.yml",
        "models:\n  - name: stg\n    columns: [{name: name, meta: {pii: true}}]\n",
    );
    let told = project.redstart("build -s +orders").text();
    assert!(
        told.contains("a value of `id` cannot become `integer`"),
        "{told}"
    );
    assert!(!told.contains("abc"), "{told}");
}
