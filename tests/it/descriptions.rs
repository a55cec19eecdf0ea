//! `persist_docs`: descriptions as comments, also of columns that nobody could look up before the run.

use insta::assert_snapshot;

use crate::project::{PROFILES, TestProject};

#[test]
fn a_described_column_that_is_not_there_is_told_and_the_others_are_described() {
    // Nothing is known of the columns of a table that is read as it is.
    let plain = PROFILES.replace("      emulate: redshift\n", "");
    let project = TestProject::empty()
        .file("profiles.yml", plain)
        .file(
            "models/a.sql",
            "{{ config(materialized='table') }} select * from range(1) as t(\"Id\")",
        )
        .file(
            "models/a.yml",
            "models:
  - name: a
    config: {persist_docs: {relation: true, columns: true}}
    description: all of them
    columns: [{name: id, description: the key}, {name: gone, description: not here}]
",
        );
    assert_snapshot!(project.redstart("run --no-check"), @"
    exit 0
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  OK    created sql table model main.a                          [1 row in [time]]
          warning[undeclared-column]: the column `gone` is described, and `a` does not have it (models/a.yml:5:56)

    warning[undeclared-column]: the column `gone` is described, and `a` does not have it
     --> models/a.yml:5:56
      |
    5 |     columns: [{name: id, description: the key}, {name: gone, description: not here}]
      |                                                        ^^^^ its description is kept nowhere

    Finished 1 table model in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    ");
    assert_eq!(
        project.query("select column_name, comment from duckdb_columns() where table_name = 'a'"),
        "column_name | comment\nId | the key\n"
    );
}

#[test]
fn the_dictionary_tells_what_templates_tell_a_test() {
    let project = TestProject::new()
        .file("models/a.sql", "select 1 as id, 'x' as kind")
        .file(
            "dbt_project.yml",
            "name: project\nprofile: project\nvars: {expected: 1, kind: x, few: 100}\n",
        )
        .file(
            "macros/most.sql",
            "{% macro most() %}{{ 3 * var('few') }}{% endmacro %}",
        )
        .file(
            "models/a.yml",
            r#"
models:
  - name: a
    data_tests:
      - row_count: {equals: "{{ var('expected') }}", name: counted}
      - row_count: {max: "{{ most() }}", name: few}
      - row_count: {compare_to: ref('a'), name: whole}
    columns:
      - name: id
        data_tests:
          - not_null: {config: {where: "kind = '{{ var('kind') }}'"}}
          - relationships: {to: ref('a'), field: id}
"#,
        );
    project.redstart("build --vars '{few: 100}'").success();
    // A later run has other variables; what passed was told those of its own run.
    project
        .redstart("docs generate --vars '{expected: 7, few: 1}'")
        .success();
    let text = project.read("target/dictionary.md");
    for told in [
        "row_count: equals 1 ",
        "row_count: max 300 ",
        "row_count: compare_to a ",
        "not_null where kind = 'x' ",
        "relationships: a.id ",
    ] {
        assert!(text.contains(told), "`{told}`:\n{text}");
    }
}

#[test]
fn a_column_whose_test_failed_is_no_key() {
    let project = TestProject::new()
        .file("seeds/k.csv", "a,b\n1,x\n1,y\n")
        .file(
            "seeds/k.yml",
            "seeds:\n  - name: k\n    columns:\n      - {name: a, data_tests: [unique, not_null]}\n      - {name: b, data_tests: [unique, not_null]}\n",
        );
    assert_eq!(project.redstart("build").code, 1);
    let text = project.read("target/dictionary.md");
    assert!(text.contains("one row per b"), "{text}");
    assert!(
        text.contains("| b | character varying(1) | no | key |"),
        "{text}"
    );
}
