//! Write, audit, publish: what fails its tests is not shown, and what was there before stays, on every warehouse alike.

use insta::assert_snapshot;

use crate::loads::Everywhere;

const MODELS: &str = "models:
  - name: orders
    columns: [{name: id, data_tests: [unique, not_null]}]
  - name: totals
    columns: [{name: n, data_tests: [{accepted_range: {arguments: {min_value: 1}}}]}]
  - name: grown
    columns: [{name: id, data_tests: [unique]}]
";

fn shop(schema: &str) -> Everywhere {
    let all = Everywhere::new(schema);
    let project = &all.project;
    project.write(
        "dbt_project.yml",
        "name: project\nprofile: project\nmodels: {+audit: true}\n",
    );
    project.write("models/models.yml", MODELS);
    project.write(
        "models/orders.sql",
        "{{ config(materialized='table') }} select 1 as id union all select {{ var('other', 2) }}",
    );
    project.write(
        "models/totals.sql",
        "{{ config(bind=false) }} select count(*) as n from {{ ref('orders') }}",
    );
    project.write(
        "models/grown.sql",
        "{{ config(materialized='incremental') }} select id from {{ ref('orders') }} {% if is_incremental() and var('more', false) %} where id = 1 {% elif is_incremental() %} where false {% endif %}",
    );
    all
}

