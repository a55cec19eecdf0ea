//! Values that are stored in columns of a type.
//!
//! Redshift casts some of them by itself and refuses the others ("Implicit conversion types" of
//! <https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html>). Of texts in a column of a length, blanks beyond the length
//! are cut, other characters are an error: <https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html>. The error is that of the
//! column's check.

use sqlparser::ast::{Expr, ObjectName, Query, SelectItem, SetExpr, Value};
use sqlparser::tokenizer::Span;

use super::Part;
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Named, Sql};
use crate::adapter::emulating::types::Type;
use crate::adapter::emulating::{
    Translated, catalog_type, identifier, literal, moment, refuse_assignment,
};

impl Part<'_> {
    /// The columns that an `insert` fills, in its order; empty where they are not known.
    pub(super) fn filled(
        &self,
        table: &ObjectName,
        listed: &[String],
    ) -> Result<Vec<Named>, Refusal> {
        let parts = self.translator.parts(table)?;
        let name = parts.last().cloned().unwrap_or_default();
        let schema = parts.len().checked_sub(2).map(|at| parts[at].as_str());
        let Some(declared) = self.translator.catalog.columns(schema, &name) else {
            return Ok(Vec::new());
        };
        if listed.is_empty() {
            return Ok(declared);
        }
        let find = |column: &String| {
            let mut declared = declared.iter();
            let found = declared.find(|(name, _)| name.eq_ignore_ascii_case(column));
            (column.clone(), found.and_then(|(_, ty)| *ty))
        };
        Ok(listed.iter().map(find).collect())
    }

    /// The rows of a query, fitted to the columns that they fill.
    pub(super) fn fitted_rows(
        &self,
        query: Translated,
        filled: &[Named],
        span: Span,
    ) -> Result<String, Refusal> {
        let Some(columns) = &query.columns else {
            return Ok(query.sql);
        };
        let numbered: Vec<String> = (1..=columns.len()).map(|at| format!("c{at}")).collect();
        let mut values = Vec::with_capacity(columns.len());
        for (at, (column, name)) in columns.iter().zip(&numbered).enumerate() {
            let ty = column.data_type.as_deref().and_then(catalog_type);
            let value = Sql::new(name, ty);
            let Some((filled, Some(target))) = filled.get(at) else {
                values.push(value.text);
                continue;
            };
            if query.is_literal(at) {
                values.push(self.read(&value, *target, span)?);
                continue;
            }
            self.takes(filled, *target, ty, span)?;
            values.push(self.stored(&value, *target, span)?);
        }
        if values == numbered {
            return Ok(query.sql);
        }
        Ok(format!(
            "SELECT {} FROM ({}) AS __rs_rows({})",
            values.join(", "),
            query.sql,
            numbered.join(", ")
        ))
    }

    /// A text as it is written, which is read as a value of the column that it goes into.
    fn read(&self, value: &Sql, column: Type, span: Span) -> Result<String, Refusal> {
        match column {
            _ if column.is_text() => self.stored(value, column, span),
            Type::Varbyte(_) | Type::Interval | Type::Months => Ok(value.text.clone()),
            _ if value.constant_text().is_some() && column != Type::Super => {
                Ok(self.translator.literal_as(value, column, span)?.text)
            }
            _ => self.translator.cast_text(value, column, false, span),
        }
    }

    /// Refuses a value of a type that a column does not take.
    fn takes(
        &self,
        name: &str,
        column: Type,
        value: Option<Type>,
        span: Span,
    ) -> Result<(), Refusal> {
        match value.and_then(|value| refuse_assignment(name, column, value)) {
            None => Ok(()),
            Some(refused) => Err(Refusal {
                range: self.translator.range(span),
                ..refused
            }),
        }
    }

    /// A value as a column of a type takes it.
    ///
    /// # Errors
    /// A type that the column does not take, and a text as it is written that is no value of it.
    pub(super) fn fitted(
        &self,
        value: &Sql,
        column: Option<&Named>,
        span: Span,
    ) -> Result<String, Refusal> {
        let Some((name, Some(column))) = column else {
            return Ok(value.text.clone());
        };
        if value.is_null() {
            return Ok(value.text.clone());
        }
        if value.constant_text().is_some() {
            return self.read(value, *column, span);
        }
        self.takes(name, *column, value.ty, span)?;
        self.stored(value, *column, span)
    }

    /// A value that the column takes, cast as Redshift casts it where DuckDB would do it otherwise.
    fn stored(&self, value: &Sql, column: Type, span: Span) -> Result<String, Refusal> {
        if value.is_null() || value.is(Type::Null) {
            return Ok(value.text.clone());
        }
        let rounds = column.is_integer() && value.ty.is_some_and(Type::is_float);
        if rounds || column == Type::Super && value.ty.is_some_and(|ty| ty != Type::Super) {
            return self.translator.cast_text(value, column, false, span);
        }
        // PostgreSQL cuts the blanks itself, and writes numbers as Redshift does.
        let Some(length) = column.length().filter(|_| !self.translator.on_postgres()) else {
            return Ok(value.text.clone());
        };
        if let Some(text) = value.constant_text() {
            let cut = moment::left_bytes(text, length as usize);
            return Ok(match text[cut.len()..].trim_end_matches(' ') {
                "" if matches!(column, Type::Char(_)) => literal(cut.trim_end_matches(' ')),
                "" => literal(cut),
                _ => value.text.clone(),
            });
        }
        match value.ty {
            Some(ty) if !ty.is_text() => Ok(self.translator.as_text(value.clone(), span)?.text),
            ty => Ok(fit(&value.text, ty, column).unwrap_or_else(|| value.text.clone())),
        }
    }
}

