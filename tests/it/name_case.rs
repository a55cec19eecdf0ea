//! Relations whose names differ only in case: two on PostgreSQL, one on DuckDB. Nobody's table is taken for a model's.

use insta::assert_snapshot;

use crate::postgres::{profile, project, query};
use crate::project::TestProject;

/// Relations of a schema, whatever its case, and the columns of each.
fn held(schema: &str) -> String {
    query(&format!(
        "select n.nspname, c.relname, c.relkind, string_agg(a.attname, ',' order by a.attnum) as columns
         from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
         where lower(n.nspname) like '{schema}%' and c.relkind in ('r', 'v', 'm') group by 1, 2, 3 order by n.nspname::text collate \"C\", c.relname::text collate \"C\""
    ))
}

/// Models in small letters, each beside what somebody else has under the same name with a capital.
fn beside_others(schema: &str) -> TestProject {
    let project = project(schema)
        .file(
            "models/orders.sql",
            "{{ config(materialized='table') }}\nselect 1 as id",
        )
        .file(
            "models/totals.sql",
            "{{ config(materialized='incremental', unique_key='id', on_schema_change='sync_all_columns') }}\nselect id, id * 2 as twice from {{ ref('orders') }}",
        )
        .file("models/shown.sql", "select id from {{ ref('orders') }}")
        .file("seeds/places.csv", "id\n1\n")
        .file(
            "snapshots/people.yml",
            "snapshots: [{name: people, relation: ref('orders'), config: {unique_key: id, strategy: check, check_cols: all}}]\n",
        );
    let others: String = ["Orders", "Totals", "Shown", "Places", "People"]
        .map(|name| format!("create table {schema}.\"{name}\" as select 'theirs'::text as whose; "))
        .concat();
    query(&format!(
        "create schema {schema}; {others} create view {schema}.reader as select whose from {schema}.\"Orders\";"
    ));
    project
}

