//! The nodes of a project: everything that has a `unique_id`, with every name resolved.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value};

use super::config::Config;
use super::versions::{self, ModelVersion};
use crate::diagnostic::{Source, Span};
use crate::jinja::Template;
use crate::relation::Relation;

/// The place of a [`Node`] in its manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// dbt's kinds of node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceType {
    /// A SQL file in `models/`.
    Model,
    /// A CSV file in `seeds/`.
    Seed,
    /// A snapshot.
    Snapshot,
    /// A data test, generic or singular.
    Test,
    /// A unit test: a model's query on given rows.
    UnitTest,
    /// A SQL file in `analyses/`: compiled, never run.
    Analysis,
    /// A table of a source; with `external.copy` it is loaded by us.
    Source,
    /// A declared consumer of models.
    Exposure,
    /// A hook of the project (`on-run-start`, `on-run-end`).
    Operation,
    /// What a model means to MetricFlow; kept, never asked.
    SemanticModel,
    /// A metric over semantic models; kept, never asked.
    Metric,
    /// Metrics that are asked together; kept, never asked.
    SavedQuery,
}

impl ResourceType {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Model,
        Self::Seed,
        Self::Snapshot,
        Self::Test,
        Self::UnitTest,
        Self::Analysis,
        Self::Source,
        Self::Exposure,
        Self::Operation,
        Self::SemanticModel,
        Self::Metric,
        Self::SavedQuery,
    ];

    /// Whether it is a data test or a unit test.
    pub fn is_test(self) -> bool {
        matches!(self, Self::Test | Self::UnitTest)
    }

    /// Whether it is one of MetricFlow's.
    pub fn is_semantic(self) -> bool {
        matches!(self, Self::SemanticModel | Self::Metric | Self::SavedQuery)
    }

    /// Whether it stands among the `nodes` of `manifest.json`; the others have lists of their own.
    pub fn is_among_nodes(self) -> bool {
        !self.is_semantic() && !matches!(self, Self::Source | Self::Exposure | Self::UnitTest)
    }

    /// dbt's word, as in a `unique_id`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Seed => "seed",
            Self::Snapshot => "snapshot",
            Self::Test => "test",
            Self::UnitTest => "unit_test",
            Self::Analysis => "analysis",
            Self::Source => "source",
            Self::Exposure => "exposure",
            Self::Operation => "operation",
            Self::SemanticModel => "semantic_model",
            Self::Metric => "metric",
            Self::SavedQuery => "saved_query",
        }
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One node. What only some kinds have is in [`Detail`].
#[derive(Clone, Debug)]
pub struct Node {
    /// Such as `model.shop.stg_orders`.
    pub unique_id: String,
    /// Its kind.
    pub resource_type: ResourceType,
    /// The package it belongs to.
    pub package_name: String,
    /// Its name: what `ref` takes. For a source, the name of the table.
    pub name: String,
    /// Path below its resource folder, such as `staging/stg_orders.sql`.
    pub path: String,
    /// Path from the project root, such as `models/staging/stg_orders.sql`.
    pub original_file_path: String,
    /// Package, folders, name.
    pub fqn: Vec<String>,
    /// The template, where the node has one: the whole file, or a test macro's call.
    pub code: Option<Code>,
    /// Merged configuration.
    pub config: Config,
    /// What was configured, before Jinja in YAML was rendered.
    pub unrendered_config: Map<String, Value>,
    /// Description, `doc()` resolved.
    pub description: String,
    /// `unique_id`s of the docs blocks in the description.
    pub doc_blocks: Vec<String>,
    /// Columns as declared in YAML, in that order.
    pub columns: IndexMap<String, Column>,
    /// Where the node stands in the warehouse; none for what never does (an ephemeral model has a name but no relation).
    pub relation: Option<Relation>,
    /// Where an ephemeral model would stand, which has no relation.
    pub place: Option<Box<Relation>>,
    /// Its name in the warehouse, before it becomes a relation.
    pub alias: String,
    /// `ref` calls in the order of the template.
    pub refs: Vec<RefCall>,
    /// `source` calls in the order of the template.
    pub sources: Vec<SourceCall>,
    /// Nodes it reads, resolved from `refs` and `sources`, in order, without doubles.
    pub depends_on: Vec<NodeId>,
    /// `unique_id`s of the macros it calls, in the order of its calls.
    pub macros: IndexSet<String>,
    /// Whether its template, or a macro of the project that it calls, says `this` beside its configuration.
    pub says_this: bool,
    /// Where YAML declares it.
    pub declared_at: Option<Span>,
    /// Model-level constraints, as declared.
    pub constraints: Vec<Constraint>,
    /// Columns, in lower case, that personal data reaches by lineage; told once, when the project is analysed.
    pub personal: OnceLock<BTreeSet<String>>,
    /// Which version of its model it is, for one with versions.
    pub version: Option<Box<ModelVersion>>,
    /// `time_spine` of a model, for MetricFlow, as dbt writes it.
    pub time_spine: Option<Box<Value>>,
    /// From when on a model should not be read any more, as dbt writes it.
    pub deprecation_date: Option<String>,
    /// What only its kind has.
    pub detail: Detail,
}

