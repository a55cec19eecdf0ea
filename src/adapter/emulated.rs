//! The parts of a statement that the user wrote for Redshift, said for the engine that emulates it.
//!
//! In: a [`Statement`] in Redshift's dialect. Out: the same statement with those parts translated, or a [`Refusal`].

use super::emulating::{
    Catalog, Engine, Translated, Type, Work, catalog_type, check_width, refuse_assignment,
    translate_condition, translate_expression_with, translate_query_with, translate_statements,
};
use super::statement::{Copy, Key, Rows, Statement};
use super::{Fault, Refusal, TableChange, TableFromQuery, names};
use crate::relation::{Change, KnownColumn, KnownColumns, Relation};

/// What is known of relations, as the translation asks for it.
pub(super) struct Tables<'a> {
    pub(super) known: &'a dyn KnownColumns,
    pub(super) engine: Engine,
    /// The database, where a schema may have its name too.
    pub(super) database: Option<&'a str>,
}

impl Catalog for Tables<'_> {
    fn engine(&self) -> Engine {
        self.engine
    }

    fn database(&self) -> Option<&str> {
        self.database
    }

    fn columns(&self, schema: Option<&str>, table: &str) -> Option<Vec<(String, Option<Type>)>> {
        let relation = Relation::new(schema.unwrap_or_default(), table);
        let typed = |column: KnownColumn| {
            let known = column.data_type.as_deref().and_then(catalog_type);
            (column.name, known)
        };
        let columns = self.known.columns(&relation)?;
        Some(columns.into_iter().map(typed).collect())
    }

    fn identities(&self, schema: Option<&str>, table: &str) -> Vec<String> {
        let relation = Relation::new(schema.unwrap_or_default(), table);
        self.known.identities(&relation)
    }
}

/// A query in the engine's SQL, with its columns.
pub(super) fn query(query: &str, known: &Tables<'_>) -> Result<Translated, Refusal> {
    translate_query_with(query, known)
}

/// Statements of the user in the engine's SQL.
#[derive(Default)]
struct Statements {
    sql: String,
    /// The tables that they make from queries.
    tables: Vec<TableFromQuery>,
    /// The changes of tables that are none of the engine's.
    changes: Vec<TableChange>,
    left: Vec<Change>,
}

fn statements(sql: &str, known: &Tables<'_>) -> Result<Statements, Refusal> {
    let mut said: Vec<String> = Vec::new();
    let mut all = Statements::default();
    let (tables, left) = (&mut all.tables, &mut all.left);
    for translated in translate_statements(sql, known)? {
        left.extend(translated.left);
        let start = said.iter().map(|said| said.len() + NEXT.len()).sum();
        match translated.work {
            Work::Query(query) => said.push(query.sql),
            Work::Sql(statements) => said.extend(statements),
            Work::Change { sql, what } => {
                all.changes.push(TableChange {
                    statement: 0,
                    range: what.place(start..start + sql.len()),
                    what,
                });
                said.push(sql);
            }
            Work::CreateTableAs { create, query } => {
                let statement = format!("{create}\n{}", query.sql);
                let end = start + statement.len();
                tables.push(TableFromQuery {
                    statement: 0,
                    range: start..end,
                    query: end - query.sql.len()..end,
                    columns: query.columns,
                });
                said.push(statement);
            }
            Work::Copy(_) => {
                let mut refused =
                    Refusal::new("copy-in-sql", "COPY among other statements is not emulated");
                refused.range = Some(translated.range);
                refused.help = Some(
                    "make it a hook of its own, or declare the load as a source with `external`"
                        .to_owned(),
                );
                return Err(refused);
            }
            Work::Nothing => {}
        }
    }
    all.sql = said.join(NEXT);
    Ok(all)
}

/// What stands between two statements.
const NEXT: &str = ";\n";

/// A text column that a statement fills with values that may not be stored as they are: Redshift cuts blanks.
#[cfg_attr(
    not(feature = "duckdb"),
    expect(dead_code, reason = "PostgreSQL cuts them itself")
)]
#[derive(Clone, Debug)]
pub(super) struct Fitted {
    pub(super) column: String,
    /// The type of the values, where it is known.
    pub(super) from: Option<Type>,
    pub(super) to: Type,
}

