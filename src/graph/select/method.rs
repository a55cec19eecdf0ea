//! The methods of the selector language: `tag:`, `path:`, `config.materialized:`, ….

use std::collections::BTreeSet;

use serde_json::Value;

use super::pattern::{PathPattern, Pattern, has_wildcard};
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::manifest::node::Detail;
use crate::manifest::{Manifest, Node, ResourceType};

/// Configuration that is often asked for: what a slip of the finger may have meant.
const CONFIG_KEYS: [&str; 14] = [
    "alias",
    "database",
    "enabled",
    "dist",
    "full_refresh",
    "group",
    "incremental_strategy",
    "materialized",
    "meta",
    "on_schema_change",
    "schema",
    "severity",
    "tags",
    "unique_key",
];

/// How a node is told from others, with the value to compare with.
#[derive(Debug)]
pub(super) enum Method {
    /// A name, or a path of names: `orders`, `staging.stg_*`.
    Fqn(Fqn),
    /// `tag:`.
    Tag(Pattern),
    /// `group:`.
    Group(Pattern),
    /// `source:`: package, source, table.
    Source([Pattern; 3]),
    /// `exposure:`: package, name.
    Exposure([Pattern; 2]),
    /// `metric:`, `semantic_model:`, `saved_query:`: package, name.
    Semantic(ResourceType, [Pattern; 2]),
    /// `unit_test:`: package, name.
    UnitTest([Pattern; 2]),
    /// `path:`.
    Path(PathPattern),
    /// `file:`.
    File(Pattern),
    /// `package:`; none is `package:this`.
    Package(Option<Pattern>),
    /// `config.a.b:`: the keys, and the value.
    Config(Vec<String>, String),
    /// `resource_type:`; none is a kind that no project here has.
    ResourceType(Option<ResourceType>),
    /// `test_type:`.
    TestType(TestType),
    /// `test_name:`.
    TestName(Pattern),
    /// `access:`.
    Access(String),
    /// `state:`, `result:`, `source_status:`: what was compared before, by these words.
    Compared(String, Span),
    /// `version:`: `latest`, `prerelease`, `old`, or `none` for models without versions.
    Version(String),
}

/// dbt's kinds of test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TestType {
    Generic,
    Singular,
    Data,
    Unit,
}

const METHODS: [&str; 22] = [
    "fqn",
    "tag",
    "group",
    "source",
    "exposure",
    "metric",
    "semantic_model",
    "saved_query",
    "path",
    "file",
    "package",
    "config",
    "resource_type",
    "test_type",
    "test_name",
    "access",
    "version",
    "unit_test",
    "state",
    "result",
    "source_status",
    "column",
];

/// What `state:` may be compared by.
const STATES: [&str; 10] = [
    "new",
    "old",
    "modified",
    "unmodified",
    "modified.body",
    "modified.configs",
    "modified.persisted_descriptions",
    "modified.relation",
    "modified.macros",
    "modified.contract",
];

/// Methods that dbt has and Redstart does not, with the reason.
const UNSUPPORTED: [(&str, &str); 2] = [
    ("selector", "name it with `--selector`"),
    (
        "column",
        "it follows the columns of all models, for `--select` and `--exclude` alone",
    ),
];

/// Kinds that dbt has and of which there are no nodes here: they select nothing.
const OTHER_RESOURCE_TYPES: [&str; 1] = ["function"];

impl Method {
    /// Understands `method:value`, or a value whose method is told by its looks.
    pub(super) fn parse(span: &Span) -> Result<Self, Diagnostic> {
        let text = span.text();
        let word = |character: char| character.is_alphanumeric() || "_.".contains(character);
        match text.split_once(':') {
            Some((method, value)) if !method.is_empty() && method.chars().all(word) => {
                let value_span = Span::new(&span.source, span.end - value.len()..span.end);
                let method_span = Span::new(&span.source, span.start..span.start + method.len());
                Self::named(&method_span, &value_span)
            }
            _ if text.contains('/') => Ok(Self::Path(path(span)?)),
            _ if is_file_name(text) => Ok(Self::File(Pattern::new(text))),
            _ => Ok(Self::Fqn(Fqn::new(text))),
        }
    }

