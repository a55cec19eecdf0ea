//! Unit tests as nodes: what a model's query is given, and what it must answer.
//!
//! In: `unit_tests:` of property files, and the files of fixtures. Out: nodes with their rows read, names still to be tied.
//! Knows no column of any relation, so no row is checked against one here.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::declared::{self, Reading, reading};
use super::merge::Merged;
use super::node::{Detail, Node, NodeId, RefCall, ResourceType, SourceCall};
use super::resolve::{Draft, Made, Resolver, object};
use super::settings;
use super::versions;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::project::File;
use crate::project::properties::{
    FixtureFormatProperty, FixtureProperties, GivenProperties, NodeProperties, UnitTestProperties,
};
use crate::project::yaml::{Spanned, Yaml, YamlValue};

/// What only a unit test has.
#[derive(Clone, Debug)]
pub struct UnitTestDetail {
    /// The model, as declared.
    pub model: String,
    /// What the model reads in the test.
    pub given: Vec<Given>,
    /// What it must answer.
    pub expect: Fixture,
    /// Macros by name (`package.name` for those of packages), with what they return.
    pub macros: Map<String, Value>,
    /// Variables.
    pub vars: Map<String, Value>,
    /// Environment variables.
    pub env_vars: Map<String, Value>,
    /// The version of the model that it is for.
    pub version: Option<Value>,
    /// `versions`, as declared.
    pub versions: Option<Value>,
}

/// The rows of one relation that the model reads.
#[derive(Clone, Debug)]
pub struct Given {
    /// `ref('…')`, `source('…', '…')` or `this`, as declared.
    pub input: Spanned<String>,
    /// What it means.
    pub reads: GivenReads,
    /// The node, once names are tied; the model itself for `this`.
    pub node: Option<NodeId>,
    /// The rows.
    pub fixture: Fixture,
}

/// What a given input stands for.
#[derive(Clone, Debug)]
pub enum GivenReads {
    /// The model's own relation, as it was before.
    This,
    /// A model, seed or snapshot.
    Ref(RefCall),
    /// A table of a source.
    Source(SourceCall),
}

/// Rows of a unit test.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// How they are written.
    pub format: FixtureFormatProperty,
    /// The name of the file that holds them.
    pub file: Option<String>,
    /// The rows.
    pub rows: FixtureRows,
    /// Where they are declared.
    pub span: Span,
}

/// Rows, or a query that answers them.
#[derive(Clone, Debug)]
pub enum FixtureRows {
    /// Values by column; what is left out is NULL in a given relation.
    Values(Vec<FixtureRow>),
    /// A query.
    Sql {
        /// Its text.
        text: String,
        /// Where it is written.
        span: Span,
    },
}

/// One row.
#[derive(Clone, Debug)]
pub struct FixtureRow {
    /// The values in the order written, by the name of the column.
    pub values: IndexMap<String, FixtureValue>,
    /// Where the row is written.
    pub span: Span,
}

/// A value of a row.
#[derive(Clone, Debug)]
pub struct FixtureValue {
    /// The value; of CSV always text, or NULL where nothing stands.
    pub value: Value,
    /// Where its column is named for this row.
    pub span: Span,
}

/// The unit tests of a package.
pub fn unit_tests(resolver: &Resolver<'_>, models: &[&NodeProperties]) -> Made {
    let mut made = Made::default();
    for properties in &resolver.package.properties.unit_tests {
        let versions = models
            .iter()
            .filter(|model| model.name.value == properties.model.value)
            .filter_map(|model| Some(&model.version.as_ref()?.v));
        let all: Vec<&Value> = versions.collect();
        let node = unit_test(resolver, properties, &mut made.1);
        let Some(node) = node else { continue };
        if all.is_empty() {
            made.0.push(Draft::from(node));
            continue;
        }
        let meant = all
            .into_iter()
            .filter(|v| versions::is_for(properties.versions.as_ref(), v));
        made.0
            .extend(meant.map(|v| Draft::from(of_version(node.clone(), v))));
    }
    made
}

