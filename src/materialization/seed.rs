//! `seed`: the rows of a CSV file, all of them each time.
//!
//! A table with the same columns stays where others may hold on to it, as with dbt: views that are bound to it, privileges on it. Its rows
//! are deleted and loaded in one transaction: on Redshift `truncate` commits, and readers would see an empty table.

use super::publish::{Publish, describe_again, in_place};
use super::{Input, Materialization, Work, by_name, columns};
use crate::adapter::Statement;
use crate::adapter::emulating::{Type, catalog_type};
use crate::adapter::statement::ColumnDefinition;
use crate::diagnostic::Diagnostics;
use crate::relation::{Relation, RelationKind};

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
    let load = |relation: &Relation| Statement::Load {
        into: relation.clone(),
        columns: seed.columns.clone(),
        rows: std::sync::Arc::clone(&seed.rows),
    };
    let relation = input.relation()?;
    let mut build = if stays(input, relation, &seed.columns) {
        let empty = Statement::Empty {
            relation: relation.clone(),
        };
        in_place(input, vec![empty, load(relation)], describe_again)?
    } else {
        Publish::new(input, RelationKind::Table)?.build(|relation| {
            let create = Statement::CreateTable {
                relation: relation.clone(),
                columns: made.clone(),
                constraints: Vec::new(),
                attributes: config.attributes.clone(),
                temporary: false,
            };
            vec![create, load(relation)]
        })?
    };
    build.warnings.clone_from(&seed.warnings);
    Ok(Work::Build(Box::new(build)))
}

/// Whether the table that is there is filled anew. With `--full-refresh` it is made anew, and where its new rows are tested first.
fn stays(input: &Input<'_>, relation: &Relation, columns: &[ColumnDefinition]) -> bool {
    let old = input.existing.get(relation);
    let may = input.has_holders && !input.full_refresh() && !input.audit;
    old.filter(|old| may && old.kind == RelationKind::Table)
        .is_some_and(|old| {
            let mut pairs = old.columns.iter().zip(columns);
            old.columns.len() == columns.len()
                && pairs.all(|(old, new)| {
                    // PostgreSQL tells names apart by their case.
                    let folds = input.dialect == "redshift";
                    (old.name == new.name || folds && old.name.eq_ignore_ascii_case(&new.name))
                        && holds(&old.data_type, &new.data_type, input.dialect)
                })
        })
}

/// Whether a column of one type is what a column of another type would be, or the same and longer.
fn holds(old: &str, new: &str, dialect: &str) -> bool {
    if dialect != "redshift" {
        return plain(old) == plain(new);
    }
    match (catalog_type(old), catalog_type(&new.to_lowercase())) {
        (Some(Type::Varchar(held)), Some(Type::Varchar(needed))) => needed <= held,
        (Some(old), Some(new)) => old == new,
        _ => old.eq_ignore_ascii_case(new),
    }
}

/// A type of PostgreSQL by one of its names.
fn plain(data_type: &str) -> String {
    let lower = data_type.trim().to_lowercase();
    let (head, rest) = lower.split_once('(').unwrap_or((&lower, ""));
    let (inside, tail) = rest.split_once(')').unwrap_or((rest, ""));
    let base = format!("{}{}", head.trim(), tail.trim_end());
    let (base, usual) = match base.as_str() {
        "int" | "int4" => ("integer", ""),
        "int8" => ("bigint", ""),
        "int2" => ("smallint", ""),
        "bool" => ("boolean", ""),
        "float" | "float8" => ("double precision", ""),
        "float4" => ("real", ""),
        "decimal" => ("numeric", ""),
        "varchar" => ("character varying", ""),
        "char" | "character" => ("character", "1"),
        "timestamp" => ("timestamp without time zone", ""),
        "timestamptz" => ("timestamp with time zone", ""),
        "time" => ("time without time zone", ""),
        "timetz" => ("time with time zone", ""),
        other => (other, ""),
    };
    let inside = inside.replace(' ', "");
    let inside = match inside.as_str() {
        "" => usual.to_owned(),
        one if base == "numeric" && !one.contains(',') => format!("{one},0"),
        _ => inside,
    };
    format!("{base}({inside})")
}

/// The columns of the table, with the encodings that are declared for them.
pub(super) fn encoded(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_holds_what_has_its_type_under_any_name_and_shorter_texts() {
        for (old, new, dialect, held) in [
            ("integer", "int4", "postgres", true),
            ("integer", "bigint", "postgres", false),
            ("double precision", "float8", "redshift", true),
            ("numeric(18,0)", "decimal", "redshift", true),
            ("numeric(38,0)", "numeric(38)", "redshift", true),
            ("numeric(10,2)", "decimal(10, 3)", "redshift", false),
            ("character varying(256)", "varchar", "redshift", true),
            ("character varying(12)", "varchar(9)", "redshift", true),
            ("character varying(9)", "varchar(12)", "redshift", false),
            ("character varying", "varchar(12)", "postgres", false),
            ("text", "text", "postgres", true),
            ("text", "varchar", "postgres", false),
            ("character varying(65535)", "varchar(max)", "redshift", true),
            ("character(256)", "bpchar", "redshift", true),
            ("real", "float(24)", "redshift", true),
            ("character(3)", "char(3)", "redshift", true),
            ("character(4)", "char(3)", "redshift", false),
            ("timestamp without time zone", "timestamp", "redshift", true),
            (
                "timestamp(6) without time zone",
                "timestamp",
                "postgres",
                false,
            ),
            ("timestamp with time zone", "timestamp", "redshift", false),
            ("super", "super", "redshift", true),
        ] {
            assert_eq!(holds(old, new, dialect), held, "{old} and {new}");
        }
    }
}
