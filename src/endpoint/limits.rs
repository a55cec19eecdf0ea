//! What a cluster refuses of a table though DuckDB would take it: too many columns, what `physical` of the emulation tells, and the loss
//! of a column that is a key.
//!
//! In: a table that was just made and what was said of it. Out: nothing, or why not.
//! Source: "Quotas and limits" and `CREATE TABLE` in Amazon Redshift's guides.

use super::attributes::Attributes;
use super::ddl::Existing;
use super::failure::Failure;
use super::session::Session;
use crate::adapter::emulating::literal;
use crate::adapter::emulating::physical::Made;

const MAX_COLUMNS: usize = 1600;

impl Session {
    /// Refuses a new table that a cluster would refuse; the statement is rolled back with it.
    pub fn within_limits(
        &mut self,
        (schema, name): &(String, String),
        said: &Attributes,
    ) -> Result<(), Failure> {
        let made = self.made(schema, name)?;
        if made.len() > MAX_COLUMNS {
            return Err(Failure::new(
                "54011",
                format!("tables can have at most {MAX_COLUMNS} columns"),
            ));
        }
        said.check(name, Some(&made))?;
        Ok(())
    }

    /// The columns of a table, and their types.
    pub fn made(&mut self, schema: &str, name: &str) -> Result<Vec<Made>, Failure> {
        let columns = self.texts(&format!(
            "select lower(column_name), shown from __pg.main.all_columns where nspname = {} and lower(relname) = {}",
            literal(schema),
            literal(name)
        ))?;
        let made = |row: Vec<String>| {
            let mut row = row.into_iter();
            (row.next().unwrap_or_default(), row.next())
        };
        Ok(columns.into_iter().map(made).collect())
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