#[test]
fn a_table_whose_tests_fail_is_kept_aside_and_the_old_one_stays() {
    let all = shop("audit_table");
    all.run("build").success();
    let failed = all.run("build --vars '{other: 1}'");
    assert_snapshot!(failed, @"
    exit 1
    Running 7 nodes on 1 thread (target `dev.audit_table`)
    1 of 7  ERROR creating sql table model audit_table.orders             [[time]]
          error[audit-failed]: `orders` is not shown: 1 of 2 tests failed (models/orders.sql:1:1)
    2 of 7  SKIP  test unique_orders_id                                   [`orders` failed]
    3 of 7  SKIP  test not_null_orders_id                                 [`orders` failed]
    4 of 7  SKIP  sql view model audit_table.totals                       [`orders` failed]
    5 of 7  SKIP  sql incremental model audit_table.grown                 [`orders` failed]
    6 of 7  SKIP  test unique_grown_id                                    [`orders` failed]
    7 of 7  SKIP  test accepted_range_totals_n__1                         [`orders` failed]

    error[audit-failed]: `orders` is not shown: 1 of 2 tests failed
     --> models/orders.sql:1:1
      |
    1 | {{ config(materialized='table') }} select 1 as id union all select {{ var('other', 2) }}
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: test `unique_orders_id` found 1 row (models/models.yml:3)
      = help: what was there before is there still
      = help: the rows that failed: `redstart show --failed orders --vars '{other: 1}'`

    Finished 4 data tests, 1 incremental model, 1 table model, 1 view model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=6 TOTAL=7
    The data dictionary is in [project]/target/index.html
    ");
    assert_snapshot!(all.rows("select * from {{ ref('orders') }} order by id"), @"
    id
    --
     1
     2
    ");
    for target in crate::loads::TARGETS {
        let shown = all
            .project
            .redstart(&format!("show --failed orders --target {target}"));
        insta::allow_duplicates! {
        assert_snapshot!(shown.success().stdout, @"
        orders
        id
        --
         1
         1
        ");
        }
    }
    // What passes takes its place, and nothing is kept any more.
    all.run("build --vars '{other: 3}'").success();
    assert!(
        all.rows("select * from {{ ref('orders') }} order by id")
            .contains('3')
    );
    let gone = all.project.redstart("show --failed orders");
    assert!(
        gone.text()
            .contains("error[no-failed-build]: no failed build of `orders` is kept"),
        "{gone}"
    );
}

#[test]
fn the_first_build_is_not_shown_either() {
    let all = shop("audit_first");
    assert_eq!(all.run("build --select orders --vars '{other: 1}'").code, 1);
    for target in crate::loads::TARGETS {
        let missing = all.project.redstart(&format!(
            "show --inline 'select * from audit_first.orders' --target {target}"
        ));
        assert_ne!(missing.code, 0, "{missing}");
    }
    all.run("build --select orders").success();
}

#[test]
fn what_an_incremental_model_adds_is_tested_before_its_commit() {
    let all = shop("audit_incremental");
    all.run("build").success();
    let failed = all.run("build --select grown --vars '{more: true}'");
    assert_snapshot!(failed, @"
    exit 1
    Running 2 nodes on 1 thread (target `dev.audit_incremental`)
    1 of 2  ERROR creating sql incremental model audit_incremental.grown  [[time]]
          error[audit-failed]: `grown` is not shown: 1 of 1 tests failed (models/grown.sql:1:1)
    2 of 2  SKIP  test unique_grown_id                                    [`grown` failed]

    error[audit-failed]: `grown` is not shown: 1 of 1 tests failed
     --> models/grown.sql:1:1
      |
    1 | {{ config(materialized='incremental') }} select id from {{ ref('orders') }} {% if is_incremental() and var('more', false) %} where id = 1 {% elif is_incremental() %} where false {% endif %}
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: test `unique_grown_id` found 1 row (models/models.yml:7)
      = help: what was there before is there still
      = help: the rows that failed: `redstart show --failed grown --vars '{more: true}'`

    Finished 1 data test, 1 incremental model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=1 TOTAL=2
    The data dictionary is in [project]/target/index.html
    ");
    assert_snapshot!(all.rows("select * from {{ ref('grown') }} order by id"), @"
    id
    --
     1
     2
    ");
    for target in crate::loads::TARGETS {
        let shown = all
            .project
            .redstart(&format!("show --failed grown --target {target}"));
        insta::allow_duplicates! {
        assert_snapshot!(shown.success().stdout, @"
        grown
        id
        --
         1
        ");
        }
    }
    // Without the audit the rows are shown, and the test fails behind them.
    all.project
        .write("dbt_project.yml", "name: project\nprofile: project\n");
    assert_eq!(
        all.run("build --select grown --vars '{more: true}'").code,
        1
    );
    assert_snapshot!(all.rows("select count(*) as rows_there from {{ ref('grown') }}"), @"
    rows_there
    ----------
             3
    ");
    let kept = all.project.redstart("show --failed grown");
    assert!(
        kept.text()
            .contains("error[no-failed-build]: no failed build of `grown` is kept"),
        "{kept}"
    );
}

/// Whatever way the rows take into a table that stays, and however few its statements are: those that fail are kept, and not shown.
#[test]
fn every_way_into_a_table_that_stays_is_audited() {
    let all = Everywhere::new("audit_ways");
    let project = &all.project;
    project.write(
        "dbt_project.yml",
        "name: project\nprofile: project\nmodels: {+audit: true}\nsnapshots: {+audit: true}\n",
    );
    let ways = [
        ("plain", "materialized='incremental'"),
        (
            "followed",
            "materialized='incremental', on_schema_change='append_new_columns'",
        ),
        (
            "keyed",
            "materialized='incremental', unique_key='n', incremental_strategy='delete+insert'",
        ),
        (
            "merged",
            "materialized='incremental', unique_key='n', incremental_strategy='merge'",
        ),
        (
            "hooked",
            "materialized='incremental', pre_hook='{% if is_incremental() %}update {{ this }} set words = \\'x\\'{% else %}select 1{% endif %}', post_hook='select 2'",
        ),
        ("sifted", "materialized='incremental', rejects=true"),
    ];
    let mut models = "models:\n".to_owned();
    for (name, config) in ways {
        project.write(
            format!("models/{name}.sql"),
            format!("{{{{ config({config}) }}}} select {{{{ var('n', 1) }}}} as n, 1 as id, 'abc'::varchar(5) as words"),
        );
        models += &format!(
            "  - name: {name}\n    columns: [{{name: id, data_tests: [unique, not_null]}}]\n"
        );
    }
    project.write("models/models.yml", models);
    project.write(
        "snapshots/kept.sql",
        "{% snapshot kept %}{{ config(unique_key='n', strategy='check', check_cols='all') }} select 1 as n, {{ var('n', 1) }} as id{% endsnapshot %}",
    );
    project.write(
        "snapshots/kept.yml",
        "snapshots:\n  - name: kept\n    data_tests: [row_count: {arguments: {max: 1}}]\n",
    );
    all.run("build").success();
    let names = ways.map(|(name, _)| name);
    for target in crate::loads::TARGETS {
        let failed = project.redstart(&format!("build --vars '{{n: 2}}' --target {target}"));
        assert_eq!(failed.code, 1, "{failed}");
        for name in names.into_iter().chain(["kept"]) {
            let told = format!("error[audit-failed]: `{name}` is not shown");
            assert!(failed.text().contains(&told), "{name}: {failed}");
            let show = format!("show --failed {name} --target {target}");
            let kept = project.redstart(&show);
            if name == "hooked" {
                // What its hook changed is taken back, and its rows with it.
                assert!(kept.text().contains("no failed build"), "{kept}");
                let there = format!("show -s {name} --target {target}");
                let there = project.redstart(&there).success().stdout;
                assert!(there.contains("1 |  1 | abc"), "{there}");
                continue;
            }
            let kept = kept.success().stdout;
            let expected = if name == "kept" {
                "1 |  2"
            } else {
                "2 |  1 | abc"
            };
            assert!(kept.contains(expected), "{name}: {kept}");
            let there = format!(
                "show --inline \"select count(*) as there from {{{{ ref('{name}') }}}}\" --target {target}"
            );
            let there = project.redstart(&there).success().stdout;
            assert!(there.ends_with(" 1\n"), "{name}: {there}");
        }
    }
    // What passes leaves nothing behind.
    for target in crate::loads::TARGETS {
        let build = format!("build --full-refresh --target {target}");
        project.redstart(&build).success();
    }
    assert_eq!(all.left_beside("audit_ways"), "");
}

#[test]
fn a_run_audits_by_its_flag() {
    let all = shop("audit_flag");
    all.project
        .write("dbt_project.yml", "name: project\nprofile: project\n");
    all.run("run").success();
    assert_eq!(
        all.run("run --audit --select orders --vars '{other: 1}'")
            .code,
        1
    );
    assert!(
        all.rows("select * from {{ ref('orders') }} order by id")
            .contains('2')
    );
}

const SIBLINGS: &str = "models:
  - name: facts
    columns: [{name: place, data_tests: [{relationships: {arguments: {to: ref('places'), field: id}}}]}]
";

fn siblings(schema: &str) -> Everywhere {
    let all = Everywhere::new(schema);
    let project = &all.project;
    project.write("models/models.yml", SIBLINGS);
    project.write(
        "models/facts.sql",
        "{{ config(materialized='table') }} select {{ var('place', 1) }} as place",
    );
    project.write(
        "models/places.sql",
        "{{ config(materialized='table') }} select 1 as id union all select {{ var('other', 2) }}",
    );
    all
}

#[test]
fn a_test_of_two_siblings_holds_back_the_one_that_it_is_declared_for() {
    let all = siblings("audit_siblings");
    all.run("build --audit").success();
    let failed = all.run("build --audit --vars '{place: 9}'");
    assert_snapshot!(failed, @"
    exit 1
    Running 3 nodes on 1 thread (target `dev.audit_siblings`)
    1 of 3  OK    created sql table model audit_siblings.places           [2 rows in [time]]
    2 of 3  ERROR creating sql table model audit_siblings.facts           [[time]]
          error[audit-failed]: `facts` is not shown: 1 of 1 tests failed (models/facts.sql:1:1)
    3 of 3  SKIP  test relationships_facts_place__id__ref_places_         [`facts` failed]

    error[audit-failed]: `facts` is not shown: 1 of 1 tests failed
     --> models/facts.sql:1:1
      |
    1 | {{ config(materialized='table') }} select {{ var('place', 1) }} as place
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: test `relationships_facts_place__id__ref_places_` found 1 row (models/models.yml:3)
      = help: what was there before is there still
      = help: the rows that failed: `redstart show --failed facts --vars '{place: 9}'`

    Finished 1 data test, 2 table models in [time]
    Done. PASS=1 WARN=0 ERROR=1 SKIP=1 TOTAL=3
    The data dictionary is in [project]/target/index.html
    ");
    assert!(
        all.rows("select place from {{ ref('facts') }}")
            .contains('1')
    );
    // What the other one brings in the same run is there when the test is asked.
    all.run("build --audit --vars '{place: 9, other: 9}'")
        .success();
    assert!(
        all.rows("select place from {{ ref('facts') }}")
            .contains('9')
    );
    // Where the other one fails, the test cannot be asked, and nothing is shown that it did not pass.
    all.project.write(
        "models/places.sql",
        "{{ config(materialized='table') }} select 1 / {{ var('by', 0) }} as id",
    );
    let failed = all.run("build --audit --vars '{place: 1}'");
    assert_eq!(failed.code, 1, "{failed}");
    assert!(failed.text().contains("`places` failed"), "{failed}");
    assert!(
        all.rows("select place from {{ ref('facts') }}")
            .contains('9')
    );
    // A test that only warns lets nothing wait.
    all.project.write(
        "models/models.yml",
        SIBLINGS.replace("field: id}", "field: id}, config: {severity: warn}"),
    );
    let warned = all.run("build --audit --vars '{place: 8}'");
    assert!(
        warned
            .text()
            .contains("OK    created sql table model audit_siblings.facts"),
        "{warned}"
    );
}

#[test]
fn a_build_asks_no_test_that_it_leaves_out() {
    let all = siblings("audit_left_out");
    all.run("build").success();
    let test = "relationships_facts_place__id__ref_places_";
    for (place, arguments) in [
        (7, format!("--select facts --exclude {test}")),
        (8, "--select facts --indirect-selection empty".to_owned()),
    ] {
        all.run(&format!(
            "build --audit {arguments} --vars '{{place: {place}}}'"
        ))
        .success();
        let shown = all.rows("select place from {{ ref('facts') }}");
        assert!(shown.contains(&place.to_string()), "{shown}");
    }
    // A run has no tests of its own: it asks them all.
    let run = all.run("run --audit --select facts --vars '{place: 9}'");
    assert_eq!(run.code, 1, "{run}");
}

#[test]
fn a_test_that_asks_the_warehouse_reads_the_rows_that_are_not_shown_yet() {
    let all = Everywhere::new("audit_late");
    let project = &all.project;
    project.write(
        "dbt_project.yml",
        "name: project\nprofile: project\nmodels: {+audit: true}\n",
    );
    project.write(
        "macros/all_positive.sql",
        "{% test all_positive(model) %}{% set columns = adapter.get_columns_in_relation(model) %}
select * from {{ model }} where {% for column in columns %}{{ column.name }} <= 0{% if not loop.last %} or {% endif %}{% endfor %}
{% endtest %}
",
    );
    // The column that is wrong is new: the old relation does not have it.
    let query = "select 1 as a {% if var('bad', false) %}, -1 as b{% else %}, 1 as c{% endif %}";
    let ways = [
        ("in_table", "materialized='table'"),
        ("in_view", "materialized='view'"),
    ];
    let mut models = "models:\n".to_owned();
    for (name, config) in ways {
        project.write(
            format!("models/{name}.sql"),
            format!("{{{{ config({config}) }}}} {query}"),
        );
        models += &format!("  - {{name: {name}, data_tests: [all_positive]}}\n");
    }
    project.write(
        "models/grown.sql",
        "{{ config(materialized='incremental') }} select {{ var('n', 1) }} as n",
    );
    models += "  - {name: grown, data_tests: [all_positive]}\n";
    project.write("models/models.yml", models);
    all.run("build").success();
    let failed = all.run("build --vars '{bad: true, n: -5}'");
    assert_eq!(failed.code, 1, "{failed}");
    for name in ["in_table", "in_view", "grown"] {
        let told = format!("error[audit-failed]: `{name}` is not shown: 1 of 1 tests failed");
        assert!(failed.text().contains(&told), "{failed}");
    }
    for name in ["in_table", "in_view"] {
        let shown = all.rows(&format!("select * from {{{{ ref('{name}') }}}}"));
        assert!(shown.starts_with("a | c"), "{shown}");
    }
    assert!(!all.rows("select * from {{ ref('grown') }}").contains("-5"));
    assert_eq!(
        all.run("show --failed in_table")
            .success()
            .stdout
            .lines()
            .last(),
        Some("1 | -1")
    );
    all.run("build --vars '{n: 2}'").success();
}

#[test]
fn a_test_that_names_its_table_itself_cannot_be_asked_early() {
    let all = Everywhere::new("audit_literal");
    all.project.write(
        "models/hard.sql",
        "{{ config(materialized='table', audit=true) }} select {{ var('n', 1) }} as id",
    );
    all.project.write(
        "tests/hardcoded.sql",
        "-- depends_on: {{ ref('hard') }}\nselect * from audit_literal.hard where id <> 1",
    );
    assert_snapshot!(all.run("build"), @"
    exit 1
    Running 2 nodes on 1 thread (target `dev.audit_literal`)
    1 of 2  ERROR creating sql table model audit_literal.hard             [[time]]
          error[no-audit]: `hardcoded` cannot be asked before `hard` is shown: its SQL does not name it by `ref` alone (tests/hardcoded.sql:1:1)
    2 of 2  SKIP  test hardcoded                                          [`hard` failed]

    error[no-audit]: `hardcoded` cannot be asked before `hard` is shown: its SQL does not name it by `ref` alone
     --> tests/hardcoded.sql:1:1
      |
    1 | -- depends_on: {{ ref('hard') }}
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write `{{ ref(…) }}` or `{{ model }}` in the test, or set `audit: false` for the node

    Finished 1 data test, 1 table model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=1 TOTAL=2
    The data dictionary is in [project]/target/index.html
    ");
    all.project.write(
        "tests/hardcoded.sql",
        "select * from {{ ref('hard') }} as hard where hard.id <> 1",
    );
    all.run("build").success();
    assert_eq!(all.run("build --vars '{n: 2}'").code, 1);
}
