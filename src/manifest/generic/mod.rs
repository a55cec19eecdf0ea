//! Declared data tests as nodes, under the names and ids that dbt gives them.
//!
//! In: declarations on models, seeds and sources. Out: test nodes whose template is the call of the test's macro.

mod text;

use std::sync::LazyLock;

use rayon::prelude::*;
use regex::Regex;
use serde_json::{Map, Value};

pub use self::text::template_in;
use self::text::{Called, FUNCTION};
use crate::data_tests;
use crate::diagnostic::{Diagnostic, Diagnostics, Span, nearest};
use crate::jinja::MacroKind;
use crate::manifest::declared::{self, Reading};
use crate::manifest::merge::{Layer, Merged, Setting};
use crate::manifest::node::{
    Code, DeclaredOn, Detail, GenericTest, Node, RefCall, ResourceType, SourceCall, TestDetail,
};
use crate::manifest::resolve::{Draft, Made, Resolver};
use crate::manifest::settings;
use crate::manifest::versions;
use crate::project::properties::{
    ColumnProperties, NodeProperties, SourceProperties, SourceTableProperties, TestDeclaration,
};
use crate::project::render::is_jinja;
use crate::project::yaml::{Spanned, Yaml, YamlValue};

/// What a test is declared on.
pub struct Tested<'a> {
    /// None where it is missing.
    unique_id: Option<&'a str>,
    /// Key and name of the declaration: `models.orders`, `sources.raw`.
    key: String,
    /// The name as it stands in names of tests.
    name: String,
    /// `ref('…')` or `source('…', '…')`.
    call: String,
    reading: Reading,
    is_source: bool,
    quote_columns: bool,
    /// What a source and its table are tagged with, which their tests are too.
    tags: Vec<String>,
}

impl<'a> Tested<'a> {
    /// A model, seed or snapshot that is declared and not there: dbt knows its tests, and runs none of them.
    fn missing(kind: ResourceType, name: &str, quote_columns: bool) -> Self {
        let node = Node::new(kind, "", name);
        Self {
            unique_id: None,
            ..Self::of(&node, quote_columns)
        }
    }

    /// A model, seed or snapshot.
    pub fn node(node: &'a Node, quote_columns: bool) -> Self {
        Self {
            unique_id: Some(&node.unique_id),
            ..Self::of(node, quote_columns)
        }
    }

    fn of(node: &Node, quote_columns: bool) -> Self {
        let version = node.version.as_ref().map(|version| version.v.clone());
        let key = match node.resource_type {
            ResourceType::Seed => "seeds",
            ResourceType::Snapshot => "snapshots",
            _ => "models",
        };
        let pinned = version.as_ref().map_or_else(String::new, |v| {
            format!(", version='{}'", versions::text(v))
        });
        Self {
            unique_id: None,
            key: format!("{key}.{}", node.name),
            name: node.versioned_name(),
            call: format!("ref('{}'{pinned})", node.name),
            reading: Reading::Ref(RefCall {
                package: None,
                name: node.name.clone(),
                version,
                span: None,
            }),
            is_source: false,
            quote_columns,
            tags: Vec::new(),
        }
    }

    /// A table of a source.
    pub fn source(
        node: &'a Node,
        source: &SourceProperties,
        table: &SourceTableProperties,
    ) -> Self {
        let mut tags = declared::texts(source.tags.as_ref());
        tags.extend(declared::texts(table.tags.as_ref()));
        let (source, table) = (&source.name.value, &table.name.value);
        Self {
            unique_id: Some(&node.unique_id),
            key: format!("sources.{source}"),
            name: format!("{source}_{table}"),
            call: format!("source('{source}', '{table}')"),
            reading: Reading::Source(SourceCall {
                source: source.clone(),
                table: table.clone(),
                span: None,
            }),
            is_source: true,
            quote_columns: false,
            tags,
        }
    }
}

