//! `create table … (like …)`: the columns of one table for another.

use super::connection::Session;
use super::sql::{literal, quote};
use crate::adapter::statement::ColumnDefinition;
use crate::adapter::{ChangeOfTable, Error, ErrorClass, Outcome, Refusal, emulating};
use crate::relation::Relation;

impl Session {
    /// Makes a table with the names, types and `not null` of another's columns, and their defaults where that is asked for:
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html>. Columns that number themselves do not in the new one.
    pub(super) fn create_like(
        &self,
        like: &ChangeOfTable,
        of: &Relation,
    ) -> Result<Outcome, Error> {
        let ChangeOfTable::Like {
            table,
            temporary,
            if_not_exists,
            defaults,
            ..
        } = like
        else {
            return Ok(Outcome::default());
        };
        let refused = |refusal: Refusal| Error {
            help: refusal.help,
            ..Error::new(ErrorClass::User, refusal.message)
        };
        let (_, columns) = self.stored(of)?;
        let given = match defaults {
            true => self.defaults(of)?,
            false => Vec::new(),
        };
        let mut declared = Vec::with_capacity(columns.len());
        for column in columns {
            let definition = ColumnDefinition {
                not_null: !column.nullable,
                ..ColumnDefinition::new(&column.name, &column.data_type)
            };
            let sql = match emulating::catalog_type(&column.data_type) {
                // Nobody knows how long its texts may be.
                Some(emulating::Type::Text) => format!("{} VARCHAR", quote(&column.name)),
                _ => emulating::create_table_columns(table, &[definition])
                    .map_err(refused)?
                    .columns
                    .concat(),
            };
            let default = given.iter().find(|[name, _]| *name == column.name);
            let default =
                default.map_or_else(String::new, |[_, value]| format!(" DEFAULT ({value})"));
            declared.push(sql + &default);
        }
        let kind = if *temporary { "temporary " } else { "" };
        let may = if *if_not_exists { "if not exists " } else { "" };
        let name = match table.schema.as_str() {
            "" => quote(&table.identifier),
            schema => format!("{}.{}", quote(schema), quote(&table.identifier)),
        };
        self.run(&format!(
            "create {kind}table {may}{name} ({})",
            declared.join(", ")
        ))?;
        Ok(Outcome::default())
    }

    /// The defaults of a table's columns in DuckDB's words, without those that number rows.
    fn defaults(&self, table: &Relation) -> Result<Vec<[String; 2]>, Error> {
        let (schema, name) = table.key();
        let place = self.place_in_catalog(&schema);
        self.texts::<2>(&format!(
            "select column_name, column_default from duckdb_columns()
             where {place} and lower(table_name) = {} and column_default is not null and column_default not like 'nextval(%'",
            literal(&name)
        ))
    }
}
