//! Versions of models.

use insta::assert_snapshot;

use crate::project::TestProject;

const SCHEMA: &str = "\
models:
  - name: dim
    description: people
    latest_version: 2
    access: public
    config: {tags: [x]}
    columns:
      - name: id
        data_tests: [unique]
      - name: full_name
    versions:
      - v: 2
        description: the names in full
      - v: 1
        deprecation_date: 2020-01-01
        columns:
          - include: all
            exclude: [full_name]
          - name: name
            data_tests: [not_null]
      - v: 0
        defined_in: dim_first
        config: {alias: dim_zero}
        columns:
          - include: []
      - v: 3
  - name: reads
unit_tests:
  - name: alike
    model: dim
    versions: {include: [2, 3]}
    expect: {rows: [{id: 1}]}
  - name: of_versions
    model: reads
    given:
      - {input: ref('dim'), rows: [{id: 1}]}
      - {input: \"ref('dim', v=1)\", rows: [{id: 2}]}
    expect: {rows: [{latest: 1, first: 2}]}
";

/// A model with an old version, a deprecated one, the latest, and one that is not released yet.
fn project() -> TestProject {
    TestProject::new()
        .file("models/old/dim_first.sql", "select 1 as id")
        .file("models/dim_v1.sql", "select 1 as id, 'a' as name")
        .file("models/dim.sql", "select 1 as id, 'a' as full_name")
        .file(
            "models/dim_v3.sql",
            "{{ config(materialized='table') }} select 1 as id, 'c' as full_name",
        )
        .file(
            "models/reads.sql",
            "select l.id as latest, f.id as first from {{ ref('dim') }} l cross join {{ ref('dim', v=1) }} f",
        )
        .file("models/schema.yml", SCHEMA)
}

#[test]
fn every_version_is_a_relation_of_its_own_and_the_latest_is_meant_where_none_is_named() {
    let project = project();

    assert_snapshot!(project.redstart("build --threads 1"), @r"
    exit 0
    Running 12 nodes on 1 thread (target `dev.main`)
     1 of 12  PASS  unit_test dim::alike                                  [[time]]
     2 of 12  OK    created sql view model main.dim_v1                    [[time]]
     3 of 12  OK    created sql view model main.dim_v2                    [[time]]
     4 of 12  PASS  test not_null_dim_v1_name                             [[time]]
     5 of 12  PASS  test unique_dim_v1_id                                 [[time]]
     6 of 12  PASS  test unique_dim_v2_id                                 [[time]]
     7 of 12  PASS  unit_test dim::alike                                  [[time]]
     8 of 12  OK    created sql table model main.dim_v3                   [1 row in [time]]
     9 of 12  PASS  unit_test reads::of_versions                          [[time]]
    10 of 12  OK    created sql view model main.dim_zero                  [[time]]
    11 of 12  PASS  test unique_dim_v3_id                                 [[time]]
    12 of 12  OK    created sql view model main.reads                     [[time]]

    warning[deprecated-model]: `dim.v1` has passed its deprecation date (2020-01-01)
      --> models/schema.yml:14:12
       |
    14 |       - v: 1
       |            ^
       |
       = help: disable or remove it

    warning[deprecated-ref]: `reads` reads `dim.v1`, which is deprecated since 2020-01-01
     --> models/reads.sql:1:46
      |
    1 | select l.id as latest, f.id as first from {{ ref('dim') }} l cross join {{ ref('dim', v=1) }} f
      |                                              ^^^^^^^^^^
      |
      = help: there is a newer version: `ref('dim', v=2)`

    Finished 4 data tests, 1 table model, 3 unit tests, 4 view models in [time]
    Done. PASS=12 WARN=0 ERROR=0 SKIP=0 TOTAL=12
    The data dictionary is in [project]/target/index.html
    --- stderr
    warning[deprecated-model]: `dim.v1` has passed its deprecation date (2020-01-01)
      --> models/schema.yml:14:12
       |
    14 |       - v: 1
       |            ^
       |
       = help: disable or remove it

    warning[deprecated-ref]: `reads` reads `dim.v1`, which is deprecated since 2020-01-01
     --> models/reads.sql:1:46
      |
    1 | select l.id as latest, f.id as first from {{ ref('dim') }} l cross join {{ ref('dim', v=1) }} f
      |                                              ^^^^^^^^^^
      |
      = help: there is a newer version: `ref('dim', v=2)`

    2 warnings
    ");
    assert_snapshot!(project.query("select table_name from information_schema.tables where table_schema = 'main' order by 1"), @r"
    table_name
    dim_v1
    dim_v2
    dim_v3
    dim_zero
    reads
    ");
    assert_snapshot!(project.query("select * from reads"), @r"
    latest | first
    1 | 1
    ");
    assert_snapshot!(project.redstart("ls --quiet"), @r"
    exit 0
    project.old.dim.v0
    project.dim.v1
    project.dim.v2
    project.dim.v3
    project.reads
    project.not_null_dim_v1_name
    project.unique_dim_v1_id
    project.unique_dim_v2_id
    project.unique_dim_v3_id
    unit_test:project.alike
    unit_test:project.alike
    unit_test:project.of_versions
    ");
    for (selector, ids) in [
        ("version:latest", "project.dim.v2"),
        ("version:old", "project.dim.v1\nproject.old.dim.v0"),
        ("version:prerelease", "project.dim.v3"),
        ("version:none", "project.reads"),
        ("dim.v3", "project.dim.v3"),
        ("dim_v3", "project.dim.v3"),
    ] {
        let output = project.redstart(&format!("ls --quiet --resource-type model -s {selector}"));
        let mut lines: Vec<&str> = output.stdout.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines.join("\n"), ids, "{selector}");
    }
}

#[test]
fn a_version_that_does_not_exist_is_told_with_those_that_do() {
    let project = project()
        .file("models/reads.sql", "select * from {{ ref('dim', v=4) }}")
        .file(
            "models/more.sql",
            "select * from {{ ref('reads', version='1') }}",
        );

    assert_snapshot!(project.redstart("parse --quiet"), @r"
    exit 2
    error[unknown-version]: `reads` has no version `1`
     --> models/more.sql:1:18
      |
    1 | select * from {{ ref('reads', version='1') }}
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: it has no versions at all: write `ref('reads')`

    error[unknown-version]: `dim` has no version `4`
     --> models/reads.sql:1:18
      |
    1 | select * from {{ ref('dim', v=4) }}
      |                  ^^^^^^^^^^^^^^^
      |
      = help: its versions are `0`, `1`, `2`, `3`

    2 errors
    ");
}
