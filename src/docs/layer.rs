//! The layer of a table: said in its `meta`, or read from its folder or name.

use serde_json::Value;

use crate::manifest::{Node, ResourceType};

/// Layers as data walks through them; others stand between the last of these and nothing.
const ORDER: [&str; 6] = [
    "Source",
    "Seed",
    "Staging",
    "Intermediate",
    "Dimension",
    "Fact",
];

/// Folder names and name prefixes that say a layer.
const WORDS: [(&str, &str); 13] = [
    ("staging", "Staging"),
    ("stage", "Staging"),
    ("stg", "Staging"),
    ("intermediate", "Intermediate"),
    ("int", "Intermediate"),
    ("dimensions", "Dimension"),
    ("dimension", "Dimension"),
    ("dims", "Dimension"),
    ("dim", "Dimension"),
    ("facts", "Fact"),
    ("fact", "Fact"),
    ("fct", "Fact"),
    ("analytics", "Analytics"),
];

/// `meta.layer`, or the config `layer`, or the kind of node, or a folder, or a prefix of the name.
pub fn layer(node: &Node) -> String {
    let said = node
        .config
        .meta
        .get("layer")
        .or(node.config.values.get("layer"));
    if let Some(said) = said
        .and_then(Value::as_str)
        .filter(|said| !said.trim().is_empty())
    {
        return known(said).map_or_else(|| title(said), str::to_owned);
    }
    match node.resource_type {
        ResourceType::Source => return "Source".into(),
        ResourceType::Seed => return "Seed".into(),
        _ => {}
    }
    let folders: Vec<&str> = node.path.split('/').rev().skip(1).collect();
    let prefix = node.name.split('_').next().unwrap_or_default();
    folders
        .iter()
        .find_map(|folder| known(folder))
        .or_else(|| known(prefix))
        .map(str::to_owned)
        .or_else(|| folders.last().map(|folder| title(folder)))
        .unwrap_or_else(|| "Other".into())
}

/// Where a layer stands among the others.
pub fn rank(layer: &str) -> usize {
    ORDER
        .iter()
        .position(|known| *known == layer)
        .unwrap_or(ORDER.len())
}

fn known(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    WORDS
        .iter()
        .find(|(known, layer)| *known == word || layer.to_lowercase() == word)
        .map(|(_, layer)| *layer)
        .or_else(|| ORDER.into_iter().find(|layer| layer.to_lowercase() == word))
}

fn title(word: &str) -> String {
    let word = word.trim().replace('_', " ");
    let mut characters = word.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => word,
    }
}