    /// Understands a method by its name.
    pub(super) fn named(method: &Span, value: &Span) -> Result<Self, Diagnostic> {
        let (name, keys) = match method.text().split_once('.') {
            Some((name, keys)) => (name, keys.split('.').map(str::to_owned).collect()),
            None => (method.text(), Vec::new()),
        };
        let text = value.text();
        let pattern = || Pattern::new(text);
        Ok(match name {
            "fqn" => Self::Fqn(Fqn::new(text)),
            "tag" => Self::Tag(pattern()),
            "group" => Self::Group(pattern()),
            "source" => Self::Source(qualified(
                value,
                "`source`, `source.table` or `package.source.table`",
            )?),
            "metric" => Self::Semantic(
                ResourceType::Metric,
                qualified_last(value, "`metric` or `package.metric`")?,
            ),
            "semantic_model" => Self::Semantic(
                ResourceType::SemanticModel,
                qualified_last(value, "`semantic_model` or `package.semantic_model`")?,
            ),
            "saved_query" => Self::Semantic(
                ResourceType::SavedQuery,
                qualified_last(value, "`saved_query` or `package.saved_query`")?,
            ),
            "exposure" => {
                Self::Exposure(qualified_last(value, "`exposure` or `package.exposure`")?)
            }
            "unit_test" => {
                Self::UnitTest(qualified_last(value, "`unit_test` or `package.unit_test`")?)
            }
            "path" => Self::Path(path(value)?),
            "file" => Self::File(pattern()),
            "package" => Self::Package((text != "this").then(pattern)),
            "config" => Self::Config(keys, text.to_owned()),
            "resource_type" => Self::ResourceType(resource_type(value)?),
            "test_type" => Self::TestType(test_type(value)?),
            "test_name" => Self::TestName(pattern()),
            "access" => Self::Access(access(value)?),
            "version" => Self::Version(version(value)?),
            "state" => {
                let known = STATES.contains(&text);
                if !known {
                    let message = format!("`state:` knows no `{text}`");
                    return Err(Diagnostic::error("invalid-selector", message)
                        .at(value.clone())
                        .label(format!("not one of {}", STATES.join(", ")))
                        .did_you_mean(text, STATES));
                }
                Self::Compared(format!("state:{text}"), method.clone())
            }
            "result" | "source_status" => {
                let words = format!("{name}:{}", text.to_lowercase());
                Self::Compared(words, method.clone())
            }
            _ => {
                if let Some((_, why)) = UNSUPPORTED.iter().find(|(known, _)| *known == name) {
                    return Err(Diagnostic::error(
                        "unsupported-selector",
                        format!("the selector method `{name}:` is not supported"),
                    )
                    .at(method.clone())
                    .label(*why));
                }
                return Err(Diagnostic::error(
                    "unknown-selector-method",
                    format!("there is no selector method `{name}`"),
                )
                .at(method.clone())
                .label(format!("not one of {}", METHODS.join(", ")))
                .did_you_mean(name, METHODS));
            }
        })
    }

    /// Whether a node is meant.
    pub(super) fn matches(&self, manifest: &Manifest, node: &Node) -> bool {
        match self {
            Self::Fqn(fqn) => {
                node.resource_type != ResourceType::Source
                    && (fqn.matches(&node.fqn) || fqn.names_version(node))
            }
            Self::Tag(tag) => node.config.tags.iter().any(|other| tag.matches(other)),
            Self::Group(group) => node
                .config
                .group
                .as_ref()
                .is_some_and(|other| group.matches(other)),
            Self::Source([package, source, table]) => match &node.detail {
                Detail::Source(detail) => {
                    package.matches(&node.package_name)
                        && source.matches(&detail.source_name)
                        && table.matches(&node.name)
                }
                _ => false,
            },
            Self::Semantic(kind, [package, name]) => {
                node.resource_type == *kind
                    && package.matches(&node.package_name)
                    && name.matches(&node.name)
            }
            Self::Exposure([package, name]) => {
                node.resource_type == ResourceType::Exposure
                    && package.matches(&node.package_name)
                    && name.matches(&node.name)
            }
            Self::UnitTest([package, name]) => {
                node.resource_type == ResourceType::UnitTest
                    && package.matches(&node.package_name)
                    && name.matches(&node.name)
            }
            Self::Path(path) => {
                path.matches(&node.original_file_path)
                    || declared_in(node).is_some_and(|file| path.is_file(file))
            }
            Self::File(file) => {
                let name = last_part(&node.original_file_path);
                let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
                file.matches(name) || file.matches(stem)
            }
            Self::Package(None) => node.package_name == manifest.project_name,
            Self::Package(Some(package)) => package.matches(&node.package_name),
            Self::Config(keys, value) => config_matches(node, keys, value),
            Self::ResourceType(wanted) => *wanted == Some(node.resource_type),
            Self::TestType(wanted) => match test_type_of(node) {
                Some(TestType::Unit) => *wanted == TestType::Unit,
                Some(found) => found == *wanted || *wanted == TestType::Data,
                None => false,
            },
            Self::TestName(name) => match &node.detail {
                Detail::Test(test) => test
                    .generic
                    .as_ref()
                    .is_some_and(|generic| name.matches(&generic.name)),
                _ => false,
            },
            Self::Access(access) => {
                let said = node.config.values.get("access").and_then(Value::as_str);
                node.resource_type == ResourceType::Model && said.unwrap_or("protected") == access
            }
            // Known from outside: see `Criterion::select`.
            Self::Compared(..) => false,
            Self::Version(word) => {
                node.resource_type == ResourceType::Model && *word == version_of(node)
            }
        }
    }

