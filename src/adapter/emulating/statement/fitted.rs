//! Texts that are stored in columns of a length.
//!
//! Blanks beyond the length are cut, other characters are an error:
//! <https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html>. The error is that of the column's check.

use sqlparser::ast::ObjectName;
use sqlparser::tokenizer::Span;

use super::Part;
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::Sql;
use crate::adapter::emulating::types::Type;
use crate::adapter::emulating::{Translated, catalog_type, identifier, literal, moment};

impl Part<'_> {
    /// The types of the columns that an `insert` fills, in its order; empty where they are not known.
    pub(super) fn filled(
        &self,
        table: &ObjectName,
        listed: &[String],
    ) -> Result<Vec<Option<Type>>, Refusal> {
        let parts = self.translator.parts(table)?;
        let name = parts.last().cloned().unwrap_or_default();
        let schema = parts.len().checked_sub(2).map(|at| parts[at].as_str());
        let Some(declared) = self.translator.catalog.columns(schema, &name) else {
            return Ok(Vec::new());
        };
        if listed.is_empty() {
            return Ok(declared.into_iter().map(|(_, ty)| ty).collect());
        }
        let find = |column: &String| {
            let mut declared = declared.iter();
            declared
                .find(|(name, _)| name.eq_ignore_ascii_case(column))
                .and_then(|(_, ty)| *ty)
        };
        Ok(listed.iter().map(find).collect())
    }

    /// The rows of a query, fitted to the columns that they fill.
    pub(super) fn fitted_rows(
        &self,
        query: Translated,
        filled: &[Option<Type>],
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
            let target = filled.get(at).copied().flatten();
            values.push(self.fitted(&value, target, span)?);
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

    /// A value as a column of a type takes it.
    ///
    /// # Errors
    /// A boolean for a column that holds none: DuckDB would store 1 or `true`.
    pub(super) fn fitted(
        &self,
        value: &Sql,
        column: Option<Type>,
        span: Span,
    ) -> Result<String, Refusal> {
        let Some(column) = column.filter(|_| !value.is_null()) else {
            return Ok(value.text.clone());
        };
        if value.is(Type::Bool) && !matches!(column, Type::Bool | Type::Super) {
            return Err(self.translator.not_redshift(
                span,
                format!("a column of type {column} takes no boolean"),
                "write `case when … then 1 else 0 end`, or `'true'` and `'false'` for a text",
            ));
        }
        // PostgreSQL cuts the blanks itself, and writes numbers as Redshift does.
        let Some(length) = column.length().filter(|_| !self.translator.on_postgres()) else {
            return Ok(value.text.clone());
        };
        if let Some(text) = value.constant_text() {
            let cut = moment::left_bytes(text, length as usize);
            return Ok(match text[cut.len()..].trim_end_matches(' ') {
                "" => literal(cut),
                _ => value.text.clone(),
            });
        }
        Ok(match value.ty {
            Some(ty) if ty.length().is_some_and(|known| known <= length) => value.text.clone(),
            Some(ty) if ty.is_text() => format!("__rs.fit({}, {length})", value.text),
            None => format!("__rs.fit(__rs.text({}), {length})", value.text),
            Some(Type::Null) => value.text.clone(),
            Some(_) => self.translator.as_text(value.clone(), span)?.text,
        })
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
            assert!(refused.message.ends_with("takes no boolean"), "{sql}");
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
