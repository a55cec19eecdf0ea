//! What the files of a project say: what is read, what is passed over, and what is told about it.

use insta::assert_snapshot;

use crate::project::TestProject;

#[test]
fn the_name_of_the_profile_may_come_from_the_environment() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: \"{{ env_var('PROFILE_OF_TEST', 'project') }}\"\n",
        )
        .file("models/a.sql", "select 1 as id");
    project.redstart("build").success();

    let project = project.env("PROFILE_OF_TEST", "projct");
    assert_snapshot!(project.redstart("parse"), @r#"
    exit 2
    error[missing-profile]: there is no profile `projct` in profiles.yml
     --> dbt_project.yml:2:10
      |
    2 | profile: "{{ env_var('PROFILE_OF_TEST', 'project') }}"
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `project`?
      = help: the profiles are `project`

    1 error
    "#);
}

#[test]
fn a_hook_of_the_whole_project_is_not_looked_at_for_an_ephemeral_model() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\nmodels: {+post-hook: \"drop table if exists log_of_{{ this.name }}; create table log_of_{{ this.name }} as select 1 as n\"}\n",
        )
        .file("models/inner.sql", "{{ config(materialized='ephemeral') }} select 1 as id")
        .file("models/outer.sql", "select * from {{ ref('inner') }}");

    let output = project.redstart("build");
    assert_eq!(output.code, 0, "{output}");
    assert!(!output.stderr.contains("warning"), "{output}");
    assert!(!output.stdout.contains("warning"), "{output}");
}

#[test]
fn hooks_of_models_are_not_those_of_the_hooks_of_the_project() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\non-run-start: [\"select 1\", \"select 2\"]\nmodels: {+post-hook: \"drop table if exists log_of_{{ this.name }}; create table log_of_{{ this.name }} as select 1 as n\"}\n",
        )
        .file("models/orders.sql", "select 1 as id");

    let output = project.redstart("--warn-error build").success();
    assert!(!output.text().contains("warning"), "{output}");
    assert_eq!(project.query("select n from log_of_orders"), "n\n1\n");
}

#[test]
fn what_redshift_calls_a_key_is_told_by_the_name_dbt_has_for_it() {
    let project = TestProject::new().file(
        "models/orders.sql",
        "{{ config(materialized='table', distkey='id', sortkey='id') }} select 1 as id",
    );
    let output = project.redstart("build");
    for told in [
        "the configuration `distkey` is unknown and has no effect",
        "did you mean `dist`?",
        "the configuration `sortkey` is unknown and has no effect",
        "did you mean `sort`?",
    ] {
        assert!(output.text().contains(told), "{told}: {output}");
    }
}

