//! The shapes of property files: one struct for each kind of item.

use serde::Deserialize;

use super::data_test::TestDeclaration;
use crate::project::yaml::{Spanned, Yaml};

/// A model, seed, snapshot or analysis.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeProperties {
    /// Its name.
    pub name: Spanned<String>,
    /// Words about it, with `doc()` calls.
    pub description: Option<Spanned<String>>,
    /// Its columns.
    #[serde(default)]
    pub columns: Vec<ColumnProperties>,
    /// Tests of the whole.
    #[serde(default, alias = "tests")]
    pub data_tests: Vec<TestDeclaration>,
    /// Configuration.
    pub config: Option<Yaml>,
    /// Constraints over several columns.
    #[serde(default)]
    pub constraints: Vec<ConstraintProperties>,
    /// Free data.
    pub meta: Option<Yaml>,
    /// Tags.
    pub tags: Option<Yaml>,
    /// `docs`.
    pub docs: Option<Yaml>,
    /// `access`.
    pub access: Option<Yaml>,
    /// `group`.
    pub group: Option<Yaml>,
    /// `contract`, in its old place.
    pub contract: Option<Yaml>,
    /// `versions`.
    pub versions: Option<Yaml>,
    /// `latest_version`.
    pub latest_version: Option<Yaml>,
    /// `deprecation_date`.
    pub deprecation_date: Option<Yaml>,
    /// `quote_columns`, for tests.
    pub quote_columns: Option<bool>,
    /// `relation`: what a snapshot without a file reads, as `ref('…')` or `source('…', '…')`.
    pub relation: Option<Spanned<String>>,
    /// `time_spine`, for MetricFlow.
    pub time_spine: Option<Yaml>,
    /// The one of `versions` that this declaration is about, once they are taken apart.
    #[serde(skip)]
    pub version: Option<VersionProperties>,
}

impl NodeProperties {
    /// The name of its file, without folders and extension.
    pub fn file(&self) -> &str {
        let version = self.version.as_ref();
        version.map_or(&self.name.value, |version| &version.file)
    }
}

/// A version of a model.
#[derive(Clone, Debug)]
pub struct VersionProperties {
    /// `v`.
    pub v: serde_json::Value,
    /// The version that is meant where none is named.
    pub latest: serde_json::Value,
    /// The name of its file, without folders and extension.
    pub file: String,
}

/// A column. There are ten times as many as nodes, so what few of them have is boxed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnProperties {
    /// Its name.
    pub name: Spanned<String>,
    /// Words about it, with `doc()` calls.
    pub description: Option<Spanned<String>>,
    /// Its type, in the words of the warehouse.
    pub data_type: Option<Spanned<String>>,
    /// Tests.
    #[serde(default, alias = "tests")]
    pub data_tests: Vec<TestDeclaration>,
    /// Constraints.
    #[serde(default)]
    pub constraints: Vec<ConstraintProperties>,
    /// Free data.
    pub meta: Option<Box<Yaml>>,
    /// Tags.
    pub tags: Option<Box<Yaml>>,
    /// Whether the name is quoted in SQL.
    pub quote: Option<bool>,
    /// `config`: `meta` and `tags` in their new place.
    pub config: Option<Box<Yaml>>,
    /// `encode` (ours).
    pub encode: Option<Box<Spanned<String>>>,
    /// `docs`.
    pub docs: Option<Box<Yaml>>,
    /// `granularity`, for MetricFlow.
    pub granularity: Option<Box<Yaml>>,
    /// `policy_tags`: of BigQuery, nothing is made of it.
    pub policy_tags: Option<Box<Yaml>>,
}

