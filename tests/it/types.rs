//! The types of columns, as the catalog tells them after a build on an emulating DuckDB.

use insta::assert_snapshot;

use crate::project::TestProject;

const PROFILE: &str = "
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: file.duckdb, schema: shop, threads: 2, emulate: redshift}
";

fn shop() -> TestProject {
    TestProject::empty()
        .file("dbt_project.yml", "name: shop\nprofile: shop\nflags: {send_anonymous_usage_stats: false}\nmodels: {+materialized: table}\n")
        .file("profiles.yml", PROFILE)
}

/// The columns of every node and their types, a line each.
fn types(project: &TestProject) -> String {
    project.redstart("docs generate").success();
    let catalog: serde_json::Value =
        serde_json::from_str(&project.read("target/catalog.json")).unwrap();
    let nodes = catalog["nodes"].as_object().unwrap();
    let line = |(id, node): (&String, &serde_json::Value)| {
        let mut columns: Vec<_> = node["columns"].as_object().unwrap().values().collect();
        columns.sort_by_key(|column| column["index"].as_u64());
        let told = columns.iter().map(|column| {
            let (name, ty) = (&column["name"], &column["type"]);
            format!("{} {}", name.as_str().unwrap(), ty.as_str().unwrap())
        });
        let name = id.rsplit('.').next().unwrap();
        format!("{name}: {}\n", told.collect::<Vec<_>>().join(", "))
    };
    nodes.iter().map(line).collect()
}

#[test]
fn below_a_late_model_types_are_known_at_the_turn() {
    let project = shop()
        .file(
            "models/late.sql",
            "{% set n = run_query('select 3').columns[0].values()[0] %}select 'abc'::varchar(7) as name, {{ n }} as n",
        )
        .file("models/passed_on.sql", "{{ config(materialized='ephemeral') }} select * from {{ ref('late') }}")
        .file("models/below.sql", "select name || '!' as name, sum(n) as n from {{ ref('passed_on') }} group by 1")
        .file("models/further_below.sql", "select lower(name) as key, count(*) over (partition by key) as n from {{ ref('below') }}");
    project.redstart("build").success();

    let told = types(&project);
    assert_snapshot!(told, @r"
    below: name character varying(8), n bigint
    further_below: key character varying(8), n bigint
    late: name character varying(7), n integer
    ");
    project.redstart("build").success();
    assert_eq!(types(&project), told);
}

#[test]
fn a_table_that_a_macro_makes_has_redshifts_types() {
    let project = shop()
        .file("models/a.sql", "select 'abc'::varchar(7) as name, 2 as n")
        .file(
            "macros/keep.sql",
            "{% macro keep() %}{% if execute %}{% do run_query('create table ' ~ target.schema ~ '.kept as select name, len(name) as l, sum(n) as n from ' ~ ref('a') ~ ' group by 1') %}{% endif %}{% endmacro %}",
        )
        .file("models/b.sql", "-- depends_on: {{ ref('a') }}\n{{ keep() }} select * from {{ target.schema }}.kept");
    project.redstart("build").success();

    assert_snapshot!(types(&project), @r"
    a: name character varying(7), n integer
    b: name character varying(7), l integer, n bigint
    ");
}

#[test]
fn a_hook_that_changes_a_table_makes_nobody_believe_its_old_types() {
    let project = shop()
        .file("models/a.sql", "{{ config(post_hook='alter table {{ this }} rename column n to m; alter table {{ this }} add column n varchar(9)') }} select 1 as n")
        .file("models/b.sql", "select n, m from {{ ref('a') }}");
    project.redstart("build").success();

    assert_snapshot!(types(&project), @r"
    a: m integer, n character varying(9)
    b: n character varying(9), m integer
    ");
}

#[test]
fn an_increment_sees_the_types_of_its_table_and_its_batch() {
    let project = shop().file(
        "models/a.sql",
        "{{ config(materialized='incremental', on_schema_change='append_new_columns') }} select 'a'::varchar(4) as name, len('abc') as n {% if is_incremental() %}, 'x'::char(3) as more {% endif %}",
    ).file("models/b.sql", "select * from {{ ref('a') }}");
    project.redstart("build").success();
    project.redstart("build").success();

    assert_snapshot!(types(&project), @r"
    a: name character varying(4), n integer, more character(3)
    b: name character varying(4), n integer, more character(3)
    ");
}

#[test]
fn a_varchar_is_altered_to_any_length_that_holds_its_texts() {
    let project = shop().file(
        "models/words.sql",
        "{{ config(post_hook=var('hook', 'select 1')) }} select 'abcd'::varchar(10) as word",
    );
    let alter = |length: u32| {
        project.redstart(&format!(
            "run --vars '{{hook: \"alter table {{{{ this }}}} alter column word type varchar({length})\"}}'"
        ))
    };
    alter(4).success();
    assert!(
        types(&project).contains("word character varying(4)"),
        "{}",
        types(&project)
    );
    let refused = alter(3);
    assert!(
        refused
            .text()
            .contains("value too long for character type: `word` is character varying(3)"),
        "{refused}"
    );
}
