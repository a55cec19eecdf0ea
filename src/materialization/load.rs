//! `load`: a source table made from its declared columns and filled by one `COPY`.

use super::publish::Publish;
use super::{Input, Materialization, Work, columns};
use crate::adapter::Statement;
use crate::adapter::statement::Copy;
use crate::diagnostic::Diagnostics;
use crate::manifest::node::Detail;
use crate::relation::RelationKind;

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
    if problems.has_errors() {
        return Err(problems);
    }
    let mut build = Publish::new(input, RelationKind::Table)?.build(|relation| {
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
    })?;
    build.warnings = warnings;
    Ok(Work::Build(Box::new(build)))
}
