//! Redshift SQL said in DuckDB's words, or refused by name.
//!
//! In: SQL text in Redshift's dialect. Out: DuckDB SQL with the same meaning, or a [`Refusal`] that points into the
//! given text. Closed world: what the table of `functions` and the match over the syntax tree do not know is refused,
//! never passed through. Knows nothing of models, files or connections; only `prelude` (feature `duckdb`) touches one.

mod alternatives;
mod arithmetic;
mod cast;
mod compare;
mod copy;
mod elements;
mod engine;
mod expression;
mod functions;
mod grouping;
#[cfg(feature = "duckdb")]
mod hashes;
mod json;
#[cfg(feature = "duckdb")]
mod letters;
mod locate;
mod matching;
#[cfg_attr(
    not(feature = "duckdb"),
    allow(dead_code, reason = "called from DuckDB")
)]
mod moment;

#[cfg_attr(
    not(feature = "duckdb"),
    allow(dead_code, reason = "called from DuckDB")
)]
mod number;
mod patterns;
pub mod physical;
pub mod postgres;
#[cfg(feature = "duckdb")]
mod prelude;
mod query;
#[cfg(all(test, feature = "duckdb"))]
mod random_tests;
mod reference;
mod regex;
mod statement;
#[cfg(feature = "duckdb")]
mod strict_json;
#[cfg(feature = "duckdb")]
mod super_math;
mod translator;
mod try_cast;
mod types;
#[cfg(feature = "duckdb")]
mod udf;
mod zone;

use std::ops::Range;

use sqlparser::ast::{Expr, Query, SelectItem, SetExpr, Statement};

pub use engine::Engine;
pub use functions::date::is_date_part;
pub use locate::{Located, locate, without_own_aliases};
pub use reference::{examples, reference};
pub use statement::TENDING;
#[cfg(feature = "duckdb")]
pub(in crate::adapter) use statement::fit;
pub use translator::{Catalog, NoCatalog};

pub use types::{
    BY_DEFAULT, ColumnsSql, DuckdbType, Type, catalog_type, create_table_columns, declared_length,
    default_value, duckdb_type, fix_type, redshift_type,
};

use super::statement::Copy;
use super::{ChangeOfTable, Refusal};
use crate::relation::{Change, KnownColumn};
use crate::sql::{deep, redshift};
use translator::{Named, Translator};

/// Statements for each new DuckDB session, before anything else.
pub const SETTINGS: &[&str] = &[
    "SET integer_division = true",
    "SET default_null_order = 'nulls_last_on_asc_first_on_desc'",
    "SET preserve_identifier_case = false",
    "SET TimeZone = 'UTC'",
];

/// The attached in-memory database that holds our macros, so that nothing of them lands in the user's file.
pub const PRELUDE: &str = "__rs";

/// The name of the expression by which the text of a view says that it is bound to nothing.
pub const LATE: &str = "__rs_late";

/// The query of a view with no schema binding, so that the view's text tells it from a bound one.
pub fn bound_late(query: &str) -> String {
    format!("with \"{LATE}\" as (select 1) select * from (\n{query}\n)")
}

/// A query in DuckDB's SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translated {
    /// The query.
    pub sql: String,
    /// Its output columns, names folded and types in Redshift's words, as far as the text and the catalog tell them;
    /// none where a `*` hides them.
    pub columns: Option<Vec<KnownColumn>>,
    /// Which of them are texts as they are written, which Redshift reads as values of whatever column they go into; none where nobody
    /// can tell.
    pub literals: Option<Vec<usize>>,
}

impl Translated {
    /// Whether a column is, or may be, a text as it is written.
    pub fn is_literal(&self, at: usize) -> bool {
        self.literals.as_ref().is_none_or(|all| all.contains(&at))
    }
}

/// One statement of the user in DuckDB's SQL.
#[derive(Clone, Debug, PartialEq)]
pub struct TranslatedStatement {
    /// Where it stands in the given text.
    pub range: Range<usize>,
    /// What to do.
    pub work: Work,
    /// What Redshift would do and DuckDB has no meaning for, dropped knowingly: `distkey (a)`, `grant`.
    pub dropped: Vec<String>,
    /// What it makes, changes or drops.
    pub left: Vec<Change>,
}

/// What a translated statement asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// A query: its rows are the answer.
    Query(Translated),
    /// Statements to run in order.
    Sql(Vec<String>),
    /// `create table … as`: run `create` around the query after casting its columns with [`fix_type`].
    CreateTableAs {
        /// Everything before the query, ending in `AS`.
        create: String,
        /// The query.
        query: Translated,
    },
    /// A change of a table that DuckDB has no words for; `sql` says it to people.
    Change {
        /// As DuckDB would say it if it could.
        sql: String,
        /// What the session does.
        what: ChangeOfTable,
    },
    /// A load of files: ours to do, not DuckDB's.
    Copy(Box<Copy>),
    /// Nothing to do on this engine; `dropped` says what was left out.
    Nothing,
}

