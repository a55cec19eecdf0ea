//! Versions of models: a declaration with `versions:` becomes one declaration for each of them.
//!
//! In: declared models and the names of files. Out: declarations that each stand for one file.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::resolve::object;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::project::properties::{
    ColumnProperties, ConstraintProperties, NodeProperties, TestDeclaration, VersionProperties,
};
use crate::project::yaml::{Spanned, Yaml, YamlValue};

/// Which version of its model a node is.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelVersion {
    /// `v`.
    pub v: Value,
    /// The version that a `ref` without one means.
    pub latest: Value,
}

impl ModelVersion {
    /// Whether a `ref` means it.
    pub fn is_meant(&self, asked: Option<&Value>) -> bool {
        text(asked.unwrap_or(&self.latest)) == text(&self.v)
    }

    /// How it compares with the latest: what is greater is not released yet.
    pub fn beside_latest(&self) -> Ordering {
        order(&self.v, &self.latest)
    }
}

/// A version as it is written in names: `2`, `1.5`, `beta`.
pub fn text(version: &Value) -> String {
    match version {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The end of a relation's name: `v2`, `v1_5`.
pub fn suffix(version: &Value) -> String {
    format!("v{}", text(version).replace('.', "_"))
}

/// Numbers by their size, before everything that is none.
pub fn order(a: &Value, b: &Value) -> Ordering {
    let (a, b) = (text(a), text(b));
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        _ => a.cmp(&b),
    }
}

/// The declarations, those with versions taken apart.
pub fn taken_apart<'a>(
    declared: &'a [NodeProperties],
    has_file: &dyn Fn(&str) -> bool,
    problems: &mut Diagnostics,
) -> Vec<Cow<'a, NodeProperties>> {
    let mut all = Vec::with_capacity(declared.len());
    for properties in declared {
        match &properties.versions {
            Some(versions) if !versions.is_null() => match apart(properties, versions, has_file) {
                Ok(more) => all.extend(more.into_iter().map(Cow::Owned)),
                Err(problem) => problems.push(*problem),
            },
            _ => all.push(Cow::Borrowed(properties)),
        }
    }
    all
}

fn apart(
    properties: &NodeProperties,
    versions: &Yaml,
    has_file: &dyn Fn(&str) -> bool,
) -> Result<Vec<NodeProperties>, Box<Diagnostic>> {
    let name = &properties.name.value;
    let Some(items) = versions.as_seq() else {
        return Err(Box::new(versions.expected("a list of versions (`- v: 1`)")));
    };
    let mut read: Vec<Version> = Vec::with_capacity(items.len());
    for item in items {
        let version = item.to::<Version>()?;
        let v = number(&version.v)?;
        if let Some(first) = read.iter().find(|known| known.v.to_json() == v) {
            return Err(Box::new(
                Diagnostic::error(
                    "duplicate-version",
                    format!("the version {} of `{name}` is declared twice", text(&v)),
                )
                .at(version.v.span.clone())
                .related("the first time", first.v.span.clone()),
            ));
        }
        read.push(version);
    }
    let known = || read.iter().map(|version| version.v.to_json());
    let latest = match &properties.latest_version {
        Some(written) => {
            let latest = number(written)?;
            if !known().any(|v| text(&v) == text(&latest)) {
                let names: Vec<String> = known().map(|v| format!("`{}`", text(&v))).collect();
                return Err(Box::new(
                    Diagnostic::error(
                        "unknown-version",
                        format!("`{name}` has no version `{}`", text(&latest)),
                    )
                    .at(written.span.clone())
                    .help(format!("its versions are {}", names.join(", "))),
                ));
            }
            latest
        }
        None => known().max_by(order).unwrap_or(Value::Null),
    };
    Ok(read
        .into_iter()
        .map(|version| one(properties, version, &latest, has_file))
        .collect())
}

/// The declaration of one version.
fn one(
    base: &NodeProperties,
    version: Version,
    latest: &Value,
    has_file: &dyn Fn(&str) -> bool,
) -> NodeProperties {
    let v = version.v.to_json();
    let name = &base.name.value;
    let usual = format!("{name}_{}", suffix(&v));
    // The latest may stand in a file with the model's own name.
    let file = match version.defined_in {
        Some(file) => file,
        None if v == *latest && !has_file(&usual) && has_file(name) => name.clone(),
        None => usual,
    };
    let mut config = base.config.clone();
    if let Some(own) = version.config {
        config = Some(over(config, own));
    }
    NodeProperties {
        name: Spanned {
            value: name.clone(),
            span: version.v.span.clone(),
        },
        description: version.description.or_else(|| base.description.clone()),
        columns: columns(&base.columns, version.columns),
        data_tests: version
            .data_tests
            .unwrap_or_else(|| base.data_tests.clone()),
        constraints: version
            .constraints
            .unwrap_or_else(|| base.constraints.clone()),
        access: version.access.or_else(|| base.access.clone()),
        docs: version.docs.or_else(|| base.docs.clone()),
        // As in dbt, each version has a date of its own or none.
        deprecation_date: version.deprecation_date,
        config,
        version: Some(VersionProperties {
            v,
            latest: latest.clone(),
            file,
        }),
        ..base.clone()
    }
}