/// A text of DuckDB as a column of a length takes it: without the blanks beyond the length, and in a `char` without any at its end, which
/// mean nothing there. Nothing where it is stored as it is.
pub(in crate::adapter) fn fit(text: &str, value: Option<Type>, column: Type) -> Option<String> {
    let length = column.length()?;
    let known = value.and_then(Type::length);
    let fitted = match value {
        Some(Type::Char(known)) if known <= length => return None,
        Some(_) if known.is_some_and(|known| known <= length) => text.to_owned(),
        Some(ty) if ty.is_text() => format!("__rs.fit({text}, {length})"),
        None => format!("__rs.fit(__rs.text({text}), {length})"),
        Some(_) => return None,
    };
    match column {
        Type::Char(_) => Some(format!("rtrim({fitted}, ' ')")),
        _ => (fitted != text).then_some(fitted),
    }
}

/// Which columns of a query are texts as they are written, which Redshift reads as values of the column that they go into; none where
/// a `*` beside them hides what stands where.
pub(in crate::adapter::emulating) fn literals(source: &Query) -> Option<Vec<usize>> {
    of_body(&source.body)
}

fn of_body(body: &SetExpr) -> Option<Vec<usize>> {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::Query(query) => return of_body(&query.body),
        // Where one of the queries gives such a text, the type of the column is that of the others.
        SetExpr::SetOperation { left, right, .. } => {
            let mut all = of_body(left)?;
            all.extend(of_body(right)?);
            return Some(all);
        }
        _ => return Some(Vec::new()),
    };
    let mut found = Vec::new();
    let mut hidden = false;
    for (at, item) in select.projection.iter().enumerate() {
        match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                if is_written(expr) {
                    found.push(at);
                }
            }
            _ => hidden = true,
        }
    }
    (found.is_empty() || !hidden).then_some(found)
}

fn is_written(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_written(inner),
        Expr::Value(value) => matches!(value.value, Value::SingleQuotedString(_)),
        _ => false,
    }
}

/// The names of the columns of an `insert`, quoted.
pub(super) fn column_list(columns: &[String]) -> String {
    if columns.is_empty() {
        return String::new();
    }
    let names: Vec<String> = columns.iter().map(|name| identifier(name)).collect();
    format!(" ({})", names.join(", "))
}

#[cfg(all(test, feature = "duckdb"))]
mod tests {
    use duckdb::Connection;

    use crate::adapter::emulating::{Catalog, Type, Work, prelude, translate_statements};

    struct Lengths;

    impl Catalog for Lengths {
        fn columns(&self, _: Option<&str>, _: &str) -> Option<Vec<(String, Option<Type>)>> {
            Some(vec![
                ("n".into(), Some(Type::Int4)),
                ("v".into(), Some(Type::Varchar(5))),
            ])
        }
    }

    #[test]
    fn a_boolean_is_no_number_and_no_text() {
        for sql in [
            "insert into t values (true, 'a')",
            "insert into t (v) values (1 = 1)",
            "insert into t select 1, n > 1 from t",
            "update t set n = (n > 1)",
        ] {
            let refused = translate_statements(sql, &Lengths).unwrap_err();
            assert_eq!(refused.code, "not-redshift", "{sql}");
            assert!(refused.message.ends_with("of type boolean"), "{sql}");
        }
    }

    fn run(connection: &Connection, sql: &str) -> Result<(), String> {
        for one in translate_statements(sql, &Lengths).unwrap() {
            let Work::Sql(all) = one.work else {
                panic!("not a statement")
            };
            connection
                .execute_batch(&all.join(";"))
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    #[test]
    fn blanks_beyond_the_length_of_a_column_are_cut_and_letters_refused() {
        let connection = Connection::open_in_memory().unwrap();
        prelude(&connection).unwrap();
        run(&connection, "create table t (n int, v varchar(5))").unwrap();
        for sql in [
            "insert into t values (1, 'abcde  ')",
            "insert into t (v, n) values ('abcde ', 2)",
            "insert into t select n + 2, v || '   ' from t where n = 1",
            "insert into t values (4, 'a')",
            "update t set v = v || 'bcde ' where n = 4",
            "insert into t values (5, 1.5::float)",
            "delete from t where v = '1.5'",
        ] {
            run(&connection, sql).unwrap();
        }
        let odd: i64 = connection
            .query_row("SELECT count(*) FROM t WHERE v <> 'abcde'", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(odd, 0);
        for sql in [
            "insert into t values (1, 'abcdef ')",
            "insert into t select 1, v || 'f ' from t",
        ] {
            assert!(
                run(&connection, sql).unwrap_err().contains("CHECK"),
                "{sql}"
            );
        }
    }
}
