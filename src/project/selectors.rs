//! `selectors.yml`: selections under a name.
//!
//! In: the project's folder. Out: [`Selector`]s, their definitions as written, and as `manifest.json` tells them.
//! Does not know what a definition selects.

use std::path::Path;

use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::files;
use super::render::YamlRenderer;
use super::yaml::{self, Spanned, Yaml};
use crate::diagnostic::{Diagnostic, Diagnostics};

const FILE: &str = "selectors.yml";

/// A selection under a name.
#[derive(Clone, Debug)]
pub struct Selector {
    /// Its name.
    pub name: Spanned<String>,
    /// Its definition, its Jinja rendered.
    pub definition: Yaml,
    /// Whether it holds where nothing is selected.
    pub default: bool,
    /// The whole of it, as rendered.
    item: Yaml,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileShape {
    #[serde(rename = "version")]
    _version: Option<i64>,
    selectors: Vec<Yaml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    name: Spanned<String>,
    definition: Yaml,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(default)]
    default: bool,
}

/// The selectors of a project, in the order of the file; those that are wrong are told and left out.
pub fn read(root: &Path, renderer: &YamlRenderer, problems: &mut Diagnostics) -> Vec<Selector> {
    let path = root.join(FILE);
    if !path.is_file() {
        return Vec::new();
    }
    let document = match files::read(&path, FILE).and_then(|source| yaml::parse(&source)) {
        Ok(document) if document.is_null() => return Vec::new(),
        Ok(document) => renderer.render(&document, &|_| true, problems),
        Err(problem) => {
            problems.push(problem);
            return Vec::new();
        }
    };
    let items = match document.to::<FileShape>() {
        Ok(file) => file.selectors,
        Err(problem) => {
            problems.push(problem);
            return Vec::new();
        }
    };
    let mut selectors: Vec<Selector> = Vec::new();
    for item in items {
        match item.to::<Shape>() {
            Ok(shape) => add(&mut selectors, shape, item, problems),
            Err(problem) => problems.push(problem),
        }
    }
    selectors
}

fn add(selectors: &mut Vec<Selector>, shape: Shape, item: Yaml, problems: &mut Diagnostics) {
    let name = &shape.name.value;
    if let Some(first) = selectors.iter().find(|known| known.name.value == *name) {
        let problem = Diagnostic::error(
            "duplicate-selector",
            format!("there are two selectors `{name}`"),
        );
        problems.push(
            problem
                .at(shape.name.span)
                .related("the first", first.name.span.clone())
                .help("rename one of them"),
        );
        return;
    }
    let before = selectors.iter().find(|known| known.default);
    if let (true, Some(first)) = (shape.default, before) {
        let problem = Diagnostic::error(
            "two-default-selectors",
            format!(
                "`{}` and `{name}` are both the default selector",
                first.name.value
            ),
        );
        problems.push(
            problem
                .at(shape.name.span)
                .related("the first", first.name.span.clone())
                .help("leave `default: true` to one of them"),
        );
        return;
    }
    selectors.push(Selector {
        name: shape.name,
        definition: shape.definition,
        default: shape.default,
        item,
    });
}

/// The selectors as `manifest.json` has them: words taken apart, inherited definitions put in.
pub fn as_json(selectors: &[Selector]) -> Map<String, Value> {
    let mut known = Map::new();
    for selector in selectors {
        let mut whole = selector.item.to_object();
        let definition = normal(&selector.definition.to_json(), &known);
        whole.insert("definition".to_owned(), definition);
        known.insert(selector.name.value.clone(), Value::Object(whole));
    }
    known
}

fn normal(definition: &Value, known: &Map<String, Value>) -> Value {
    let all = |items: &Value| match items.as_array() {
        Some(items) => items.iter().map(|item| normal(item, known)).collect(),
        None => items.clone(),
    };
    let entries = match definition {
        Value::String(text) => return word(text),
        Value::Object(entries) => entries,
        other => return other.clone(),
    };
    for group in ["union", "intersection"] {
        if let Some(items) = entries.get(group) {
            return json!({ group: all(items) });
        }
    }
    let Some((key, value)) = entries.iter().next() else {
        return definition.clone();
    };
    if key == "exclude" {
        return json!({ "exclude": all(value) });
    }
    if entries.len() == 1 {
        return json!({ "method": key, "value": all(value) });
    }
    let inherited = entries.get("value").and_then(Value::as_str);
    match (entries.get("method").and_then(Value::as_str), inherited) {
        (Some("selector"), Some(name)) => {
            let definition = known.get(name).and_then(|known| known.get("definition"));
            definition.cloned().unwrap_or_default()
        }
        _ => definition.clone(),
    }
}

/// A word of the selector language by its parts, as dbt takes it apart.
fn word(text: &str) -> Value {
    let parts = Regex::new(
        r"\A(?P<at>@)?((?P<above>\d*)\+)?((?P<method>[\w.]+):)?(?P<value>.*?)(\+(?P<below>\d*))?\z",
    )
    .ok()
    .and_then(|pattern| {
        pattern.captures(text).map(|found| {
            let part = |name: &str| found.name(name).map(|part| part.as_str().to_owned());
            (
                part("at"),
                part("above"),
                part("method"),
                part("value").unwrap_or_default(),
                part("below"),
            )
        })
    });
    let Some((at, above, method, value, below)) = parts else {
        return Value::from(text);
    };
    let by_looks = || {
        let lower = value.to_lowercase();
        let is_file = [".sql", ".py", ".csv"]
            .iter()
            .any(|end| lower.ends_with(end));
        match (value.contains('/'), is_file) {
            (true, _) => "path",
            (false, true) => "file",
            (false, false) => "fqn",
        }
    };
    let method = method.unwrap_or_else(|| by_looks().to_owned());
    let mut made = Map::new();
    let mut insert = |key: &str, value: Value| made.insert(key.to_owned(), value);
    if at.is_some() {
        insert("childrens_parents", true.into());
    }
    if let Some(depth) = above {
        insert("parents", true.into());
        if !depth.is_empty() {
            insert("parents_depth", depth.into());
        }
    }
    insert("method", method.into());
    insert("value", value.into());
    if let Some(depth) = below {
        insert("children", true.into());
        if !depth.is_empty() {
            insert("children_depth", depth.into());
        }
    }
    Value::Object(made)
}
