//! The three files of a small shop, compared with what dbt 1.11 writes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Map, Value, json};

use super::manifest::{Doc, Macro, ManifestJson};
use super::{CatalogTable, Invocation, Previous, catalog, file, fixture, run_results};
use crate::compile::Compiled;
use crate::manifest::{Manifest, NodeId};
use crate::redact::Redactor;
use crate::relation::{Column, RelationKind};
use crate::run::{RunResults, Status};

fn invocation() -> Invocation<'static> {
    Invocation {
        id: "11111111-2222-3333-4444-555555555555",
        started_at: fixture::now(),
        generated_at: fixture::now(),
        adapter_type: "redshift",
        database: Some("shop"),
        schema: "dev",
        target_path: Path::new("target"),
    }
}

fn manifest_json(manifest: &Manifest) -> Value {
    let mut compiled = vec![None; manifest.nodes.len()];
    for id in [fixture::DIMENSION, fixture::UNIQUE, fixture::SINGULAR] {
        compiled[id.index()] = Some("select 1");
    }
    let macros = BTreeMap::from([(
        "macro.shop.cents".to_owned(),
        Macro {
            name: "cents".into(),
            package_name: "shop".into(),
            path: "macros/cents.sql".into(),
            sql: "{% macro cents(c) %}{{ c }}{% endmacro %}".into(),
            arguments: vec![("c".into(), Some("string".into()), "a column".into())],
            ..Macro::default()
        },
    )]);
    let docs = BTreeMap::from([(
        "doc.shop.hello".to_owned(),
        Doc {
            name: "hello".into(),
            package_name: "shop".into(),
            path: "docs.md".into(),
            original_file_path: "models/docs.md".into(),
            contents: "Hello".into(),
        },
    )]);
    let json = ManifestJson {
        selectors: &Map::new(),
        built: &BTreeSet::new(),
        manifest,
        invocation: &invocation(),
        compiled: &compiled,
        sql: &Compiled::default(),
        groups: &BTreeMap::new(),
        macros: &macros,
        docs: &docs,
    };
    serde_json::to_value(&json).unwrap()
}

fn results() -> RunResults {
    let mut built = fixture::result(fixture::DIMENSION, Status::Success);
    built.rows = Some(96);
    built.compiled_code = Some("select 1".into());
    let mut failing = fixture::result(fixture::UNIQUE, Status::Fail);
    failing.failures = Some(8);
    failing.message = Some("Got 8 results, configured to fail if != 0".into());
    let mut skipped = fixture::result(fixture::FACT, Status::Skipped);
    (skipped.compile, skipped.execute) = (None, None);
    RunResults {
        results: vec![built, failing, skipped],
        elapsed: Duration::from_millis(1500),
        cancelled: false,
    }
}

fn results_json(manifest: &Manifest) -> Value {
    let arguments: Map<String, Value> =
        [("which".to_owned(), json!("build"))].into_iter().collect();
    run_results::run_results(manifest, &results(), &invocation(), &arguments)
}

fn catalog_json(manifest: &Manifest) -> Value {
    let table = |node: NodeId, kind| CatalogTable {
        node,
        kind,
        columns: vec![Column {
            name: "user_id".into(),
            data_type: "integer".into(),
            nullable: false,
        }],
        rows: Some(96),
        last_built: None,
        facts: Default::default(),
    };
    let tables = [
        table(fixture::DIMENSION, RelationKind::Table),
        table(fixture::SOURCE, RelationKind::Table),
        table(fixture::STAGING, RelationKind::View),
    ];
    catalog::catalog(manifest, &tables, &invocation())
}

fn keys(value: &Value) -> String {
    let keys: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.join(" ")
}