/// A statement of which every part that the user wrote is translated.
pub(super) struct Translation {
    pub(super) statement: Statement,
    /// The columns of a table or view made from a query, as far as they are known.
    pub(super) columns: Option<Vec<KnownColumn>>,
    /// The columns whose values must be cut first.
    #[cfg_attr(
        not(feature = "duckdb"),
        expect(dead_code, reason = "PostgreSQL cuts them itself")
    )]
    pub(super) fitted: Vec<Fitted>,
    /// The tables that SQL of the user makes from queries.
    #[cfg_attr(
        not(feature = "duckdb"),
        allow(dead_code, reason = "PostgreSQL keeps the lengths of texts itself")
    )]
    pub(super) tables: Vec<TableFromQuery>,
    /// The changes of tables in SQL of the user that the engine has no words for.
    #[cfg_attr(
        not(feature = "duckdb"),
        allow(dead_code, reason = "PostgreSQL has words for all of them")
    )]
    pub(super) changes: Vec<TableChange>,
    /// What SQL of the user makes, changes or drops.
    #[cfg_attr(
        not(feature = "duckdb"),
        expect(dead_code, reason = "only the embedded engine is told")
    )]
    pub(super) left: Vec<Change>,
}

/// The load of a text that is nothing but a `copy`.
pub(super) fn only_copy(sql: &str, known: &Tables<'_>) -> Result<Option<Copy>, Refusal> {
    // Most hooks are none: they are not read twice.
    if !sql.to_ascii_lowercase().contains("copy") {
        return Ok(None);
    }
    let mut statements = translate_statements(sql, known)?;
    let is_copy = |work: &Work| matches!(work, Work::Copy(_));
    if statements.len() != 1 || !statements.iter().all(|it| is_copy(&it.work)) {
        return Ok(None);
    }
    let only = statements.remove(0);
    let Work::Copy(copy) = only.work else {
        return Ok(None);
    };
    if copy.secrets().next().is_some() {
        let mut refused = Refusal::new("key-in-project", "access keys do not belong in SQL");
        refused.range = Some(only.range);
        refused.help = Some("give a role: `iam_role default`".to_owned());
        return Err(refused);
    }
    Ok(Some(*copy))
}

/// The statement with every part that the user wrote translated.
pub(super) fn statement(statement: &Statement, known: &Tables<'_>) -> Result<Translation, Refusal> {
    names::check(statement, names::ON_REDSHIFT, "Redshift takes")?;
    let mut translated = statement.clone();
    let mut made = None;
    let mut raw = Statements::default();
    let mut fitted = Vec::new();
    match &mut translated {
        Statement::CreateTableAs {
            query: text,
            header,
            ..
        }
        | Statement::CreateView {
            query: text,
            header,
            ..
        } => {
            let query = query(text, known)?;
            let columns = query.columns.iter().flatten();
            check_width(columns.clone().count())?;
            refuse_doubles(text, columns.map(|column| column.name.as_str()))?;
            *text = query.sql;
            made = query.columns;
            translate_header(header, known)?;
        }
        Statement::CreateTable { columns, .. } => {
            check_width(columns.len())?;
            for default in columns
                .iter_mut()
                .filter_map(|column| column.default.as_mut())
            {
                *default = format!("({})", translate_expression_with(default, known)?);
            }
        }
        Statement::Unload(unload) => {
            let query = query(&unload.query, known)?;
            unload.query = query.sql;
            made = query.columns;
        }
        Statement::Insert {
            into,
            columns,
            from: Rows::Query(text),
        } => {
            let query = query(text, known)?;
            fitted = taken_in_order(known, into, columns, &query)?;
            *text = query.sql;
        }
        Statement::Insert {
            into,
            columns,
            from: Rows::Relation(from),
        } => fitted = taken_by_name(known, into, columns, from)?,
        Statement::Merge {
            into,
            using,
            insert,
            predicates,
            ..
        } => {
            fitted = taken_by_name(known, into, insert, using)?;
            translate_conditions(predicates, into, known)?;
        }
        Statement::DeleteByKey {
            from,
            key,
            predicates,
            ..
        } => {
            let expressions = key.iter_mut().filter_map(|key| match key {
                Key::Expression(expression) => Some(expression),
                Key::Column(_) => None,
            });
            translate_all(expressions, known)?;
            translate_conditions(predicates, from, known)?;
        }
        Statement::CloseVersions {
            current: Some(current),
            ..
        } => *current = translate_expression_with(current, known)?,
        Statement::Raw { sql, .. } => {
            raw = statements(sql, known)?;
            *sql = std::mem::take(&mut raw.sql);
        }
        _ => {}
    }
    Ok(Translation {
        statement: translated,
        columns: made,
        fitted,
        tables: raw.tables,
        changes: raw.changes,
        left: raw.left,
    })
}

fn translate_all<'e>(
    expressions: impl IntoIterator<Item = &'e mut String>,
    known: &Tables<'_>,
) -> Result<(), Refusal> {
    for expression in expressions {
        *expression = translate_expression_with(expression, known)?;
    }
    Ok(())
}

/// Conditions on the rows of a table.
fn translate_conditions(
    conditions: &mut [String],
    table: &Relation,
    known: &Tables<'_>,
) -> Result<(), Refusal> {
    for condition in conditions {
        *condition = translate_condition(condition, &table.identifier, known)?;
    }
    Ok(())
}