/// The tests of all declared models, seeds or snapshots.
pub fn tests_of_nodes(
    resolver: &Resolver<'_>,
    kind: ResourceType,
    declared: &[&NodeProperties],
    parts: &[Made],
) -> Made {
    let by_name = parts
        .iter()
        .flat_map(|(drafts, _)| drafts)
        .filter(|draft| draft.node.resource_type == kind)
        .map(|draft| {
            let version = draft.node.version.as_ref();
            let version = version.map(|version| versions::text(&version.v));
            ((draft.node.name.as_str(), version), &*draft.node)
        })
        .collect::<std::collections::HashMap<_, _>>();
    let made = declared
        .par_iter()
        .filter_map(|properties| {
            let version = properties.version.as_ref();
            let version = version.map(|version| versions::text(&version.v));
            let (name, quoted) = (
                properties.name.value.as_str(),
                properties.quote_columns.unwrap_or(false),
            );
            let tested = match by_name.get(&(name, version.clone())) {
                Some(node) => Tested::node(node, quoted),
                None if version.is_none() && is_missing(resolver, kind, name) => {
                    Tested::missing(kind, name, quoted)
                }
                None => return None,
            };
            Some(tests_of(
                resolver,
                &tested,
                &properties.columns,
                &properties.data_tests,
            ))
        })
        .collect::<Vec<_>>();
    let mut all = Made::default();
    for (drafts, problems) in made {
        all.0.extend(drafts);
        all.1.extend(problems);
    }
    all
}

/// Whether the package has no file of a declared node, be it right or wrong.
fn is_missing(resolver: &Resolver<'_>, kind: ResourceType, name: &str) -> bool {
    let package = resolver.package;
    let gap = resolver.project.gaps.names.contains(name);
    let known = match kind {
        ResourceType::Seed => package.seeds.iter().any(|file| file.stem() == name),
        ResourceType::Model => package.models.iter().any(|file| file.stem() == name),
        // A snapshot may stand in YAML alone.
        _ => true,
    };
    !known && !gap
}

/// The tests of one model, seed or source table.
pub fn tests_of(
    resolver: &Resolver<'_>,
    tested: &Tested<'_>,
    columns: &[ColumnProperties],
    whole: &[TestDeclaration],
) -> Made {
    let mut made = Made::default();
    for column in columns {
        for test in &column.data_tests {
            made.0
                .extend(make(resolver, tested, Some(column), test, &mut made.1));
        }
    }
    for test in whole {
        made.0
            .extend(make(resolver, tested, None, test, &mut made.1));
    }
    made
}

fn make(
    resolver: &Resolver<'_>,
    tested: &Tested<'_>,
    column: Option<&ColumnProperties>,
    test: &TestDeclaration,
    problems: &mut Diagnostics,
) -> Option<Draft> {
    let called = find(resolver, test, problems)?;
    let arguments = arguments(tested, column, test);
    let mut found = Diagnostics::default();
    check_arguments(&called, &arguments, test, &mut found);
    let cannot_be_called = found.has_errors();
    found.extend(second_column(column, test));
    problems.extend(found);
    if cannot_be_called {
        return None;
    }
    let (short, full) = text::names((&tested.name, tested.is_source), &called, &arguments);
    let full = test
        .custom_name
        .as_ref()
        .map_or(full, |name| name.value.clone());
    let short = test
        .custom_name
        .as_ref()
        .map_or(short, |name| name.value.clone());

    let mut node = Node::new(ResourceType::Test, &resolver.package.name, &full);
    let hash = text::hash(&full, &called, &arguments);
    node.unique_id = format!("test.{}.{full}.{hash}", resolver.package.name);
    let file = &resolver.own_path(&test.name.span.source.path);
    node.path = format!("{short}.sql");
    node.original_file_path.clone_from(file);
    node.fqn = resolver.fqn(
        file.split_once('/')
            .map_or(file.as_str(), |(_, below)| below),
        &full,
    );
    node.declared_at = Some(test.name.span.clone());
    node.description = resolver.description(test.description.as_ref(), problems);
    node.code = Some(Code::made(
        text::template(&called, &arguments),
        &test.name.span,
    ));
    node.detail = Detail::Test(Box::new(TestDetail {
        attached_node: None,
        declared_on: Some(DeclaredOn {
            key: tested.key.clone(),
            unique_id: tested
                .unique_id
                .filter(|_| !tested.is_source)
                .map(str::to_owned),
        }),
        column_name: column.map(|column| {
            let name = &column.name.value;
            declared::unquoted(name).unwrap_or(name).to_owned()
        }),
        generic: Some(GenericTest {
            config: test
                .config
                .iter()
                .map(|(key, value)| (key.key_text(), value.to_json()))
                .collect(),
            name: called.name.clone(),
            namespace: called.namespace.clone(),
            arguments: arguments.clone(),
            places: test
                .arguments
                .iter()
                .map(|(key, value)| (key.key_text(), value.span.clone()))
                .collect(),
        }),
    }));
    let alias = (short != full).then(|| short.clone());
    configure(
        resolver,
        &mut node,
        (tested, &called),
        column,
        test,
        alias,
        problems,
    )?;
    Some(Draft {
        node: Box::new(node),
        attached: tested.unique_id.map(str::to_owned),
    })
}