impl Node {
    /// Whether it is written in Python.
    pub fn is_python(&self) -> bool {
        self.resource_type == ResourceType::Model && self.original_file_path.ends_with(".py")
    }

    /// Adds a model that it reads, each once.
    pub fn reads_model(&mut self, call: RefCall) {
        if !self.refs.iter().any(|known| known.is_of_the_same(&call)) {
            self.refs.push(call);
        }
    }

    /// Adds a table of a source that it reads, each once.
    pub fn reads_source(&mut self, call: SourceCall) {
        let same =
            |known: &SourceCall| (&known.source, &known.table) == (&call.source, &call.table);
        if !self.sources.iter().any(same) {
            self.sources.push(call);
        }
    }

    /// A node with a name and nothing else.
    pub fn new(resource_type: ResourceType, package: &str, name: &str) -> Self {
        Self {
            unique_id: format!("{resource_type}.{package}.{name}"),
            resource_type,
            package_name: package.to_owned(),
            name: name.to_owned(),
            path: String::new(),
            original_file_path: String::new(),
            fqn: Vec::new(),
            code: None,
            config: Config::default(),
            unrendered_config: Map::new(),
            description: String::new(),
            doc_blocks: Vec::new(),
            columns: IndexMap::new(),
            relation: None,
            place: None,
            alias: name.to_owned(),
            refs: Vec::new(),
            sources: Vec::new(),
            depends_on: Vec::new(),
            macros: IndexSet::new(),
            says_this: false,
            declared_at: None,
            constraints: Vec::new(),
            personal: OnceLock::new(),
            version: None,
            time_spine: None,
            deprecation_date: None,
            detail: Detail::Plain,
        }
    }

    /// Columns, in lower case, whose values must not be shown: those declared personal, and those that such data reaches.
    pub fn personal_columns(&self) -> BTreeSet<String> {
        let declared = self.columns.values().filter(|column| column.is_pii());
        let reached = self.personal.get().into_iter().flatten().cloned();
        declared
            .map(|column| column.name.to_lowercase())
            .chain(reached)
            .collect()
    }

    /// Whether a value of a declared column must not be shown; without a column it may be that of any of them.
    pub fn is_personal(&self, column: Option<&str>) -> bool {
        let meant = |name: &str| column.is_none_or(|column| column.eq_ignore_ascii_case(name));
        let mut columns = self.columns.iter();
        columns.any(|(name, column)| meant(name) && column.is_pii())
    }

    /// The type that a column is declared with.
    pub fn declared_type(&self, column: &str) -> Option<&str> {
        let mut columns = self.columns.iter();
        let found = columns.find(|(name, _)| name.eq_ignore_ascii_case(column));
        found.and_then(|(_, column)| column.data_type.as_deref())
    }

    /// What selects it alone on a command line: a source is found by no bare name.
    pub fn selector(&self) -> String {
        match &self.detail {
            Detail::Source(source) => format!("source:{}.{}", source.source_name, self.name),
            _ => self.name.clone(),
        }
    }

    /// Its name with its version, such as `orders_v2`: what it is called in the warehouse where nothing else is said, and in names of tests.
    pub fn versioned_name(&self) -> String {
        match &self.version {
            Some(version) => format!("{}_{}", self.name, versions::suffix(&version.v)),
            None => self.name.clone(),
        }
    }

    /// Whether a `ref` with this version, or without one, means it.
    pub fn is_version(&self, asked: Option<&Value>) -> bool {
        match &self.version {
            Some(version) => version.is_meant(asked),
            None => asked.is_none(),
        }
    }

    /// A path from its package's folder, of one that a diagnostic shows.
    pub fn own_path<'p>(&self, shown: &'p str) -> &'p str {
        let written = self.code.as_ref().map(|code| &code.source);
        let home = written.or(self.declared_at.as_ref().map(|span| &span.source));
        home.and_then(|home| home.path.strip_suffix(self.original_file_path.as_str()))
            .and_then(|prefix| shown.strip_prefix(prefix))
            .unwrap_or(shown)
    }
}