/// Translates one query (a `select`, `with … select` or set operation).
///
/// # Errors
/// The first thing that DuckDB cannot answer as Redshift would, or that Redshift itself refuses.
pub fn translate_query(sql: &str) -> Result<Translated, Refusal> {
    translate_query_with(sql, &NoCatalog)
}

/// Translates one query whose tables' columns the caller knows: fewer types have to be asked for at run time.
///
/// # Errors
/// As [`translate_query`].
pub fn translate_query_with(sql: &str, catalog: &dyn Catalog) -> Result<Translated, Refusal> {
    deep(|| query_with(sql, catalog))
}

/// The same of a query that [`Dialect::Redshift`](crate::sql::dialect::Dialect) read from this text.
///
/// # Errors
/// As [`translate_query`].
pub fn translate_read_query(
    query: &Query,
    sql: &str,
    catalog: &dyn Catalog,
) -> Result<Translated, Refusal> {
    deep(|| {
        check_length(sql, 0..sql.len())?;
        translated_query(query, sql, catalog)
    })
}

/// All that is wrong with a query that was refused: the refusal; what else is refused in its selects, derived tables, joins and common table
/// expressions; every function that is not known or not emulated.
pub fn all_refusals(sql: &str, catalog: &dyn Catalog, first: Refusal) -> Vec<Refusal> {
    let others = deep(|| match only_statement(sql) {
        Ok(Statement::Query(query)) => {
            let mut translator = Translator::new(sql, catalog);
            translator.refused = Some(Vec::new());
            let last = translator.query(&query).err();
            let mut others = translator.refused.take().unwrap_or_default();
            others.extend(last);
            others.extend(translator.refused_calls(&query));
            others
        }
        _ => Vec::new(),
    });
    let mut all = vec![first];
    for other in others {
        if !all.iter().any(|known| known.range == other.range) {
            all.push(other);
        }
    }
    all.sort_by_key(|refusal| refusal.range.as_ref().map(|range| range.start));
    all
}

/// The most bytes of a statement, and the most columns of a table:
/// <https://docs.aws.amazon.com/redshift/latest/dg/c_redshift-sql.html>,
/// <https://docs.aws.amazon.com/redshift/latest/mgmt/amazon-redshift-limits.html>.
const MOST_BYTES: usize = 16 * 1024 * 1024;
const MOST_COLUMNS: usize = 1600;

/// Refuses a statement that is longer than Redshift takes.
fn check_length(sql: &str, range: Range<usize>) -> Result<(), Refusal> {
    if range.len() <= MOST_BYTES {
        return Ok(());
    }
    let start = range.start;
    let first = first_word(&sql[range.clone()]);
    Err(Refusal {
        code: "statement-too-long",
        message: format!(
            "this statement has {} bytes, Redshift takes {MOST_BYTES}",
            range.len()
        ),
        range: Some(start + first.start..start + first.end),
        reason: None,
        help: Some("load long lists from a seed or a file".to_owned()),
    })
}

/// Refuses a table of more columns than Redshift takes.
pub(in crate::adapter) fn check_width(columns: usize) -> Result<(), Refusal> {
    if columns <= MOST_COLUMNS {
        return Ok(());
    }
    Err(Refusal {
        code: "too-many-columns",
        message: format!("the table has {columns} columns, Redshift takes {MOST_COLUMNS}"),
        range: None,
        reason: None,
        help: Some("split it, or keep what is rarely asked for in one `super` column".to_owned()),
    })
}

fn query_with(sql: &str, catalog: &dyn Catalog) -> Result<Translated, Refusal> {
    check_length(sql, 0..sql.len())?;
    let statement = only_statement(sql)?;
    let Statement::Query(query) = &statement else {
        return Err(Refusal {
            code: "not-a-query",
            message: "this is not a query".to_owned(),
            range: Some(first_word(sql)),
            reason: None,
            help: Some("write a `select`".to_owned()),
        });
    };
    translated_query(query, sql, catalog)
}

fn translated_query(
    query: &Query,
    sql: &str,
    catalog: &dyn Catalog,
) -> Result<Translated, Refusal> {
    let literals = statement::literals(query);
    let query = Translator::new(sql, catalog).query(query)?;
    if query.into.is_some() {
        return Err(Refusal {
            code: "not-a-query",
            message: "`select … into` makes a table".to_owned(),
            range: Some(first_word(sql)),
            reason: None,
            help: Some("leave out `into`: the materialization makes the table".to_owned()),
        });
    }
    Ok(translated(query.text, query.columns, literals))
}

