//! What property files say about a node: descriptions, columns, constraints, configuration; and the exposures.

use std::sync::LazyLock;

use indexmap::IndexMap;
use regex::Regex;
use serde_json::{Value, json};

use super::discover::unknown_doc;
use super::merge::{self, Layer, Merged};
use super::node::{
    Column, Constraint, ConstraintKind, Detail, ExposureDetail, Node, RefCall, ResourceType,
    SourceCall,
};
use super::resolve::{Made, Resolver, Trees, object};
use super::settings;
use crate::diagnostic::{Diagnostic, Diagnostics, Level, nearest};
use crate::jinja::Template;
use crate::project::properties::{
    ColumnProperties, ConstraintKindProperty, ConstraintProperties, ExposureProperties,
    NodeProperties,
};
use crate::project::render::is_jinja;
use crate::project::yaml::{Spanned, Yaml};

static DOC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"\{\{-?\s*doc\(\s*(?:["']([A-Za-z_][A-Za-z0-9_]*)["']\s*,\s*)?["']([A-Za-z_][A-Za-z0-9_]*)["']\s*\)\s*-?\}\}"#,
    )
});
static REF: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"^\s*(?:\{\{)?\s*ref\(\s*(?:["']([^"']+)["']\s*,\s*)?["']([^"']+)["']\s*(?:,\s*(?:v|version)\s*=\s*(?:([0-9.]+)|["']([^"']+)["'])\s*)?\)\s*(?:\}\})?\s*$"#,
    )
});
static SOURCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"^\s*(?:\{\{)?\s*source\(\s*["']([^"']+)["']\s*,\s*["']([^"']+)["']\s*\)\s*(?:\}\})?\s*$"#,
    )
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("a constant pattern: {error}"))
}

/// `ref('x')` or `source('a', 'b')` as a text of YAML.
pub enum Reading {
    /// A `ref`.
    Ref(RefCall),
    /// A `source`.
    Source(SourceCall),
}

/// What a text of YAML reads, if it is one literal call.
pub fn reading(text: &Spanned<String>) -> Option<Reading> {
    if let Some(call) = REF.captures(&text.value) {
        return Some(Reading::Ref(RefCall {
            package: call.get(1).map(|package| package.as_str().to_owned()),
            name: call[2].to_owned(),
            version: match (call.get(3), call.get(4)) {
                (Some(number), _) => serde_json::from_str(number.as_str()).ok(),
                (None, Some(text)) => Some(Value::from(text.as_str())),
                (None, None) => None,
            },
            span: Some(text.span.clone()),
        }));
    }
    let call = SOURCE.captures(&text.value)?;
    Some(Reading::Source(SourceCall {
        source: call[1].to_owned(),
        table: call[2].to_owned(),
        span: Some(text.span.clone()),
    }))
}

/// The layers of a node from the project file and its declaration.
pub fn layers_of(
    tree: Trees<'_>,
    fqn: &[String],
    properties: Option<&NodeProperties>,
    problems: &mut Diagnostics,
) -> Vec<Layer> {
    let mut layers = tree.layers(fqn);
    if let Some(properties) = properties {
        // As in dbt, tags in `config:` stand for those beside it.
        let config = properties.config.as_ref();
        let in_config = config.is_some_and(|config| config.get("tags").is_some());
        let tags = if in_config { &None } else { &properties.tags };
        let beside = [
            ("meta", &properties.meta),
            ("tags", tags),
            ("docs", &properties.docs),
            ("access", &properties.access),
            ("group", &properties.group),
            ("contract", &properties.contract),
        ];
        layers.extend(config_layers(beside, properties.config.as_ref(), problems));
    }
    layers
}

/// What a declaration configures: keys beside `config:`, then those in it.
pub fn config_layers<const N: usize>(
    beside: [(&str, &Option<Yaml>); N],
    config: Option<&Yaml>,
    problems: &mut Diagnostics,
) -> Vec<Layer> {
    let mut first = Layer::default();
    for (key, value) in beside {
        if let Some(value) = value {
            first.push(key, value);
        }
    }
    let second = config
        .map(Layer::of_mapping)
        .transpose()
        .unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
    std::iter::once(first).chain(second).collect()
}