/// The name of a test, with its package, and what stands behind it: as dbt does, a name is read as far as it goes.
fn name_in(written: &str) -> (&str, &str) {
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:[a-zA-Z_][0-9a-zA-Z_]*\.)?[a-zA-Z_][0-9a-zA-Z_]*")
            .unwrap_or_else(|error| unreachable!("a constant pattern: {error}"))
    });
    let end = NAME.find(written).map_or(written.len(), |name| name.end());
    written.split_at(end)
}

fn find<'m>(
    resolver: &'m Resolver<'_>,
    test: &TestDeclaration,
    problems: &mut Diagnostics,
) -> Option<Called<'m>> {
    let (written, in_vain) = name_in(&test.name.value);
    let (namespace, name) = match written.split_once('.') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, written),
    };
    let package = namespace.unwrap_or(&resolver.package.name);
    let macro_name = format!("test_{name}");
    let found = resolver
        .macros
        .find(package, &macro_name)
        .filter(|found| namespace.is_none_or(|namespace| found.package == namespace));
    if let Some(declared) = found {
        if !in_vain.trim().is_empty() {
            let message = format!("`{in_vain}` has no effect behind the name of the test");
            problems.push(
                Diagnostic::warning("no-effect", message)
                    .at(test.name.span.clone())
                    .help(format!("write `{written}`")),
            );
        }
        return Some(Called {
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
            declared,
        });
    }
    let written = &test.name.value;
    let name = written
        .rsplit_once('.')
        .map_or(written.as_str(), |(_, name)| name);
    let known = resolver
        .macros
        .iter()
        .filter(|known| known.kind == MacroKind::Test)
        .filter_map(|known| known.name.strip_prefix("test_"));
    let problem = Diagnostic::error("unknown-test", format!("there is no test `{written}`"))
        .at(test.name.span.clone());
    let problem = match namespace {
        Some(namespace)
            if resolver
                .project
                .all()
                .any(|package| package.name == namespace) =>
        {
            problem.did_you_mean(name, known)
        }
        Some(namespace) => problem.help(format!(
            "no package `{namespace}` is installed: name it in packages.yml and run `redstart deps`"
        )),
        None => {
            let problem = problem.did_you_mean(name, known);
            problem.help(format!("write it as `{{% test {name}(model, column_name) %}}` in tests_sql/generic/{name}.sql"))
        }
    };
    problems.push(problem);
    None
}

/// The arguments as dbt keeps them: as declared, with the column and the model.
fn arguments(
    tested: &Tested<'_>,
    column: Option<&ColumnProperties>,
    test: &TestDeclaration,
) -> Map<String, Value> {
    let mut arguments = test
        .arguments
        .iter()
        .map(|(key, value)| (key.key_text(), value.to_json()))
        .collect::<Map<_, _>>();
    if let Some(column) = column {
        let name = &column.name.value;
        let quoted = column.quote.unwrap_or(tested.quote_columns);
        arguments.insert(
            "column_name".to_owned(),
            Value::from(if quoted {
                format!("\"{name}\"")
            } else {
                name.clone()
            }),
        );
    }
    arguments.insert(
        "model".to_owned(),
        Value::from(format!("{{{{ get_where_subquery({}) }}}}", tested.call)),
    );
    arguments
}

/// The column that a test under a column names once more: dbt takes the one that it stands under.
fn second_column(column: Option<&ColumnProperties>, test: &TestDeclaration) -> Option<Diagnostic> {
    let under = &column?.name.value;
    let (key, named) = test
        .arguments
        .iter()
        .find(|(key, _)| key.key_text() == "column_name")?;
    let named = named.to_json();
    if named.as_str() == Some(under) {
        return None;
    }
    Some(
        Diagnostic::warning(
            "no-effect",
            format!("`column_name` has no effect: the test is on `{under}`, under which it stands"),
        )
        .at(key.span.clone())
        .help("declare the test under the column that it is for"),
    )
}