    /// Selectors of this method that match something, for a near one.
    pub(super) fn candidates(&self, manifest: &Manifest) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for node in &manifest.nodes {
            match self {
                Self::Fqn(_) if node.resource_type == ResourceType::Source => {}
                Self::Fqn(_) => {
                    found.extend(node.fqn.iter().cloned());
                    found.extend((1..node.fqn.len()).map(|start| node.fqn[start..].join(".")));
                }
                Self::Tag(_) => {
                    found.extend(node.config.tags.iter().map(|tag| format!("tag:{tag}")));
                }
                Self::Group(_) => {
                    found.extend(
                        node.config
                            .group
                            .iter()
                            .map(|group| format!("group:{group}")),
                    );
                }
                Self::Source(_) => {
                    if let Detail::Source(detail) = &node.detail {
                        found.insert(format!("source:{}", detail.source_name));
                        found.insert(format!("source:{}.{}", detail.source_name, node.name));
                    }
                }
                Self::Exposure(_) if node.resource_type == ResourceType::Exposure => {
                    found.insert(format!("exposure:{}", node.name));
                }
                Self::UnitTest(_) if node.resource_type == ResourceType::UnitTest => {
                    found.insert(format!("unit_test:{}", node.name));
                }
                Self::Semantic(kind, _) if node.resource_type == *kind => {
                    found.insert(format!("{kind}:{}", node.name));
                }
                Self::Exposure(_) | Self::UnitTest(_) | Self::Semantic(..) => {}
                Self::Path(_) => {
                    let path = &node.original_file_path;
                    for part in path.match_indices('/').map(|(end, _)| &path[..end]) {
                        found.extend([part.to_owned(), format!("path:{part}")]);
                    }
                    found.extend([path.clone(), format!("path:{path}")]);
                }
                Self::File(_) => {
                    let name = last_part(&node.original_file_path);
                    found.extend([name.to_owned(), format!("file:{name}")]);
                }
                Self::Package(_) => {
                    found.insert(format!("package:{}", node.package_name));
                }
                Self::Config(keys, _) => {
                    let said = keys.join(".");
                    let near = keys.first().and_then(|first| nearest(first, CONFIG_KEYS));
                    let near = near.filter(|_| keys.len() == 1).unwrap_or(&said);
                    for value in config_texts(node, near) {
                        found.insert(format!("config.{near}:{value}"));
                    }
                }
                Self::TestName(_) => {
                    if let Detail::Test(test) = &node.detail {
                        found.extend(
                            test.generic
                                .iter()
                                .map(|generic| format!("test_name:{}", generic.name)),
                        );
                    }
                }
                Self::ResourceType(_)
                | Self::TestType(_)
                | Self::Access(_)
                | Self::Compared(..)
                | Self::Version(_) => {}
            }
        }
        found
    }
}

/// The file of properties that describes a node which stands in a file of its own.
fn declared_in(node: &Node) -> Option<&str> {
    node.code.as_ref()?;
    Some(node.declared_at.as_ref()?.source.path.as_str())
}