/// Puts what a declaration says on its node.
pub fn describe(
    resolver: &Resolver<'_>,
    node: &mut Node,
    properties: &NodeProperties,
    problems: &mut Diagnostics,
) {
    if let Some(date) = &properties.deprecation_date {
        match moment(&date.key_text()) {
            Some(moment) => node.deprecation_date = Some(moment),
            None => problems.push(date.expected("a date such as 2025-12-31")),
        }
    }
    node.time_spine = properties.time_spine.as_ref().map(|said| {
        let said = said.to_object();
        let of = |key: &str| said.get(key).cloned();
        Box::new(json!({
            "standard_granularity_column": of("standard_granularity_column"),
            "custom_granularities": of("custom_granularities").unwrap_or_else(|| json!([])),
        }))
    });
    node.declared_at = Some(properties.name.span.clone());
    node.description = resolver.description(properties.description.as_ref(), problems);
    node.doc_blocks = doc_blocks(resolver, properties.description.as_ref());
    for (key, value) in properties.config.iter().flat_map(Yaml::entries) {
        // What the file itself configures is stronger.
        node.unrendered_config
            .entry(key.key_text())
            .or_insert_with(|| value.to_json());
    }
    node.columns = resolver.columns(&properties.columns, problems);
    node.constraints = constraints(&properties.constraints);
    for constraint in &node.constraints {
        for column in &constraint.columns {
            if !node.columns.is_empty() && !node.columns.contains_key(column) {
                problems.extend(undeclared(node, constraint, column));
            }
        }
    }
}

/// A constraint over a column that no property file declares: only an enforced contract needs that, else it is a slip at most.
fn undeclared(node: &Node, constraint: &Constraint, column: &str) -> Option<Diagnostic> {
    let declared = || node.columns.keys().map(String::as_str);
    let enforced = node.config.contract_enforced;
    if !enforced && nearest(column, declared()).is_none() {
        return None;
    }
    let level = if enforced {
        Level::Error
    } else {
        Level::Warning
    };
    let message = format!(
        "a constraint of `{}` names the column `{column}`, which is not declared",
        node.name
    );
    let problem = Diagnostic::error("unknown-column", message)
        .at_some(constraint.declared_at.clone())
        .one_of(column, declared());
    Some(Diagnostic { level, ..problem })
}

/// A date, or a date and a time, as dbt writes it.
fn moment(text: &str) -> Option<String> {
    let text = text.trim();
    let written = if let Ok(date) = text.parse::<jiff::civil::Date>() {
        date.to_datetime(jiff::civil::Time::midnight())
    } else if let Ok(time) = text.parse::<jiff::Timestamp>() {
        time.to_zoned(jiff::tz::TimeZone::UTC).datetime()
    } else {
        text.parse::<jiff::civil::DateTime>().ok()?
    };
    Some(format!("{written}+00:00"))
}

/// The columns of a declaration in its order.
pub fn columns(
    resolver: &Resolver<'_>,
    declared: &[ColumnProperties],
    problems: &mut Diagnostics,
) -> IndexMap<String, Column> {
    let mut columns: IndexMap<String, Column> = IndexMap::with_capacity(declared.len());
    for properties in declared {
        let name = &properties.name.value;
        if let Some(first) = columns.get(name) {
            // dbt takes the last one without a word; the tests of both count.
            let problem = Diagnostic::warning(
                "duplicate-column",
                format!("the column `{name}` is declared twice"),
            )
            .at(properties.name.span.clone())
            .label("what is said here counts");
            problems.push(match &first.declared_at {
                Some(span) => problem.related("the first time", span.clone()),
                None => problem,
            });
        }
        let config = properties.config.as_ref();
        let is_wrong = |meta: &&Yaml| !meta.is_map() && !meta.is_null();
        if let Some(wrong) = properties.meta.as_deref().filter(is_wrong) {
            problems.push(wrong.expected("a mapping"));
        }
        let mut meta = object(properties.meta.as_deref());
        meta.extend(object(config.and_then(|config| config.get("meta"))));
        let mut tags = texts(properties.tags.as_deref());
        tags.extend(texts(config.and_then(|config| config.get("tags"))));
        tags.dedup();
        let bare = unquoted(name).unwrap_or(name);
        columns.insert(
            bare.to_owned(),
            Column {
                name: bare.to_owned(),
                written: (bare != name).then(|| name.clone()),
                description: resolver.description(properties.description.as_ref(), problems),
                doc_blocks: doc_blocks(resolver, properties.description.as_ref()),
                data_type: properties
                    .data_type
                    .as_ref()
                    .map(|data_type| data_type.value.clone()),
                meta,
                tags,
                quote: properties.quote,
                constraints: constraints(&properties.constraints),
                encode: encode(properties),
                granularity: properties
                    .granularity
                    .as_ref()
                    .and_then(|said| said.as_str().map(str::to_owned)),
                declared_at: Some(properties.name.span.clone()),
                type_at: properties
                    .data_type
                    .as_ref()
                    .map(|data_type| data_type.span.clone()),
            },
        );
    }
    columns
}