fn check_arguments(
    called: &Called<'_>,
    arguments: &Map<String, Value>,
    test: &TestDeclaration,
    problems: &mut Diagnostics,
) {
    let place = |argument: &str| {
        let written = test
            .arguments
            .iter()
            .find(|(key, _)| key.key_text() == argument);
        written.map_or_else(|| test.name.span.clone(), |(key, _)| key.span.clone())
    };
    if called.declared.package == "dbt" && data_tests::find(&called.name).is_some() {
        let named = |problem: &Diagnostic| {
            test.arguments
                .iter()
                .map(|(key, _)| key.key_text())
                .find(|key| problem.message.contains(&format!("`{key}`")))
        };
        for problem in data_tests::check_arguments(&called.name, arguments) {
            let span = named(&problem).map_or_else(|| test.name.span.clone(), |key| place(&key));
            problems.push(problem.at(span));
        }
        return;
    }
    let parameters = &called.declared.arguments;
    let takes_more = called.declared.block.text().contains("kwargs");
    for given in arguments.keys() {
        if !takes_more && !parameters.iter().any(|parameter| parameter.name == *given) {
            let names = parameters.iter().map(|parameter| parameter.name.as_str());
            problems.push(
                Diagnostic::error(
                    "unknown-test-argument",
                    format!("test `{}` takes no argument `{given}`", called.name),
                )
                .at(place(given))
                .did_you_mean(given, names)
                .related("the test", called.declared.span.clone()),
            );
        }
    }
    for parameter in parameters
        .iter()
        .filter(|parameter| parameter.default.is_none())
    {
        // A slip of the finger is told already.
        let slipped = arguments.keys().any(|given| {
            !parameters.iter().any(|known| known.name == *given)
                && nearest(given, [parameter.name.as_str()]).is_some()
        });
        if !arguments.contains_key(&parameter.name) && !slipped {
            // A warning, as for dbt: the template may do without it, where it looks at all.
            problems.push(
                Diagnostic::warning(
                    "missing-test-argument",
                    format!(
                        "test `{}` is not given `{}`, which is undefined in its template",
                        called.name, parameter.name
                    ),
                )
                .at(test.name.span.clone())
                .related("the test", called.declared.span.clone())
                .help(format!(
                    "name it under `arguments:`, or let the macro give it a default: `{}=none`",
                    parameter.name
                )),
            );
        }
    }
}

fn configure(
    resolver: &Resolver<'_>,
    node: &mut Node,
    (tested, called): (&Tested<'_>, &Called<'_>),
    column: Option<&ColumnProperties>,
    test: &TestDeclaration,
    alias: Option<String>,
    problems: &mut Diagnostics,
) -> Option<()> {
    let tree = resolver.trees(|configs| &configs.tests);
    let mut merged = Merged::new(settings::defaults(ResourceType::Test));
    let layers = tree.layers(&node.fqn);
    let own = own_layer(resolver, node, test, alias.clone(), problems);
    let written: Vec<(String, Value)> = own
        .0
        .iter()
        .map(|setting| (setting.key.clone(), setting.value.clone()))
        .collect();
    if let Detail::Test(detail) = &mut node.detail
        && let Some(generic) = &mut detail.generic
    {
        for (key, value) in &written {
            if let Some(said) = generic.config.get_mut(key) {
                *said = value.clone();
            }
        }
    }
    // What stands at the test wins over what its macro says of every test of its kind.
    let mut stronger = vec![own];
    stronger.extend(tree.last_word(&node.fqn));
    layers
        .iter()
        .chain(&stronger)
        .for_each(|layer| merged.apply(layer, problems));
    node.unrendered_config = tree.unrendered(&node.fqn);
    // As in dbt, what a test itself says is rendered here too.
    node.unrendered_config.extend(written.iter().cloned());

    let of_macro = read(resolver, node, tested, called, &merged, test, problems)?;
    if !of_macro.0.is_empty() {
        merged.apply(&of_macro, problems);
        stronger
            .iter()
            .for_each(|layer| merged.apply(layer, problems));
        for setting in of_macro.0 {
            if !written.iter().any(|(key, _)| *key == setting.key) {
                node.unrendered_config.insert(setting.key, setting.value);
            }
        }
    }
    resolver.finish(node, merged, &test.name.span, problems);
    // The tags of its column and source select a test too, though dbt does not count them as its configuration.
    let tags = &mut node.config.tags;
    tags.extend_from_slice(&tested.tags);
    if let Some(column) = column {
        let config_tags = column.config.as_ref().and_then(|config| config.get("tags"));
        tags.extend(declared::texts(column.tags.as_deref()));
        tags.extend(declared::texts(config_tags));
    }
    tags.sort_unstable();
    tags.dedup();
    Some(())
}