/// Refuses the rows of a query of which a column does not take its values.
fn taken_in_order(
    known: &Tables<'_>,
    into: &Relation,
    columns: &[String],
    query: &Translated,
) -> Result<Vec<Fitted>, Refusal> {
    let held = known.known.columns(into).unwrap_or_default();
    // Without a list, the columns of the table are filled in their order.
    let names: Vec<String> = match columns.is_empty() {
        true => held.iter().map(|column| column.name.clone()).collect(),
        false => columns.to_vec(),
    };
    let given = query.columns.iter().flatten().enumerate();
    let given = given.map(|(at, column)| (!query.is_literal(at)).then(|| column.clone()));
    taken(&held, names.into_iter().zip(given))
}

/// Refuses the rows of a relation of which a column does not take its values.
fn taken_by_name(
    known: &Tables<'_>,
    into: &Relation,
    columns: &[String],
    from: &Relation,
) -> Result<Vec<Fitted>, Refusal> {
    let held = known.known.columns(into).unwrap_or_default();
    let given = known.known.columns(from).unwrap_or_default();
    let of = |name: &String| {
        let mut given = given.iter();
        let found = given.find(|column| column.name.eq_ignore_ascii_case(name));
        (name.clone(), found.cloned())
    };
    taken(&held, columns.iter().map(of))
}

/// Refuses values that a column does not take without a cast, as far as the types are known: DuckDB would cast them by itself. And
/// those that it takes, and that DuckDB would cast to others than Redshift. The texts that must be cut first are given back.
fn taken(
    held: &[KnownColumn],
    given: impl Iterator<Item = (String, Option<KnownColumn>)>,
) -> Result<Vec<Fitted>, Refusal> {
    let typed = |column: &KnownColumn| column.data_type.as_deref().and_then(catalog_type);
    let mut fitted = Vec::new();
    for (name, value) in given {
        let mut held = held.iter();
        let column = held.find(|column| column.name.eq_ignore_ascii_case(&name));
        let Some(column) = column.and_then(typed) else {
            continue;
        };
        let from = value.as_ref().and_then(typed);
        if is_cut(from, column) {
            fitted.push(Fitted {
                column: name.clone(),
                from,
                to: column,
            });
        }
        let Some(value) = from else {
            continue;
        };
        if let Some(refused) = refuse_assignment(&name, column, value) {
            return Err(refused);
        }
        let rounds = column.is_integer() && value.is_float();
        if rounds || column == Type::Super && value.is_text() {
            let message = format!(
                "values of type {value} for column `{name}` of type {column} are not emulated"
            );
            let mut refused = Refusal::new("not-emulated", message);
            refused.reason = Some("another value than Redshift's would come of it".to_owned());
            refused.help = Some(format!("write `cast({name} as {column})` in the query"));
            return Err(refused);
        }
    }
    Ok(fitted)
}

/// Whether the values of a text column may have blanks that Redshift cuts. Those of a `varchar` can only be too long, and the check of
/// the column tells.
fn is_cut(value: Option<Type>, column: Type) -> bool {
    let shorter = |length: u32| column.length().is_some_and(|most| length <= most);
    match (column, value) {
        (Type::Char(_), Some(Type::Char(length))) => !shorter(length),
        (Type::Char(_), value) => value.is_none_or(Type::is_text),
        (Type::Varchar(_), Some(Type::Varchar(length) | Type::Char(length))) => !shorter(length),
        _ => false,
    }
}

/// What Redshift says of a text that a column is too short for, or of a character of several bytes in a `char`; and what to do.
pub(super) fn value_too_long(column: &str, kind: Option<Type>) -> (Fault, &'static str) {
    let (code, message, help) = match kind {
        Some(kind) => (
            "value-too-long",
            format!("value too long for character type: `{column}` is {kind}"),
            "the length counts bytes: declare a longer column, or cut the value with `left`",
        ),
        None => (
            "multibyte-char",
            format!("`{column}` is of type char, which holds characters of one byte"),
            "declare it as `varchar`",
        ),
    };
    let fault = Fault {
        code,
        message,
        name: None,
        candidates: Vec::new(),
        of: &[],
    };
    (fault, help)
}

/// A table or view has each name once; DuckDB would give the second one another name without a word.
pub(super) fn refuse_doubles<'a>(
    query: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), Refusal> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name.to_lowercase()) {
            let mut refused = Refusal::new(
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

fn translate_header(header: &mut Option<String>, known: &Tables<'_>) -> Result<(), Refusal> {
    if let Some(header) = header {
        *header = statements(header, known)?.sql;
    }
    Ok(())
}