#[test]
fn a_source_is_loaded_by_copy_alone_and_one_that_stays_outside_is_left_alone() {
    let project = TestProject::new()
        .file(
            "models/sources.yml",
            "sources:
  - name: spectrum
    tables:
      - name: plain
        external: {location: 's3://b/d', file_format: json}
      - name: partitioned
        external:
          location: 's3://b/d'
          file_format: stored as parquet
          row_format: serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
          partitions: [{name: day, data_type: date}]
          tbl_properties: \"('numRows'='1')\"
",
        )
        .file("models/a.sql", "select 1 as id");

    assert_snapshot!(project.redstart("load"), @"
    exit 0
    Running 0 nodes on 2 threads (target `dev.main`)

    warning[not-loaded]: `spectrum.partitioned` has `external` without `copy`: nothing here loads it
     --> models/sources.yml:6:15
      |
    6 |       - name: partitioned
      |               ^^^^^^^^^^^
      |
      = help: add `copy: {}` under `external` to have its files loaded from `location`; on Redshift the package dbt_external_tables makes a table of Spectrum of it: `redstart run-operation stage_external_sources`

    warning[not-loaded]: `spectrum.plain` has `external` without `copy`: nothing here loads it
     --> models/sources.yml:4:15
      |
    4 |       - name: plain
      |               ^^^^^
      |
      = help: add `copy: {}` under `external` to have its files loaded from `location`; on Redshift the package dbt_external_tables makes a table of Spectrum of it: `redstart run-operation stage_external_sources`

    Finished nothing in [time]
    Done. PASS=0 WARN=0 ERROR=0 SKIP=0 TOTAL=0
    --- stderr
    warning[not-loaded]: `spectrum.partitioned` has `external` without `copy`: nothing here loads it
     --> models/sources.yml:6:15
      |
    6 |       - name: partitioned
      |               ^^^^^^^^^^^
      |
      = help: add `copy: {}` under `external` to have its files loaded from `location`; on Redshift the package dbt_external_tables makes a table of Spectrum of it: `redstart run-operation stage_external_sources`

    warning[not-loaded]: `spectrum.plain` has `external` without `copy`: nothing here loads it
     --> models/sources.yml:4:15
      |
    4 |       - name: plain
      |               ^^^^^
      |
      = help: add `copy: {}` under `external` to have its files loaded from `location`; on Redshift the package dbt_external_tables makes a table of Spectrum of it: `redstart run-operation stage_external_sources`

    2 warnings
    ");
    let output = project.redstart("build");
    assert!(output.stdout.contains("TOTAL=1"), "{output}");
    assert!(!output.text().contains("not-loaded"), "{output}");
    let project = project.file(
        "models/b.sql",
        "select * from {{ source('spectrum', 'plain') }}",
    );
    let output = project.redstart("build");
    assert!(
        output
            .text()
            .contains("its `external` has no `copy`: with `copy: {}` Redstart loads it"),
        "{output}"
    );
}

#[test]
fn what_is_configured_or_described_in_vain_is_told() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop
profile: project
models:
  shop:
    stagin: {+materialized: table}
    staging: {+tags: [x]}
    idle: {+enabled: false}
seeds:
  +quote_columns: true
",
        )
        .file(
            "models/staging/a.sql",
            "{{ config(persist_docs={'column': true}, sort='id') }} select 1 as id",
        )
        .file("models/idle/b.sql", "select 1 as id")
        .file("macros/m.sql", "{% macro cents(n) %}{{ n }}{% endmacro %}")
        .file(
            "models/schema.yml",
            "macros: [{name: cent}, {name: cents}]\n",
        );

    assert_snapshot!(project.redstart("parse"), @"
    exit 0
    shop: 1 node, no errors
    --- stderr
    warning[unknown-key]: `persist_docs` has no key `column`
     --> models/staging/a.sql:1:24
      |
    1 | {{ config(persist_docs={'column': true}, sort='id') }} select 1 as id
      |                        ^^^^^^^^^^^^^^^^
      |
      = help: did you mean `columns`?
      = help: the keys are `relation` and `columns`

    warning[no-effect]: `sort` has no effect: a view holds no rows
     --> models/staging/a.sql:1:47
      |
    1 | {{ config(persist_docs={'column': true}, sort='id') }} select 1 as id
      |                                               ^^^^
      |
      = help: make it a table with `materialized='table'`, or take the setting out

    warning[unmatched-properties]: there is no macro `cent` to describe
     --> models/schema.yml:1:17
      |
    1 | macros: [{name: cent}, {name: cents}]
      |                 ^^^^
      |
      = help: did you mean `cents`?

    warning[unused-key]: the configuration of `models.shop.stagin` applies to nothing
     --> dbt_project.yml:5:5
      |
    5 |     stagin: {+materialized: table}
      |     ^^^^^^ no folder, file or package has this name
      |
      = help: did you mean `staging`?

    warning[unused-key]: the configuration of `seeds` applies to nothing
     --> dbt_project.yml:9:3
      |
    9 |   +quote_columns: true
      |   ^^^^^^^^^^^^^^^^^^^^ there are no seeds here

    5 warnings
    ");
    let project = TestProject::new()
        .file(
            "models/a.sql",
            "{{ config(persist_docs=true) }} select 1 as id",
        )
        .file("models/b.sql", "{{ config('table') }} select 1 as id");
    assert_snapshot!(project.redstart("parse"), @"
    exit 2
    error[bad-config]: `persist_docs` is a mapping with `relation` and `columns`, not `true`
     --> models/a.sql:1:24
      |
    1 | {{ config(persist_docs=true) }} select 1 as id
      |                        ^^^^
      |
      = help: write `persist_docs: {relation: true, columns: true}`

    error[wrong-arguments]: `config` takes settings by name or one mapping, not a string
     --> models/b.sql:1:4
      |
    1 | {{ config('table') }} select 1 as id
      |    ^^^^^^^^^^^^^^^
      |
      = help: write `config(materialized='table', tags=['daily'])`

    2 errors
    ");
}

#[test]
fn tests_stand_under_one_of_the_two_names_of_their_key() {
    let project = TestProject::new()
        .file("models/a.sql", "select 1 as id")
        .file(
            "models/schema.yml",
            "models:
  - name: a
    columns:
      - name: id
        tests: [unique]
        data_tests: [not_null]
",
        );

    assert_snapshot!(project.redstart("parse"), @"
    exit 2
    error[duplicate-key]: `tests` and `data_tests` are two names of one key: only one of them may stand here
     --> models/schema.yml:6:9
      |
    6 |         data_tests: [not_null]
      |         ^^^^^^^^^^
      |
      = help: put all tests under `data_tests`
    note: the first one
     --> models/schema.yml:5:9
      |
    5 |         tests: [unique]
      |         ^^^^^

    1 error
    ");
}

#[test]
fn the_tags_of_a_source_its_table_and_its_column_reach_their_tests() {
    let project = TestProject::new().file(
        "models/sources.yml",
        "sources:
  - name: raw
    tags: [srctag]
    tables:
      - name: a
        tags: [tabtag]
        columns:
          - name: id
            tags: [coltag]
            data_tests: [{not_null: {config: {tags: [own]}}}]
",
    )
    .file("models/a.sql", "select 1 as id")
    .file("models/schema.yml", "models: [{name: a, tags: [beside], config: {tags: [inside]}, columns: [{name: id, data_tests: [unique]}]}]\n");

    let tags = project.redstart("ls --output json --output-keys 'name tags'");
    assert_snapshot!(tags.stdout, @r#"
    {"name": "a", "tags": ["inside"]}
    {"name": "a", "tags": ["srctag", "tabtag"]}
    {"name": "source_not_null_raw_a_id", "tags": ["coltag", "own", "srctag", "tabtag"]}
    {"name": "unique_a_id", "tags": []}
    "#);
}

#[test]
fn a_key_over_columns_that_are_not_declared_needs_a_contract_to_be_wrong() {
    let project = |contract: bool| {
        TestProject::new()
            .file("models/a.sql", "select 1 as id, 2 as line")
            .file(
                "models/schema.yml",
                format!(
                    "models:
  - name: a
    config: {{materialized: table, contract: {{enforced: {contract}}}}}
    constraints: [{{type: primary_key, columns: [id, line]}}]
    columns: [{{name: id, data_type: int}}]
"
                ),
            )
    };
    project(false).redstart("run").success();
    let output = project(true).redstart("run");
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stderr.contains("error[unknown-column]"), "{output}");
}

#[test]
fn a_macro_of_the_project_gives_relations_their_names() {
    let project = TestProject::new()
        .file("models/a.sql", "select 1 as id")
        .file(
            "macros/names.sql",
            "{% macro generate_alias_name(custom_alias_name=none, node=none) %}{{ 't_' ~ node.name }}{% endmacro %}",
        );
    project.redstart("build").success();

    assert_snapshot!(project.query("select * from t_a"), @"
    id
    1
    ");
}

#[test]
fn a_test_tells_what_its_figure_is_and_what_it_may_not_show() {
    let project = TestProject::new()
        .file(
            "models/a.sql",
            "select 10 as n, 'x' as secret union all select 15, null union all select 20, 'z'",
        )
        .file(
            "models/schema.yml",
            "models:
  - name: a
    columns:
      - name: n
        data_tests: [{accepted_range: {arguments: {max_value: 5}, config: {fail_calc: sum(n)}}}]
      - name: secret
        meta: {pii: true}
        data_tests: [not_null]
",
        );
    let profile = crate::project::PROFILES.replace("threads: 2", "threads: 1");
    project.write("profiles.yml", profile);

    let output = project.redstart("build");
    let at = output.stdout.find("\n\n").unwrap_or_default();
    assert_snapshot!(output.stdout[at..], @"


    error[test-failed]: test `accepted_range_a_n__5` found that `sum(n)` is 45
     --> models/schema.yml:5:23
      |
    5 |         data_tests: [{accepted_range: {arguments: {max_value: 5}, config: {fail_calc: sum(n)}}}]
      |                       ^^^^^^^^^^^^^^ Got 45 results, configured to fail if != 0
      |
      = note: the rows:
              n
              --
              10
              15
              20
      = help: `redstart show --select accepted_range_a_n__5 --limit -1` shows all that it finds, `redstart compile --select accepted_range_a_n__5` its query

    error[test-failed]: test `not_null_a_secret` found 1 row
     --> models/schema.yml:8:22
      |
    8 |         data_tests: [not_null]
      |                      ^^^^^^^^ Got 1 result, configured to fail if != 0
      |
      = note: the row:
              n
              --
              15
      = help: `redstart show --select not_null_a_secret --limit -1` shows all that it finds, `redstart compile --select not_null_a_secret` its query

    Finished 2 data tests, 1 view model in [time]
    Done. PASS=1 WARN=0 ERROR=2 SKIP=0 TOTAL=3
    The data dictionary is in [project]/target/index.html
    ");
}

#[test]
fn the_first_failure_stops_a_run_that_is_to_fail_fast() {
    let project = TestProject::new()
        .file("models/a.sql", "select 1 as id")
        .file("models/b.sql", "select id from {{ ref('a') }}")
        .file("models/schema.yml", "models: [{name: a, columns: [{name: id, data_tests: [{accepted_values: {arguments: {values: [2]}}}]}]}]\n");
    let profile = crate::project::PROFILES.replace("threads: 2", "threads: 1");
    project.write("profiles.yml", profile);

    let output = project.redstart("build --fail-fast");
    assert_eq!(output.code, 1, "{output}");
    assert!(
        output
            .stdout
            .contains("Done. PASS=1 WARN=0 ERROR=1 SKIP=1 TOTAL=3"),
        "{output}"
    );
}

#[test]
fn columns_of_a_seed_are_quoted_where_it_says_so() {
    let project = TestProject::new()
        .file("seeds/s.csv", "order,Name\n1,x\n")
        .file(
            "seeds/schema.yml",
            "seeds: [{name: s, config: {quote_columns: true}}]\n",
        );
    project.redstart("seed").success();

    assert_snapshot!(project.query("select \"order\" from s"), @"
    order
    1
    ");
}

#[test]
fn exceptions_name_the_model_and_what_is_wrong_with_it() {
    let calls = [
        "missing_config(model, 'unique_key')",
        "missing_materialization(model, 'redshift')",
        "missing_relation('a.b', model)",
        "raise_ambiguous_alias(model, model)",
        "raise_ambiguous_catalog_match('model.shop.a', 'A.B', 'a.b')",
        "raise_cache_inconsistent('a is gone')",
        "raise_dataclass_not_dict([1])",
        "raise_database_error('no disk', model)",
        "raise_dep_not_found(model, 'a model', 'dbt_utils')",
        "raise_dependency_error('no package')",
        "raise_duplicate_patch_name('a', 'b.yml')",
        "raise_duplicate_resource_name(model, model)",
    ];
    let mut project = TestProject::new();
    for (number, call) in calls.iter().enumerate() {
        project = project.file(
            format!("models/m{number:02}.sql"),
            format!("{{{{ exceptions.{call} }}}}"),
        );
    }
    let output = project.redstart("parse");
    let errors: Vec<&str> = output
        .stderr
        .lines()
        .filter(|line| line.starts_with("error["))
        .collect();
    assert_snapshot!(errors.join("\n"), @"
    error[missing-config]: `model.project.m00` needs the config `unique_key`, which is not set
    error[missing-materialization]: there is no materialization `view` for `redshift`, which `model.project.m01` asks for
    error[missing-relation]: the relation a.b is not there
    error[ambiguous-alias]: `model.project.m03` and `model.project.m03` have one relation
    error[ambiguous-catalog-match]: `model.shop.a` may be A.B or a.b
    error[cache-inconsistent]: a is gone
    error[compiler-error]: a mapping is needed, not [1]
    error[database-error]: no disk
    error[dependency-error]: `model.project.m08` needs the package `dbt_utils`, which is not installed
    error[dependency-error]: no package
    error[duplicate-name]: `a` is described twice, first in b.yml
    error[duplicate-name]: `model.project.m11` and `model.project.m11` have one name
    ");
}

#[test]
fn yaml_that_dbt_reads_is_read() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\nversion: '1.0'\nmodels:\n  shop:\n    +enabled: \"{{ target.type in ['redshift', 'spark'] | as_bool() }}\"\nversion: '1.1'\n",
        )
        .file("models/m.sql", "select 1 as id, 'a' as k where {{ 1 in[1, 2] }}")
        .file(
            "models/m.yml",
            "models:
  - name: m
    description: one
    description: two
    columns:
      - name: id
        description: first
        data_tests: [not_null]
      - name: k
        data_tests:
          - accepted_values:
              arguments:
                values: [
                  'a',
                  'b'
                ]
      - name: id
        description: 'second
and more'
        data_tests: [unique]
",
        );
    assert_snapshot!(project.redstart("parse"), @"
    exit 0
    shop: 4 nodes, no errors
    --- stderr
    warning[yaml-duplicate-key]: the key `version` is written twice in one mapping
     --> dbt_project.yml:7:1
      |
    7 | version: '1.1'
      | ^^^^^^^ the second time
      |
      = help: keep one of them: the last one counts
    note: the first time
     --> dbt_project.yml:3:1
      |
    3 | version: '1.0'
      | ^^^^^^^

    warning[yaml-duplicate-key]: the key `description` is written twice in one mapping
     --> models/m.yml:4:5
      |
    4 |     description: two
      |     ^^^^^^^^^^^ the second time
      |
      = help: keep one of them: the last one counts
    note: the first time
     --> models/m.yml:3:5
      |
    3 |     description: one
      |     ^^^^^^^^^^^

    warning[duplicate-column]: the column `id` is declared twice
      --> models/m.yml:17:15
       |
    17 |       - name: id
       |               ^^ what is said here counts
       |
    note: the first time
      --> models/m.yml:6:15
       |
     6 |       - name: id
       |               ^^

    3 warnings
    ");
    project.redstart("build").success();
    assert_snapshot!(project.redstart("ls -q --output json --output-keys name description columns -s m --resource-type model"), @r#"
    exit 0
    {"name": "m", "description": "two", "columns": {"id": {"name": "id", "description": "second and more", "meta": {}, "data_type": null, "constraints": [], "quote": null, "config": {"meta": {}, "tags": []}, "tags": [], "granularity": null, "doc_blocks": []}, "k": {"name": "k", "description": "", "meta": {}, "data_type": null, "constraints": [], "quote": null, "config": {"meta": {}, "tags": []}, "tags": [], "granularity": null, "doc_blocks": []}}}
    "#);
}

#[test]
fn profiles_are_looked_for_where_dbt_looks_in_its_order() {
    let profile = |schema: &str| {
        format!(
            "project: {{target: dev, outputs: {{dev: {{type: duckdb, path: a.duckdb, schema: {schema}}}}}}}\n"
        )
    };
    let schema = |project: &TestProject, flags: &str| {
        let output = project.redstart(&format!(
            "compile -q --inline '{{{{ target.schema }}}}' {flags}"
        ));
        output.success().stdout.trim().to_owned()
    };
    let project = TestProject::empty()
        .file("dbt_project.yml", "name: project\nprofile: project\n")
        .file("flag/profiles.yml", profile("of_flag"))
        .file("variable/profiles.yml", profile("of_variable"))
        .file("profiles.yml", profile("of_project"))
        .env("DBT_PROFILES_DIR", "variable");
    assert_eq!(schema(&project, "--profiles-dir flag"), "of_flag");
    assert_eq!(schema(&project, ""), "of_variable");

    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".dbt")).unwrap();
    std::fs::write(home.path().join(".dbt/profiles.yml"), profile("of_home")).unwrap();
    let at_home = || TestProject::empty().env("HOME", home.path().to_string_lossy());
    let project = at_home()
        .file("dbt_project.yml", "name: project\nprofile: project\n")
        .file("profiles.yml", profile("of_project"));
    assert_eq!(schema(&project, ""), "of_project");
    let project = at_home().file("dbt_project.yml", "name: project\nprofile: project\n");
    assert_eq!(schema(&project, ""), "of_home");
}

#[test]
fn a_version_of_dbt_that_is_none_is_told() {
    let project = TestProject::new().file(
        "dbt_project.yml",
        "name: project\nprofile: project\nrequire-dbt-version: ['>=1.6.0', '<2.0']\n",
    );
    assert_snapshot!(project.redstart("parse"), @r#"
    exit 2
    error[dbt-version]: `<2.0` is no condition on a version of dbt
     --> dbt_project.yml:3:22
      |
    3 | require-dbt-version: ['>=1.6.0', '<2.0']
      |                      ^^^^^^^^^^^^^^^^^^^
      |
      = help: write whole versions: `">=1.6.0"`, or `[">=1.6.0", "<2.0.0"]`

    1 error
    "#);
}

#[test]
fn a_key_that_nobody_knows_is_passed_over_where_dbt_does_and_refused_elsewhere() {
    let project = TestProject::new()
        .file("models/a.sql", "select 1 as id")
        .file("macros/m.sql", "{% macro m(x) %}{{ x }}{% endmacro %}")
        .file(
            "models/told.yml",
            "models:
  - name: a
    foo: 1
    constraints: [{type: not_null, columns: [id], foo: 2}]
    columns: [{name: id, foo: 3, data_tests: [unique]}]
sources:
  - name: raw
    tables: [{name: t, foo: 4, columns: [{name: c, foo: 5}]}]
macros: [{name: m, foo: 6}]
groups: [{name: g, owner: {name: x, foo: 7}}]
exposures: [{name: e, type: dashboard, owner: {name: x, foo: 8}}]
other: [{name: x}]
",
        );
    let output = project.redstart("parse").success();
    assert_eq!(output.stdout, "project: 4 nodes, no errors\n");
    let told = output.stderr.lines();
    let told = told.filter_map(|line| line.split_once("--> models/told.yml:"));
    let told: Vec<&str> = told.map(|(_, place)| place).collect();
    assert_eq!(
        told,
        ["3:5", "4:51", "5:26", "8:24", "8:52", "9:20", "12:1"]
    );
    assert_eq!(output.stderr.matches("warning[unknown-key]").count(), 7);
    let output = project.redstart("ls --resource-type test --quiet");
    assert_snapshot!(output, @"
    exit 0
    project.unique_a_id
    ");

    let project = project.file(
        "models/told.yml",
        "models:
  - name: a
sources:
  - name: raw
    foo: 2
    tables: [{name: t}]
macros: [{name: m, arguments: [{name: x, foo: 4}]}]
groups: [{name: g, foo: 5, owner: {name: x}}]
exposures: [{name: e, type: dashboard, foo: 6, owner: {name: x}}]
unit_tests: [{name: u, model: a, given: [], foo: 7, expect: {rows: [{id: 1}]}}]
",
    );
    let output = project.redstart("parse");
    assert_eq!(output.code, 2, "{output}");
    assert_eq!(
        output.text().matches("error[unknown-key]").count(),
        5,
        "{output}"
    );
}

#[test]
fn what_one_line_says_wrong_for_many_models_is_told_once() {
    let mut project = TestProject::new().file(
        "dbt_project.yml",
        "name: shop\nprofile: project\nmodels:\n  shop: {+materialized: viw, +materialised: view}\n",
    );
    for name in ["a", "b", "c"] {
        project = project.file(format!("models/{name}.sql"), "select 1 as id");
    }
    assert_snapshot!(project.redstart("parse"), @"
    exit 2
    error[unknown-materialization]: there is no materialization `viw`
     --> dbt_project.yml:4:25
      |
    4 |   shop: {+materialized: viw, +materialised: view}
      |                         ^^^
      |
      = note: the same 3 times, for as many nodes
      = help: did you mean `view`?
      = help: write one of `view`, `table`, `materialized_view`, `incremental`, `ephemeral`

    warning[unknown-config]: the configuration `materialised` is unknown and has no effect
     --> dbt_project.yml:4:31
      |
    4 |   shop: {+materialized: viw, +materialised: view}
      |                               ^^^^^^^^^^^^
      |
      = note: the same 3 times, for as many nodes
      = help: did you mean `materialized`?

    1 error, 1 warning
    ");
}

#[test]
fn the_profiles_of_the_working_folder_serve_a_project_in_another() {
    let project = TestProject::new()
        .file("shop/dbt_project.yml", "name: shop\nprofile: project\n")
        .file("shop/models/a.sql", "select 1 as id");
    project.redstart("build --project-dir shop").success();
    std::fs::remove_file(project.path().join("profiles.yml")).expect("a file to remove");
    assert_snapshot!(project.redstart("build --project-dir shop"), @"
    exit 2
    error[missing-profiles]: there is no `profiles.yml`
     |
     = note: looked for shop/profiles.yml
     = note: looked for profiles.yml
     = note: looked for [temp]/home/.dbt/profiles.yml
     = help: write one, or name its folder with --profiles-dir; `redstart init` writes a project that has one

    1 error
    ");
}

#[test]
fn an_analysis_has_the_name_that_it_would_have() {
    let project = TestProject::new().file("analyses/look.sql", "select '{{ this }}' as name");
    project.redstart("compile -s look").success();
    assert_eq!(
        project.read("target/compiled/project/analyses/look.sql"),
        "select '\"project\".\"main\".\"look\"' as name"
    );
}

#[test]
fn an_empty_file_is_no_node_and_one_without_sql_is_compiled() {
    let project = TestProject::new()
        .file("models/a.sql", "select 1 as id")
        .file("models/empty.sql", "\n")
        .file("models/only_config.sql", "{{ config(enabled=true) }}")
        .file("analyses/none.sql", "")
        .file("tests_sql/nothing.sql", " ");
    let output = project.redstart("ls").success();
    assert_eq!(output.stdout, "project.a\nproject.only_config\n");
    for told in [
        "models/empty.sql:1:1",
        "there is no model `empty`",
        "there is no analysis `none`",
        "there is no test `nothing`",
    ] {
        assert!(output.stderr.contains(told), "`{told}`: {output}");
    }
    project.redstart("compile").success();

    let project = project.file("models/b.sql", "select * from {{ ref('empty') }}");
    let output = project.redstart("parse");
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stderr.contains("error[unknown-ref]"), "{output}");
}

#[test]
fn what_is_wrong_in_the_project_file_and_the_profile_is_told_at_once() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: projekt\nmodel_paths: [models]\nseeds: 3\nflags: {x: \"{{ nope }}\"}\n",
        )
        .file("models/a.sql", "select 1 as id");
    let output = project.redstart("parse");
    assert_eq!(output.code, 2, "{output}");
    for told in [
        "there is no profile `projekt`",
        "dbt_project.yml:3:1",
        "dbt_project.yml:4:8",
        "3 errors",
    ] {
        assert!(output.stderr.contains(told), "`{told}`: {output}");
    }
}