/// A constraint of a model or a column.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstraintProperties {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: Spanned<ConstraintKindProperty>,
    /// Its name.
    pub name: Option<String>,
    /// Its columns, for a constraint of a model.
    #[serde(default)]
    pub columns: Vec<Spanned<String>>,
    /// Its condition.
    pub expression: Option<String>,
    /// The relation that a foreign key points to.
    pub to: Option<Spanned<String>>,
    /// The columns there.
    #[serde(default)]
    pub to_columns: Vec<String>,
    /// Whether to warn where it is not supported.
    pub warn_unsupported: Option<bool>,
    /// Whether to warn where it is not enforced.
    pub warn_unenforced: Option<bool>,
}

/// dbt's kinds of constraint.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ConstraintKindProperty {
    NotNull,
    Unique,
    PrimaryKey,
    ForeignKey,
    Check,
    Custom,
}

/// A source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceProperties {
    /// Its name.
    pub name: Spanned<String>,
    /// Words about it.
    pub description: Option<Spanned<String>>,
    /// Where it stands; its name, if not said.
    pub schema: Option<Spanned<String>>,
    /// Its database.
    pub database: Option<Spanned<String>>,
    /// Who loads it.
    pub loader: Option<String>,
    /// `overrides`: the source of a package that this one replaces.
    pub overrides: Option<Yaml>,
    /// `quoting`.
    pub quoting: Option<Yaml>,
    /// `freshness`; written as `null` it takes away what stands above.
    #[serde(default, deserialize_with = "present")]
    pub freshness: Option<Yaml>,
    /// `loaded_at_field`.
    pub loaded_at_field: Option<String>,
    /// `loaded_at_query`.
    pub loaded_at_query: Option<Spanned<String>>,
    /// Free data.
    pub meta: Option<Yaml>,
    /// Tags.
    pub tags: Option<Yaml>,
    /// Configuration.
    pub config: Option<Yaml>,
    /// Its tables.
    #[serde(default)]
    pub tables: Vec<SourceTableProperties>,
}

/// A table of a source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceTableProperties {
    /// Its name.
    pub name: Spanned<String>,
    /// Words about it.
    pub description: Option<Spanned<String>>,
    /// Its name in the warehouse, if another.
    pub identifier: Option<Spanned<String>>,
    /// Who loads it.
    pub loader: Option<String>,
    /// `quoting`.
    pub quoting: Option<Yaml>,
    /// `freshness`; written as `null` it takes away what stands above.
    #[serde(default, deserialize_with = "present")]
    pub freshness: Option<Yaml>,
    /// `loaded_at_field`.
    pub loaded_at_field: Option<String>,
    /// `loaded_at_query`.
    pub loaded_at_query: Option<Spanned<String>>,
    /// Where its files are; with `copy`, it is loaded by us.
    pub external: Option<Yaml>,
    /// Free data.
    pub meta: Option<Yaml>,
    /// Tags.
    pub tags: Option<Yaml>,
    /// Configuration.
    pub config: Option<Yaml>,
    /// Its columns.
    #[serde(default)]
    pub columns: Vec<ColumnProperties>,
    /// Tests.
    #[serde(default, alias = "tests")]
    pub data_tests: Vec<TestDeclaration>,
    /// Constraints over several columns (ours, for a table that we load).
    #[serde(default)]
    pub constraints: Vec<ConstraintProperties>,
}

/// A macro.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MacroProperties {
    /// Its name.
    pub name: Spanned<String>,
    /// Words about it.
    pub description: Option<Spanned<String>>,
    /// Its parameters.
    #[serde(default)]
    pub arguments: Vec<MacroArgumentProperties>,
    /// Free data.
    pub meta: Option<Yaml>,
    /// `docs`.
    pub docs: Option<Yaml>,
    /// Configuration.
    pub config: Option<Yaml>,
}

/// A parameter of a macro.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MacroArgumentProperties {
    /// Its name.
    pub name: String,
    /// Its type, in words.
    #[serde(rename = "type")]
    pub kind: Option<Yaml>,
    /// Words about it.
    pub description: Option<Spanned<String>>,
}

