//! The plain names that every template may read: `target`, `flags`, `invocation_id` and the like.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::artifacts::seconds;
use crate::commands::Session;
use crate::jinja::{MomentValue, Value};
use crate::manifest::Manifest;
use crate::project::Project;
use crate::project::render::to_jinja;
use crate::run::NodeResult;

/// What holds for every node of a run.
pub(super) fn globals(session: &Session, project: &Project) -> BTreeMap<String, Value> {
    let target = &project.target;
    let mut flags = session.flags.for_templates();
    let always = [
        ("FULL_REFRESH", json!(session.flags.is("full_refresh"))),
        ("STORE_FAILURES", json!(session.flags.is("store_failures"))),
        ("WHICH", json!(session.verb)),
        ("TARGET", json!(target.name)),
        ("PROJECT_DIR", json!(project.own.root)),
        ("INVOCATION_COMMAND", json!(session.command())),
    ];
    flags.extend(always.map(|(name, value)| (name.to_owned(), value)));
    let mut arguments = session.arguments();
    arguments.insert("target".to_owned(), json!(target.name));
    let values = [
        ("target", to_jinja(&Json::Object(target.to_jinja()))),
        ("flags", to_jinja(&Json::Object(flags))),
        ("invocation_args_dict", to_jinja(&Json::Object(arguments))),
        (
            "run_started_at",
            MomentValue::from(&session.started.to_zoned(jiff::tz::TimeZone::UTC)).into(),
        ),
        ("invocation_id", Value::from(session.invocation_id.as_str())),
        ("project_name", Value::from(project.own.name.as_str())),
        ("database", Value::from(target.database.as_str())),
        ("schema", Value::from(target.schema.as_str())),
        ("thread_id", Value::from("MainThread")),
    ];
    values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What `on-run-end` sees beside: `results`, and the schemas that were built in.
pub(super) fn of_results(manifest: &Manifest, results: &[NodeResult]) -> BTreeMap<String, Value> {
    let of = |result: &NodeResult| {
        let node = manifest.node(result.node);
        json!({
            "node": {
                "unique_id": node.unique_id,
                "name": node.name,
                "alias": node.alias,
                "resource_type": node.resource_type.as_str(),
                "package_name": node.package_name,
                "original_file_path": node.original_file_path,
                "schema": node.relation.as_ref().map(|relation| relation.schema.as_str()),
                "database": node.relation.as_ref().and_then(|relation| relation.database.as_deref()),
                "config": node.config.values,
            },
            "status": result.status.as_str(),
            "message": result.message,
            "failures": result.failures,
            "execution_time": seconds(result),
            "thread_id": format!("Thread-{}", result.thread),
            "adapter_response": { "rows_affected": result.rows },
        })
    };
    let schemas: BTreeSet<&str> = results
        .iter()
        .filter_map(|result| manifest.node(result.node).relation.as_ref())
        .map(|relation| relation.schema.as_str())
        .collect();
    let values = [
        ("results", json!(results.iter().map(of).collect::<Vec<_>>())),
        ("schemas", json!(schemas)),
    ];
    values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), to_jinja(&value)))
        .collect()
}
