//! `table`: the query's rows, made anew each time.

use super::publish::Publish;
use super::{Build, Input, Materialization, Work, columns, rejects};
use crate::adapter::Statement;
use crate::adapter::statement::Rows;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::relation::{Relation, RelationKind};

pub(super) const MATERIALIZATION: Materialization = Materialization {
    name: "table",
    work,
    keys: &["dist", "sort", "sort_type", "backup", "indexes", "unlogged"],
};

fn work(input: &Input<'_>) -> Result<Work, Diagnostics> {
    let build = match input.node.config.rejects {
        true => rejects::build(input)?,
        false => build(input)?,
    };
    Ok(Work::Build(Box::new(build)))
}

/// The table from its query; also an incremental model's first run and full refresh.
pub(super) fn build(input: &Input<'_>) -> Result<Build, Diagnostics> {
    let query = input.query()?;
    let config = &input.node.config;
    let mut problems = columns::check_attributes_of_query(input, &config.attributes);
    let mut warnings = Vec::new();
    let contract = if config.contract_enforced {
        match contract(input, query, &mut warnings) {
            Ok(contract) => Some(contract),
            Err(more) => {
                problems.extend(more);
                None
            }
        }
    } else {
        warnings.extend(columns::idle_encodings(input));
        None
    };
    if problems.has_errors() {
        return Err(problems);
    }
    let mut build =
        Publish::new(input, RelationKind::Table)?.build(|relation| match &contract {
            Some(contract) => contract(relation),
            None => vec![Statement::CreateTableAs {
                relation: relation.clone(),
                query: query.to_owned(),
                attributes: config.attributes.clone(),
                temporary: false,
                header: config.sql_header.clone(),
            }],
        })?;
    build.warnings = warnings;
    Ok(build)
}

/// With an enforced contract the table has the declared columns, and the query's rows are inserted by name.
fn contract<'a>(
    input: &'a Input<'_>,
    query: &'a str,
    warnings: &mut Vec<Diagnostic>,
) -> Result<impl Fn(&Relation) -> Vec<Statement> + use<'a>, Diagnostics> {
    let (columns, constraints) = columns::declared(input, warnings)?;
    let declared: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    if let Some(found) = input.query_columns() {
        let problems = compare(input, &declared, found);
        if problems.has_errors() {
            return Err(problems);
        }
    }
    let (names, rows) = match input.query_columns() {
        Some(found) => (found.to_vec(), query.to_owned()),
        None => {
            let list = declared.join(", ");
            let rows = format!("select {list}\nfrom (\n{query}\n) as rs_contract");
            (declared, rows)
        }
    };
    let attributes = input.node.config.attributes.clone();
    let header = input.node.config.sql_header.as_ref();
    let header = header.map(|sql| Statement::Raw {
        sql: sql.clone(),
        origin: None,
    });
    Ok(move |relation: &Relation| {
        let mut statements: Vec<Statement> = header.iter().cloned().collect();
        statements.extend([
            Statement::CreateTable {
                relation: relation.clone(),
                columns: columns.clone(),
                constraints: constraints.clone(),
                attributes: attributes.clone(),
                temporary: false,
            },
            Statement::Insert {
                into: relation.clone(),
                columns: names.clone(),
                from: Rows::Query(rows.clone()),
            },
        ]);
        statements
    })
}

fn compare(input: &Input<'_>, declared: &[String], found: &[String]) -> Diagnostics {
    let mut problems = Diagnostics::default();
    let has = |names: &[String], name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
    for name in declared.iter().filter(|name| !has(found, name)) {
        let place = input
            .node
            .columns
            .get(name)
            .and_then(|c| c.declared_at.clone());
        problems.push(
            Diagnostic::error(
                "contract-broken",
                format!(
                    "the contract of `{}` has `{name}`, its query does not",
                    input.node.name
                ),
            )
            .at_some(place.or_else(|| input.place()))
            .did_you_mean(name, found.iter().map(String::as_str)),
        );
    }
    for name in found.iter().filter(|name| !has(declared, name)) {
        problems.push(
            Diagnostic::error(
                "contract-broken",
                format!(
                    "the query of `{}` has `{name}`, its contract does not",
                    input.node.name
                ),
            )
            .at_some(input.place())
            .help(format!(
                "declare `{name}` under `columns:`, or leave it out of the query"
            )),
        );
    }
    problems
}
