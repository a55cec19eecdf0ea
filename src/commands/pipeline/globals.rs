//! The plain names that every template may read: `target`, `flags`, `invocation_id` and the like.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::artifacts::run_results;
use crate::commands::Session;
use crate::jinja::{ConfigOfResult, MomentValue, PROJECT, Value, changing};
use crate::manifest::{Manifest, NodeId, ResourceType};
use crate::project::Project;
use crate::project::render::to_jinja;
use crate::run::{NodeResult, Status};

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
    let packages = project.all().map(|package| {
        let version = package.file.version.as_deref();
        let told = json!({ "project_name": package.name, "version": version });
        (package.name.clone(), told)
    });
    let whole = json!({
        "project_name": project.own.name,
        "version": project.own.file.version,
        "profile_name": target.profile_name,
        "target_name": target.name,
        "threads": target.threads,
        "project_root": project.own.root,
        "dependencies": packages.collect::<serde_json::Map<_, _>>(),
        "vars": project.vars.project,
        "cli_vars": project.vars.command_line,
        "args": arguments,
    });
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
        (PROJECT, changing(&whole)),
    ];
    values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What `on-run-end` sees beside, as dbt shows it: `results` of the nodes, and the schemas in which relations were built. `entries` are the
/// nodes as `manifest.json` has them, in its order.
pub(super) fn of_results(
    manifest: &Manifest,
    entries: &[Json],
    results: &[NodeResult],
    adapter: &str,
) -> BTreeMap<String, Value> {
    let is_node =
        |result: &&NodeResult| manifest.node(result.node).resource_type != ResourceType::Operation;
    let entry_of: BTreeMap<NodeId, &Json> = manifest.ids().zip(entries).collect();
    let of = |result: &NodeResult| {
        let mut told = run_results::entry(manifest, result, adapter);
        let mut node = entry_of
            .get(&result.node)
            .map_or(Json::Null, |entry| (*entry).clone());
        node["compiled_code"] = told["compiled_code"].take();
        let config = node.get("config").and_then(Json::as_object).cloned();
        let config = Value::from_object(ConfigOfResult::from(config.unwrap_or_default()));
        let node = with(&node, "config", config);
        with(&told, "node", node)
    };
    let built: BTreeSet<(String, String)> = results
        .iter()
        .filter(is_node)
        .filter(|result| {
            !matches!(
                result.status,
                Status::Error | Status::Fail | Status::Skipped
            )
        })
        .filter_map(|result| {
            let node = manifest.node(result.node);
            // Where failures are not kept, a test makes nothing.
            let relation = match node.resource_type.is_test() {
                true => result.stored.as_ref()?,
                false => node.relation.as_ref()?,
            };
            let relation = manifest.in_full(relation);
            Some((
                relation.database.clone().unwrap_or_default(),
                relation.schema.clone(),
            ))
        })
        .collect();
    let schemas: BTreeSet<&str> = built.iter().map(|(_, schema)| schema.as_str()).collect();
    let pairs = built.iter().map(|(database, schema)| {
        Value::from(vec![
            Value::from(database.as_str()),
            Value::from(schema.as_str()),
        ])
    });
    let results: Value = results.iter().filter(is_node).map(of).collect();
    BTreeMap::from([
        ("results".to_owned(), results),
        ("schemas".to_owned(), to_jinja(&json!(schemas))),
        ("database_schemas".to_owned(), pairs.collect()),
    ])
}

/// A mapping with one more key.
fn with(entries: &Json, key: &str, value: Value) -> Value {
    let entries = entries.as_object().into_iter().flatten();
    let others = entries.filter(|(other, _)| *other != key);
    let others = others.map(|(other, value)| (other.clone(), to_jinja(value)));
    Value::from_pairs(others.chain([(key.to_owned(), value)]))
}