/// A template and where it stands.
#[derive(Clone, Debug)]
pub struct Code {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes of the file that are the template (the whole file but for snapshots and the like).
    pub range: std::ops::Range<usize>,
    /// The declaration that the text was made from, for a template that no file holds (the call of a generic test).
    pub made_from: Option<Span>,
}

impl Code {
    /// A whole file.
    pub fn whole(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            range: 0..source.text.len(),
            made_from: None,
        }
    }

    /// A text that Redstart made from a declaration.
    pub fn made(text: String, from: &Span) -> Self {
        let source = Source::new(from.source.path.clone(), text);
        Self {
            made_from: Some(from.clone()),
            ..Self::whole(&source)
        }
    }

    /// The template; one that was made points to its declaration.
    pub fn template(&self) -> Template {
        match &self.made_from {
            Some(span) => Template::scalar(self.text(), span),
            None => Template::part(&self.source, self.range.clone()),
        }
    }

    /// The template's text.
    pub fn text(&self) -> &str {
        self.source.text.get(self.range.clone()).unwrap_or("")
    }
}

/// `ref('package', 'name', v=1)` as called.
#[derive(Clone, Debug, PartialEq)]
pub struct RefCall {
    /// The package, if named.
    pub package: Option<String>,
    /// The model's name.
    pub name: String,
    /// The version, if pinned.
    pub version: Option<Value>,
    /// Where it is called.
    pub span: Option<Span>,
}

impl RefCall {
    /// Whether both name the same model.
    pub fn is_of_the_same(&self, other: &Self) -> bool {
        (&self.name, &self.package, &self.version) == (&other.name, &other.package, &other.version)
    }
}

/// `source('source', 'table')` as called.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceCall {
    /// The source.
    pub source: String,
    /// The table.
    pub table: String,
    /// Where it is called.
    pub span: Option<Span>,
}

/// A column as declared in YAML.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its name as it is written, where that has quotes of its own: `'"OBJECTID"'`.
    pub written: Option<String>,
    /// Description, `doc()` resolved.
    pub description: String,
    /// `unique_id`s of the docs blocks in the description.
    pub doc_blocks: Vec<String>,
    /// Declared type.
    pub data_type: Option<String>,
    /// Free data; `pii: true` keeps its values out of every message.
    pub meta: Map<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// Whether the name is quoted.
    pub quote: Option<bool>,
    /// Its constraints.
    pub constraints: Vec<Constraint>,
    /// `encode` (ours): the column's compression on Redshift.
    pub encode: Option<String>,
    /// `granularity`, for MetricFlow.
    pub granularity: Option<String>,
    /// Where YAML declares it.
    pub declared_at: Option<Span>,
    /// Where YAML gives its type.
    pub type_at: Option<Span>,
}

impl Column {
    /// Whether its values are personal data and must not be shown.
    pub fn is_pii(&self) -> bool {
        self.meta
            .get("pii")
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }
}

/// A declared constraint of a model or column.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// dbt's kinds.
    pub kind: ConstraintKind,
    /// Its name, if given.
    pub name: Option<String>,
    /// The columns, for a constraint of a model.
    pub columns: Vec<String>,
    /// `expression`.
    pub expression: Option<String>,
    /// `to`: the other relation of a foreign key, as written (`ref('x')`).
    pub to: Option<String>,
    /// `to` resolved.
    pub to_node: Option<NodeId>,
    /// `to_columns`.
    pub to_columns: Vec<String>,
    /// `warn_unsupported`.
    pub warn_unsupported: bool,
    /// `warn_unenforced`.
    pub warn_unenforced: bool,
    /// Where it is declared.
    pub declared_at: Option<Span>,
}

/// dbt's kinds of constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// `not_null`.
    NotNull,
    /// `unique`.
    Unique,
    /// `primary_key`.
    PrimaryKey,
    /// `foreign_key`.
    ForeignKey,
    /// `check`.
    Check,
    /// `custom`.
    Custom,
}

impl ConstraintKind {
    /// What people call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotNull => "not null",
            Self::Unique => "unique key",
            Self::PrimaryKey => "primary key",
            Self::ForeignKey => "foreign key",
            Self::Check => "check",
            Self::Custom => "custom",
        }
    }
}

