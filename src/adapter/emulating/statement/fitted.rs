//! Texts that are stored in columns of a length.
//!
//! Blanks beyond the length are cut, other characters are an error:
//! <https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html>. The error is that of the column's check.

use sqlparser::ast::ObjectName;

use super::Part;
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Named, Sql};
use crate::adapter::emulating::types::Type;
use crate::adapter::emulating::{Translated, catalog_type, identifier, literal, moment};

impl Part<'_> {
    /// The lengths of the columns that an `insert` fills, in its order; empty where they are not known.
    pub(super) fn lengths(
        &self,
        table: &ObjectName,
        listed: &[String],
    ) -> Result<Vec<Option<u32>>, Refusal> {
        let parts = self.translator.parts(table)?;
        let name = parts.last().cloned().unwrap_or_default();
        let schema = parts.len().checked_sub(2).map(|at| parts[at].as_str());
        // PostgreSQL cuts the blanks itself.
        let declared = self.translator.catalog.columns(schema, &name);
        let Some(declared) = declared.filter(|_| !self.translator.on_postgres()) else {
            return Ok(Vec::new());
        };
        if listed.is_empty() {
            return Ok(declared.iter().map(length_of).collect());
        }
        let find = |column: &String| {
            let found = declared
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(column));
            found.and_then(length_of)
        };
        Ok(listed.iter().map(find).collect())
    }

    /// The rows of a query, fitted to the columns that they fill.
    pub(super) fn fitted_rows(query: Translated, lengths: &[Option<u32>]) -> String {
        let Some(columns) = &query.columns else {
            return query.sql;
        };
        let numbered: Vec<String> = (1..=columns.len()).map(|at| format!("c{at}")).collect();
        let values: Vec<String> = columns
            .iter()
            .zip(&numbered)
            .enumerate()
            .map(|(at, (column, name))| {
                let ty = column.data_type.as_deref().and_then(catalog_type);
                fitted(&Sql::new(name, ty), lengths.get(at).copied().flatten())
            })
            .collect();
        if values == numbered {
            return query.sql;
        }
        format!(
            "SELECT {} FROM ({}) AS __rs_rows({})",
            values.join(", "),
            query.sql,
            numbered.join(", ")
        )
    }
}

/// The length of a declared column of text.
pub(super) fn length_of((_, ty): &Named) -> Option<u32> {
    (*ty)?.length()
}

/// A value as a column of a length takes it.
pub(super) fn fitted(value: &Sql, length: Option<u32>) -> String {
    let Some(length) = length.filter(|_| !value.is_null()) else {
        return value.text.clone();
    };
    if let Some(text) = value.constant_text() {
        let cut = moment::left_bytes(text, length as usize);
        return match text[cut.len()..].trim_end_matches(' ') {
            "" => literal(cut),
            _ => value.text.clone(),
        };
    }
    match value.ty {
        Some(ty) if ty.length().is_some_and(|known| known <= length) => value.text.clone(),
        Some(ty) if ty.is_text() => format!("__rs.fit({}, {length})", value.text),
        None => format!("__rs.fit(__rs.text({}), {length})", value.text),
        Some(Type::Null | _) => value.text.clone(),
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
