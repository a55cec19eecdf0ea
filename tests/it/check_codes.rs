//! Every kind of mistake and advice that `check` tells, each by the smallest model that has it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::project::TestProject;

/// A model for each code, named by the code; a number behind the name tells several apart.
const MODELS: &[(&str, &str)] = &[
    ("unknown_column", "select nope from {{ ref('orders') }}"),
    (
        "unknown_column_2",
        "{{ config(materialized='incremental', unique_key='nope') }} select id from {{ ref('orders') }}",
    ),
    (
        "unknown_column_3",
        "{{ config(materialized='table', sort='nope') }} select id from {{ ref('orders') }}",
    ),
    (
        "ambiguous_column",
        "select id from {{ ref('orders') }} o join {{ ref('visits') }} v on o.user_id = v.user_id",
    ),
    ("unknown_alias", "select x.id from {{ ref('orders') }} o"),
    (
        "duplicate_alias",
        "select o.id from {{ ref('orders') }} o join {{ ref('visits') }} o on true",
    ),
    (
        "duplicate_column",
        "select id, amount as id from {{ ref('orders') }}",
    ),
    (
        "aggregate_misuse",
        "select status, amount, count(*) as n from {{ ref('orders') }} group by status",
    ),
    (
        "aggregate_misuse_2",
        "select id from {{ ref('orders') }} where sum(amount) > 1",
    ),
    (
        "union_columns",
        "select id, status from {{ ref('orders') }} union all select id from {{ ref('visits') }}",
    ),
    (
        "union_types",
        "select id from {{ ref('orders') }} union all select day from {{ ref('visits') }}",
    ),
    (
        "unknown_function",
        "select uper(status) as s from {{ ref('orders') }}",
    ),
    (
        "unknown_type",
        "select id::intt as s from {{ ref('orders') }}",
    ),
    (
        "unknown_date_part",
        "select date_trunc('mnth', day) as m from {{ ref('visits') }}",
    ),
    (
        "not_redshift",
        "select distinct on (id) id from {{ ref('orders') }}",
    ),
    // Too few arguments, and one of a wrong type.
    (
        "not_redshift_2",
        "select substring(status) as s from {{ ref('orders') }}",
    ),
    (
        "not_redshift_3",
        "select dateadd(day, 1) as s from {{ ref('orders') }}",
    ),
    ("not_redshift_4", "select tag from {{ ref('tags') }}"),
    (
        "not_emulated",
        "select st_area(id) as s from {{ ref('orders') }}",
    ),
    ("sql_syntax", "select id from from {{ ref('orders') }}"),
    ("not_a_query", "delete from x"),
    (
        "contract_broken",
        "select id, 'x' as amount from {{ ref('orders') }}",
    ),
    (
        "event_time_type",
        "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='id', begin='2024-01-01', batch_size='day') }} select id from {{ ref('orders') }}",
    ),
    ("undeclared_column", "select id from {{ ref('orders') }}"),
    (
        "undescribed_columns",
        "select id, amount from {{ ref('orders') }}",
    ),
    (
        "undeclared_source_column",
        "select nope from {{ source('raw', 'events') }}",
    ),
    (
        "compared_types",
        "select o.id from {{ ref('orders') }} o join {{ ref('visits') }} v on o.status = v.id",
    ),
    (
        "incomparable_types",
        "select o.id from {{ ref('orders') }} o join {{ ref('visits') }} v on o.at = v.id",
    ),
    (
        "impossible_cast",
        "select at::int as a from {{ ref('orders') }}",
    ),
    (
        "subquery_columns",
        "select id from {{ ref('orders') }} where id in (select id, user_id from {{ ref('visits') }})",
    ),
    (
        "too_many_names",
        "with a(x, y) as (select id from {{ ref('orders') }}) select x from a",
    ),
    (
        "no_such_place",
        "select id from {{ ref('orders') }} order by 2 limit 1",
    ),
    (
        "relationship_types",
        "select day as id from {{ ref('visits') }}",
    ),
    (
        "implicit_cross_join",
        "select o.id from {{ ref('orders') }} o, {{ ref('visits') }} v",
    ),
    (
        "join_distribution",
        "select o.id from {{ ref('orders') }} o join {{ ref('visits') }} v on o.user_id = v.id",
    ),
    (
        "missing_dist_key",
        "select p.id from {{ ref('fct_plays') }} p join {{ ref('fct_pays') }} q on p.id = q.play_id join {{ ref('tags') }} t on t.\"tag\" = q.label",
    ),
    (
        "missing_dist_key_2",
        "with p as (select * from {{ ref('fct_plays') }}) select p.id from {{ ref('fct_keyed') }} q join p on p.id = q.play_id",
    ),
    (
        "average_of_integers",
        "select avg(id) as a from {{ ref('orders') }}",
    ),
    (
        "integer_division",
        "select id / user_id as a from {{ ref('orders') }}",
    ),
    (
        "not_in_nullable",
        "select id from {{ ref('orders') }} where id not in (select id from {{ ref('people') }})",
    ),
    ("fct_select_star", "select * from {{ ref('orders') }}"),
    (
        "filter_on_function",
        "select id from {{ ref('orders') }} where date_trunc('month', at) = '2024-01-01'",
    ),
    (
        "literal_with_zone",
        "select id from {{ ref('orders') }} where at > timestamp '2024-01-01 00:00:00+02'",
    ),
    (
        "literal_with_zone_2",
        "select id from {{ ref('orders') }} where at > '2024-01-01 00:00:00 UTC'::timestamp",
    ),
    (
        "text_too_long",
        "select status::varchar(max) as s from {{ ref('orders') }}",
    ),
    (
        "text_wider_than_needed",
        "select upper(\"tag\")::varchar(500) as label from {{ ref('tags') }}",
    ),
    (
        "text_wider_than_needed_2",
        "select id::varchar(1000) as id from {{ ref('orders') }}",
    ),
    (
        "char_blanks",
        "select status::char(10) as s from {{ ref('orders') }}",
    ),
    ("order_by", "select id from {{ ref('orders') }} order by id"),
    (
        "text_without_length",
        "select status::varchar as s from {{ ref('orders') }}",
    ),
    (
        "union_distinct",
        "select id from {{ ref('orders') }} union select id from {{ ref('visits') }}",
    ),
    (
        "bound_view",
        "{{ config(materialized='view') }} select id from {{ ref('orders') }}",
    ),
    (
        "personal_data_exposed",
        "select upper(name) as n from {{ ref('people') }}",
    ),
];

