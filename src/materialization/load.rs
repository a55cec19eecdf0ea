//! `load`: a source table made from its declared columns and filled by one `COPY`, or by one a file where it picks its files.

use super::files::{FileLoad, Memory};
use super::publish::{Publish, describe, in_place};
use super::rejects::{self, Loaded};
use super::{Input, Materialization, Rest, Work, columns};
use crate::adapter::Statement;
use crate::adapter::copy::is_pattern;
use crate::adapter::statement::{ColumnDefinition, Copy, CopyFormat};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::node::{Detail, LoadMode, StagedLoad};
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
    let appends = load.mode == LoadMode::Append;
    let there = there(input, load, &definitions)?;
    let mut rest = None;
    let mut build = if load.copy.no_load {
        publish.try_out(make)
    } else if input.node.config.rejects {
        let (build, rejects) = rejects::load(
            input,
            Loaded {
                copy: &load.copy,
                columns: definitions,
                constraints,
                attributes: load.attributes.clone(),
                there,
            },
        )?;
        rest = Some(Box::new(rejects));
        build
    } else if there {
        // The table is there: all that is new goes to it at once.
        in_place(
            input,
            make(input.relation()?).split_off(1),
            |input, relation| describe(input, relation, RelationKind::Table),
        )?
    } else {
        publish.build(make)?
    };
    build.warnings = warnings;
    if !(appends || is_pattern(&load.copy.from)) {
        build.then = rest.map(|rejects| Box::new(Rest::Rejects(rejects)));
    } else {
        let relation = input.relation()?;
        let begun = std::mem::take(&mut build.sections);
        build.then = Some(Box::new(Rest::Files(Box::new(FileLoad {
            sections: begun,
            copy: Copy {
                into: relation.clone(),
                ..load.copy.clone()
            },
            memory: appends.then(|| Memory::of(relation, there)),
            rejects: rest,
            place: input.node.declared_at.clone(),
        }))));
    }
    Ok(Work::Build(Box::new(build)))
}

/// Whether an appending load finds the table that it left, with the same columns.
fn there(
    input: &Input<'_>,
    load: &StagedLoad,
    columns: &[ColumnDefinition],
) -> Result<bool, Diagnostics> {
    let relation = input.relation()?;
    let old = input.existing.get(relation);
    let Some(old) = old.filter(|old| {
        load.mode == LoadMode::Append && old.kind == RelationKind::Table && !input.full_refresh()
    }) else {
        return Ok(false);
    };
    let memory = Memory::of(relation, true).table;
    let source = match &input.node.detail {
        Detail::Source(source) => source.source_name.as_str(),
        _ => "",
    };
    let anew = format!(
        "load all files anew: `redstart load --full-refresh --select source:{source}.{}`",
        input.node.name
    );
    if input.existing.get(&memory).is_none() {
        let message = format!(
            "nothing tells which files `{relation}` holds: `{}` is not there",
            memory.identifier
        );
        return Err(Diagnostic::error("no-memory", message)
            .at_some(input.node.declared_at.clone())
            .label("was it loaded before it had `load_mode: append`?")
            .help(anew)
            .into());
    }
    let differs = |a: &str, b: &str| !a.eq_ignore_ascii_case(b);
    let has = |name: &str| {
        old.columns
            .iter()
            .any(|column| !differs(&column.name, name))
    };
    let declared = |name: &str| columns.iter().any(|column| !differs(&column.name, name));
    let new = columns.iter().find(|column| !has(&column.name));
    let gone = old.columns.iter().find(|column| !declared(&column.name));
    let (what, place) = match (new, gone) {
        (Some(new), _) => (
            format!("has no column `{}`, which is declared", new.name),
            new.origin.clone(),
        ),
        (None, Some(gone)) => (
            format!("has a column `{}`, which is not declared", gone.name),
            None,
        ),
        (None, None) => return Ok(true),
    };
    Err(
        Diagnostic::error("columns-changed", format!("`{relation}` {what}"))
            .at_some(place.or_else(|| input.node.declared_at.clone()))
            .help(anew)
            .into(),
    )
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
