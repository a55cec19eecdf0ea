//! `seed`: the rows of a CSV file, made anew each time.
//!
//! Never emptied in place: on Redshift `truncate` commits, and readers would see an empty table.

use super::publish::Publish;
use super::{Input, Materialization, Work, by_name, columns};
use crate::adapter::Statement;
use crate::adapter::statement::ColumnDefinition;
use crate::diagnostic::Diagnostics;
use crate::relation::RelationKind;

pub(super) const MATERIALIZATION: Materialization = Materialization {
    name: "seed",
    work,
    keys: &[
        "column_types",
        "delimiter",
        "quote_columns",
        "dist",
        "sort",
        "sort_type",
        "backup",
        "indexes",
        "unlogged",
    ],
};

fn work(input: &Input<'_>) -> Result<Work, Diagnostics> {
    let Some(seed) = input.seed else {
        return Err(input.error(
            "empty-seed",
            format!("the file of seed `{}` was not read", input.node.name),
        ));
    };
    let config = &input.node.config;
    let names = seed.columns.iter().map(|column| column.name.as_str());
    let mut problems = columns::check_attributes(input, &config.attributes, Some(names));
    let made = encoded(input, &seed.columns, &mut problems);
    if problems.has_errors() {
        return Err(problems);
    }
    let mut build = Publish::new(input, RelationKind::Table)?.build(|relation| {
        vec![
            Statement::CreateTable {
                relation: relation.clone(),
                columns: made.clone(),
                constraints: Vec::new(),
                attributes: config.attributes.clone(),
                temporary: false,
            },
            Statement::Load {
                into: relation.clone(),
                columns: seed.columns.clone(),
                rows: std::sync::Arc::clone(&seed.rows),
            },
        ]
    })?;
    build.warnings.clone_from(&seed.warnings);
    Ok(Work::Build(Box::new(build)))
}

/// The columns of the table, with the encodings that are declared for them.
fn encoded(
    input: &Input<'_>,
    columns: &[ColumnDefinition],
    problems: &mut Diagnostics,
) -> Vec<ColumnDefinition> {
    if input.dialect != "redshift" {
        return columns.to_vec();
    }
    let declared = by_name(input.node.columns.keys().map(String::as_str));
    let mut encoded = columns.to_vec();
    for column in &mut encoded {
        let name = declared.get(&column.name.to_lowercase());
        let Some(declared) = name.and_then(|name| input.node.columns.get(*name)) else {
            continue;
        };
        match columns::check_encoding(declared, &column.data_type) {
            Ok(()) => column.encode.clone_from(&declared.encode),
            Err(problem) => problems.push(problem),
        }
    }
    encoded
}