/// A name without quotes of its own, if it has them.
pub(super) fn unquoted(name: &str) -> Option<&str> {
    let inner = name.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.is_empty() && !inner.contains('"')).then_some(inner)
}

/// `encode`, beside the column's name or in its `config`.
fn encode(properties: &ColumnProperties) -> Option<String> {
    let said = properties.encode.as_ref().map(|said| said.value.clone());
    said.or_else(|| {
        let config = properties.config.as_ref()?;
        Some(config.get("encode")?.as_str()?.to_owned())
    })
}

/// Gives columns the `encode` of their node's configuration: an encoding by column, for those that say none themselves.
pub fn encodings(node: &mut Node, problems: &mut Diagnostics) {
    let said = node.config.values.get("encode").cloned();
    let wrong = |message: String, help: &str| {
        let at = node.config.origins.get("encode").cloned();
        Diagnostic::error("bad-config", message)
            .at_some(at)
            .help(help)
    };
    let by_column = match said {
        None | Some(Value::Null) => return,
        Some(Value::Object(by_column)) => by_column,
        Some(_) => {
            let message = "`encode` is a mapping of columns to encodings".to_owned();
            return problems.push(wrong(message, "write such as `encode: {note: zstd}`"));
        }
    };
    let mut found = Vec::new();
    for (name, encoding) in by_column {
        let column = node
            .columns
            .keys()
            .find(|key| key.eq_ignore_ascii_case(&name));
        match (column, encoding) {
            (Some(column), Value::String(encoding)) => found.push((column.clone(), encoding)),
            (Some(_), encoding) => problems.push(wrong(
                format!("`encode` gives `{name}` no name of an encoding: {encoding}"),
                "write such as `encode: {note: zstd}`",
            )),
            (None, _) => problems.push(wrong(
                format!("`encode` names the column `{name}`, which is not declared"),
                "declare the column under `columns:`, or look at its name",
            )),
        }
    }
    for (column, encoding) in found {
        if let Some(column) = node.columns.get_mut(&column) {
            column.encode.get_or_insert(encoding);
        }
    }
}

/// A list of texts, or one.
pub fn texts(yaml: Option<&Yaml>) -> Vec<String> {
    let values = yaml
        .map(|yaml| merge::list(&yaml.to_json()))
        .unwrap_or_default();
    values
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// Constraints as declared.
pub fn constraints(declared: &[ConstraintProperties]) -> Vec<Constraint> {
    declared
        .iter()
        .map(|properties| Constraint {
            kind: match properties.kind.value {
                ConstraintKindProperty::NotNull => ConstraintKind::NotNull,
                ConstraintKindProperty::Unique => ConstraintKind::Unique,
                ConstraintKindProperty::PrimaryKey => ConstraintKind::PrimaryKey,
                ConstraintKindProperty::ForeignKey => ConstraintKind::ForeignKey,
                ConstraintKindProperty::Check => ConstraintKind::Check,
                ConstraintKindProperty::Custom => ConstraintKind::Custom,
            },
            name: properties.name.clone(),
            columns: properties
                .columns
                .iter()
                .map(|column| column.value.clone())
                .collect(),
            expression: properties.expression.clone(),
            to: properties.to.as_ref().map(|to| to.value.clone()),
            to_node: None,
            to_columns: properties.to_columns.clone(),
            warn_unsupported: properties.warn_unsupported.unwrap_or(true),
            warn_unenforced: properties.warn_unenforced.unwrap_or(true),
            declared_at: Some(
                properties
                    .to
                    .as_ref()
                    .map_or(&properties.kind.span, |to| &to.span)
                    .clone(),
            ),
        })
        .collect()
}

/// A description with its docs blocks put in; none when something is wrong with it.
pub fn description(
    resolver: &Resolver<'_>,
    text: &Spanned<String>,
    problems: &mut Diagnostics,
) -> Option<String> {
    if !is_jinja(&text.value) {
        return Some(text.value.clone());
    }
    let docs = &resolver.shared.docs;
    let mut missing = false;
    let filled = DOC.replace_all(&text.value, |call: &regex::Captures<'_>| {
        let name = doc_name(call);
        match docs.get(&name) {
            Some(block) => block.text.clone(),
            None => {
                missing = true;
                problems.push(unknown_doc(docs, &name).at(text.span.clone()));
                String::new()
            }
        }
    });
    if missing {
        return None;
    }
    let rest = DOC.replace_all(&text.value, "");
    if !is_jinja(&rest) {
        // As a template does: of what it is written in, the last line end goes.
        return Some(filled.strip_suffix('\n').unwrap_or(&filled).to_owned());
    }
    let node = Node::new(ResourceType::Model, &resolver.package.name, "description");
    let template = Template::scalar(&text.value, &text.span);
    resolver.render_text(&node, &template, problems)
}

