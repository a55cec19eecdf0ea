//! `build`, on models that go wrong in a way of their own.

use insta::assert_snapshot;

use crate::project::TestProject;

#[test]
fn a_column_that_is_not_there_is_named_with_the_nearest_that_is() {
    let project = TestProject::new()
        .file("models/orders.sql", "select 1 as order_id, 20 as amount")
        .file(
            "models/sales.sql",
            "select order_id, amont\nfrom {{ ref('orders') }}",
        )
        .file(
            "models/totals.sql",
            "{{ config(materialized='table') }}\nselect amont from {{ ref('orders') }}",
        );

    assert_snapshot!(project.redstart("build --quiet --threads 1"), @r#"
    exit 1
    2 of 3  ERROR creating sql view model main.sales                      [[time]]
          error[unknown-column]: there is no column `amont` in what is read here (models/sales.sql:1:18)
    3 of 3  ERROR creating sql table model main.totals                    [[time]]
          error[unknown-column]: there is no column `amont` in what is read here (models/totals.sql:2:8)
    error[unknown-column]: there is no column `amont` in what is read here
     --> models/sales.sql:1:18
      |
    1 | select order_id, amont
      |                  ^^^^^
      |
      = note: the database said: Binder Error: Referenced column "amont" not found in FROM clause!
              Candidate bindings: "amount"
      = help: did you mean `amount`?

    error[unknown-column]: there is no column `amont` in what is read here
     --> models/totals.sql:2:8
      |
    2 | select amont from {{ ref('orders') }}
      |        ^^^^^
      |
      = note: the database said: Binder Error: Referenced column "amont" not found in FROM clause!
              Candidate bindings: "amount"
      = help: did you mean `amount`?
    "#);
    assert_snapshot!(project.redstart("show --inline \"select amont from {{ ref('orders') }}\""), @r#"
    exit 2
    error[unknown-column]: there is no column `amont` in what is read here
     --> --inline:1:8
      |
    1 | select amont from {{ ref('orders') }}
      |        ^^^^^
      |
      = note: the database said: Binder Error: Referenced column "amont" not found in FROM clause!
              Candidate bindings: "amount"
      = help: did you mean `amount`?

    1 error
    "#);
}

#[test]
fn a_merge_of_rows_with_one_key_fails_as_on_redshift() {
    let project = TestProject::new().file(
        "models/latest.sql",
        "{{ config(materialized='incremental', incremental_strategy='merge', unique_key='id') }}
select 1 as id, 10 as amount
{% if is_incremental() %}union all select 1, {{ var('second', 11) }}{% endif %}",
    );
    project.redstart("build").success();

    assert_snapshot!(project.redstart("build --quiet --threads 1"), @"
    exit 1
    1 of 1  ERROR creating sql incremental model main.latest              [[time]]
          error[database-error]: the database refused `latest` (models/latest.sql:2:1)
    error[database-error]: the database refused `latest`
     --> models/latest.sql:2:1
      |
    2 | select 1 as id, 10 as amount
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: the database said: Invalid Input Error: Found multiple matches to update the same tuple
    ");
    assert_eq!(
        project.query("select id, amount from main.latest"),
        "id | amount\n1 | 10\n"
    );
}

#[test]
fn a_hook_at_the_end_of_a_run_counts_its_results() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\non-run-start: create table if not exists runs (nodes int)\non-run-end: insert into runs values ({{ results | length }})\n",
        )
        .file("models/a.sql", "select 1 as id");

    project.redstart("build").success();
    assert_eq!(project.query("select nodes from main.runs"), "nodes\n2\n");
}

#[test]
fn a_star_over_a_join_with_using_has_the_merged_column_once() {
    let project = TestProject::new().file(
        "models/joined.sql",
        "{{ config(materialized='table') }}
with a as (select 1 as k, 'x' as name), b as (select 1 as k, 3 as amount)
select * from a join b using (k)",
    );

    project.redstart("build").success();

    assert_snapshot!(project.query("select * from main.joined"), @"
    k | name | amount
    1 | x | 3
    ");
}