fn last_part(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn is_file_name(text: &str) -> bool {
    let text = text.to_lowercase();
    [".sql", ".py", ".csv"]
        .iter()
        .any(|end| text.ends_with(end))
}

fn test_type_of(node: &Node) -> Option<TestType> {
    match &node.detail {
        Detail::Test(test) if test.generic.is_some() => Some(TestType::Generic),
        Detail::Test(_) => Some(TestType::Singular),
        Detail::UnitTest(_) => Some(TestType::Unit),
        _ => None,
    }
}

fn path(value: &Span) -> Result<PathPattern, Diagnostic> {
    if value.text().starts_with('/') {
        return Err(Diagnostic::error(
            "invalid-selector",
            format!("the path `{}` is absolute", value.text()),
        )
        .at(value.clone())
        .help("write it from the project folder, such as `path:models/staging`"));
    }
    Ok(PathPattern::new(value.text()))
}

/// `c`, `b.c` or `a.b.c`, where what is left out may be anything; for a source one part alone is the middle.
fn qualified(value: &Span, forms: &str) -> Result<[Pattern; 3], Diagnostic> {
    let parts: Vec<&str> = value.text().split('.').collect();
    match parts.as_slice() {
        [source] => Ok([Pattern::new("*"), Pattern::new(source), Pattern::new("*")]),
        [source, table] => Ok([Pattern::new("*"), Pattern::new(source), Pattern::new(table)]),
        [package, source, table] => Ok([package, source, table].map(|part| Pattern::new(part))),
        _ => Err(too_many_parts(value, forms)),
    }
}

fn qualified_last(value: &Span, forms: &str) -> Result<[Pattern; 2], Diagnostic> {
    let parts: Vec<&str> = value.text().split('.').collect();
    match parts.as_slice() {
        [name] => Ok([Pattern::new("*"), Pattern::new(name)]),
        [package, name] => Ok([Pattern::new(package), Pattern::new(name)]),
        _ => Err(too_many_parts(value, forms)),
    }
}

fn too_many_parts(value: &Span, forms: &str) -> Diagnostic {
    Diagnostic::error(
        "invalid-selector",
        format!("`{}` has too many parts", value.text()),
    )
    .at(value.clone())
    .help(format!("write {forms}"))
}

fn resource_type(value: &Span) -> Result<Option<ResourceType>, Diagnostic> {
    let known = ResourceType::ALL;
    if let Some(found) = known.iter().find(|kind| kind.as_str() == value.text()) {
        return Ok(Some(*found));
    }
    if OTHER_RESOURCE_TYPES.contains(&value.text()) {
        return Ok(None);
    }
    Err(Diagnostic::error(
        "invalid-selector",
        format!("there is no resource type `{}`", value.text()),
    )
    .at(value.clone())
    .did_you_mean(value.text(), known.iter().map(|kind| kind.as_str())))
}

fn test_type(value: &Span) -> Result<TestType, Diagnostic> {
    match value.text() {
        "generic" | "schema" => Ok(TestType::Generic),
        "singular" => Ok(TestType::Singular),
        "data" => Ok(TestType::Data),
        "unit" => Ok(TestType::Unit),
        other => Err(Diagnostic::error(
            "invalid-selector",
            format!("there is no test type `{other}`"),
        )
        .at(value.clone())
        .label("not one of generic, singular, data, unit")
        .did_you_mean(other, ["generic", "singular", "data", "unit"])),
    }
}

fn access(value: &Span) -> Result<String, Diagnostic> {
    one_of(value, "access", &["private", "protected", "public"])
}

fn version(value: &Span) -> Result<String, Diagnostic> {
    one_of(value, "version", &["latest", "prerelease", "old", "none"])
}

/// Where a model stands among its versions.
fn version_of(node: &Node) -> &'static str {
    use std::cmp::Ordering;
    match node.version.as_ref().map(|version| version.beside_latest()) {
        None => "none",
        Some(Ordering::Less) => "old",
        Some(Ordering::Equal) => "latest",
        Some(Ordering::Greater) => "prerelease",
    }
}

