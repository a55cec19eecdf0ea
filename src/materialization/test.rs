//! `test`: a query whose rows are failures, and the question whether there are too many.

use std::collections::BTreeSet;

use super::publish::Publish;
use super::{Build, Input, Materialization, Work};
use crate::adapter::Statement;
use crate::adapter::statement::TableAttributes;
use crate::data_tests;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::node::{Detail, TestDetail};
use crate::relation::RelationKind;

pub(super) const MATERIALIZATION: Materialization = Materialization {
    name: "test",
    work,
    keys: &[
        "severity",
        "warn_if",
        "error_if",
        "where",
        "limit",
        "fail_calc",
        "store_failures",
        "store_failures_as",
    ],
};

/// How a data test is decided.
#[derive(Clone, Debug, PartialEq)]
pub struct TestQuery {
    /// The query that answers one row: `failures`, `should_warn`, `should_error`.
    pub check: String,
    /// The query whose rows are failures, for a sample of them.
    pub failures: String,
    /// Where failures are kept before they are counted, when they are (`store_failures`).
    pub store: Option<Build>,
    /// What of the failures nobody may see.
    pub hidden: Hidden,
}

/// Columns whose values are personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// These columns, lower case.
    Columns(BTreeSet<String>),
    /// Every column: personal values may stand under any name.
    All,
}

fn work(input: &Input<'_>) -> Result<Work, Diagnostics> {
    let query = input.query()?.trim_end().trim_end_matches(';');
    let config = &input.node.config;
    let limited = match config.limit {
        None => query.to_owned(),
        Some(limit) => {
            format!("select *\nfrom (\n{query}\n) as dbt_limit_subq\nlimit {limit}")
        }
    };
    let store = stored_as(input)?
        .map(|kind| store(input, kind, &limited))
        .transpose()?;
    let failures = match (&store, &input.node.relation) {
        (Some(_), Some(relation)) => format!(
            "select * from \"{}\".\"{}\"",
            relation.schema, relation.identifier
        ),
        _ => limited,
    };
    Ok(Work::Test(Box::new(TestQuery {
        check: check(input, &failures),
        hidden: hidden(input, query),
        failures,
        store,
    })))
}

fn check(input: &Input<'_>, failures: &str) -> String {
    let config = &input.node.config;
    let or = |configured: &str, default: &str| {
        let text = if configured.trim().is_empty() {
            default
        } else {
            configured
        };
        text.to_owned()
    };
    let calc = or(&config.fail_calc, "count(*)");
    let warn_if = or(&config.warn_if, "!= 0");
    let error_if = or(&config.error_if, "!= 0");
    format!(
        "select\n  {calc} as failures,\n  {calc} {warn_if} as should_warn,\n  {calc} {error_if} as should_error\nfrom (\n{failures}\n) as dbt_internal_test"
    )
}

/// Whether failures are kept, and as what; `store_failures_as` says more than `store_failures`.
fn stored_as(input: &Input<'_>) -> Result<Option<RelationKind>, Diagnostics> {
    let config = &input.node.config;
    match config.store_failures_as.as_deref() {
        Some("ephemeral") => Ok(None),
        Some("table") => Ok(Some(RelationKind::Table)),
        Some("view") => Ok(Some(RelationKind::View)),
        Some(other) => Err(Diagnostic::error(
            "bad-config",
            format!("failures cannot be stored as `{other}`"),
        )
        .at_some(input.node.declared_at.clone())
        .help("`store_failures_as` is `table`, `view` or `ephemeral`")
        .into()),
        None => Ok(config
            .store_failures
            .unwrap_or(input.store_failures)
            .then_some(RelationKind::Table)),
    }
}

fn store(input: &Input<'_>, kind: RelationKind, query: &str) -> Result<Build, Diagnostics> {
    let mut build = Publish::new(input, kind)?.build(|relation| {
        vec![match kind {
            RelationKind::View => Statement::CreateView {
                relation: relation.clone(),
                query: query.to_owned(),
                bind: true,
                header: None,
            },
            _ => Statement::CreateTableAs {
                relation: relation.clone(),
                query: query.to_owned(),
                attributes: TableAttributes::default(),
                temporary: false,
                header: None,
            },
        }]
    })?;
    build.counts = None;
    Ok(build)
}

/// What of the failing rows is personal: columns marked `meta: {pii: true}` in any node that the test reads.
fn hidden(input: &Input<'_>, query: &str) -> Hidden {
    let attached = match &input.node.detail {
        Detail::Test(test) => test.attached_node,
        _ => None,
    };
    let mut columns: BTreeSet<String> = input
        .node
        .depends_on
        .iter()
        .copied()
        .chain(attached)
        .filter_map(|id| (input.node_of)(id))
        .flat_map(|node| node.columns.values())
        .filter(|column| column.is_pii())
        .map(|column| column.name.to_lowercase())
        .collect();
    if columns.is_empty() {
        return Hidden::Columns(columns);
    }
    match &input.node.detail {
        Detail::Test(test) => match built_in(test) {
            Some(known) => {
                if computes(test, &columns) {
                    return Hidden::All;
                }
                if mentions(test.column_name.as_deref().unwrap_or(""), &columns) {
                    columns.extend(known.values.iter().map(|name| (*name).to_owned()));
                }
                Hidden::Columns(columns)
            }
            // Somebody's own SQL may give a personal value any name.
            None if mentions(query, &columns) => Hidden::All,
            None => Hidden::Columns(columns),
        },
        _ => Hidden::All,
    }
}

fn built_in(test: &TestDetail) -> Option<&'static data_tests::DataTest> {
    let generic = test.generic.as_ref()?;
    match generic.namespace.as_deref() {
        None | Some("dbt") => data_tests::find(&generic.name),
        Some(_) => None,
    }
}

/// Whether one of the `columns` of a test is an expression over a personal one: its name in the answer is anyone's guess.
fn computes(test: &TestDetail, personal: &BTreeSet<String>) -> bool {
    let generic = test.generic.as_ref();
    let columns = generic.and_then(|generic| generic.arguments.get("columns")?.as_array());
    columns.into_iter().flatten().any(|column| {
        let column = column.as_str().unwrap_or("").to_lowercase();
        mentions(&column, personal) && !personal.contains(&column)
    })
}

fn mentions(query: &str, columns: &BTreeSet<String>) -> bool {
    query
        .to_lowercase()
        .split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .any(|word| columns.contains(word))
}
