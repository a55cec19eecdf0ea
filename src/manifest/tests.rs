//! A small project resolved: what it becomes, and what is said when it is wrong.

use std::fs;
use std::path::Path;

use super::{Manifest, Options};
use crate::diagnostic::{Diagnostics, Level};
use crate::jinja::Macros;
use crate::project::{self, Environment, Project};

const PROFILES: &str =
    "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb, emulate: redshift}}}\n";

/// Resolves a project of these files.
fn resolve(files: &[(&str, &str)]) -> Result<(Manifest, Diagnostics), Diagnostics> {
    let folder = tempfile::tempdir().unwrap();
    let all = [
        ("profiles.yml", PROFILES),
        ("dbt_project.yml", "name: shop\nprofile: shop\n"),
    ];
    for (path, text) in all.iter().chain(files) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        fs::write(path, text).unwrap();
    }
    let options = project::Options {
        root: folder.path().to_owned(),
        environment: Environment::default(),
        ..project::Options::default()
    };
    let (project, mut warnings) = Project::load(&options)?;
    let macros = Macros::load(
        &project.own.name,
        &project.macro_files(),
        &project.own.file.dispatch,
    )?;
    let (manifest, more) = Manifest::resolve(
        &project,
        &macros,
        &Options {
            materializations: crate::materialization::known(),
            ..Options::default()
        },
    )?;
    warnings.extend(more);
    Ok((manifest, warnings))
}