/// The keys that dbt-core 1.11 wrote for a compiled model, a generic test, a source, in its order.
#[test]
fn entries_have_the_keys_of_dbt_in_its_order() {
    let json = manifest_json(&fixture::manifest());
    assert_eq!(
        keys(&json),
        "metadata nodes sources macros docs exposures metrics groups selectors disabled parent_map child_map group_map \
         saved_queries semantic_models unit_tests functions"
    );
    let common = "database schema name resource_type package_name path original_file_path unique_id fqn alias checksum \
                  config tags description columns meta group docs patch_path build_path unrendered_config created_at \
                  relation_name raw_code doc_blocks language refs sources metrics functions depends_on compiled_path \
                  compiled compiled_code extra_ctes_injected extra_ctes contract";
    assert_eq!(
        keys(&json["nodes"]["model.shop.dim_users"]),
        format!(
            "{common} access constraints version latest_version deprecation_date primary_key time_spine"
        )
    );
    let test = &json["nodes"]["test.shop.unique_dim_users_user_id"];
    assert_eq!(
        keys(test),
        format!("{common} column_name file_key_name attached_node test_metadata")
    );
    assert_eq!(keys(&json["nodes"]["test.shop.plays_are_counted"]), common);
    assert_eq!(
        keys(&json["sources"]["source.shop.raw.events"]),
        "database schema name resource_type package_name path original_file_path unique_id fqn source_name \
         source_description loader identifier quoting loaded_at_field loaded_at_query freshness external description \
         columns meta source_meta tags config patch_path unrendered_config relation_name created_at \
         unrendered_database unrendered_schema doc_blocks"
    );
    assert_eq!(
        keys(&json["nodes"]["model.shop.dim_users"]["config"]),
        "enabled alias schema database tags meta group static_analysis materialized incremental_strategy batch_size \
         lookback begin persist_docs post-hook pre-hook quoting column_types full_refresh unique_key on_schema_change \
         on_configuration_change grants packages docs contract event_time concurrent_batches access freshness"
    );
    assert_eq!(
        keys(&test["config"]),
        "enabled alias schema database tags meta group static_analysis materialized severity store_failures \
         store_failures_as where limit fail_calc warn_if error_if"
    );
}

#[test]
fn seeds_exposures_and_hooks_have_keys_of_their_own() {
    use crate::manifest::ResourceType;
    use crate::manifest::node::{Detail, ExposureDetail};

    let mut exposure = fixture::node(ResourceType::Exposure, "dash", "schema.yml");
    exposure.relation = None;
    exposure.depends_on = vec![fixture::SEED];
    exposure.detail = Detail::Exposure(Box::new(ExposureDetail {
        kind: "dashboard".into(),
        owner: json!({ "name": "me" }),
        url: None,
        maturity: None,
        label: None,
    }));
    let mut hook = fixture::node(
        ResourceType::Operation,
        "shop-on-run-start-0",
        "hooks/0.sql",
    );
    hook.detail = Detail::Operation {
        at_start: true,
        index: 0,
    };
    let mut manifest = fixture::manifest();
    manifest.disabled = vec![*manifest.nodes[fixture::DIMENSION.index()].clone()];
    manifest.nodes.extend([exposure, hook].map(Box::new));
    let json = manifest_json(&manifest);
    let seed = &json["nodes"]["seed.shop.levels"];
    assert_eq!(
        keys(seed),
        "database schema name resource_type package_name path original_file_path unique_id fqn alias checksum config \
         tags description columns meta group docs patch_path build_path unrendered_config created_at relation_name \
         raw_code doc_blocks root_path depends_on"
    );
    assert_eq!(keys(&seed["depends_on"]), "macros");
    assert_eq!(
        keys(&json["exposures"]["exposure.shop.dash"]),
        "name resource_type package_name path original_file_path unique_id fqn type owner description label maturity \
         meta tags config unrendered_config url depends_on refs sources metrics created_at"
    );
    assert_eq!(
        json["nodes"]["operation.shop.shop-on-run-start-0"]["index"],
        1
    );
    assert_eq!(
        json["disabled"]["model.shop.dim_users"][0]["unique_id"],
        "model.shop.dim_users"
    );
    assert_eq!(
        json["child_map"]["seed.shop.levels"],
        json!(["exposure.shop.dash"])
    );
}