fn translated(
    sql: String,
    columns: Option<Vec<translator::Named>>,
    literals: Option<Vec<usize>>,
) -> Translated {
    Translated {
        sql,
        literals,
        columns: columns.map(|columns| {
            columns
                .into_iter()
                .map(|(name, ty)| KnownColumn {
                    name,
                    data_type: ty.map(|ty| ty.to_string()),
                })
                .collect()
        }),
    }
}

fn only_statement(sql: &str) -> Result<Statement, Refusal> {
    let mut all = redshift::parse(sql).map_err(unparsed)?;
    match (all.pop(), all.pop()) {
        (Some(only), None) => Ok(only.statement),
        (Some(second), Some(_)) => Err(Refusal {
            code: "not-a-query",
            message: "one query is expected here, and there are several".to_owned(),
            range: Some(second.range),
            reason: None,
            help: Some(
                "leave one `select`; what runs before or after it goes into `pre_hook` or `post_hook`"
                    .to_owned(),
            ),
        }),
        (None, _) => Err(Refusal {
            code: "not-a-query",
            message: "there is no query here".to_owned(),
            range: Some(0..sql.len()),
            reason: None,
            help: Some("write a `select`".to_owned()),
        }),
    }
}

fn unparsed(error: redshift::ParseError) -> Refusal {
    let help = if error
        .message
        .starts_with("expected the end of the statement")
    {
        Some("is a comma or a word missing before it?".to_owned())
    } else if error.message.ends_with("found `") {
        Some("a name stands between double quotes on Redshift: `\"id\"`".to_owned())
    } else {
        let opened = error.message.strip_suffix(" that is not closed");
        opened.map(
            |opened| match opened.split('`').nth(1).unwrap_or_default() {
                "/*" => "close the comment with `*/`".to_owned(),
                "'" => "close the text with `'`; a `'` inside it is written twice".to_owned(),
                "\"" => "close the name with `\"`; a text stands between two `'`".to_owned(),
                sign => format!("close the text with `{sign}`"),
            },
        )
    };
    Refusal {
        code: "sql-syntax",
        message: error.message,
        range: error.range,
        reason: Some("not understood as Redshift SQL".to_owned()),
        help,
    }
}

/// The bytes of the first word of a text.
fn first_word(sql: &str) -> Range<usize> {
    let start = sql.len() - sql.trim_start().len();
    let length = sql[start..]
        .find(char::is_whitespace)
        .unwrap_or(sql.len() - start);
    start..start + length
}

/// Translates the statements of a hook or operation, separated by semicolons.
///
/// # Errors
/// The first thing that cannot be emulated.
pub fn translate_statements(
    sql: &str,
    catalog: &dyn Catalog,
) -> Result<Vec<TranslatedStatement>, Refusal> {
    deep(|| statement::statements(sql, catalog))
}

/// Translates one scalar expression over the columns of some relation (a predicate, a default).
///
/// # Errors
/// The first thing that cannot be emulated.
pub fn translate_expression(sql: &str) -> Result<String, Refusal> {
    translate_expression_with(sql, &NoCatalog)
}

/// The same for the engine of a catalog.
///
/// # Errors
/// As [`translate_expression`].
pub fn translate_expression_with(sql: &str, catalog: &dyn Catalog) -> Result<String, Refusal> {
    deep(|| expression(sql, vec![unnamed(None)], catalog))
}

/// A condition on the rows of a table, which may name its columns by it: `"dev"."shop"."orders".id > 5`.
///
/// # Errors
/// As [`translate_expression`].
pub fn translate_condition(
    sql: &str,
    table: &str,
    catalog: &dyn Catalog,
) -> Result<String, Refusal> {
    let named = translator::Visible {
        alias: table.to_lowercase(),
        columns: None,
    };
    deep(|| expression(sql, vec![unnamed(None), named], catalog))
}

/// A column of a table as another type, in DuckDB's SQL; `from` is its type, where that is known.
///
/// # Errors
/// A cast that Redshift refuses, or that is not emulated.
pub fn translate_cast(column: &str, from: Option<Type>, to: &str) -> Result<String, Refusal> {
    // A text of which nobody knows the length: all of it is kept.
    let to = match catalog_type(to) {
        Some(Type::Text) => Type::Varchar(types::MAX_LENGTH).to_string(),
        _ => to.to_owned(),
    };
    let (name, column) = (column.to_owned(), identifier(column));
    deep(|| {
        let columns = from.map(|from| vec![(name, Some(from))]);
        let tables = vec![unnamed(columns)];
        expression(&format!("cast({column} as {to})"), tables, &NoCatalog)
    })
}

