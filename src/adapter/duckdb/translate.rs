//! The parts of a statement that the user wrote for Redshift, said for DuckDB.
//!
//! In: a [`Statement`] in Redshift's dialect. Out: the same statement with those parts translated, or a [`Refusal`].

use super::sql::refusal;
use crate::adapter::Refusal;
use crate::adapter::emulating::{
    Work, translate_expression, translate_query, translate_statements,
};
use crate::adapter::statement::{Rows, Statement};

/// A query in DuckDB's SQL.
pub(super) fn query(query: &str) -> Result<String, Refusal> {
    Ok(translate_query(query)?.sql)
}

/// Statements in DuckDB's SQL, ready to be joined by semicolons.
fn statements(sql: &str) -> Result<Vec<String>, Refusal> {
    let mut said = Vec::new();
    for translated in translate_statements(sql)? {
        match translated.work {
            Work::Query(query) => said.push(query.sql),
            Work::Sql(statements) => said.extend(statements),
            Work::CreateTableAs { create, query } => {
                said.push(format!("{create}\n{}", query.sql));
            }
            Work::Copy(_) => {
                let mut refused = refusal("copy-in-sql", "COPY inside other SQL is not emulated");
                refused.range = Some(translated.range);
                refused.help = Some("declare the load as a source with `external`".to_owned());
                return Err(refused);
            }
            Work::Nothing => {}
        }
    }
    Ok(said)
}

/// The statement with every part that the user wrote translated.
///
/// With it come the types of the columns of a table made from a query, by position, where the text tells them.
pub(super) fn statement(
    statement: &Statement,
) -> Result<(Statement, Vec<Option<String>>), Refusal> {
    let mut translated = statement.clone();
    let mut types = Vec::new();
    match &mut translated {
        Statement::CreateTableAs {
            query: text,
            header,
            ..
        } => {
            let query = translate_query(text)?;
            let columns = query.columns.unwrap_or_default();
            refuse_doubles(text, columns.iter().map(|column| column.name.as_str()))?;
            *text = query.sql;
            types.extend(columns.into_iter().map(|column| column.data_type));
            translate_header(header)?;
        }
        Statement::CreateView {
            query: text,
            header,
            ..
        } => {
            let query = translate_query(text)?;
            let columns = query.columns.unwrap_or_default();
            refuse_doubles(text, columns.iter().map(|column| column.name.as_str()))?;
            *text = query.sql;
            translate_header(header)?;
        }
        Statement::CreateTable { columns, .. } => {
            for default in columns
                .iter_mut()
                .filter_map(|column| column.default.as_mut())
            {
                *default = format!("({})", translate_expression(default)?);
            }
        }
        Statement::Insert {
            from: Rows::Query(text),
            ..
        } => *text = query(text)?,
        Statement::DeleteByKey { predicates, .. } | Statement::Merge { predicates, .. } => {
            for predicate in predicates {
                *predicate = translate_expression(predicate)?;
            }
        }
        Statement::Raw { sql, .. } => *sql = statements(sql)?.join(";\n"),
        _ => {}
    }
    Ok((translated, types))
}

/// A table or view has each name once; DuckDB would give the second one another name without a word.
pub(super) fn refuse_doubles<'a>(
    query: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), Refusal> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name.to_lowercase()) {
            let mut refused = refusal(
                "duplicate-column",
                format!("the query gives two columns the name `{name}`"),
            );
            refused.range = last_word(query, name);
            refused.help = Some("give one of them another name with `as`".to_owned());
            return Err(refused);
        }
    }
    Ok(())
}

/// Where a name stands last in a query, as a word of its own: most likely at the column that is one too many.
fn last_word(query: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let text = query.to_ascii_lowercase();
    let found = text
        .rmatch_indices(&name.to_ascii_lowercase())
        .find(|(at, word)| {
            !text[..*at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part)
        });
    found.map(|(at, word)| at..at + word.len())
}

fn translate_header(header: &mut Option<String>) -> Result<(), Refusal> {
    if let Some(header) = header {
        *header = statements(header)?.join(";\n");
    }
    Ok(())
}