/// The unit test for one version of its model.
fn of_version(mut node: Node, v: &Value) -> Node {
    node.unique_id = format!("{}_v{}", node.unique_id, versions::text(v));
    for call in &mut node.refs {
        call.version = Some(v.clone());
    }
    if let Detail::UnitTest(test) = &mut node.detail {
        test.version = Some(v.clone());
    }
    node
}

fn unit_test(
    resolver: &Resolver<'_>,
    properties: &UnitTestProperties,
    problems: &mut Diagnostics,
) -> Option<Node> {
    let (name, model) = (&properties.name.value, &properties.model);
    let package = &resolver.package.name;
    let mut node = Node::new(ResourceType::UnitTest, package, name);
    node.unique_id = format!("unit_test.{package}.{}.{name}", model.value);
    let file = &resolver.own_path(&properties.name.span.source.path);
    let below = file.split_once('/').map_or(file.as_str(), |(_, path)| path);
    below.clone_into(&mut node.path);
    node.original_file_path.clone_from(file);
    node.fqn = resolver.fqn(below, &model.value);
    node.fqn.push(name.clone());
    node.declared_at = Some(properties.name.span.clone());
    node.description = resolver.description(properties.description.as_ref(), problems);
    node.doc_blocks = declared::doc_blocks(resolver, properties.description.as_ref());
    node.refs.push(RefCall {
        package: Some(package.clone()),
        name: model.value.clone(),
        version: None,
        span: Some(model.span.clone()),
    });
    let tree = resolver.trees(|configs| &configs.unit_tests);
    let mut layers = tree.layers(&node.fqn);
    layers.extend(declared::config_layers(
        [],
        properties.config.as_ref(),
        problems,
    ));
    layers.extend(tree.last_word(&node.fqn));
    let mut merged = Merged::new(settings::defaults(ResourceType::UnitTest));
    layers
        .iter()
        .for_each(|layer| merged.apply(layer, problems));
    resolver.finish(&mut node, merged, &properties.name.span, problems);
    let before = problems.0.len();
    let given = properties.given.iter();
    let given: Vec<Given> = given
        .filter_map(|given| read_given(resolver, given, problems))
        .collect();
    let expect = fixture(
        resolver,
        &properties.expect,
        "`expect`",
        &properties.name.span,
        problems,
    );
    if problems.0.len() > before {
        return None;
    }
    let overrides = properties.overrides.clone().unwrap_or_default();
    node.detail = Detail::UnitTest(Box::new(UnitTestDetail {
        model: model.value.clone(),
        given,
        expect: expect?,
        macros: object(overrides.macros.as_ref()),
        vars: object(overrides.vars.as_ref()),
        env_vars: object(overrides.env_vars.as_ref()),
        version: None,
        versions: properties.versions.as_ref().map(Yaml::to_json),
    }));
    Some(node)
}

fn read_given(
    resolver: &Resolver<'_>,
    given: &GivenProperties,
    problems: &mut Diagnostics,
) -> Option<Given> {
    let reads = match (given.input.value.trim(), reading(&given.input)) {
        ("this", _) => GivenReads::This,
        (_, Some(Reading::Ref(call))) => GivenReads::Ref(call),
        (_, Some(Reading::Source(call))) => GivenReads::Source(call),
        (written, None) => {
            problems.push(
                Diagnostic::error(
                    "bad-unit-test",
                    format!("`{written}` is neither a `ref`, a `source` nor `this`"),
                )
                .at(given.input.span.clone())
                .help("write `ref('model')`, `source('source', 'table')` or `this`"),
            );
            return None;
        }
    };
    let rows = FixtureProperties {
        rows: given.rows.clone(),
        format: given.format.clone(),
        fixture: given.fixture.clone(),
    };
    let what = format!("the input `{}`", given.input.value);
    let fixture = fixture(resolver, &rows, &what, &given.input.span, problems)?;
    Some(Given {
        input: given.input.clone(),
        reads,
        node: None,
        fixture,
    })
}

