//! The many ways to write a data test in YAML, as one shape.

use serde::{Deserialize, Deserializer};

use crate::diagnostic::Diagnostic;
use crate::project::yaml::{Spanned, Yaml, YamlValue};

/// Keys of a test that configure it and are no arguments, wherever they stand.
pub const CONFIG_KEYS: [&str; 14] = [
    "severity",
    "tags",
    "enabled",
    "where",
    "limit",
    "warn_if",
    "error_if",
    "fail_calc",
    "store_failures",
    "store_failures_as",
    "meta",
    "database",
    "schema",
    "alias",
];

/// A data test as declared on a model, a source or a column.
#[derive(Clone, Debug)]
pub struct TestDeclaration {
    /// The generic test, with its package if written (`dbt_utils.equality`).
    pub name: Spanned<String>,
    /// `name`: what the node is called, if the user says so.
    pub custom_name: Option<Spanned<String>>,
    /// `description`.
    pub description: Option<Spanned<String>>,
    /// Its arguments, in the order written.
    pub arguments: Vec<(Yaml, Yaml)>,
    /// Its configuration, in the order written: from `config:` and from beside the arguments.
    pub config: Vec<(Yaml, Yaml)>,
}

impl<'de> Deserialize<'de> for TestDeclaration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let yaml = Yaml::deserialize(deserializer)?;
        read(&yaml).map_err(|problem| crate::project::yaml::carry(*problem))
    }
}

fn read(yaml: &Yaml) -> Result<TestDeclaration, Box<Diagnostic>> {
    if let Some(name) = yaml.as_str() {
        return Ok(plain(name, yaml));
    }
    if !yaml.is_map() {
        return Err(Box::new(yaml.expected("the name of a test, or a mapping")));
    }
    if let Some(name) = yaml.get("test_name") {
        let Some(text) = name.as_str() else {
            return Err(Box::new(name.expected("the name of a test")));
        };
        let rest = yaml
            .entries()
            .iter()
            .filter(|(key, _)| key.as_str() != Some("test_name"));
        return with_entries(plain(text, name), rest);
    }
    match yaml.entries() {
        [(name, value)] if value.is_null() => Ok(plain(&name.key_text(), name)),
        [(name, value)] if value.is_map() => {
            with_entries(plain(&name.key_text(), name), value.entries().iter())
        }
        [(_, value)] => Err(Box::new(
            value.expected("a mapping of the test's arguments"),
        )),
        [_, (second, _), ..] => Err(Box::new(
            Diagnostic::error("bad-test", "a test is one name with its arguments below it")
                .at(second.span.clone())
                .label("this stands beside the name")
                .help("indent this key further, below the name of the test"),
        )),
        [] => Err(Box::new(yaml.expected("the name of a test"))),
    }
}

fn plain(name: &str, at: &Yaml) -> TestDeclaration {
    TestDeclaration {
        name: Spanned {
            value: name.to_owned(),
            span: at.span.clone(),
        },
        custom_name: None,
        description: None,
        arguments: Vec::new(),
        config: Vec::new(),
    }
}

fn with_entries<'y>(
    mut test: TestDeclaration,
    entries: impl Iterator<Item = &'y (Yaml, Yaml)>,
) -> Result<TestDeclaration, Box<Diagnostic>> {
    for (key, value) in entries {
        let name = key.as_str().unwrap_or("");
        match name {
            "name" => test.custom_name = Some(text(value)?),
            "description" => test.description = Some(text(value)?),
            "config" => add(&mut test.config, mapping(value)?)?,
            "arguments" => {
                // dbt takes a configuration that was indented too far for what it is.
                let is_config =
                    |(key, value): &&(Yaml, Yaml)| key.as_str() == Some("config") && value.is_map();
                let (config, arguments): (Vec<_>, Vec<_>) =
                    mapping(value)?.iter().partition(is_config);
                for (_, config) in config {
                    add(&mut test.config, config.entries())?;
                }
                let arguments: Vec<_> = arguments.into_iter().cloned().collect();
                add(&mut test.arguments, &arguments)?;
            }
            "model" => {
                return Err(Box::new(
                    Diagnostic::error("bad-test", "a test cannot take an argument `model`")
                        .at(key.span.clone())
                        .help("the test is given the model that it is declared on; name the argument otherwise"),
                ));
            }
            _ if CONFIG_KEYS.contains(&name) => add(
                &mut test.config,
                std::slice::from_ref(&(key.clone(), value.clone())),
            )?,
            _ => add(
                &mut test.arguments,
                std::slice::from_ref(&(key.clone(), value.clone())),
            )?,
        }
    }
    Ok(test)
}

fn add(into: &mut Vec<(Yaml, Yaml)>, entries: &[(Yaml, Yaml)]) -> Result<(), Box<Diagnostic>> {
    into.reserve_exact(entries.len());
    for (key, value) in entries {
        if let Some((first, _)) = into.iter().find(|(known, _)| known.value == key.value) {
            return Err(Box::new(
                Diagnostic::error(
                    "yaml-duplicate-key",
                    format!("`{}` is given twice to this test", key.key_text()),
                )
                .at(key.span.clone())
                .related("the first time", first.span.clone()),
            ));
        }
        into.push((key.clone(), value.clone()));
    }
    Ok(())
}

fn mapping(yaml: &Yaml) -> Result<&[(Yaml, Yaml)], Box<Diagnostic>> {
    match &yaml.value {
        YamlValue::Map(entries) => Ok(entries),
        YamlValue::Null => Ok(&[]),
        _ => Err(Box::new(yaml.expected("a mapping"))),
    }
}

fn text(yaml: &Yaml) -> Result<Spanned<String>, Box<Diagnostic>> {
    yaml.as_str()
        .map(|text| Spanned {
            value: text.to_owned(),
            span: yaml.span.clone(),
        })
        .ok_or_else(|| Box::new(yaml.expected("a text")))
}