/// What only one kind of node has.
#[derive(Clone, Debug)]
pub enum Detail {
    /// Nothing more.
    Plain,
    /// A seed's file.
    Seed {
        /// The file's absolute path. Its text is read when it is needed.
        path: std::path::PathBuf,
    },
    /// A generic or singular data test.
    Test(Box<TestDetail>),
    /// A unit test.
    UnitTest(Box<super::unit_test::UnitTestDetail>),
    /// A table of a source.
    Source(Box<SourceDetail>),
    /// A declared consumer.
    Exposure(Box<ExposureDetail>),
    /// A semantic model, a metric or a saved query.
    Semantic(Box<SemanticDetail>),
    /// A hook of the project.
    Operation {
        /// `true` for `on-run-start`.
        at_start: bool,
        /// Its place among its like, from 0.
        index: usize,
    },
}

/// A data test.
#[derive(Clone, Debug, Default)]
pub struct TestDetail {
    /// The generic test, or none for a singular one.
    pub generic: Option<GenericTest>,
    /// The node that the test is attached to.
    pub attached_node: Option<NodeId>,
    /// What it is declared on, also where that is disabled or missing; none for a singular test.
    pub declared_on: Option<DeclaredOn>,
    /// The column it is about, if any.
    pub column_name: Option<String>,
}

/// What a generic test is declared on.
#[derive(Clone, Debug)]
pub struct DeclaredOn {
    /// Key and name of the declaration: `models.orders`, `sources.raw`.
    pub key: String,
    /// The `unique_id` of the node, where it is no source and there is one.
    pub unique_id: Option<String>,
}

/// A call of a generic test.
#[derive(Clone, Debug)]
pub struct GenericTest {
    /// The configuration of the declaration, as written.
    pub config: Map<String, Value>,
    /// Its name without the package, such as `not_null`.
    pub name: String,
    /// The package, if named (`dbt_utils.equality`).
    pub namespace: Option<String>,
    /// Its arguments as declared, `model` and `column_name` among them as dbt does.
    pub arguments: Map<String, Value>,
    /// Where the values of the declared arguments stand.
    pub places: Vec<(String, Span)>,
}

impl GenericTest {
    /// Where the value of an argument stands, if the declaration has it.
    pub fn place_of(&self, argument: &str) -> Option<&Span> {
        let found = self.places.iter().find(|(name, _)| name == argument);
        found.map(|(_, place)| place)
    }
}

/// A table of a source.
#[derive(Clone, Debug, Default)]
pub struct SourceDetail {
    /// The source it belongs to.
    pub source_name: String,
    /// Description of the source.
    pub source_description: String,
    /// `loader`.
    pub loader: String,
    /// `external`, as declared.
    pub external: Option<Value>,
    /// What stands for its table in SQL: files that DuckDB reads in place, by `external_location` of dbt-duckdb.
    pub location: Option<String>,
    /// The staged load, when `external` has `copy`: then this node is built.
    pub load: Option<StagedLoad>,
    /// `freshness`, typed; none where it limits nothing.
    pub freshness: Option<super::freshness::Freshness>,
    /// `freshness` as dbt writes it.
    pub freshness_value: Value,
    /// Where its age is read.
    pub loaded_at: super::freshness::LoadedAt,
    /// Meta of the source.
    pub source_meta: Map<String, Value>,
    /// `quoting` of the source and its table, as declared.
    pub quoting: Map<String, Value>,
    /// `schema` of the source as it is written.
    pub unrendered_schema: Option<String>,
    /// `database` of the source as it is written.
    pub unrendered_database: Option<String>,
}

/// How a source table is filled: its options checked, everything but the relation and columns of a COPY.
#[derive(Clone, Debug)]
pub struct StagedLoad {
    /// The COPY with an empty list of columns; columns come from the node.
    pub copy: crate::adapter::statement::Copy,
    /// Physical attributes of the table.
    pub attributes: crate::adapter::statement::TableAttributes,
    /// `load_mode`.
    pub mode: LoadMode,
}

/// What a load does with the rows that are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadMode {
    /// All files are loaded anew.
    #[default]
    Replace,
    /// Only files are loaded that were not loaded before; their rows come to those that are there.
    Append,
}

/// What there is of a semantic model, a metric or a saved query.
#[derive(Clone, Debug)]
pub struct SemanticDetail {
    /// `unique_id`s of the semantic models and metrics that it is made of.
    pub reads: Vec<String>,
    /// What dbt writes of it, beside what it writes of every node.
    pub keys: Map<String, Value>,
}

/// An exposure.
#[derive(Clone, Debug)]
pub struct ExposureDetail {
    /// `dashboard`, `notebook`, ….
    pub kind: String,
    /// Owner as declared.
    pub owner: Value,
    /// `url`.
    pub url: Option<String>,
    /// `maturity`.
    pub maturity: Option<String>,
    /// `label`.
    pub label: Option<String>,
}
