//! `seed`: the rows of a CSV file, made anew each time.
//!
//! Never emptied in place: on Redshift `truncate` commits, and readers would see an empty table.

use super::publish::Publish;
use super::{Input, Materialization, Work, columns};
use crate::adapter::Statement;
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
    let problems = columns::check_attributes(input, &config.attributes, Some(names));
    if problems.has_errors() {
        return Err(problems);
    }
    let mut build = Publish::new(input, RelationKind::Table)?.build(|relation| {
        vec![
            Statement::CreateTable {
                relation: relation.clone(),
                columns: seed.columns.clone(),
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