fn one_of(value: &Span, what: &str, words: &[&str]) -> Result<String, Diagnostic> {
    let text = value.text();
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let problem = Diagnostic::error(
        "invalid-selector",
        format!("`{text}` cannot be the value of `{what}:`"),
    );
    Err(problem
        .at(value.clone())
        .label(format!("not one of {}", words.join(", ")))
        .did_you_mean(text, words.iter().copied()))
}

/// As dbt compares: strings as they are, booleans by their names, a list by its elements; the severity without case.
fn config_matches(node: &Node, keys: &[String], wanted: &str) -> bool {
    let is_wanted = |value: &Value| match value {
        Value::String(text) if keys == ["severity"] => text.eq_ignore_ascii_case(wanted),
        Value::String(text) => text == wanted,
        Value::Bool(flag) => wanted.eq_ignore_ascii_case(if *flag { "true" } else { "false" }),
        _ => false,
    };
    match config_value(node, keys.iter().map(String::as_str)) {
        Some(Value::Array(values)) => values.iter().any(is_wanted),
        Some(value) => is_wanted(&value),
        None => false,
    }
}

/// What would match at these keys.
fn config_texts(node: &Node, keys: &str) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    match config_value(node, keys.split('.')) {
        Some(Value::Array(values)) => values.iter().filter_map(text).collect(),
        Some(value) => text(&value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The value at a path of keys. What nobody configured has dbt's default, which the typed fields hold.
fn config_value<'k>(node: &Node, mut keys: impl Iterator<Item = &'k str>) -> Option<Value> {
    if node.resource_type == ResourceType::Exposure || node.resource_type.is_semantic() {
        return None;
    }
    let first = keys.next()?;
    let config = &node.config;
    let mut value = match (config.values.get(first), first) {
        (Some(value), _) if !value.is_null() => value.clone(),
        (_, "materialized") => Value::from(config.materialized.as_str()),
        (_, "enabled") => Value::from(config.enabled),
        (_, "tags") => Value::from(config.tags.clone()),
        (_, "meta") => Value::from(config.meta.clone()),
        (_, "severity") if node.resource_type == ResourceType::Test => {
            Value::from(match config.severity {
                crate::manifest::config::Severity::Error => "ERROR",
                crate::manifest::config::Severity::Warn => "WARN",
            })
        }
        _ => return None,
    };
    for key in keys {
        value = value.as_object_mut()?.remove(key)?;
    }
    Some(value)
}

/// A name or a path of names; from the first wildcard on, the rest is one pattern.
#[derive(Debug)]
pub(super) struct Fqn {
    text: String,
    names: Vec<String>,
    rest: Option<Pattern>,
    /// The names and wildcard parts together.
    parts: usize,
}

impl Fqn {
    fn new(text: &str) -> Self {
        let parts: Vec<&str> = text.split('.').collect();
        let names = parts.iter().position(|part| has_wildcard(part));
        let rest = names.map(|start| Pattern::new(&parts[start..].join(".")));
        Self {
            text: text.to_owned(),
            names: parts[..names.unwrap_or(parts.len())]
                .iter()
                .map(|&part| part.to_owned())
                .collect(),
            rest,
            parts: parts.len(),
        }
    }

    /// The name of a model with versions, alone or with the version: `orders`, `orders.v2`, `orders_v2`.
    fn names_version(&self, node: &Node) -> bool {
        node.version.is_some()
            && (self.text == node.name
                || self.text == node.versioned_name()
                || node
                    .fqn
                    .last()
                    .is_some_and(|v| self.text == format!("{}.{v}", node.name)))
    }

    /// With or without the package in front.
    fn matches(&self, fqn: &[String]) -> bool {
        self.matches_from(fqn) || fqn.get(1..).is_some_and(|inner| self.matches_from(inner))
    }

    fn matches_from(&self, fqn: &[String]) -> bool {
        let Some(name) = fqn.last() else {
            return false;
        };
        if *name == self.text {
            return true;
        }
        let flat: Vec<&str> = fqn.iter().flat_map(|part| part.split('.')).collect();
        if flat.len() < self.parts || !self.names.iter().zip(&flat).all(|(a, b)| a == b) {
            return false;
        }
        match &self.rest {
            None => true,
            Some(rest) => {
                rest.matches(&flat[self.names.len()..].join("."))
                    // A lone wildcard also means the name, however deep it stands.
                    || (self.parts == 1 && rest.matches(name))
            }
        }
    }
}
