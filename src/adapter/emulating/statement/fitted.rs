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