#[test]
fn what_somebody_else_has_in_capitals_on_postgres_is_left_alone() {
    let project = beside_others("case_beside");
    for arguments in ["build", "build", "build --full-refresh", "build --atomic"] {
        project.redstart(arguments).success();
        for name in ["Orders", "Totals", "Shown", "Places", "People"] {
            let theirs = query(&format!("select * from case_beside.\"{name}\""));
            assert_eq!(theirs, "whose\ntheirs\n", "{name} after `{arguments}`");
        }
    }
    assert_snapshot!(held("case_beside"), @"
    nspname | relname | relkind | columns
    case_beside | Orders | r | whose
    case_beside | People | r | whose
    case_beside | Places | r | whose
    case_beside | Shown | r | whose
    case_beside | Totals | r | whose
    case_beside | orders | r | id
    case_beside | people | r | id,dbt_scd_id,dbt_updated_at,dbt_valid_from,dbt_valid_to
    case_beside | places | r | id
    case_beside | reader | v | whose
    case_beside | shown | v | id
    case_beside | totals | r | id,twice
    ");
    // The dictionary tells each by its own columns.
    let catalog: serde_json::Value =
        serde_json::from_str(&project.read("target/catalog.json")).expect("JSON");
    let columns: Vec<String> = catalog["nodes"]
        .as_object()
        .expect("nodes")
        .iter()
        .map(|(id, node)| {
            let columns = node["columns"].as_object().expect("columns");
            format!(
                "{id}: {}",
                columns.keys().cloned().collect::<Vec<_>>().join(",")
            )
        })
        .collect();
    assert_snapshot!(columns.join("\n"), @"
    model.project.orders: id
    model.project.shown: id
    model.project.totals: id,twice
    seed.project.places: id
    snapshot.project.people: id,dbt_scd_id,dbt_updated_at,dbt_valid_from,dbt_valid_to
    ");
}

#[test]
fn a_name_in_capitals_on_postgres_finds_its_own() {
    let project = project("case_own")
        .file(
            "dbt_project.yml",
            "name: project\nprofile: project\nmodels:\n  +persist_docs: {relation: true, columns: true}\n",
        )
        .file(
            "models/orders.sql",
            "{{ config(materialized='incremental', alias='Orders', unique_key='id', grants={'select': ['public']}) }}\nselect {{ var('id') }} as id",
        )
        .file(
            "models/far.sql",
            "{{ config(materialized='table', schema='Far') }}\nselect count(*) as n from {{ ref('orders') }}",
        )
        .file(
            "models/asked.sql",
            "{{ config(materialized='table') }}
-- depends_on: {{ ref('orders') }}
{% set found = adapter.list_relations_without_caching(api.Relation.create(database=target.database, schema='case_own')) %}
select {{ adapter.get_relation(target.database, 'case_own', 'ORDERS') is none }} as no_shouting,
       {{ adapter.get_relation(target.database, 'case_own', 'orders') is not none }} as theirs,
       {{ adapter.get_columns_in_relation(ref('orders')) | map(attribute='name') | list | tojson | replace('\"', \"'\") | replace('[', 'array[') }} as of_ours,
       {{ adapter.check_schema_exists(target.database, 'CASE_OWN') }} as other_schema,
       '{{ found | map(attribute='identifier') | sort | join(' ') }}' as listed",
        );
    query(
        "drop schema if exists \"case_own_Far\" cascade; drop schema if exists case_own_far cascade; create schema case_own; create schema case_own_far;
         create table case_own.orders as select 'theirs'::text as whose; create view case_own_far.on_it as select * from case_own.orders",
    );
    for id in 1..=3 {
        project
            .redstart(&format!("build --vars '{{id: {id}}}'"))
            .success();
    }
    assert_eq!(query("select * from case_own.orders"), "whose\ntheirs\n");
    assert_eq!(
        query("select * from case_own.\"Orders\" order by id"),
        "id\n1\n2\n3\n"
    );
    assert_eq!(query("select * from \"case_own_Far\".far"), "n\n3\n");
    assert_snapshot!(query("select * from case_own.asked"), @"
    no_shouting | theirs | of_ours | other_schema | listed
    t | t | {id} | f | asked Orders orders
    ");
    assert_snapshot!(held("case_own"), @"
    nspname | relname | relkind | columns
    case_own | Orders | r | id
    case_own | asked | r | no_shouting,theirs,of_ours,other_schema,listed
    case_own | orders | r | whose
    case_own_Far | far | r | n
    case_own_far | on_it | v | whose
    ");
    project
        .redstart("build --atomic --vars '{id: 4}'")
        .success();
    assert_eq!(
        query("select count(*) from case_own.\"Orders\""),
        "count\n4\n"
    );
    assert_eq!(query("select * from case_own.orders"), "whose\ntheirs\n");
}

/// Redshift's SQL is folded before PostgreSQL sees it: what has capitals there is out of reach, as on Redshift.
#[test]
fn redshifts_names_on_postgres_are_folded_and_reach_nothing_in_capitals() {
    let project = project("case_folded")
        .file(
            "profiles.yml",
            profile("case_folded", &[("emulate", "redshift")]),
        )
        .file(
            "models/orders.sql",
            "{{ config(materialized='incremental', alias='Orders', unique_key='id') }}\nselect {{ var('id') }} as id",
        );
    query(
        "create schema case_folded; create table case_folded.\"Orders\" as select 'theirs'::text as whose",
    );
    for id in 1..=2 {
        project
            .redstart(&format!("build --vars '{{id: {id}}}'"))
            .success();
    }
    project
        .redstart("build --full-refresh --vars '{id: 3}'")
        .success();
    assert_eq!(query("select * from case_folded.orders"), "id\n3\n");
    assert_snapshot!(held("case_folded"), @"
    nspname | relname | relkind | columns
    case_folded | Orders | r | whose
    case_folded | orders | r | id
    ");
}

#[test]
fn names_on_duckdb_are_one_whatever_their_case() {
    let project = TestProject::new().file(
        "models/orders.sql",
        "{{ config(materialized='incremental', unique_key='id') }}\nselect {{ var('id') }} as id",
    );
    let database = project.path().join("project.duckdb");
    let connection = duckdb::Connection::open(database).expect("a database");
    connection
        .execute_batch("create table \"Orders\" as select 1 as id")
        .expect("a table");
    drop(connection);
    project.redstart("build --vars '{id: 2}'").success();
    assert_snapshot!(project.query("select table_name, (select string_agg(id, ',' order by id) from orders) as ids from information_schema.tables order by 1"), @"
    table_name | ids
    Orders | 1,2
    ");
}

/// Redshift's SQL folds the name: what is published together is looked at by the new columns, whatever the case it is written in.
#[test]
fn a_name_in_capitals_is_published_together_with_what_stands_on_it() {
    let schema = "case_together";
    let project = project(schema)
        .file("profiles.yml", profile(schema, &[("emulate", "redshift")]))
        .file(
            "models/base.sql",
            "{{ config(materialized='table', alias='Orders') }} select 1 as id {% if var('more', false) %}, 2::smallint as more {% endif %}",
        )
        .file("models/shown.sql", "select * from {{ ref('base') }}")
        .file("models/bound.sql", "select id {% if var('more', false) %}, more + 1 as next {% endif %} from {{ ref('shown') }}");
    project.redstart("build --atomic").success();
    project
        .redstart("build --atomic --vars '{more: true}'")
        .success();
    assert_snapshot!(held(schema), @"
    nspname | relname | relkind | columns
    case_together | bound | v | id,next
    case_together | orders | r | id,more
    case_together | shown | v | id,more
    ");
}

/// Somebody who may not make schemas: what stands in the one that is missing fails, and what stands in the one beside it does not.
#[test]
fn a_schema_that_cannot_be_made_is_not_missed_under_its_name_in_other_letters() {
    query(
        "drop schema if exists \"case_missing_Far\" cascade; drop schema if exists case_missing cascade;
         drop role if exists case_builder; create role case_builder;
         create schema case_missing authorization case_builder; create schema \"case_missing_Far\" authorization case_builder",
    );
    let one = |schema: &str| {
        format!("{{{{ config(materialized='table', schema='{schema}') }}}}\nselect 1 as id")
    };
    let project = project("case_missing")
        .file(
            "profiles.yml",
            profile("case_missing", &[("role", "case_builder")]),
        )
        .file("models/there.sql", one("Far"))
        .file("models/missing.sql", one("far"));
    let output = project.redstart("run");
    assert_eq!(output.code, 1, "{output}");
    assert!(
        output.text().contains("permission denied for database"),
        "{output}"
    );
    assert!(output.text().contains("PASS=1 WARN=0 ERROR=1"), "{output}");
    assert_eq!(query("select * from \"case_missing_Far\".there"), "id\n1\n");
}

#[test]
fn columns_that_differ_only_in_case_are_two_on_postgres() {
    let project = project("case_columns")
        .file(
            "models/models.yml",
            "models:
  - name: both
    config: {materialized: table, persist_docs: {columns: true}}
    columns: [{name: id, description: small}, {name: Id, description: large}]
",
        )
        .file("models/both.sql", "select 1 as id, 2 as \"Id\"")
        .file("models/shown.sql", "select * from {{ ref('both') }}")
        .file(
            "models/folded.sql",
            "select 1 as id, 2 as Other, 3 as other",
        );
    let output = project.redstart("run");
    assert_eq!(output.code, 1, "{output}");
    assert!(output.text().contains("PASS=2 WARN=0 ERROR=1"), "{output}");
    assert_snapshot!(query(
        "select relname, attname, col_description(c.oid, attnum) as told from pg_class c join pg_attribute a on attrelid = c.oid
         where relnamespace = 'case_columns'::regnamespace and attnum > 0 order by 1, attnum"
    ), @"
    relname | attname | told
    both | id | small
    both | Id | large
    shown | id | NULL
    shown | Id | NULL
    ");
    // What rows are added to is matched by names without their case.
    let project = project.file(
        "models/grows.sql",
        "{{ config(materialized='incremental', unique_key='id') }}\nselect 1 as id, 2 as \"Id\"",
    );
    assert_snapshot!(project.redstart("run --select grows"), @r#"
    exit 1
    Running 1 node on 3 threads (target `dev.case_columns`)
    1 of 1  ERROR creating sql incremental model case_columns.grows       [[time]]
          error[duplicate-column]: `grows` has the columns `id` and `Id`, whose names differ only in case (models/grows.sql:2:17)

    error[duplicate-column]: `grows` has the columns `id` and `Id`, whose names differ only in case
     --> models/grows.sql:2:17
      |
    2 | select 1 as id, 2 as "Id"
      |                 ^
      |
      = help: a table or view may have both, what rows are added to may not: give one of them another name with `as`

    Finished 1 incremental model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    "#);
}