/// What is said about a project: errors, or else warnings.
fn told(files: &[(&str, &str)]) -> String {
    let problems = match resolve(files) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    let line = |problem: crate::diagnostic::Diagnostic| {
        let mut line = problem.to_string();
        for (what, span) in &problem.related {
            line += &format!("\n  {what}: {}", span.place());
        }
        for help in &problem.help {
            line += &format!("\n  help: {help}");
        }
        line
    };
    problems
        .into_iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

fn resolved(files: &[(&str, &str)]) -> Manifest {
    let (manifest, warnings) = resolve(files).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert!(
        warnings
            .0
            .iter()
            .all(|warning| warning.level == Level::Warning)
    );
    manifest
}

/// `id <- what it reads`, a line a node.
fn edges(manifest: &Manifest) -> String {
    let line = |node: &super::Node| {
        let reads = node
            .depends_on
            .iter()
            .map(|id| manifest.node(*id).unique_id.as_str())
            .collect::<Vec<_>>();
        let relation = node
            .relation
            .as_ref()
            .map_or_else(|| "-".to_owned(), ToString::to_string);
        format!("{} {relation} <- [{}]", node.unique_id, reads.join(" "))
    };
    manifest
        .nodes
        .iter()
        .map(|node| line(node))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn names_lead_to_nodes_and_nodes_to_relations() {
    let manifest = resolved(&[
        (
            "models/staging/stg_orders.sql",
            "select * from {{ source('raw', 'orders') }}",
        ),
        (
            "models/orders.sql",
            "{{ config(materialized='table', schema='marts', alias='o') }}{% for m in ['stg_orders', 'levels'] %}select * from {{ ref(m) }}{% endfor %}",
        ),
        (
            "models/late.sql",
            "{{ config(materialized='ephemeral') }}select 1 {% if is_incremental() %}{{ ref('orders') }}{% endif %}",
        ),
        (
            "models/schema.yml",
            "sources: [{name: raw, schema: landing, tables: [{name: orders, identifier: ORDERS, columns: [{name: id, data_tests: [unique]}]}]}]\nmodels:\n  - name: orders\n    columns:\n      - name: id\n        data_tests: [not_null, relationships: {arguments: {to: ref('stg_orders'), field: id}}]\n",
        ),
        ("seeds/levels.csv", "id\n1\n"),
        (
            "tests_sql/no_orders.sql",
            "select * from {{ ref('orders') }}",
        ),
        ("analyses/look.sql", "{{ ref('late') }}"),
    ]);
    insta::assert_snapshot!(edges(&manifest), @r"
    model.shop.late - <- []
    model.shop.orders main_marts.o <- [model.shop.stg_orders seed.shop.levels]
    model.shop.stg_orders main.stg_orders <- [source.shop.raw.orders]
    seed.shop.levels main.levels <- []
    test.shop.no_orders main_dbt_test__audit.no_orders <- [model.shop.orders]
    test.shop.not_null_orders_id.84ef11d8fe main_dbt_test__audit.not_null_orders_id <- [model.shop.orders]
    test.shop.relationships_orders_id__id__ref_stg_orders_.d0933588ce main_dbt_test__audit.relationships_orders_id__id__ref_stg_orders_ <- [model.shop.stg_orders model.shop.orders]
    test.shop.source_unique_raw_orders_id.56401af608 main_dbt_test__audit.source_unique_raw_orders_id <- [source.shop.raw.orders]
    analysis.shop.look - <- [model.shop.late]
    source.shop.raw.orders landing.ORDERS <- []
    ");
}

#[test]
fn what_a_ref_or_source_means_is_told_where_it_is_called() {
    insta::assert_snapshot!(told(&[
        ("models/customers.sql", "select 1"),
        ("models/off.sql", "{{ config(enabled=false) }}select 1"),
        ("models/a.sql", "select *\nfrom {{ ref('custmers') }}\njoin {{ ref('off') }}"),
        ("models/b.sql", "select * from {{ source('rw', 'orders') }} {{ source('raw', 'order') }}"),
        ("models/c.sql", "{% set name = 'cust' ~ 'omer' %}{{ ref(name) }}"),
        ("models/sources.yml", "sources: [{name: raw, tables: [{name: orders}]}]"),
    ]), @r"
    error[unknown-ref]: there is no model `custmers` (models/a.sql:2:9)
      help: did you mean `customers`?
    error[disabled-ref]: `a` reads `off`, which is disabled (models/a.sql:3:9)
      help: enable it (`enabled: true`), or disable `a` too
    error[unknown-source]: there is no source `rw` (models/b.sql:1:18)
      help: did you mean `raw`?
    error[unknown-source]: the source `raw` has no table `order` (models/b.sql:1:47)
      help: did you mean `orders`?
      help: its tables are `orders`
    error[unknown-ref]: there is no model `customer` (models/c.sql:1:1)
      help: did you mean `customers`?
    ");
}

#[test]
fn a_test_of_something_missing_warns_and_one_of_something_disabled_goes_with_it() {
    let files = [
        ("models/gone.sql", "{{ config(enabled=false) }}select 1"),
        ("models/here.sql", "select 1"),
        (
            "models/schema.yml",
            "models:\n  - name: gone\n    columns: [{name: id, data_tests: [unique]}]\n  - name: hree\n    columns: [{name: id, data_tests: [unique]}]\n  - name: here\n    columns: [{name: id, data_tests: [relationships: {arguments: {to: ref('never'), field: id}}]}]\n",
        ),
    ];
    insta::assert_snapshot!(told(&files), @r"
    warning[unmatched-properties]: there is no model `hree` (models/schema.yml:4:11)
      help: did you mean `here`?
    warning[unknown-ref]: there is no model `never` (models/schema.yml:7:71)
      help: the test is left out
    ");
    insta::assert_snapshot!(edges(&resolved(&files)), @"model.shop.here main.here <- []");
}

#[test]
fn tests_that_keep_their_failures_in_one_relation_are_told_and_an_empty_alias_is_none() {
    insta::assert_snapshot!(told(&[
        ("models/x.sql", "{{ config(alias='') }}select 1"),
        ("models/long.sql", &format!("{{{{ config(alias='{}') }}}}select 1", "a".repeat(128))),
        ("models/y.sql", "select 1"),
        ("models/schema.yml", "models:
  - name: x
    columns: [{name: id, data_tests: [{unique: {name: one, store_failures: true}}]}]
  - name: y
    columns: [{name: id, data_tests: [{unique: {name: one, store_failures: true}}]}]
"),
    ]), @"
    error[name-too-long]: the alias of `long` takes 128 bytes, and a name on Redshift has at most 127 (models/long.sql:1:17)
      help: give it a shorter `alias`
    error[duplicate-relation]: two tests keep their failures in `main_dbt_test__audit.one` (models/schema.yml:5:40)
      the first: models/schema.yml:3:40
      help: give one of them another `name` or `alias`
    ");
}

#[test]
fn two_nodes_of_one_name_or_one_relation_are_told_with_both_places() {
    insta::assert_snapshot!(told(&[
        ("models/a/orders.sql", "select 1"),
        ("models/b/orders.sql", "select 2"),
        ("models/x.sql", "{{ config(alias='same') }}select 1"),
        ("models/y.sql", "{{ config(alias='SAME') }}select 1"),
        ("models/z.sql", "{{ config(alias='SAME') }}select 1"),
        ("models/schema.yml", "models:\n  - name: x\n    columns: [{name: id, data_tests: [unique, unique]}]\n  - name: x\n"),
    ]), @"
    error[duplicate-properties]: the model `x` is declared twice (models/schema.yml:4:11)
      the first declaration: models/schema.yml:2:11
      help: keep one of them
    error[duplicate-name]: two files make something that `ref('orders')` could mean (models/b/orders.sql:1:1)
      the first: models/a/orders.sql:1:1
      help: rename one of the files, or disable one
    error[duplicate-relation]: `x` and `y` are built as `main.same` and `main.SAME`, whose names differ only in case (models/y.sql:1:1)
      the first: models/x.sql:1:1
      help: give one of them another `alias` or `schema`
    error[duplicate-relation]: `y` and `z` are both built as `main.SAME` (models/z.sql:1:1)
      the first: models/y.sql:1:1
      help: give one of them another `alias` or `schema`
    error[duplicate-name]: the same test is declared twice (`unique_x_id`) (models/schema.yml:3:47)
      the first: models/schema.yml:3:39
      help: remove one, or give it a `name` of its own
    ");
}

#[test]
fn a_test_and_its_arguments_are_checked() {
    insta::assert_snapshot!(told(&[
        ("models/a.sql", "select 1 as id"),
        ("tests_sql/generic/positive.sql", "{% test positive(model, column_name, floor) %}select * from {{ model }}{% endtest %}"),
        ("models/schema.yml", "models:\n  - name: a\n    columns:\n      - name: id\n        data_tests:\n          - uniqe\n          - dbt_utils.equality\n          - positive\n          - positive: {arguments: {flor: 1}}\n          - accepted_values: {arguments: {value: [1]}}\n          - not_null: {config: {severity: wrn}}\n"),
    ]), @"
    error[unknown-test]: there is no test `uniqe` (models/schema.yml:6:13)
      help: did you mean `unique`?
      help: write it as `{% test uniqe(model, column_name) %}` in tests_sql/generic/uniqe.sql
    error[unknown-test]: there is no test `dbt_utils.equality` (models/schema.yml:7:13)
      help: no package `dbt_utils` is installed: name it in packages.yml and run `redstart deps`
    warning[missing-test-argument]: test `positive` is not given `floor`, which is undefined in its template (models/schema.yml:8:13)
      the test: tests_sql/generic/positive.sql:1:9
      help: name it under `arguments:`, or let the macro give it a default: `floor=none`
    error[unknown-test-argument]: test `positive` takes no argument `flor` (models/schema.yml:9:36)
      the test: tests_sql/generic/positive.sql:1:9
      help: did you mean `floor`?
    error[unknown-test-argument]: test `accepted_values` takes no argument `value` (models/schema.yml:10:43)
      help: did you mean `values`?
      help: it takes `column_name`, `values`, `quote`
    error[unknown-value]: `severity` cannot be `wrn` (models/schema.yml:11:43)
      help: did you mean `warn`?
      help: write one of `error`, `warn`
    ");
}

#[test]
fn configuration_that_means_nothing_is_told_where_it_stands() {
    insta::assert_snapshot!(told(&[
        ("dbt_project.yml", "name: shop\nprofile: shop\nmodels:\n  shop:\n    marts: {+materialized: tabl}\n"),
        ("models/marts/a.sql", "select 1"),
        ("models/b.sql", "{{ config(\n  sort_type='zigzag',\n  sort_typ='x'\n) }}select 1"),
    ]), @"
    error[unknown-value]: `sort_type` cannot be `zigzag` (models/b.sql:2:13)
      help: write one of `compound`, `interleaved`, `auto`
    warning[unknown-config]: the configuration `sort_typ` is unknown and has no effect (models/b.sql:3:3)
      help: did you mean `sort_type`?
    warning[no-effect]: `sort_type` has no effect: a view holds no rows (models/b.sql:2:13)
      help: make it a table with `materialized='table'`, or take the setting out
    error[unknown-materialization]: there is no materialization `tabl` (dbt_project.yml:5:28)
      help: did you mean `table`?
      help: write one of `view`, `table`, `materialized_view`, `incremental`, `ephemeral`
    ");
}

#[test]
fn a_declared_key_without_a_test_is_told() {
    insta::assert_snapshot!(told(&[
        ("models/a.sql", "select 1 as id, 2 as n, 3 as c"),
        ("models/schema.yml", "models:\n  - name: a\n    constraints: [{type: primary_key, columns: [id, n]}]\n    columns:\n      - {name: id, constraints: [{type: unique}]}\n      - {name: n, constraints: [{type: unique}], data_tests: [unique]}\n      - {name: c, constraints: [{type: unique}], data_tests: [unique: {config: {where: c > 1}}]}\n"),
    ]), @"
    warning[untested-key]: the unique key `id` of `a` is declared but not tested (models/schema.yml:5:41)
      help: add `data_tests: [unique]` to the column
    warning[untested-key]: the unique key `c` of `a` is declared but not tested (models/schema.yml:7:40)
      help: add `data_tests: [unique]` to the column
    warning[untested-key]: the primary key `id`, `n` of `a` is declared but not tested (models/schema.yml:3:26)
      help: add the test `unique_combination` with `columns: [id, n]` to `a`
    ");
}

#[test]
fn a_loaded_table_needs_columns_with_types() {
    insta::assert_snapshot!(told(&[
        ("models/sources.yml", "sources:\n  - name: raw\n    tables:\n      - name: a\n        external: {location: 's3://b/a', file_format: json, copy: {}}\n      - name: b\n        external: {location: 's3://b/b', file_format: csv, copy: {gzip: true}}\n        columns: [{name: x}]\n"),
    ]), @r"
    error[missing-columns]: the table `a` is loaded, but has no columns (models/sources.yml:4:15)
      help: list its columns with `name` and `data_type`: types are never guessed from files
    error[missing-data-type]: the column `x` of the loaded table `b` has no `data_type` (models/sources.yml:8:26)
      help: write its type, such as `data_type: varchar(256)`: types are never guessed from files
    ");
}

#[test]
fn docs_blocks_fill_descriptions_and_a_missing_one_is_told() {
    let model = ("models/a.sql", "select 1 as id");
    let docs = ("models/docs.md", "{% docs key %}The key.{% enddocs %}");
    let manifest = resolved(&[
        model,
        docs,
        (
            "models/schema.yml",
            "models: [{name: a, description: \"A: {{ doc('key') }}\"}]",
        ),
    ]);
    assert_eq!(manifest.nodes[0].description, "A: The key.");
    insta::assert_snapshot!(told(&[model, docs, ("models/schema.yml", "models: [{name: a, description: \"{{ doc('kye') }}\"}]")]), @r"
    error[unknown-docs-block]: there is no docs block `kye` (models/schema.yml:1:33)
      help: did you mean `key`?
      help: write `{% docs kye %} … {% enddocs %}` in a Markdown file beside the models
    ");
}

#[test]
fn the_project_names_its_schemas_by_its_own_macro() {
    let manifest = resolved(&[
        (
            "macros/names.sql",
            "{% macro generate_schema_name(custom_schema_name, node) %}{{ node.resource_type }}_{{ custom_schema_name or target.schema }}{% endmacro %}",
        ),
        ("models/a.sql", "{{ config(schema='marts') }}select 1"),
        ("seeds/s.csv", "id\n1\n"),
    ]);
    insta::assert_snapshot!(edges(&manifest), @r"
    model.shop.a model_marts.a <- []
    seed.shop.s seed_main.s <- []
    ");
}

#[test]
fn what_is_not_supported_is_named() {
    insta::assert_snapshot!(told(&[
        ("models/p.py", "def model(dbt, session): pass"),
        ("models/a.sql", "select 1"),
    ]), @r"
    warning[python-model]: Python models are not supported: `p` is not built (models/p.py:1:1)
      help: write the model in SQL, or leave it out with .dbtignore
    ");
    insta::assert_snapshot!(told(&[("packages.yml", "packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n")]), @"
    error[missing-packages]: the project names one package and none is installed in `dbt_packages` (packages.yml:2:5)
      help: run `redstart deps`
    ");
}

#[test]
fn hooks_are_nodes_in_their_order() {
    let manifest = resolved(&[
        (
            "dbt_project.yml",
            "name: shop\nprofile: shop\non-run-start: select 1\non-run-end:\n  - grant select on {{ ref('a') }} to x\n  - select 2\n",
        ),
        ("models/a.sql", "select 1"),
    ]);
    insta::assert_snapshot!(edges(&manifest), @r"
    model.shop.a main.a <- []
    operation.shop.shop-on-run-end-0 - <- [model.shop.a]
    operation.shop.shop-on-run-end-1 - <- []
    operation.shop.shop-on-run-start-0 - <- []
    ");
}

fn with_groups(readers: &str) -> Vec<(&'static str, String)> {
    vec![
        (
            "models/a.sql",
            "{{ config(group='finance', access='private') }}select 1".to_owned(),
        ),
        ("models/b.sql", "select * from {{ ref('a') }}".to_owned()),
        (
            "models/s.yml",
            format!(
                "groups: [{{name: finance, owner: {{email: a@b.c}}}}]\nmodels: [{{name: b, config: {{{readers}}}}}, {{name: a, columns: [{{name: id, data_tests: [unique]}}]}}]\n"
            ),
        ),
    ]
}

fn told_of_groups(readers: &str) -> String {
    let files = with_groups(readers);
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    told(&files)
}

#[test]
fn a_private_model_is_read_by_its_group_alone() {
    insta::assert_snapshot!(told_of_groups("group: finance"), @"");
    insta::assert_snapshot!(told_of_groups("tags: x"), @r"
    error[private-model]: `b` may not read `a` (models/b.sql:1:18)
      made private: models/a.sql:1:35
      help: configure `group: finance` for `b`, or another `access` for `a`
    ");
    let ungrouped = told(&[
        (
            "models/a.sql",
            "{{ config(access='private') }}select 1 as id",
        ),
        (
            "models/s.yml",
            "models: [{name: a, columns: [{name: id, data_tests: [unique]}]}]\n",
        ),
    ]);
    insta::assert_snapshot!(ungrouped, @r"
    error[private-model]: `unique_a_id` may not read `a` (models/s.yml:1:54)
      made private: models/a.sql:1:18
      help: give `a` a `group`, or another `access`
    ");
    insta::assert_snapshot!(told_of_groups("group: finanse"), @"
    error[unknown-group]: there is no group `finanse` (models/s.yml:2:36)
      help: did you mean `finance`?
      help: declare it under `groups:` with its owner
    error[private-model]: `b` may not read `a` (models/b.sql:1:18)
      made private: models/a.sql:1:35
      help: configure `group: finance` for `b`, or another `access` for `a`
    ");
}

#[test]
fn a_name_without_quotes_folds_on_postgres() {
    let files = |profile: &'static str| {
        [
            ("profiles.yml", profile),
            (
                "dbt_project.yml",
                "name: shop\nprofile: shop\nquoting: {identifier: false}\n",
            ),
            (
                "models/a.sql",
                "{{ config(alias='MyTable', schema='Marts') }}select 1",
            ),
            (
                "models/b.sql",
                "{{ config(alias='Kept', quoting={'identifier': true}) }}select * from {{ source('raw', 'Events') }} {{ source('raw', 'Plain') }}",
            ),
            (
                "models/s.yml",
                "sources: [{name: raw, schema: Raw, quoting: {schema: false, identifier: true}, tables: [{name: Events}, {name: Plain, quoting: {identifier: false}}]}]\n",
            ),
        ]
    };
    insta::assert_snapshot!(edges(&resolved(&files("shop: {target: dev, outputs: {dev: {type: postgres, host: h, port: 1, user: u, password: p, dbname: d, schema: main}}}\n"))), @r"
    model.shop.a main_Marts.mytable <- []
    model.shop.b main.Kept <- [source.shop.raw.Events source.shop.raw.Plain]
    source.shop.raw.Events raw.Events <- []
    source.shop.raw.Plain raw.plain <- []
    ");
    assert!(edges(&resolved(&files(PROFILES))).contains("main_Marts.MyTable"));
}