/// A mapping with the entries of another over its own.
fn over(base: Option<Yaml>, own: Yaml) -> Yaml {
    let (Some(base), YamlValue::Map(own_entries)) = (base, &own.value) else {
        return own;
    };
    let kept = base.entries().iter();
    let kept = kept.filter(|(key, _)| own.get(&key.key_text()).is_none());
    let entries = kept.cloned().chain(own_entries.iter().cloned()).collect();
    Yaml {
        value: YamlValue::Map(entries),
        span: own.span.clone(),
    }
}

/// The columns of the model that a version includes, then its own; one with the same name takes the place of the model's.
fn columns(
    base: &[ColumnProperties],
    of_version: Option<Vec<VersionColumn>>,
) -> Vec<ColumnProperties> {
    let (mut include, mut exclude) = (None, Vec::new());
    let mut own: Vec<ColumnProperties> = Vec::new();
    for column in of_version.into_iter().flatten() {
        match column {
            VersionColumn::Which {
                include: which,
                exclude: not,
            } => {
                include = which;
                exclude = not;
            }
            VersionColumn::Own(column) => own.push(*column),
        }
    }
    let is_included = |name: &String| {
        let all = match &include {
            None => true,
            Some(Included::Word(word)) => word == "*" || word == "all",
            Some(Included::Names(names)) => names.contains(name),
        };
        all && !exclude.contains(name) && !own.iter().any(|column| column.name.value == *name)
    };
    let included = base.iter().filter(|column| is_included(&column.name.value));
    let mut columns: Vec<ColumnProperties> = included.cloned().collect();
    columns.append(&mut own);
    columns
}

/// One of `versions:`.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    v: Yaml,
    defined_in: Option<String>,
    description: Option<Spanned<String>>,
    access: Option<Yaml>,
    config: Option<Yaml>,
    constraints: Option<Vec<ConstraintProperties>>,
    docs: Option<Yaml>,
    #[serde(alias = "tests")]
    data_tests: Option<Vec<TestDeclaration>>,
    columns: Option<Vec<VersionColumn>>,
    deprecation_date: Option<Yaml>,
}

/// An item of `columns:` of a version.
#[derive(Clone, Debug)]
enum VersionColumn {
    /// Which columns of the model it has.
    Which {
        include: Option<Included>,
        exclude: Vec<String>,
    },
    /// A column of its own.
    Own(Box<ColumnProperties>),
}

#[derive(Clone, Debug)]
enum Included {
    Word(String),
    Names(Vec<String>),
}

impl<'de> serde::Deserialize<'de> for VersionColumn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let yaml = Yaml::deserialize(deserializer)?;
        if yaml.get("include").is_none() && yaml.get("exclude").is_none() {
            let column = yaml.to::<ColumnProperties>();
            let column = column.map_err(crate::project::yaml::carry)?;
            return Ok(Self::Own(Box::new(column)));
        }
        let names = |yaml: &Yaml| super::declared::texts(Some(yaml));
        Ok(Self::Which {
            include: yaml.get("include").map(|include| match include.as_str() {
                Some(word) => Included::Word(word.to_owned()),
                None => Included::Names(names(include)),
            }),
            exclude: yaml.get("exclude").map(names).unwrap_or_default(),
        })
    }
}

/// A version: a number or a text.
fn number(yaml: &Yaml) -> Result<Value, Box<Diagnostic>> {
    match yaml.to_json() {
        value @ (Value::Number(_) | Value::String(_)) => Ok(value),
        _ => Err(Box::new(yaml.expected("a number or a text"))),
    }
}

/// Which of some versions a unit test is for: `include` or `exclude`, else all.
pub fn is_for(versions: Option<&Yaml>, v: &Value) -> bool {
    let versions = object(versions);
    let has = |key: &str| {
        let named = versions.get(key).map(super::merge::list);
        named.map(|named| named.iter().any(|named| text(named) == text(v)))
    };
    has("include").unwrap_or(true) && !has("exclude").unwrap_or(false)
}