#[test]
fn a_test_is_tied_to_its_model_and_column() {
    let json = manifest_json(&fixture::manifest());
    let test = &json["nodes"]["test.shop.unique_dim_users_user_id"];
    let tied = json!({
        "checksum": test["checksum"],
        "column_name": test["column_name"],
        "file_key_name": test["file_key_name"],
        "attached_node": test["attached_node"],
        "test_metadata": test["test_metadata"],
        "compiled_path": test["compiled_path"],
        "raw_code": test["raw_code"],
        "primary_key of the model": json["nodes"]["model.shop.dim_users"]["primary_key"],
        "parents": json["parent_map"]["test.shop.unique_dim_users_user_id"],
        "children of the model": json["child_map"]["model.shop.dim_users"],
    });
    assert_snapshot!(serde_json::to_string_pretty(&tied).unwrap(), @r#"
    {
      "checksum": {
        "name": "none",
        "checksum": ""
      },
      "column_name": "user_id",
      "file_key_name": "models.dim_users",
      "attached_node": "model.shop.dim_users",
      "test_metadata": {
        "name": "unique",
        "kwargs": {
          "column_name": "user_id",
          "model": "{{ get_where_subquery(ref('dim_users')) }}"
        },
        "namespace": null
      },
      "compiled_path": "target/compiled/shop/models/schema.yml/unique_dim_users_user_id.sql",
      "raw_code": "{{ test_unique(**_dbt_generic_test_kwargs) }}",
      "primary_key of the model": [
        "user_id"
      ],
      "parents": [
        "model.shop.dim_users"
      ],
      "children of the model": [
        "model.shop.fct_plays",
        "test.shop.not_null_dim_users_user_id",
        "test.shop.relationships_fct_plays_user_id",
        "test.shop.unique_dim_users_user_id"
      ]
    }
    "#);
}

#[test]
fn a_model_tells_its_checksum_names_and_columns() {
    let json = manifest_json(&fixture::manifest());
    let mut model = json["nodes"]["model.shop.dim_users"].clone();
    model.as_object_mut().unwrap().shift_remove("config");
    assert_snapshot!(serde_json::to_string_pretty(&model).unwrap(), @r#"
    {
      "database": "shop",
      "schema": "dev",
      "name": "dim_users",
      "resource_type": "model",
      "package_name": "shop",
      "path": "dimensions/dim_users.sql",
      "original_file_path": "models/dimensions/dim_users.sql",
      "unique_id": "model.shop.dim_users",
      "fqn": [
        "shop",
        "dim_users"
      ],
      "alias": "dim_users",
      "checksum": {
        "name": "sha256",
        "checksum": "bd2c4a48b42d5f12f8b4beb9157d5df66758d8fc21f1f1272ff424de050f88f9"
      },
      "tags": [],
      "description": "Users, the **latest** level wins | see `fct_plays`.",
      "columns": {
        "user_id": {
          "name": "user_id",
          "description": "The user.",
          "meta": {},
          "data_type": "integer",
          "constraints": [
            {
              "type": "primary_key",
              "name": null,
              "expression": null,
              "warn_unenforced": true,
              "warn_unsupported": true,
              "to": null,
              "to_columns": []
            }
          ],
          "quote": null,
          "config": {
            "meta": {},
            "tags": []
          },
          "tags": [],
          "granularity": null,
          "doc_blocks": []
        },
        "email": {
          "name": "email",
          "description": "Where we write to.",
          "meta": {
            "pii": true
          },
          "data_type": null,
          "constraints": [],
          "quote": null,
          "config": {
            "meta": {
              "pii": true
            },
            "tags": []
          },
          "tags": [],
          "granularity": null,
          "doc_blocks": []
        }
      },
      "meta": {},
      "group": null,
      "docs": {
        "show": true,
        "node_color": null
      },
      "patch_path": "shop://models/schema.yml",
      "build_path": null,
      "unrendered_config": {},
      "created_at": 1705314645.123456,
      "relation_name": "\"dev\".\"dim_users\"",
      "raw_code": "select user_id, email from {{ ref('stg_events') }}",
      "doc_blocks": [],
      "language": "sql",
      "refs": [
        {
          "name": "stg_events",
          "package": null,
          "version": null
        }
      ],
      "sources": [],
      "metrics": [],
      "functions": [],
      "depends_on": {
        "macros": [],
        "nodes": [
          "model.shop.stg_events"
        ]
      },
      "compiled_path": "target/compiled/shop/models/dimensions/dim_users.sql",
      "compiled": true,
      "compiled_code": "select 1",
      "extra_ctes_injected": true,
      "extra_ctes": [],
      "contract": {
        "enforced": false,
        "alias_types": true,
        "checksum": null
      },
      "access": "protected",
      "constraints": [],
      "version": null,
      "latest_version": null,
      "deprecation_date": null,
      "primary_key": [
        "user_id"
      ],
      "time_spine": null
    }
    "#);
}

#[test]
fn run_results_tell_what_became_of_each_node() {
    let json = results_json(&fixture::manifest());
    assert_snapshot!(serde_json::to_string_pretty(&json).unwrap(), @r#"
    {
      "metadata": {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json",
        "dbt_version": "1.11.0",
        "generated_at": "2024-01-15T10:30:45.123456Z",
        "invocation_id": "11111111-2222-3333-4444-555555555555",
        "invocation_started_at": "2024-01-15T10:30:45.123456Z",
        "env": {}
      },
      "results": [
        {
          "status": "success",
          "timing": [
            {
              "name": "compile",
              "started_at": "2024-01-15T10:30:45.123456Z",
              "completed_at": "2024-01-15T10:30:45.133456Z"
            },
            {
              "name": "execute",
              "started_at": "2024-01-15T10:30:45.133456Z",
              "completed_at": "2024-01-15T10:30:45.243456Z"
            }
          ],
          "thread_id": "Thread-1 (worker)",
          "execution_time": 0.12,
          "adapter_response": {
            "_message": "SUCCESS",
            "rows_affected": 96
          },
          "message": "SUCCESS",
          "failures": null,
          "unique_id": "model.shop.dim_users",
          "compiled": true,
          "compiled_code": "select 1",
          "relation_name": "\"dev\".\"dim_users\"",
          "batch_results": null
        },
        {
          "status": "fail",
          "timing": [
            {
              "name": "compile",
              "started_at": "2024-01-15T10:30:45.123456Z",
              "completed_at": "2024-01-15T10:30:45.133456Z"
            },
            {
              "name": "execute",
              "started_at": "2024-01-15T10:30:45.133456Z",
              "completed_at": "2024-01-15T10:30:45.243456Z"
            }
          ],
          "thread_id": "Thread-1 (worker)",
          "execution_time": 0.12,
          "adapter_response": {
            "_message": "SUCCESS",
            "rows_affected": 1
          },
          "message": "Got 8 results, configured to fail if != 0",
          "failures": 8,
          "unique_id": "test.shop.unique_dim_users_user_id",
          "compiled": false,
          "compiled_code": null,
          "relation_name": null,
          "batch_results": null
        },
        {
          "status": "skipped",
          "timing": [],
          "thread_id": "Thread-1 (worker)",
          "execution_time": 0.0,
          "adapter_response": {},
          "message": null,
          "failures": null,
          "unique_id": "model.shop.fct_plays",
          "compiled": false,
          "compiled_code": null,
          "relation_name": "\"dev\".\"fct_plays\"",
          "batch_results": null
        }
      ],
      "elapsed_time": 1.5,
      "args": {
        "which": "build"
      }
    }
    "#);
}

#[test]
fn the_last_run_is_read_back_as_it_was() {
    let manifest = fixture::manifest();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run_results.json");
    assert_eq!(Previous::read(&path).unwrap(), Previous::default());
    let mut json = results_json(&manifest);
    file::write_json(&path, &json, &Redactor::default()).unwrap();
    let mut read = Previous::read(&path).unwrap();
    // A node that was skipped has a result in the file, and no news for who goes on from it.
    assert_eq!(
        read.results.remove("model.shop.fct_plays").unwrap().status,
        "skipped"
    );
    assert_eq!(read, Previous::default().then(&manifest, &results()));
    assert_eq!(read.seconds(&manifest, fixture::DIMENSION), Some(0.12));
    json["results"] = json!("?");
    file::write_json(&path, &json, &Redactor::default()).unwrap();
    assert!(Previous::read(&path).is_err());
}

#[test]
fn a_run_of_a_few_nodes_does_not_forget_the_others() {
    let manifest = fixture::manifest();
    let folder = tempfile::tempdir().unwrap();
    let all = Previous::load(folder.path())
        .unwrap()
        .then(&manifest, &results());
    all.save(folder.path(), &Redactor::default()).unwrap();
    let few = RunResults {
        results: vec![fixture::result(fixture::UNIQUE, Status::Pass)],
        ..RunResults::default()
    };
    let then = Previous::load(folder.path()).unwrap().then(&manifest, &few);
    let status = |id: NodeId| then.results[&manifest.node(id).unique_id].status.as_str();
    assert_eq!(
        (status(fixture::DIMENSION), status(fixture::UNIQUE)),
        ("success", "pass")
    );
    // A node that is gone from the project is forgotten.
    assert_eq!(
        then.then(&Manifest::default(), &RunResults::default()),
        Previous::default()
    );
}

#[test]
fn the_catalog_tells_columns_and_rows() {
    let manifest = fixture::manifest();
    assert_snapshot!(catalog_json(&manifest)["nodes"]["model.shop.dim_users"], @r#"{"metadata":{"type":"BASE TABLE","schema":"dev","name":"dim_users","database":"shop","comment":null,"owner":null},"columns":{"user_id":{"type":"integer","index":1,"name":"user_id","comment":null}},"stats":{"row_count":{"id":"row_count","label":"Rows","value":96,"include":true,"description":"Rows after the last build"},"has_stats":{"id":"has_stats","label":"Has statistics","value":true,"include":false,"description":"Whether there are statistics for this table"}},"unique_id":"model.shop.dim_users"}"#);
}

#[test]
fn the_same_project_gives_the_same_bytes() {
    let [once, twice] = [(); 2].map(|()| manifest_json(&fixture::manifest()).to_string());
    assert_eq!(once, twice);
}

/// Reads all three with the public schemas: `dbt-artifacts-parser` from PyPI, in the Python that `REDSTART_TEST_PYTHON` names.
#[test]
fn the_public_schemas_accept_all_three_files() {
    let python = std::env::var("REDSTART_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let has_parser = Command::new(&python)
        .args(["-c", "import dbt_artifacts_parser"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_parser {
        skipped(&python);
        return;
    }
    let manifest = fixture::manifest();
    let folder = tempfile::tempdir().unwrap();
    for (name, json) in [
        ("manifest", manifest_json(&manifest)),
        ("run_results", results_json(&manifest)),
        ("catalog", catalog_json(&manifest)),
    ] {
        let path = folder.path().join(format!("{name}.json"));
        file::write_json(&path, &json, &Redactor::default()).unwrap();
    }
    let script = "import json, sys, dbt_artifacts_parser.parser as parser
read = lambda name: json.load(open(f'{sys.argv[1]}/{name}.json'))
parser.parse_manifest_v12(read('manifest'))
parser.parse_run_results_v6(read('run_results'))
parser.parse_catalog_v1(read('catalog'))
";
    let output = Command::new(&python)
        .args(["-c", script, &folder.path().to_string_lossy()])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[expect(clippy::print_stderr, reason = "a test says why it proves nothing")]
fn skipped(python: &str) {
    eprintln!("skipped: {python} has no dbt_artifacts_parser (set REDSTART_TEST_PYTHON)");
}