/// A table that is not named where its columns are.
fn unnamed(columns: Option<Vec<Named>>) -> translator::Visible {
    translator::Visible {
        alias: String::new(),
        columns,
    }
}

fn expression(
    sql: &str,
    tables: Vec<translator::Visible>,
    catalog: &dyn Catalog,
) -> Result<String, Refusal> {
    let lead = "select ";
    let shift = |refusal: Refusal| Refusal {
        range: refusal.range.map(|range| {
            range.start.saturating_sub(lead.len())..range.end.saturating_sub(lead.len())
        }),
        ..refusal
    };
    let whole = format!("{lead}{sql}");
    let statement = only_statement(&whole).map_err(shift)?;
    let mut translator = Translator::new(&whole, catalog);
    translator.near = Some(lead.len()..whole.len());
    translator.scope().tables.extend(tables);
    match bare_expression(&statement) {
        Some(expr) => Ok(translator.expr(expr).map_err(shift)?.text),
        None => Err(Refusal {
            code: "not-an-expression",
            message: "one expression is expected here".to_owned(),
            range: Some(0..sql.len()),
            reason: None,
            help: None,
        }),
    }
}

/// The expression of `select expression`, when there is nothing else.
fn bare_expression(statement: &Statement) -> Option<&Expr> {
    let Statement::Query(query) = statement else {
        return None;
    };
    if query.with.is_some() || query.order_by.is_some() || query.limit_clause.is_some() {
        return None;
    }
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    if !select.from.is_empty() || select.selection.is_some() || select.into.is_some() {
        return None;
    }
    match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(expr)] => Some(expr),
        _ => None,
    }
}

/// Reads a Redshift `COPY` statement; its columns are left empty, as they come from the table.
///
/// # Errors
/// An option that is unknown, or known and not emulated.
pub fn parse_copy(sql: &str) -> Result<Copy, Refusal> {
    let tokens = redshift::tokens(sql).map_err(unparsed)?;
    let code: Vec<_> = tokens.into_iter().filter(redshift::is_code).collect();
    copy::parse(&Translator::new(sql, &NoCatalog), &code)
}

/// Why a column does not take the values of a type without a cast; nothing where it does, or where nobody can tell.
pub(in crate::adapter) fn refuse_assignment(
    name: &str,
    column: Type,
    value: Type,
) -> Option<Refusal> {
    if column.takes(value) {
        return None;
    }
    let help = match value {
        Type::Bool if column.is_text() => "write `case when … then 'true' else 'false' end`".into(),
        Type::Bool => "write `case when … then 1 else 0 end`".to_owned(),
        _ => format!("write `cast(… as {column})`"),
    };
    Some(Refusal {
        code: "not-redshift",
        message: format!("column `{name}` is of type {column} but expression is of type {value}"),
        range: None,
        reason: Some("Redshift refuses this".to_owned()),
        help: Some(help),
    })
}

/// The query before a `merge` that fails where several rows of the source match one of the target: Redshift refuses them, DuckDB
/// would take one of them.
pub fn refuse_several_matches(target: &str, source: &str, on: &str) -> String {
    format!(
        "SELECT error('Found multiple matches to update the same tuple') FROM (SELECT 1 FROM {target} JOIN {source} ON {on} GROUP BY {target}.rowid HAVING count(*) > 1 LIMIT 1)"
    )
}

/// An identifier in DuckDB's quotes, folded as Redshift folds it.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.to_lowercase().replace('"', "\"\""))
}

/// A string literal in DuckDB's quotes.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Installs the macros and functions that translated SQL calls, for every connection of this database instance.
///
/// Views keep the calls by name, so a file with such views needs this before they are read. Nothing is written
/// to the user's database: the macros live in an attached in-memory database, the functions in the process.
///
/// # Errors
/// What DuckDB answers.
#[cfg(feature = "duckdb")]
pub fn prelude(connection: &duckdb::Connection) -> duckdb::Result<()> {
    prelude::install(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_expressions_do_not_end_the_process() {
        let sum = vec!["a"; 1000].join(" + ");
        assert!(translate_query(&format!("select {sum} from t")).is_ok());
        let unions = vec!["select 1"; 500].join(" union all ");
        assert!(translate_query(&unions).is_ok());
        let nested = format!("select {}1{}", "(".repeat(60), ")".repeat(60));
        assert!(translate_query(&nested).is_ok());
        let too_deep = format!("select {}1{}", "(".repeat(5000), ")".repeat(5000));
        assert!(translate_query(&too_deep).is_err());
    }
}