/// The configuration of the declaration, its Jinja rendered.
fn own_layer(
    resolver: &Resolver<'_>,
    node: &Node,
    test: &TestDeclaration,
    alias: Option<String>,
    problems: &mut Diagnostics,
) -> Layer {
    let mut layer = Layer::default();
    for (key, value) in &test.config {
        // `where` keeps its Jinja for the run, as an argument would; everything else is rendered now.
        let rendered = match &value.value {
            YamlValue::String(text) if is_jinja(text) => {
                let text = Spanned {
                    value: text.clone(),
                    span: value.span.clone(),
                };
                resolver
                    .render_yaml(node, &text, problems)
                    .map(|json| Yaml::from_json(&json, &value.span))
            }
            _ => None,
        };
        layer.push(&key.key_text(), rendered.as_ref().unwrap_or(value));
    }
    if let Some(alias) = alias
        && !layer.0.iter().any(|setting| setting.key == "alias")
    {
        layer.0.push(Setting {
            key: "alias".to_owned(),
            value: Value::from(alias),
            span: None,
        });
    }
    layer
}

/// Finds what a test reads: from its arguments where they are literal and the macro is ours, else by rendering it. Gives the
/// configuration that the macro says.
fn read(
    resolver: &Resolver<'_>,
    node: &mut Node,
    tested: &Tested<'_>,
    called: &Called<'_>,
    merged: &Merged,
    test: &TestDeclaration,
    problems: &mut Diagnostics,
) -> Option<Layer> {
    let mut readings = Vec::new();
    if called.declared.package == "dbt"
        && test
            .arguments
            .iter()
            .all(|(_, value)| literal_readings(value, &mut readings))
    {
        // The order of dbt: arguments as declared, the model last.
        for reading in readings.into_iter().chain([copy(&tested.reading)]) {
            add(node, reading);
        }
        node.macros.insert(called.declared.unique_id());
        if !matches!(called.name.as_str(), "not_null" | "unique") {
            node.macros
                .insert("macro.dbt.get_where_subquery".to_owned());
        }
        return Some(Layer::default());
    }
    let code = node.code.clone()?;
    let found = resolver.discover(node, merged, &code.template(), problems)?;
    node.refs = found.refs;
    node.sources = found.sources;
    node.macros = found.macros;
    node.macros.insert(called.declared.unique_id());
    problems.extend(found.warnings);
    for call in &mut node.refs {
        call.span = Some(place_of(test, &call.name).unwrap_or_else(|| test.name.span.clone()));
    }
    for call in &mut node.sources {
        call.span = Some(place_of(test, &call.table).unwrap_or_else(|| test.name.span.clone()));
    }
    Some(found.config)
}

fn copy(reading: &Reading) -> Reading {
    match reading {
        Reading::Ref(call) => Reading::Ref(call.clone()),
        Reading::Source(call) => Reading::Source(call.clone()),
    }
}

fn add(node: &mut Node, reading: Reading) {
    match reading {
        Reading::Ref(call) => node.reads_model(call),
        Reading::Source(call) => node.reads_source(call),
    }
}

/// The literal `ref`s and `source`s of an argument; false when only rendering can tell.
fn literal_readings(value: &Yaml, readings: &mut Vec<Reading>) -> bool {
    match &value.value {
        YamlValue::String(text) if is_jinja(text) || FUNCTION.is_match(text) => {
            let text = Spanned {
                value: text.clone(),
                span: value.span.clone(),
            };
            match declared::reading(&text) {
                Some(reading) => {
                    readings.push(reading);
                    true
                }
                None => false,
            }
        }
        YamlValue::Seq(items) => items.iter().all(|item| literal_readings(item, readings)),
        YamlValue::Map(entries) => entries
            .iter()
            .all(|(_, value)| literal_readings(value, readings)),
        _ => true,
    }
}

/// Where a name stands in quotes among the arguments.
fn place_of(test: &TestDeclaration, name: &str) -> Option<Span> {
    let quoted = [format!("'{name}'"), format!("\"{name}\"")];
    let holds = |yaml: &Yaml| {
        quoted
            .iter()
            .any(|quoted| yaml.span.text().contains(quoted.as_str()))
    };
    test.arguments
        .iter()
        .map(|(_, value)| value)
        .find(|value| holds(value))
        .map(|value| value.span.clone())
}
