//! What a build leaves for other programs, held to dbt's public schemas and to what dbt itself writes.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use crate::project::TestProject;

const READ_ALL: &str = "import json, sys, dbt_artifacts_parser.parser as parser
read = lambda name: json.load(open(f'{sys.argv[1]}/target/{name}.json'))
manifest = parser.parse_manifest_v12(read('manifest'))
results = parser.parse_run_results_v6(read('run_results'))
catalog = parser.parse_catalog_v1(read('catalog'))
assert set(catalog.nodes) <= set(manifest.nodes) and set(catalog.sources) <= set(manifest.sources)
assert {result.unique_id for result in results.results} <= set(manifest.nodes) | set(manifest.sources)
print(len(manifest.nodes), len(results.results), len(catalog.nodes) + len(catalog.sources))
";

/// `dbt-artifacts-parser` from PyPI holds the schemas; `make test` puts it where `REDSTART_TEST_PYTHON` points.
#[test]
fn the_public_schemas_accept_what_a_build_of_the_example_leaves() {
    let python = std::env::var("REDSTART_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let run = |arguments: &[&str]| Command::new(&python).args(arguments).output();
    let found = run(&["-c", "import dbt_artifacts_parser"]);
    if !found.is_ok_and(|output| output.status.success()) {
        skipped(&python);
        return;
    }
    let project = TestProject::example();
    project.redstart("build").success();

    let output = run(&["-c", READ_ALL, &project.path().to_string_lossy()]).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let counts = String::from_utf8_lossy(&output.stdout);
    let counts: Vec<usize> = counts
        .split(' ')
        .map(|n| n.trim().parse().unwrap())
        .collect();
    // Hooks, analyses and disabled models have no result; tests have no table.
    assert!(
        counts[0] > 150 && counts[1] > 150 && counts[2] == 14,
        "{counts:?}"
    );
}

#[expect(clippy::print_stderr, reason = "a test says why it proves nothing")]
fn skipped(python: &str) {
    eprintln!("skipped: {python} has no dbt_artifacts_parser (`make test` installs it)");
}

fn shop() -> TestProject {
    TestProject::empty()
        .file(
            "dbt_project.yml",
            "name: shop\nversion: '1.0'\nprofile: shop\nflags: {require_generic_test_arguments_property: true}\n\
             models: {shop: {staging: {+schema: staging, +tags: [raw]}}}\n",
        )
        .file(
            "profiles.yml",
            "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb, schema: main}}}\n",
        )
        .file("seeds/raw.csv", "id,amount\n1,10\n2,20\n")
        .file(
            "models/staging/stg_sales.sql",
            "{{ config(materialized='view') }}\nselect id, amount from {{ ref('raw') }}\n",
        )
        .file("models/sales.sql", "select * from {{ ref('stg_sales') }}\n")
        .file("models/docs.md", "{% docs id %}\nThe sale.\n{% enddocs %}\n")
        .file(
            "models/schema.yml",
            "
models:
  - name: sales
    description: All sales.
    config: {materialized: table, meta: {owner: shop}}
    columns:
      - name: id
        description: \"{{ doc('id') }}\"
        data_tests:
          - unique
          - accepted_values: {arguments: {values: [1, 2], quote: false}, config: {severity: warn}}
",
        )
        .file(
            "tests/sales_are_positive.sql",
            "select * from {{ ref('sales') }} where amount < 0\n",
        )
}

/// What is expected here is what dbt-core 1.11 with dbt-duckdb writes for the same files.
#[test]
fn the_manifest_of_a_build_tells_what_dbt_tells() {
    let project = shop();
    project.redstart("build").success();
    let manifest: Value = serde_json::from_str(&project.read("target/manifest.json")).unwrap();

    let unique = "test.shop.unique_sales_id.734dbbcdc5";
    let values = "test.shop.accepted_values_sales_id__False__1__2.e765b8e1e9";
    let positive = "test.shop.sales_are_positive";
    assert_eq!(
        manifest["child_map"],
        json!({
            "seed.shop.raw": ["model.shop.stg_sales"],
            "model.shop.stg_sales": ["model.shop.sales"],
            "model.shop.sales": [values, positive, unique],
            (values): [], (unique): [], (positive): [],
        })
    );
    let node = |id: &str| &manifest["nodes"][id];
    let sales = node("model.shop.sales");
    assert_eq!(sales["relation_name"], "\"shop\".\"main\".\"sales\"");
    assert_eq!(
        sales["compiled_code"].as_str().map(str::trim),
        Some("select * from \"shop\".\"main_staging\".\"stg_sales\"")
    );
    assert_eq!(
        sales["compiled_path"],
        "target/compiled/shop/models/sales.sql"
    );
    assert_eq!(sales["build_path"], "target/run/shop/models/sales.sql");
    assert_eq!(sales["patch_path"], "shop://models/schema.yml");
    assert_eq!(sales["columns"]["id"]["description"], "The sale.");
    assert_eq!(sales["columns"]["id"]["doc_blocks"], json!(["doc.shop.id"]));
    assert_eq!(
        sales["checksum"]["checksum"],
        "036e017aed3a8d6035cf785fb806beb28df29dcf0ae8cd36ee450e35235b8ebb"
    );
    assert_eq!(
        sales["unrendered_config"],
        json!({"materialized": "table", "meta": {"owner": "shop"}})
    );
    assert_eq!(
        node("model.shop.stg_sales")["unrendered_config"],
        json!({"schema": "staging", "tags": ["raw"], "materialized": "view"})
    );
    assert_eq!(
        node(values)["test_metadata"],
        json!({
            "name": "accepted_values",
            "kwargs": {"values": [1, 2], "quote": false, "column_name": "id", "model": "{{ get_where_subquery(ref('sales')) }}"},
            "namespace": null,
        })
    );
    assert_eq!(node(values)["attached_node"], "model.shop.sales");
    assert_eq!(node(values)["file_key_name"], "models.sales");

    let fqns: BTreeMap<&str, String> = manifest["nodes"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(id, node)| (id.as_str(), node["fqn"].to_string()))
        .collect();
    assert_eq!(
        fqns["model.shop.stg_sales"],
        r#"["shop","staging","stg_sales"]"#
    );
    assert_eq!(fqns[unique], r#"["shop","unique_sales_id"]"#);
    assert_eq!(fqns[positive], r#"["shop","sales_are_positive"]"#);
}

/// Written down from what dbt-core 1.11 writes for this project.
#[test]
fn the_manifest_tells_configuration_groups_and_test_calls_as_dbt_does() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\nmodels: {shop: {+tags: [all], +meta: {owner: sales}}}\ndata_tests: {+severity: error}\n",
        )
        .file(
            "models/orders.sql",
            "{{ config(alias='orders_final', pre_hook='select 1', group='sales') }} select 1 as id, 'x' as status",
        )
        .file(
            "models/schema.yml",
            "groups: [{name: sales, owner: {email: sales@shop.example}}]
models:
  - name: orders
    docs: {show: false, node_color: red}
    config: {tags: [finance]}
    columns:
      - name: id
        data_tests:
          - unique
          - not_null: {config: {where: 'id > 0', severity: warn}}
          - is_positive
      - name: status
        quote: true
        data_tests:
          - accepted_values:
              name: known_status
              arguments: {values: [x]}
              config: {tags: [t1], error_if: '>10', warn_if: '>0', store_failures: true, schema: audits}
",
        )
        .file(
            "macros/is_positive.sql",
            "{% test is_positive(model, column_name) %}{{ config(severity='warn') }}select * from {{ model }} where {{ column_name }} <= 0{% endtest %}",
        );
    project.redstart("parse").success();
    let manifest: Value = serde_json::from_str(&project.read("target/manifest.json")).unwrap();
    let nodes = manifest["nodes"].as_object().unwrap();
    let node = |name: &str| {
        let found = nodes.values().find(|node| node["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}")).clone()
    };

    let orders = node("orders");
    assert_eq!(
        orders["unrendered_config"],
        json!({
            "tags": ["finance"],
            "meta": {"owner": "sales"},
            "docs": {"show": false, "node_color": "red"},
            "alias": "orders_final",
            "pre-hook": "select 1",
            "group": "sales",
        })
    );
    assert_eq!(orders["docs"], json!({"show": false, "node_color": "red"}));
    assert_eq!(orders["config"]["docs"], orders["docs"]);
    assert_eq!(orders["tags"], json!(["all", "finance"]));

    let unique = node("unique_orders_id");
    assert_eq!(
        unique["raw_code"],
        "{{ test_unique(**_dbt_generic_test_kwargs) }}"
    );
    assert_eq!(unique["config"]["severity"], "error");
    assert_eq!(unique["group"], "sales");
    assert_eq!(unique["config"]["group"], Value::Null);

    let not_null = node("not_null_orders_id");
    assert_eq!(
        not_null["raw_code"],
        r#"{{ test_not_null(**_dbt_generic_test_kwargs) }}{{ config(severity="warn",where="id > 0") }}"#
    );
    assert_eq!(not_null["config"]["severity"], "warn");

    let known = node("known_status");
    assert_eq!(
        known["raw_code"],
        r#"{{ test_accepted_values(**_dbt_generic_test_kwargs) }}{{ config(tags=['t1'],warn_if=">0",error_if=">10",store_failures=True,schema="audits") }}"#
    );
    assert_eq!(known["column_name"], r#""status""#);
    assert_eq!(
        known["depends_on"]["macros"],
        json!([
            "macro.dbt.test_accepted_values",
            "macro.dbt.get_where_subquery"
        ])
    );

    let positive = node("is_positive_orders_id");
    assert_eq!(positive["unrendered_config"], json!({"severity": "warn"}));
    assert_eq!(
        positive["depends_on"]["macros"],
        json!([
            "macro.shop.test_is_positive",
            "macro.dbt.get_where_subquery"
        ])
    );
}

#[test]
fn the_manifest_tells_groups_inlined_models_and_what_macros_call_as_dbt_does() {
    let project = TestProject::new()
        .file("dbt_project.yml", "name: shop\nprofile: project\n")
        .file(
            "models/base.sql",
            "{{ config(materialized='ephemeral', schema='parts') }}select 1 as id",
        )
        .file(
            "models/middle.sql",
            "{{ config(materialized='ephemeral') }}select * from {{ ref('base') }}",
        )
        .file(
            "models/orders.sql",
            "{{ config(materialized='incremental', group='finance') }}select {{ cents('id') }} as id from {{ ref('middle') }} {% if is_incremental() %}where id > 1{% endif %}",
        )
        .file(
            "models/models.yml",
            "groups: [{name: finance, owner: {name: Money, email: money@example.com}}]\n\
             models: [{name: orders, columns: [{name: id, data_tests: [unique]}]}]\n",
        )
        .file(
            "macros/money.sql",
            "{% macro cents(c) %}{{ whole(c) }} * 100{% endmacro %}{% macro whole(c) %}{{ c }}{% endmacro %}",
        )
        .file(
            "macros/money.yml",
            "macros: [{name: cents, description: to cents, config: {meta: {unit: cent}}}]\n",
        );
    project.redstart("compile").success();
    let manifest: Value = serde_json::from_str(&project.read("target/manifest.json")).unwrap();

    assert_eq!(manifest["nodes"]["model.shop.base"]["schema"], "main_parts");
    let orders = &manifest["nodes"]["model.shop.orders"];
    assert_eq!(
        orders["extra_ctes"],
        json!([
            {"id": "model.shop.base", "sql": " __dbt__cte__base as (\nselect 1 as id\n)"},
            {"id": "model.shop.middle", "sql": " __dbt__cte__middle as (\nselect * from __dbt__cte__base\n)"}
        ])
    );
    assert_eq!(
        orders["depends_on"]["macros"],
        json!(["macro.shop.cents", "macro.dbt.is_incremental"])
    );
    assert!(manifest["macros"]["macro.dbt.is_incremental"].is_object());
    let group = &manifest["groups"]["group.shop.finance"];
    assert_eq!(
        (
            group["name"].as_str(),
            group["path"].as_str(),
            group["original_file_path"].as_str()
        ),
        (
            Some("finance"),
            Some("models.yml"),
            Some("models/models.yml")
        )
    );
    assert_eq!(
        group["owner"],
        json!({"name": "Money", "email": "money@example.com"})
    );
    let members = manifest["group_map"]["finance"].as_array().unwrap();
    assert_eq!(members[0], "model.shop.orders");
    assert_eq!(members.len(), 2, "{members:?}");
    let cents = &manifest["macros"]["macro.shop.cents"];
    assert_eq!(cents["patch_path"], "shop://macros/money.yml");
    assert_eq!(cents["depends_on"]["macros"], json!(["macro.shop.whole"]));
    assert_eq!(
        (&cents["meta"], &cents["config"]["meta"]),
        (&json!({"unit": "cent"}), &json!({"unit": "cent"}))
    );
}

#[test]
fn an_exposure_has_a_result_though_nothing_is_done_for_it() {
    let project = TestProject::new()
        .file("models/good.sql", "select 1 as id")
        .file(
            "models/good.yml",
            "models: [{name: good, data_tests: [{expression_is_true: {arguments: {expression: id > 1}}}]}]",
        )
        .file(
            "models/bad.sql",
            "{{ config(materialized='table') }} select 1 / (length('x') - 1) as id",
        )
        .file(
            "models/uses.yml",
            "exposures:
  - {name: on_good, type: dashboard, owner: {name: a}, depends_on: [ref('good')]}
  - {name: on_bad, type: dashboard, owner: {name: a}, depends_on: [ref('bad')]}
",
        );

    let built = project.redstart("build --threads 1");
    insta::assert_snapshot!(built.stdout.lines().filter(|line| line.contains("exposure") || line.contains("Done")).collect::<Vec<_>>().join("\n"), @"
    2 of 5  SKIP  exposure on_bad                                         [`bad` failed]
    5 of 5  NO-OP exposure on_good                                        [[time]]
    Finished 1 data test, 2 exposures, 1 table model, 1 view model in [time]
    Done. PASS=1 WARN=0 ERROR=2 SKIP=1 NO-OP=1 TOTAL=5
    ");
    let results = project.read("target/run_results.json");
    let results: Value = serde_json::from_str(&results).unwrap();
    let told = results["results"].as_array().unwrap().iter().map(|result| {
        json!([
            result["unique_id"],
            result["status"],
            result["message"],
            result["adapter_response"],
            result["timing"].as_array().unwrap().len(),
        ])
        .to_string()
    });
    let mut told: Vec<String> = told.collect();
    told.sort();
    insta::assert_snapshot!(told.join("\n"), @r#"
    ["exposure.project.on_bad","skipped","`bad` failed",{},0]
    ["exposure.project.on_good","no-op","NO-OP",{},2]
    ["model.project.bad","error","a number is divided by zero",{},2]
    ["model.project.good","success","SUCCESS",{"_message":"SUCCESS","rows_affected":-1},2]
    ["test.project.expression_is_true_good_id_1.f6db9881a3","fail","Got 1 result, configured to fail if != 0",{"_message":"SUCCESS","rows_affected":1},2]
    "#);
    insta::assert_snapshot!(project.redstart("run --quiet -s good"), @"exit 0");
}

#[test]
fn what_metricflow_reads_stands_in_the_manifest_and_is_asked_nothing() {
    let project = TestProject::new()
        .file("models/orders.sql", "select 1 as id, 2 as amount")
        .file(
            "models/orders.yml",
            "semantic_models:
  - name: sales
    model: ref('orders')
    entities: [{name: id, type: primary}]
    measures:
      - {name: total, agg: sum, expr: amount}
      - {name: number, agg: sum, expr: 1, create_metric: true}
metrics:
  - name: revenue
    label: Revenue
    type: simple
    type_params: {measure: total}
    filter: \"{{ Dimension('id__big') }} = 1\"
  - name: each
    label: Each
    type: ratio
    type_params: {numerator: revenue, denominator: number}
saved_queries:
  - name: daily
    query_params: {metrics: [revenue, each], group_by: [\"TimeDimension('metric_time')\"]}
    exports: [{name: daily, config: {export_as: table}}]
",
        );

    insta::assert_snapshot!(project.redstart("ls --quiet -s orders+"), @"
    exit 0
    metric:project.each
    metric:project.number
    metric:project.revenue
    project.orders
    saved_query:project.daily
    semantic_model:project.sales
    ");
    insta::assert_snapshot!(project.redstart("ls --quiet -s +metric:each --resource-type semantic_model"), @"
    exit 0
    semantic_model:project.sales
    ");
    let built = project.redstart("build").success();
    insta::assert_snapshot!(built.stdout.lines().filter(|line| line.contains("Done") || line.contains("saved")).collect::<Vec<_>>().join("\n"), @"
    2 of 2  NO-OP saved query daily                                       [[time]]
    Finished 1 saved query, 1 view model in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 NO-OP=1 TOTAL=2
    ");
    let manifest: Value = serde_json::from_str(&project.read("target/manifest.json")).unwrap();
    insta::assert_snapshot!(manifest["metrics"]["metric.project.each"]["type_params"], @r#"{"measure":null,"input_measures":[{"name":"total","filter":null,"alias":null,"join_to_timespine":false,"fill_nulls_with":null},{"name":"number","filter":null,"alias":null,"join_to_timespine":false,"fill_nulls_with":null}],"numerator":{"name":"revenue","filter":null,"alias":null,"offset_window":null,"offset_to_grain":null},"denominator":{"name":"number","filter":null,"alias":null,"offset_window":null,"offset_to_grain":null},"expr":null,"window":null,"grain_to_date":null,"metrics":[],"conversion_type_params":null,"cumulative_type_params":null,"metric_aggregation_params":null}"#);
    insta::assert_snapshot!(manifest["metrics"]["metric.project.revenue"]["filter"], @r#"{"where_filters":[{"where_sql_template":"{{ Dimension('id__big') }} = 1"}]}"#);
    insta::assert_snapshot!(manifest["saved_queries"]["saved_query.project.daily"]["exports"], @r#"[{"name":"daily","config":{"export_as":"table","schema_name":"main","alias":"daily","database":"project"},"unrendered_config":{"export_as":"table"}}]"#);
    let parents = manifest["parent_map"].as_object().unwrap().iter();
    let parents: Vec<String> = parents.map(|(id, of)| format!("{id} < {of}")).collect();
    insta::assert_snapshot!(parents.join("\n"), @r#"
    metric.project.each < ["metric.project.number","metric.project.revenue"]
    metric.project.number < ["semantic_model.project.sales"]
    metric.project.revenue < ["semantic_model.project.sales"]
    model.project.orders < []
    saved_query.project.daily < ["metric.project.each","metric.project.revenue"]
    semantic_model.project.sales < ["model.project.orders"]
    "#);
}
