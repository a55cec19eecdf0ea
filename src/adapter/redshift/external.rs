//! Tables of external schemas (Spectrum), which the catalogs of the leader node do not hold.
//!
//! In: names. Out: columns, and which tables there are. Sources: `SVV_EXTERNAL_COLUMNS`, `SVV_EXTERNAL_TABLES` and `SVV_EXTERNAL_SCHEMAS` in
//! the Database Developer Guide.

use std::collections::BTreeSet;

use super::catalog::in_list;
use super::session::Session;
use super::sql::literal;
use crate::adapter::Error;
use crate::relation::{Column, Relation};

/// What is seen of external schemas.
#[derive(Default)]
pub(super) struct External {
    /// The schemas, lower case.
    pub schemas: BTreeSet<String>,
    /// The tables, by [`Relation::key`].
    pub tables: BTreeSet<(String, String)>,
}

impl Session {
    /// The columns of one external table, partitions last; none where there is no such table.
    pub(super) fn read_external_columns(&self, relation: &Relation) -> Result<Vec<Column>, Error> {
        // Only an external schema is worth a question that goes to another catalog, and may fail there.
        if self
            .external_schemas(&literal(&relation.schema.to_lowercase()))?
            .is_empty()
        {
            return Ok(Vec::new());
        }
        let rows = self.link.texts::<3>(&format!(
            "select columnname, external_type, is_nullable
             from svv_external_columns
             where lower(schemaname) = {} and lower(tablename) = {}
             order by columnnum",
            literal(&relation.schema.to_lowercase()),
            literal(&relation.identifier.to_lowercase())
        ))?;
        let columns = rows.into_iter().map(|[name, kind, nullable]| Column {
            name,
            data_type: match kind.strip_prefix("varchar") {
                Some(length) => format!("character varying{length}"),
                None => kind,
            },
            nullable: !matches!(nullable.as_str(), "NO" | "f" | "false"),
        });
        Ok(columns.collect())
    }

    /// Which of some schemas are external, and the tables in them.
    pub(super) fn read_external(&self, schemas: &[String]) -> Result<External, Error> {
        let wanted = in_list(schemas);
        let mut external = External {
            schemas: self.external_schemas(&wanted)?,
            ..External::default()
        };
        if external.schemas.is_empty() {
            return Ok(external);
        }
        let tables = self.link.texts::<2>(&format!(
            "select schemaname, tablename from svv_external_tables where lower(schemaname) in ({wanted})"
        ))?;
        let keys = tables
            .into_iter()
            .map(|[schema, name]| (schema.to_lowercase(), name.to_lowercase()));
        external.tables = keys.collect();
        Ok(external)
    }

    /// Those of a list of schemas in SQL that are external, lower case.
    fn external_schemas(&self, wanted: &str) -> Result<BTreeSet<String>, Error> {
        let found = self.link.texts::<1>(&format!(
            "select schemaname from svv_external_schemas where lower(schemaname) in ({wanted})"
        ))?;
        Ok(found
            .into_iter()
            .map(|[name]| name.to_lowercase())
            .collect())
    }
}
