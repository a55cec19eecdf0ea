//! `load`: a source table made from its declared columns and filled by one `COPY`.

use super::publish::Publish;
use super::{Input, Materialization, Work, columns};
use crate::adapter::Statement;
use crate::adapter::statement::{ColumnDefinition, Copy, CopyFormat};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::node::Detail;
use crate::relation::{Relation, RelationKind};

pub(super) const MATERIALIZATION: Materialization = Materialization {
    name: "load",
    work,
    keys: &["dist", "sort", "sort_type", "backup", "indexes", "unlogged"],
};

fn work(input: &Input<'_>) -> Result<Work, Diagnostics> {
    let load = match &input.node.detail {
        Detail::Source(source) => source.load.as_ref(),
        _ => None,
    };
    let Some(load) = load else {
        return Err(input.error(
            "not-a-load",
            format!("`{}` does not say what it is loaded from", input.node.name),
        ));
    };
    let mut warnings = Vec::new();
    let mut problems = Diagnostics::default();
    let (definitions, constraints) =
        columns::declared(input, &mut warnings).unwrap_or_else(|more| {
            problems.extend(more);
            (Vec::new(), Vec::new())
        });
    let names = input
        .node
        .columns
        .values()
        .map(|column| column.name.as_str());
    problems.extend(columns::check_attributes(
        input,
        &load.attributes,
        Some(names),
    ));
    problems.extend(fits(&load.copy, &definitions));
    if problems.has_errors() {
        return Err(problems);
    }
    let make = |relation: &Relation| {
        vec![
            Statement::CreateTable {
                relation: relation.clone(),
                columns: definitions.clone(),
                constraints: constraints.clone(),
                attributes: load.attributes.clone(),
                temporary: false,
            },
            Statement::Copy(Box::new(Copy {
                into: relation.clone(),
                columns: definitions.clone(),
                ..load.copy.clone()
            })),
        ]
    };
    let publish = Publish::new(input, RelationKind::Table)?;
    let mut build = if load.copy.no_load {
        publish.try_out(make)
    } else {
        publish.build(make)?
    };
    build.warnings = warnings;
    Ok(Work::Build(Box::new(build)))
}

/// Whether the files can fill the columns, as far as the declarations tell.
fn fits(copy: &Copy, columns: &[ColumnDefinition]) -> Option<Diagnostic> {
    if columns.is_empty() {
        return None;
    }
    let filled = if copy.explicit_ids {
        columns.len()
    } else {
        let own = columns.iter().filter(|column| column.identity.is_none());
        own.count()
    };
    let message = match &copy.format {
        CopyFormat::FixedWidth(widths) if widths.len() != filled => format!(
            "`fixedwidth` has {} columns and the table has {filled} to fill",
            widths.len()
        ),
        CopyFormat::JsonNoShred if filled != 1 || !columns[0].data_type.eq_ignore_ascii_case("super") => {
            "`json: noshred` loads each document whole, into a table of one column of the type `super`"
                .to_owned()
        }
        _ if copy.explicit_ids && columns.iter().all(|column| column.identity.is_none()) => {
            "`explicit_ids` is for a table with an IDENTITY column, and this one has none".to_owned()
        }
        _ => return None,
    };
    Some(Diagnostic::error("bad-copy-option", message).at_some(copy.origin.clone()))
}
