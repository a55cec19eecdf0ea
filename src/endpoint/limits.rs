//! What a cluster refuses of a table though DuckDB would take it: too many columns, keys on columns that are not there, encodings
//! that are none or that do not fit, and the loss of a column that is a key.
//!
//! In: a table that was just made and what was said of it. Out: nothing, or why not.
//! Source: "Quotas and limits", "Compression encodings" and `CREATE TABLE` in Amazon Redshift's guides.

use super::attributes::Attributes;
use super::ddl::Existing;
use super::failure::Failure;
use super::session::Session;
use crate::adapter::emulating::literal;
use crate::adapter::redshift::encodings::fits;

const MAX_COLUMNS: usize = 1600;
const MAX_COMPOUND: usize = 400;
const MAX_INTERLEAVED: usize = 8;

impl Session {
    /// Refuses a new table that a cluster would refuse; the statement is rolled back with it.
    pub fn within_limits(
        &mut self,
        (schema, name): &(String, String),
        said: &Attributes,
    ) -> Result<(), Failure> {
        let columns = self.texts(&format!(
            "select lower(column_name), shown from __pg.main.all_columns where nspname = {} and lower(relname) = {}",
            literal(schema),
            literal(name)
        ))?;
        if columns.len() > MAX_COLUMNS {
            return Err(Failure::new(
                "54011",
                format!("tables can have at most {MAX_COLUMNS} columns"),
            ));
        }
        let most = match said.sort_type.as_deref() {
            Some("interleaved") => MAX_INTERLEAVED,
            _ => MAX_COMPOUND,
        };
        if said.sortkeys.len() > most {
            return Err(Failure::new(
                "54011",
                format!("a sort key of this kind can have at most {most} columns"),
            ));
        }
        let type_of = |wanted: &str| {
            let mut all = columns.iter();
            all.find(|row| row[0] == wanted.to_lowercase())
                .map(|row| row[1].clone())
        };
        for key in said.distkey.iter().chain(&said.sortkeys) {
            if type_of(key).is_none() {
                return Err(Failure::new(
                    "42703",
                    format!(
                        "column \"{key}\" specified as distkey/sortkey is not in the table \"{name}\""
                    ),
                ));
            }
        }
        for (column, encoding) in &said.encodings {
            let Some(data_type) = type_of(column) else {
                continue;
            };
            match fits(encoding, &data_type) {
                Some(true) => {}
                Some(false) => {
                    return Err(Failure::new(
                        "0A000",
                        format!(
                            "column \"{column}\" of type {data_type} cannot have the encoding {encoding}"
                        ),
                    ));
                }
                None => {
                    return Err(Failure::new(
                        "42601",
                        format!("\"{encoding}\" is no encoding"),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Refuses to drop a column that rows are spread or sorted by.
    pub fn is_no_key(&mut self, found: &Existing, column: &str) -> Result<(), Failure> {
        let state = self.state();
        let keys = self.texts(&format!(
            "select case when lower(distkey) = {column} then 'distkey' else 'sortkey' end from {state}.relations
             where schema_name = {} and name = {} and (lower(distkey) = {column} or list_contains(sortkeys, {column}))",
            literal(&found.schema),
            literal(&found.name),
            column = literal(&column.to_lowercase())
        ))?;
        match keys.into_iter().flatten().next() {
            None => Ok(()),
            Some(key) => Err(Failure::new(
                "0A000",
                format!("cannot drop {key} column \"{column}\""),
            )
            .hint(format!("alter the {key} of the table first"))),
        }
    }
}