/// A group of nodes that somebody answers for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupProperties {
    /// Its name.
    pub name: Spanned<String>,
    /// Who answers for it.
    pub owner: Yaml,
    /// Words about it.
    pub description: Option<Spanned<String>>,
    /// Configuration.
    pub config: Option<Yaml>,
}

/// A singular test.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SingularTestProperties {
    /// Its name.
    pub name: Spanned<String>,
    /// Words about it.
    pub description: Option<Spanned<String>>,
    /// Configuration.
    pub config: Option<Yaml>,
    /// Free data.
    pub meta: Option<Yaml>,
    /// `docs`.
    pub docs: Option<Yaml>,
}

/// An exposure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExposureProperties {
    /// Its name.
    pub name: Spanned<String>,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: ExposureType,
    /// Who answers for it.
    pub owner: Yaml,
    /// Words about it.
    pub description: Option<Spanned<String>>,
    /// A title.
    pub label: Option<String>,
    /// `high`, `medium` or `low`.
    pub maturity: Option<String>,
    /// Free data.
    pub meta: Option<Yaml>,
    /// Tags.
    pub tags: Option<Yaml>,
    /// Where it is.
    pub url: Option<String>,
    /// `ref('…')` and `source('…', '…')` calls, as text.
    #[serde(default)]
    pub depends_on: Vec<Spanned<String>>,
    /// Configuration.
    pub config: Option<Yaml>,
}

/// dbt's kinds of exposure.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ExposureType {
    Dashboard,
    Notebook,
    Analysis,
    Ml,
    Application,
}

impl ExposureType {
    /// dbt's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::Notebook => "notebook",
            Self::Analysis => "analysis",
            Self::Ml => "ml",
            Self::Application => "application",
        }
    }
}

/// A unit test: a model's query on given rows, and the rows that it must answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitTestProperties {
    /// Its name.
    pub name: Spanned<String>,
    /// The model.
    pub model: Spanned<String>,
    /// Words about it.
    pub description: Option<Spanned<String>>,
    /// The rows of what the model reads.
    #[serde(default)]
    pub given: Vec<GivenProperties>,
    /// The rows that it must answer.
    pub expect: FixtureProperties,
    /// What macros, variables and environment variables answer in the test.
    pub overrides: Option<OverridesProperties>,
    /// Configuration.
    pub config: Option<Yaml>,
    /// The versions of the model that it is for: `include` or `exclude`.
    pub versions: Option<Yaml>,
}

/// The rows of one relation that a model reads.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenProperties {
    /// `ref('…')`, `source('…', '…')` or `this`.
    pub input: Spanned<String>,
    /// The rows.
    pub rows: Option<Yaml>,
    /// `dict`, `csv` or `sql`.
    pub format: Option<Spanned<FixtureFormatProperty>>,
    /// The file that holds the rows.
    pub fixture: Option<Spanned<String>>,
}

/// The rows that a unit test expects.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixtureProperties {
    /// The rows.
    pub rows: Option<Yaml>,
    /// `dict`, `csv` or `sql`.
    pub format: Option<Spanned<FixtureFormatProperty>>,
    /// The file that holds the rows.
    pub fixture: Option<Spanned<String>>,
}

/// How the rows of a unit test are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum FixtureFormatProperty {
    #[default]
    Dict,
    Csv,
    Sql,
}

impl FixtureFormatProperty {
    /// dbt's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dict => "dict",
            Self::Csv => "csv",
            Self::Sql => "sql",
        }
    }
}

/// What answers otherwise in a unit test.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverridesProperties {
    /// Macros by name, with what they return.
    pub macros: Option<Yaml>,
    /// Variables.
    pub vars: Option<Yaml>,
    /// Environment variables.
    pub env_vars: Option<Yaml>,
}

/// A value that is there, be it `null`.
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Yaml>, D::Error> {
    Yaml::deserialize(value).map(Some)
}