fn fixture(
    resolver: &Resolver<'_>,
    properties: &FixtureProperties,
    what: &str,
    at: &Span,
    problems: &mut Diagnostics,
) -> Option<Fixture> {
    let format = properties
        .format
        .as_ref()
        .map_or(FixtureFormatProperty::Dict, |format| format.value);
    let read = match (&properties.fixture, &properties.rows) {
        (Some(named), Some(_)) => Err(Box::new(
            Diagnostic::error(
                "bad-unit-test",
                format!("{what} has both `rows` and `fixture`"),
            )
            .at(named.span.clone())
            .help("keep one of them"),
        )),
        (Some(named), None) => from_file(resolver, named, format, what),
        (None, rows) => inline(rows.as_ref(), format, what, at),
    };
    match read {
        Ok(rows) => Some(Fixture {
            format,
            file: properties
                .fixture
                .as_ref()
                .map(|fixture| fixture.value.clone()),
            rows,
            span: properties
                .rows
                .as_ref()
                .map_or_else(|| at.clone(), |rows| rows.span.clone()),
        }),
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

fn inline(
    rows: Option<&Yaml>,
    format: FixtureFormatProperty,
    what: &str,
    at: &Span,
) -> Result<FixtureRows, Box<Diagnostic>> {
    let wrong = |rows: &Yaml, wanted: &str, help: &str| {
        let mut problem = rows.expected(wanted);
        problem.help.clear();
        Err(Box::new(problem.help(help)))
    };
    match (format, rows) {
        (FixtureFormatProperty::Sql, Some(rows)) => match rows.as_str() {
            Some(text) => Ok(FixtureRows::Sql {
                text: text.trim().trim_end_matches(';').to_owned(),
                span: rows.span.clone(),
            }),
            None => wrong(
                rows,
                "a query",
                "`format: sql` takes `rows` as one text of SQL",
            ),
        },
        (FixtureFormatProperty::Csv, Some(rows)) => match rows.as_str() {
            Some(text) => csv_rows(text, &|line| line_of(&rows.span, text, line)),
            None => wrong(rows, "CSV", "`format: csv` takes `rows` as one text of CSV"),
        },
        (FixtureFormatProperty::Dict, Some(rows)) if rows.is_null() => {
            Ok(FixtureRows::Values(Vec::new()))
        }
        (FixtureFormatProperty::Dict, Some(rows)) => match rows.as_seq() {
            Some(items) => {
                let items: Result<_, _> = items.iter().map(mapped).collect();
                Ok(FixtureRows::Values(items?))
            }
            None => wrong(
                rows,
                "a list of rows",
                "write each row as `- {column: value}`, or say `format: csv` or `format: sql`",
            ),
        },
        (_, None) => Err(Box::new(
            Diagnostic::error("bad-unit-test", format!("{what} has no rows"))
                .at(at.clone())
                .help(
                    "write them under `rows:`, or name a file with `fixture:`; `rows: []` is none",
                ),
        )),
    }
}

/// `- {column: value}`.
fn mapped(row: &Yaml) -> Result<FixtureRow, Box<Diagnostic>> {
    let YamlValue::Map(entries) = &row.value else {
        return Err(Box::new(
            row.expected("a row: a mapping of columns to values"),
        ));
    };
    let mut values = IndexMap::with_capacity(entries.len());
    for (key, value) in entries {
        // The text of a number keeps digits that a float would lose.
        let json = match &value.value {
            YamlValue::Float(_) => value
                .span
                .text()
                .parse::<serde_json::Number>()
                .map_or_else(|_| value.to_json(), Value::Number),
            _ => value.to_json(),
        };
        let cell = FixtureValue {
            value: json,
            span: key.span.clone(),
        };
        let name = key.key_text().to_lowercase();
        if values.insert(name.clone(), cell).is_some() {
            return Err(Box::new(
                Diagnostic::error(
                    "bad-unit-test",
                    format!("the column `{name}` is given twice in this row"),
                )
                .at(key.span.clone()),
            ));
        }
    }
    Ok(FixtureRow {
        values,
        span: row.span.clone(),
    })
}

/// The rows of a CSV text; `place` tells where a line of it, from 0, stands.
fn csv_rows(text: &str, place: &dyn Fn(usize) -> Span) -> Result<FixtureRows, Box<Diagnostic>> {
    let wrong = |line: usize, message: String| {
        Box::new(Diagnostic::error("bad-unit-test", message).at(place(line)))
    };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let line = |position: Option<&csv::Position>| {
        let line = position.map_or(1, csv::Position::line);
        usize::try_from(line).unwrap_or(1).saturating_sub(1)
    };
    let header = reader
        .headers()
        .map_err(|error| wrong(0, format!("this CSV cannot be read: {error}")))?
        .iter()
        .map(|name| name.trim().to_lowercase())
        .collect::<Vec<_>>();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            wrong(
                line(error.position()),
                format!("this CSV cannot be read: {error}"),
            )
        })?;
        let at = line(record.position());
        if record.len() != header.len() {
            return Err(wrong(
                at,
                format!(
                    "this row has {} values for {} columns",
                    record.len(),
                    header.len()
                ),
            ));
        }
        let span = place(at);
        let cells = header.iter().zip(&record).map(|(name, cell)| {
            let value = if cell.is_empty() {
                Value::Null
            } else {
                Value::from(cell)
            };
            let span = span.clone();
            (name.clone(), FixtureValue { value, span })
        });
        rows.push(FixtureRow {
            values: cells.collect(),
            span: span.clone(),
        });
    }
    Ok(FixtureRows::Values(rows))
}

