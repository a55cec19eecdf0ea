//! What stands on a relation, and what speaks of one that is not there: on DuckDB as on Redshift.

use insta::assert_snapshot;

use crate::project::TestProject;

/// A project whose only model runs a statement before it is built; views of all kinds stand on a table.
fn project() -> TestProject {
    TestProject::new()
        .file(
            "models/one.sql",
            "{{ config(materialized='table', pre_hook=var('hook', 'select 1')) }} select 1 as a",
        )
        .file(
            "macros/stage.sql",
            "{% macro stage() %}{% do run_query('create schema s; create table s.t (a int); insert into s.t values (1); create view s.v as select a from s.t; create view w as select * from s.v; create view l as select a from s.t with no schema binding; create view other as select 2 as t') %}{% endmacro %}",
        )
}

/// What a build says whose hook is this, without the frame around it.
fn said(project: &TestProject, hook: &str) -> String {
    let output = project.redstart(&format!("run --vars '{{hook: \"{hook}\"}}'"));
    let text = output.text().to_owned();
    let lines = text.lines().filter(|line| {
        let line = line.trim_start();
        line.starts_with("= note:") || line.starts_with("view ") || line.starts_with("= help:")
    });
    lines.map(|line| line.trim().to_owned() + "\n").collect()
}

fn views(project: &TestProject) -> String {
    project.query("select schema_name || '.' || view_name as view from duckdb_views() where not internal order by 1")
}

#[test]
fn a_table_is_held_by_the_views_bound_to_it_and_goes_with_them_by_cascade() {
    let project = project();
    project.redstart("run-operation stage").success();
    assert_snapshot!(said(&project, "drop table s.t"), @"
    = note: the database said (2BP01): cannot drop table t because other objects depend on it
    = note: view s.v depends on table s.t
    view main.w depends on view s.v
    = help: `drop table … cascade` drops the views too
    ");
    assert_snapshot!(said(&project, "drop view s.v"), @"
    = note: the database said (2BP01): cannot drop view v because other objects depend on it
    = note: view main.w depends on view s.v
    = help: `drop view … cascade` drops the views too
    ");
    assert_snapshot!(said(&project, "drop table if exists s.t cascade"), @"");
    // A view with no schema binding holds nothing, and stays.
    assert_snapshot!(views(&project), @"
    view
    main.l
    main.other
    ");
}

#[test]
fn a_schema_takes_the_views_with_it_that_stand_on_its_tables() {
    let project = project();
    project.redstart("run-operation stage").success();
    assert_eq!(said(&project, "drop schema s cascade"), "");
    assert_snapshot!(views(&project), @"
    view
    main.l
    main.other
    ");
}

#[test]
fn a_table_is_held_by_a_view_that_hides_or_quotes_names() {
    let project = project().file(
        "macros/more.sql",
        "{% macro more() %}{% do run_query('create schema s; create table s.t (a int); create table t (a int); create view s.near as with t as (select a from t) select a from t; create view \"x AS y\" as select a from t') %}{% endmacro %}",
    );
    project.redstart("run-operation more").success();
    let of = |hook: &str| said(&project, hook).lines().nth(1).map(str::to_owned);
    assert_eq!(
        of("drop table s.t").as_deref(),
        Some("= note: view s.near depends on table s.t")
    );
    assert_eq!(
        of("drop table t").as_deref(),
        Some("= note: view main.x as y depends on table main.t")
    );
}

#[test]
fn a_view_that_is_built_without_binding_holds_nothing() {
    let project = TestProject::new()
        .file(
            "models/base.sql",
            "{{ config(materialized='table') }} select 'x'::varchar(3) as a",
        )
        .file(
            "models/late.sql",
            "{{ config(materialized='view', bind=false) }} select a from {{ ref('base') }}",
        )
        .file(
            "models/bound.sql",
            "{{ config(materialized='view') }} select a from {{ ref('base') }}",
        )
        .file(
            "models/after.sql",
            "{{ config(pre_hook=var('hook', 'select 1')) }} select 1 as a",
        );
    project.redstart("run").success();
    let held = project.redstart("run -s after --vars '{hook: drop table base}'");
    assert!(
        held.text()
            .contains("view main.bound depends on table main.base"),
        "{held}"
    );
    assert!(!held.text().contains("main.late"), "{held}");
    // The views are made anew by every run, and hold no build up.
    project.redstart("run").success();
    project.redstart("run").success();
    assert_eq!(project.query("select a from late"), "a\nx\n");
}

#[test]
fn what_tends_or_grants_a_relation_that_is_not_there_fails() {
    let project = project();
    project.redstart("run-operation stage").success();
    for hook in [
        "grant select on nope to public",
        "grant select on s.t, s.nope to group x",
        "grant all on all tables in schema nope to public",
        "revoke select on table nope from public",
        "grant usage on schema nope to public",
        "analyze nope",
        "analyze verbose nope (a)",
        "vacuum delete only nope",
        "lock table s.t, nope",
    ] {
        let output = project.redstart(&format!("run --vars '{{hook: \"{hook}\"}}'"));
        assert_eq!(output.code, 1, "{hook}: {output}");
        assert!(output.text().contains("nope"), "{hook}: {output}");
    }
    for hook in [
        "grant select (a), update on s.t, s.v, l to user ann with grant option",
        "grant usage on schema s to public",
        "grant select on all tables in schema s to role r",
        "grant role r to user u",
        "grant create on database dev to public",
        "revoke grant option for select on s.t from public",
        "analyze",
        "analyze compression s.t comprows 1000",
        "analyze s.t predicate columns",
        "vacuum full s.t to 90 percent boost",
        "vacuum",
        "lock s.t",
    ] {
        let output = project.redstart(&format!("run --vars '{{hook: \"{hook}\"}}'"));
        assert_eq!(output.code, 0, "{hook}: {output}");
    }
}

#[test]
fn a_comment_finds_its_table_where_schema_and_file_have_one_name() {
    let project = TestProject::new()
        .file(
            "profiles.yml",
            "project:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: sales.duckdb, schema: sales, emulate: redshift}\n",
        )
        .file(
            "models/orders.sql",
            "{{ config(materialized='table', post_hook=[\"comment on table {{ this }} is 'orders'\", \"comment on column sales.orders.id is 'key'\"]) }} select 1 as id",
        );
    project.redstart("run").success();
    assert_eq!(
        project.query_file(
            "sales.duckdb",
            "select comment from duckdb_tables() union all select comment from duckdb_columns() where column_name = 'id' order by 1"
        ),
        "comment\nkey\norders\n"
    );
}
