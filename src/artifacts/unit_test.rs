//! One unit test as an entry of `manifest.json`, with dbt's keys in dbt's order.

use serde::ser::SerializeMap;
use serde_json::{Map, Value, json};

use super::entry::{ConfigOf, Entry, sha256};
use crate::manifest::unit_test::{Fixture, FixtureRows, UnitTestDetail};

/// Writes the entry.
pub(super) fn serialize<M: SerializeMap>(
    entry: &Entry<'_>,
    map: &mut M,
    detail: &UnitTestDetail,
) -> Result<(), M::Error> {
    let node = entry.node;
    let given: Vec<Value> = detail
        .given
        .iter()
        .map(|given| {
            let mut value = Map::new();
            value.insert("input".to_owned(), given.input.value.as_str().into());
            value.extend(fixture(&given.fixture));
            Value::Object(value)
        })
        .collect();
    let expect = Value::Object(fixture(&detail.expect));
    let overrides = json!({
        "macros": detail.macros, "vars": detail.vars, "env_vars": detail.env_vars,
    });
    let text = json!([detail.model, detail.versions, given, expect, overrides]).to_string();
    map.serialize_entry("model", &detail.model)?;
    map.serialize_entry("given", &given)?;
    map.serialize_entry("expect", &expect)?;
    map.serialize_entry("name", &node.name)?;
    map.serialize_entry("resource_type", node.resource_type.as_str())?;
    entry.identity(map)?;
    map.serialize_entry("description", &node.description)?;
    map.serialize_entry("overrides", &overrides)?;
    entry.depends_on(map)?;
    map.serialize_entry("config", &ConfigOf(node))?;
    map.serialize_entry("checksum", &sha256(&text))?;
    map.serialize_entry("schema", entry.index.invocation.schema)?;
    map.serialize_entry("created_at", &entry.index.created_at)?;
    map.serialize_entry("versions", &detail.versions)?;
    map.serialize_entry("version", &detail.version)
}

fn fixture(fixture: &Fixture) -> Map<String, Value> {
    let rows = match &fixture.rows {
        FixtureRows::Sql { text, .. } => Value::from(text.as_str()),
        FixtureRows::Values(rows) => rows
            .iter()
            .map(|row| {
                let cells = row.values.iter();
                let cells = cells.map(|(name, cell)| (name.clone(), cell.value.clone()));
                Value::Object(cells.collect())
            })
            .collect(),
    };
    Map::from_iter([
        ("rows".to_owned(), rows),
        ("format".to_owned(), fixture.format.as_str().into()),
        ("fixture".to_owned(), json!(fixture.file)),
    ])
}