/// Where a line of a YAML text stands; the whole text where it is not written as it reads.
fn line_of(span: &Span, text: &str, line: usize) -> Span {
    let wanted = text.lines().nth(line).unwrap_or("").trim();
    let found = span.text().find(wanted).filter(|_| !wanted.is_empty());
    match found {
        Some(at) => Span::new(
            &span.source,
            span.start + at..span.start + at + wanted.len(),
        ),
        None => span.clone(),
    }
}

fn from_file(
    resolver: &Resolver<'_>,
    named: &Spanned<String>,
    format: FixtureFormatProperty,
    what: &str,
) -> Result<FixtureRows, Box<Diagnostic>> {
    let extension = match format {
        FixtureFormatProperty::Csv => "csv",
        FixtureFormatProperty::Sql => "sql",
        FixtureFormatProperty::Dict => {
            return Err(Box::new(
                Diagnostic::error(
                    "bad-unit-test",
                    format!("{what} is read from a file, so its `format` must be `csv` or `sql`"),
                )
                .at(named.span.clone())
                .help("write `format: csv` beside `fixture`"),
            ));
        }
    };
    let files = &resolver.package.fixtures;
    let is_meant = |file: &&File| {
        file.stem() == named.value && file.path.to_lowercase().ends_with(&format!(".{extension}"))
    };
    let Some(file) = files.iter().find(is_meant) else {
        let folders = resolver.package.file.paths.tests.join("`, `");
        return Err(Box::new(
            Diagnostic::error(
                "unknown-fixture",
                format!("there is no fixture `{}`", named.value),
            )
            .at(named.span.clone())
            .label(format!("no file `{}.{extension}`", named.value))
            .did_you_mean(&named.value, files.iter().map(File::stem))
            .help(format!(
                "fixtures stand in a folder `fixtures` in the folder of tests (`{folders}`)"
            )),
        ));
    };
    let source = &file.source;
    Ok(match format {
        FixtureFormatProperty::Sql => FixtureRows::Sql {
            text: source.text.trim().trim_end_matches(';').to_owned(),
            span: Span::file(source),
        },
        _ => csv_rows(&source.text, &|line| in_file(source, line))?,
    })
}

fn in_file(source: &std::sync::Arc<Source>, line: usize) -> Span {
    let length = source.text.lines().nth(line).map_or(0, str::len);
    Span::at_line_column(source, line + 1, 1, length)
}