/// Models with nothing to tell.
const INNOCENT: &[(&str, &str)] = &[
    (
        "orders",
        "{{ config(dist='user_id', sort='at') }} select 1 as id, 1 as user_id, 10.5 as amount, 'paid' as status, '2024-01-01'::timestamp as at",
    ),
    (
        "visits",
        "{{ config(dist='user_id') }} select 1 as id, 1 as user_id, '2024-01-01'::date as day",
    ),
    ("tags", "select 'x'::varchar(3) as \"tag\""),
    ("fct_plays", "select 1 as id, 2 as user_id"),
    ("fct_pays", "select 1 as play_id, 'x'::varchar(3) as label"),
    (
        "fct_keyed",
        "{{ config(dist='play_id') }} select 1 as play_id",
    ),
    ("fct_auto", "{{ config(dist='auto') }} select 1 as play_id"),
    (
        "joined",
        "select p.id from {{ ref('fct_plays') }} p join {{ ref('fct_auto') }} q on p.id = q.play_id join {{ ref('fct_plays') }} b on b.id = p.id join {{ ref('visits') }} v on v.id = p.id",
    ),
    (
        "lengthened",
        "with recursive t(n, path) as (select 1, \"tag\"::varchar(2000) from {{ ref('tags') }} union all select n + 1, path || 'x' from t where n < 3), u as (select \"tag\"::varchar(500) as label from {{ ref('tags') }} union all select 'y') select path::varchar(3000) as path, label::varchar(255) as label, u.label || 'z' as longer from t cross join u",
    ),
    (
        "plain",
        "with o as (select o.*, v.day from {{ ref('orders') }} o join {{ ref('visits') }} v on o.user_id = v.user_id where o.at >= '2024-01-01') select day, status, sum(amount) as amount, avg(amount) as mean, count(*) as n from o group by 1, 2 having count(*) > 0",
    ),
    (
        "hashed",
        "select md5(id || 'salt') as id, count(name) as n from {{ ref('people') }} group by 1",
    ),
];

