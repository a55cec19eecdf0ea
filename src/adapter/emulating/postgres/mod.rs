//! Redshift SQL on PostgreSQL: clauses that it does not have, written in those that it has.
//!
//! Functions of ours live in the schema `__rs`; [`PRELUDE`] makes it. Which functions of Redshift are translated stands
//! in the table of [`functions`].

pub(super) mod functions;

use std::hash::{DefaultHasher, Hash, Hasher};

use super::translator::{Named, Visible};
use super::types::{self, ColumnsSql, Type};
use super::{Catalog, Engine, identifier, literal, translate_expression_with};
use crate::adapter::Refusal;
use crate::adapter::statement::ColumnDefinition;

/// The statements that make the schema `__rs` and its functions, over older ones too.
pub const PRELUDE: &str = include_str!("prelude.sql");

/// What the comment on the schema says when [`PRELUDE`] made it: another version of this program makes it anew.
pub fn prelude_version() -> String {
    let mut hasher = DefaultHasher::new();
    PRELUDE.hash(&mut hasher);
    format!(
        "functions of redstart {} for Redshift's SQL, {:016x}",
        env!("CARGO_PKG_VERSION"),
        hasher.finish()
    )
}

/// One row of each set of rows that are equal on Redshift.
pub(super) fn distinct(query: &str, columns: Option<&[Named]>) -> String {
    let Some(columns) = columns else {
        // The columns behind a `*` have no names to group them by.
        return format!(
            "SELECT DISTINCT * FROM ({query}) AS __rs_rows WHERE __rs.unpadded_row(CAST(__rs_rows AS TEXT))"
        );
    };
    let numbers = numbered(columns.len());
    let (mut shown, mut keys) = (Vec::new(), Vec::new());
    for (number, (name, ty)) in numbers.iter().zip(columns) {
        let (value, key) = grouped(number, *ty);
        shown.push(format!("{value} AS {}", identifier(name)));
        keys.push(key);
    }
    format!(
        "SELECT {} FROM ({query}) AS __rs_rows({}) GROUP BY {}",
        shown.join(", "),
        numbers.join(", "),
        keys.join(", ")
    )
}

/// A column of a group: its value, and what the rows are grouped by.
fn grouped(column: &str, ty: Option<Type>) -> (String, String) {
    match ty {
        Some(ty) if !ty.is_text() => (column.to_owned(), column.to_owned()),
        _ => (
            format!("__rs.any_value({column})"),
            format!("__rs.key({column})"),
        ),
    }
}

fn numbered(count: usize) -> Vec<String> {
    (1..=count).map(|at| format!("c{at}")).collect()
}

/// `except` and `intersect`: rows of both sides together, in groups that have rows of the left side, and none or some of the right.
pub(super) fn set_difference(
    left: &str,
    op: &str,
    right: &str,
    columns: Option<&[Named]>,
) -> String {
    let Some(columns) = columns else {
        let checked = |query: &str, name: &str| {
            format!(
                "SELECT * FROM ({query}) AS {name} WHERE __rs.unpadded_row(CAST({name} AS TEXT))"
            )
        };
        return format!(
            "{} {op} {}",
            checked(left, "__rs_left"),
            checked(right, "__rs_right")
        );
    };
    let numbers = numbered(columns.len());
    let list = numbers.join(", ");
    let (mut shown, mut keys) = (Vec::new(), Vec::new());
    for (number, (name, ty)) in numbers.iter().zip(columns) {
        let (value, key) = grouped(number, *ty);
        let value = match value == *number {
            true => value,
            false => format!("{value} FILTER (WHERE __rs_side = 1)"),
        };
        shown.push(format!("{value} AS {}", identifier(name)));
        keys.push(key);
    }
    let having = match op {
        "EXCEPT" => "bool_and(__rs_side = 1)",
        _ => "bool_or(__rs_side = 1) AND bool_or(__rs_side = 2)",
    };
    format!(
        "SELECT {} FROM (SELECT *, 1 FROM ({left}) AS __rs_left UNION ALL SELECT *, 2 FROM ({right}) AS __rs_right) AS __rs_rows({list}, __rs_side) GROUP BY {} HAVING {having}",
        shown.join(", "),
        keys.join(", ")
    )
}

/// A select with `qualify`: its condition becomes one more column, by which a query around it chooses.
pub(super) fn qualified(items: &str, rest: &str, columns: &[Named], condition: &str) -> String {
    let numbers = numbered(columns.len());
    let shown: Vec<String> = numbers
        .iter()
        .zip(columns)
        .map(|(number, (name, _))| format!("{number} AS {}", identifier(name)))
        .collect();
    format!(
        "SELECT {} FROM (SELECT {items}, {condition}{rest}) AS __rs_rows({}, __rs_qualify) WHERE __rs_qualify",
        shown.join(", "),
        numbers.join(", ")
    )
}

/// The columns of some tables, but some; none where a table's columns are not known.
pub(super) fn columns_without(tables: &[Visible], excluded: &[String]) -> Option<String> {
    let mut all = Vec::new();
    for table in tables {
        for (name, _) in table.columns.as_ref()? {
            if excluded.contains(name) {
                continue;
            }
            let name = identifier(name);
            all.push(match table.alias.is_empty() {
                true => name,
                false => format!("{}.{name}", identifier(&table.alias)),
            });
        }
    }
    (!all.is_empty()).then(|| all.join(", "))
}

