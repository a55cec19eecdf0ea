//! `redstart ls`: the nodes that a selection holds, as `dbt ls` prints them.

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::pipeline::{self, Prepared, TargetFolder};
use super::selecting::{Kinds, Selecting};
use super::{Outcome, Session, Stop};
use crate::artifacts::manifest::ManifestJson;
use crate::compile::Compiled;
use crate::manifest::node::Detail;
use crate::manifest::{Manifest, Node, NodeId, ResourceType};
use crate::report::Message;

const KINDS: [ResourceType; 10] = [
    ResourceType::Model,
    ResourceType::Snapshot,
    ResourceType::Seed,
    ResourceType::Test,
    ResourceType::UnitTest,
    ResourceType::Source,
    ResourceType::Exposure,
    ResourceType::Metric,
    ResourceType::SemanticModel,
    ResourceType::SavedQuery,
];
const ALL_KINDS: [ResourceType; 11] = [
    ResourceType::Model,
    ResourceType::Snapshot,
    ResourceType::Seed,
    ResourceType::Test,
    ResourceType::UnitTest,
    ResourceType::Source,
    ResourceType::Exposure,
    ResourceType::Metric,
    ResourceType::SemanticModel,
    ResourceType::SavedQuery,
    ResourceType::Analysis,
];

/// The keys of `--output json` without `--output-keys`.
const DEFAULT_KEYS: [&str; 10] = [
    "alias",
    "name",
    "package_name",
    "depends_on",
    "tags",
    "config",
    "resource_type",
    "source_name",
    "original_file_path",
    "unique_id",
];

/// List the nodes that a selection holds
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart ls                                       everything
  redstart ls -s +fct_songplays --resource-type model
  redstart ls -s tag:nightly --output path
  redstart ls -s column:dim_users.level+            what is made of one column
  redstart ls --output json --output-keys unique_id config.materialized")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    kinds: Kinds,

    /// How a node is written
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "selector",
        ignore_case = true
    )]
    output: Form,

    /// The keys of the JSON objects; `config.materialized` reaches inside
    #[arg(long, value_name = "KEY", num_args = 1.., value_delimiter = ' ')]
    output_keys: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A JSON object a line
    Json,
    /// The name
    Name,
    /// The file
    Path,
    /// The selector that selects it alone
    Selector,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let prepared = pipeline::prepare(session)?;
        let kinds = if self.selecting.models.is_empty() {
            self.kinds.of(&KINDS, &ALL_KINDS)
        } else {
            // As in dbt, where `--models` is more than an older name of `--select` for this command.
            [ResourceType::Model].into()
        };
        let request = self.selecting.request(kinds);
        let selection = pipeline::select(session, &prepared, &request)?;
        TargetFolder::of(session, &prepared)?.write_parsed()?;
        if selection.is_empty() {
            session.terminal.info("no nodes selected");
        }
        let mut ids: Vec<NodeId> = selection.iter().collect();
        ids.sort_by_key(|id| &prepared.manifest.node(*id).unique_id);
        let lines = match self.output {
            Form::Json => self.objects(session, &prepared, ids),
            Form::Name => lines(&prepared.manifest, ids, name),
            Form::Path => lines(&prepared.manifest, ids, |node| {
                node.original_file_path.clone()
            }),
            Form::Selector => lines(&prepared.manifest, ids, selector),
        };
        for line in lines {
            session.terminal.answer_event(&Message::printed(line))?;
        }
        Ok(Outcome::Done)
    }

    fn objects(&self, session: &Session, prepared: &Prepared, ids: Vec<NodeId>) -> Vec<String> {
        let json = ManifestJson {
            built: &BTreeSet::new(),
            manifest: &prepared.manifest,
            invocation: &pipeline::invocation(session, &prepared.project),
            compiled: &[],
            sql: &Compiled::default(),
            groups: &BTreeMap::new(),
            macros: &BTreeMap::new(),
            docs: &BTreeMap::new(),
            selectors: &Map::new(),
        };
        let entries = json.entries(ids);
        entries
            .iter()
            .map(|entry| as_python_prints(&self.object(entry)))
            .collect()
    }

    fn object(&self, whole: &Value) -> Value {
        let mut object = Map::new();
        if self.output_keys.is_empty() {
            for (key, value) in whole.as_object().into_iter().flatten() {
                if DEFAULT_KEYS.contains(&key.as_str()) {
                    object.insert(key.clone(), value.clone());
                }
            }
        }
        let keys = self.output_keys.iter().flat_map(|keys| keys.split(','));
        for key in keys.filter(|key| !key.is_empty()) {
            let value = key
                .split('.')
                .try_fold(whole, |value, key| value.as_object()?.get(key));
            // As dbt: what a path does not reach, or reaches as null, is left out; a plain key may be null.
            if let Some(value) = value
                && !(value.is_null() && key.contains('.'))
            {
                object.insert(key.to_owned(), value.clone());
            }
        }
        Value::Object(object)
    }
}

fn lines(manifest: &Manifest, ids: Vec<NodeId>, line: impl Fn(&Node) -> String) -> Vec<String> {
    ids.into_iter().map(|id| line(manifest.node(id))).collect()
}

fn name(node: &Node) -> String {
    match &node.detail {
        Detail::Source(source) => format!("{}.{}", source.source_name, node.name),
        _ => node.name.clone(),
    }
}

/// The selector that selects a node alone.
pub(super) fn selector(node: &Node) -> String {
    let package = &node.package_name;
    match &node.detail {
        Detail::Source(source) => {
            format!("source:{package}.{}.{}", source.source_name, node.name)
        }
        Detail::Exposure(_) => format!("exposure:{package}.{}", node.name),
        Detail::Semantic(_) => format!("{}:{package}.{}", node.resource_type, node.name),
        Detail::UnitTest(_) => format!("unit_test:{package}.{}", node.name),
        _ => node.fqn.join("."),
    }
}

/// JSON with blanks after `:` and `,`, and ASCII only, so that a line is the same as dbt's.
fn as_python_prints(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", quoted(key), as_python_prints(value)));
            format!("{{{}}}", list(entries.collect()))
        }
        Value::Array(items) => {
            format!("[{}]", list(items.iter().map(as_python_prints).collect()))
        }
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let mut ascii = String::new();
    for character in Value::from(text).to_string().chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                ascii += &format!("\\u{unit:04x}");
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_python_writes_it() {
        let value =
            serde_json::json!({"a": [1, true, null, "é\"\n"], "b": {"c": 1.5}, "d": [], "e": "😀"});
        assert_eq!(
            as_python_prints(&value),
            r#"{"a": [1, true, null, "\u00e9\"\n"], "b": {"c": 1.5}, "d": [], "e": "\ud83d\ude00"}"#
        );
    }
}