const YAML: &str = "
sources:
  - name: raw
    tables:
      - name: events
        columns: [{name: id, data_type: int}]
      - name: missing_role
        external: {location: 's3://shop/events', file_format: json, copy: {}}
        columns: [{name: id, data_type: int}]
seeds:
  - name: people
    columns: [{name: name, meta: {pii: true}}]
models:
  - name: contract_broken
    config: {contract: {enforced: true}}
    columns: [{name: id, data_type: int}, {name: amount, data_type: int}]
  - name: undeclared_column
    columns: [{name: gone}, {name: id}]
  - name: undescribed_columns
    columns: [{name: id}]
  - name: relationship_types
    columns:
      - name: id
        data_tests: [{relationships: {arguments: {to: ref('orders'), field: id}}}]
  - name: personal_data_exposed
    config: {meta: {pii: forbid}}
  - name: hashed
    config: {meta: {pii: forbid}}
";

/// What is told at YAML and names its model in its words alone.
const AT_YAML: [&str; 6] = [
    "missing-role",
    "contract-broken",
    "undeclared-column",
    "undescribed-columns",
    "undeclared-source-column",
    "relationship-types",
];

#[test]
fn every_kind_of_mistake_is_told_of_its_model_and_no_other() {
    let mut project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nversion: '1.0'\nprofile: project\nflags: {check: {levels: {text-without-length: warning, union-distinct: warning, bound-view: warning}}}\nmodels: {+materialized: table}\n",
        )
        .file("seeds/people.csv", "id,name\n1,a\n")
        .file("models/schema.yml", YAML);
    let reader = (
        "loaded",
        "select id from {{ source('raw', 'missing_role') }}",
    );
    for (name, sql) in MODELS.iter().chain(INNOCENT).chain([&reader]) {
        project = project.file(format!("models/{name}.sql"), *sql);
    }
    let output = project.redstart("check --output json");
    assert_eq!(output.code, 1, "{output}");
    let told: Value = serde_json::from_str(&output.stdout).unwrap();
    let told = told
        .as_array()
        .cloned()
        .unwrap_or_else(|| told["diagnostics"].as_array().cloned().unwrap_or_default());
    let mut by_file: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in &told {
        let path = one["place"]["path"].as_str().unwrap_or_default();
        assert!(one["place"]["line"].as_u64() > Some(0), "{one}");
        let code = one["code"].as_str().unwrap_or_default().to_owned();
        by_file.entry(path.to_owned()).or_default().push(code);
    }
    let none = Vec::new();
    for (name, _) in MODELS.iter().chain([&("missing_role", "")]) {
        let code = name
            .trim_start_matches("fct_")
            .trim_end_matches(|last: char| last.is_ascii_digit() || last == '_')
            .replace('_', "-");
        let file = match AT_YAML.contains(&code.as_str()) {
            true => "models/schema.yml".to_owned(),
            false => format!("models/{name}.sql"),
        };
        let codes = by_file.get(&file).unwrap_or(&none);
        assert!(
            codes.contains(&code),
            "{code} of {file}: {codes:?}\n{output}"
        );
    }
    for (name, _) in INNOCENT {
        let codes = by_file.get(&format!("models/{name}.sql"));
        assert_eq!(codes, None, "{name}\n{output}");
    }
}