/// A table whose columns of these names must not end in a blank: `using` compares them with their blanks.
pub(super) fn checked(relation: &str, names: &[String], alias: &str) -> String {
    let conditions: Vec<String> = names
        .iter()
        .map(|name| format!("__rs.is_unpadded({})", identifier(name)))
        .collect();
    format!(
        "(SELECT * FROM {relation} WHERE {}) AS {}",
        conditions.join(" AND "),
        identifier(alias)
    )
}

/// A catalog that knows the engine and nothing else.
pub(super) struct Nothing;

impl Catalog for Nothing {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn columns(&self, _: Option<&str>, _: &str) -> Option<Vec<(String, Option<Type>)>> {
        None
    }
}

/// The type of a declared column, with the check that counts the bytes of a text: PostgreSQL itself counts characters.
///
/// # Errors
/// A type that Redshift does not have, or that is not emulated.
pub fn column_type(column: &str, data_type: &str) -> Result<String, Refusal> {
    let kind = types::parse(data_type)?;
    Ok(match length_check(column, kind) {
        Some(check) => format!("{} {check}", type_name(kind)),
        None => type_name(kind),
    })
}

/// A column with another type: the check of its old length goes, that of the new one comes. The names are SQL; with `cast`, the values
/// are made into the new type.
///
/// # Errors
/// As [`column_type`].
pub fn retyped(
    table: &str,
    column: &str,
    data_type: &str,
    cast: bool,
) -> Result<Vec<String>, Refusal> {
    let bare = column.trim_matches('"').replace("\"\"", "\"");
    let known = types::parse(data_type)?;
    let (kind, check) = (type_name(known), length_check(&bare, known));
    let using = match cast {
        true => format!(" using {column}::{kind}"),
        false => String::new(),
    };
    let mut said = vec![
        format!(
            "do $rs$ declare old text; begin for old in
  select k.conname from pg_catalog.pg_constraint k join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
  where k.conrelid = {0}::regclass and k.contype = 'c' and a.attname = {1} and pg_catalog.pg_get_constraintdef(k.oid) like '%octet_length%'
loop execute pg_catalog.format('alter table %s drop constraint %I', {0}, old); end loop; end $rs$",
            literal(table),
            literal(&bare)
        ),
        format!("alter table {table} alter column {column} type {kind}{using}"),
    ];
    said.extend(check.map(|check| format!("alter table {table} add {check}")));
    Ok(said)
}

/// The name of a type, a text's length with it.
fn type_name(kind: Type) -> String {
    match kind {
        Type::Varchar(bytes) => format!("VARCHAR({bytes})"),
        Type::Char(bytes) => format!("CHAR({bytes})"),
        kind => Engine::Postgres.type_name(kind),
    }
}

/// What the names of our checks begin with.
const CHECK: &str = "__rs:";

/// The longest name that PostgreSQL does not cut.
const LONGEST: usize = 63;

/// The constraint that counts the bytes of a text column. A `char` is filled up with blanks: as many bytes as characters are as many as
/// it may have, and with a character of several bytes they are more. Its name says the column and the type, where that is not too long
/// for a name.
pub fn length_check(column: &str, kind: Type) -> Option<String> {
    let bytes = kind.length()?;
    let column = column.to_lowercase();
    let check = format!("CHECK (octet_length({}) <= {bytes})", identifier(&column));
    let name = format!("{CHECK}{kind}:{column}");
    Some(match name.len() <= LONGEST {
        true => format!("CONSTRAINT {} {check}", identifier(&name)),
        false => check,
    })
}

/// The column and the type that the name of one of [`length_check`]'s constraints tells.
pub fn of_constraint(constraint: &str) -> Option<(&str, Type)> {
    let (kind, column) = constraint.strip_prefix(CHECK)?.split_once(':')?;
    Some((column, types::parse(kind).ok()?))
}

/// Declared columns as PostgreSQL's `create table` wants them: byte lengths checked, keys dropped, identities numbered.
pub(super) fn table_columns(columns: &[ColumnDefinition]) -> Result<ColumnsSql, Refusal> {
    let mut all = ColumnsSql::default();
    for column in columns {
        let kind = column_type(&column.name, &column.data_type)?;
        let mut sql = format!("{} {kind}", identifier(&column.name));
        if column.not_null || column.primary_key || column.identity.is_some() {
            sql.push_str(" NOT NULL");
        }
        if let Some(default) = &column.default {
            let default = translate_expression_with(default, &Nothing)?;
            sql.push_str(&format!(" DEFAULT ({default})"));
        }
        if let Some((seed, step)) = column.identity {
            sql.push_str(&format!(" {}", identity(seed, step)));
        }
        for (declared, what) in [
            (column.primary_key, "primary key"),
            (column.unique, "unique"),
        ] {
            if declared {
                all.dropped.push(format!("{what} ({})", column.name));
            }
        }
        if let Some(encode) = &column.encode {
            all.dropped
                .push(format!("encode {encode} ({})", column.name));
        }
        all.columns.push(sql);
    }
    Ok(all)
}

/// What numbers a column. The first number may be below 1, which PostgreSQL must be told.
pub fn identity(seed: i64, step: i64) -> String {
    let bound = if step < 0 { "maxvalue" } else { "minvalue" };
    format!(
        "generated by default as identity (start with {seed} increment by {step} {bound} {seed})"
    )
}

/// The name that Redshift's catalog would show for a column of this type of PostgreSQL.
///
/// A `numeric` without a precision holds any number: its scale is not known.
pub fn redshift_type(postgres: &str) -> String {
    match postgres {
        "text" => Type::Text.to_string(),
        "jsonb" => Type::Super.to_string(),
        "bytea" => Type::Varbyte(64_000).to_string(),
        "numeric" => "numeric(38,?)".to_owned(),
        other => other.to_owned(),
    }
}