/// What a docs block is found by: its name, or its package and its name.
fn doc_name(call: &regex::Captures<'_>) -> String {
    match call.get(1) {
        Some(package) => format!("{}.{}", package.as_str(), &call[2]),
        None => call[2].to_owned(),
    }
}

/// `unique_id`s of the docs blocks that a description puts in, in the order of the calls.
pub fn doc_blocks(resolver: &Resolver<'_>, text: Option<&Spanned<String>>) -> Vec<String> {
    let Some(text) = text.filter(|text| is_jinja(&text.value)) else {
        return Vec::new();
    };
    DOC.captures_iter(&text.value)
        .filter_map(|call| {
            let block = resolver.shared.docs.get(&doc_name(&call))?;
            Some(format!("doc.{}.{}", block.package, block.name))
        })
        .collect()
}

/// The exposures of a project.
pub fn exposures(resolver: &Resolver<'_>) -> Made {
    let mut made = Made::default();
    for properties in &resolver.package.properties.exposures {
        made.0
            .push(exposure(resolver, properties, &mut made.1).into());
    }
    made
}

fn exposure(
    resolver: &Resolver<'_>,
    properties: &ExposureProperties,
    problems: &mut Diagnostics,
) -> Node {
    let name = &properties.name.value;
    let file = &resolver.own_path(&properties.name.span.source.path);
    let mut node = Node::new(ResourceType::Exposure, &resolver.package.name, name);
    node.path = file
        .split_once('/')
        .map_or(file.as_str(), |(_, path)| path)
        .to_owned();
    node.original_file_path.clone_from(file);
    node.fqn = resolver.fqn(&node.path, name);
    let tree = resolver.trees(|configs| &configs.exposures);
    let mut layers = tree.layers(&node.fqn);
    layers.extend(config_layers(
        [("meta", &properties.meta), ("tags", &properties.tags)],
        properties.config.as_ref(),
        problems,
    ));
    node.unrendered_config = tree.unrendered(&node.fqn);
    let of_tree = tree.layers(&node.fqn).len();
    for setting in layers.iter().skip(of_tree).flat_map(|layer| &layer.0) {
        node.unrendered_config
            .insert(setting.key.clone(), setting.value.clone());
    }
    layers.extend(tree.last_word(&node.fqn));
    let mut merged = Merged::new(settings::defaults(ResourceType::Exposure));
    layers
        .iter()
        .for_each(|layer| merged.apply(layer, problems));
    resolver.finish(&mut node, merged, &properties.name.span, problems);
    node.declared_at = Some(properties.name.span.clone());
    node.description = resolver.description(properties.description.as_ref(), problems);
    if properties
        .owner
        .get("name")
        .or_else(|| properties.owner.get("email"))
        .is_none()
    {
        problems.push(
            Diagnostic::error(
                "missing-key",
                format!("the owner of the exposure `{name}` has neither `name` nor `email`"),
            )
            .at(properties.owner.span.clone()),
        );
    }
    for read in &properties.depends_on {
        match reading(read) {
            Some(Reading::Ref(call)) => node.refs.push(call),
            Some(Reading::Source(call)) => node.sources.push(call),
            None => problems.push(
                Diagnostic::error(
                    "bad-exposure",
                    format!("`{}` is neither a `ref` nor a `source`", read.value),
                )
                .at(read.span.clone())
                .help("write `ref('model')` or `source('source', 'table')`"),
            ),
        }
    }
    node.detail = Detail::Exposure(Box::new(ExposureDetail {
        kind: properties.kind.as_str().to_owned(),
        owner: properties.owner.to_json(),
        url: properties.url.clone(),
        maturity: properties.maturity.clone(),
        label: properties.label.clone(),
    }));
    node
}
