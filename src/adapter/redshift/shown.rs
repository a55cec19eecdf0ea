//! What the warehouse holds, as `show` tells it: shared databases included, and without the locks of the leader's catalogs.
//!
//! In: names of schemas. Out: relations and their columns. What is bound to what is in the catalogs alone.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{Name, in_list};
use super::query;
use super::session::Session;
use super::sql::{literal, quote};
use crate::adapter::{Error, Prepared, Table, Value};
use crate::relation::{Column, ExistingRelation, ExistingRelations, RelationKind};

impl Session {
    /// The relations of some schemas.
    pub(super) fn read_shown(&self, schemas: &[String]) -> Result<ExistingRelations, Error> {
        let database = quote(&self.config.database);
        let wanted: BTreeSet<String> = schemas.iter().map(|name| name.to_lowercase()).collect();
        let mut existing = ExistingRelations::of(self.name_case()?);
        let all = self.ask(&format!("show schemas from database {database}"))?;
        let there: BTreeSet<String> = cells(&all, "schema_name")
            .filter(|name| wanted.contains(&name.to_lowercase()))
            .collect();
        if there.is_empty() {
            return Ok(existing);
        }
        for schema in &there {
            existing.insert_schema(schema);
        }
        let bound = self.read_bound(&there)?;
        let mut columns = self.read_shown_columns(schemas)?;
        for schema in there {
            let shown = self.ask(&format!(
                "show tables from schema {database}.{}",
                quote(&schema)
            ))?;
            let kinds: Vec<String> = cells(&shown, "table_type").collect();
            let finer: Vec<String> = cells(&shown, "table_subtype").collect();
            for (number, name) in cells(&shown, "table_name").enumerate() {
                let said = |all: &[String]| all.get(number).cloned().unwrap_or_default();
                let key = (schema.clone(), name);
                let dependents = bound.get(&key).cloned().unwrap_or_default();
                existing.insert(ExistingRelation {
                    relation: self.relation(&key),
                    kind: match (said(&kinds).as_str(), said(&finer).as_str()) {
                        (_, "MATERIALIZED VIEW") => RelationKind::MaterializedView,
                        ("VIEW", _) => RelationKind::View,
                        _ => RelationKind::Table,
                    },
                    columns: columns.remove(&key).unwrap_or_default(),
                    dependents: dependents.iter().map(|key| self.relation(key)).collect(),
                    made: None,
                });
            }
        }
        Ok(existing)
    }

    /// The columns of all relations of some schemas, in one question; `show columns` would be one a relation.
    fn read_shown_columns(&self, schemas: &[String]) -> Result<BTreeMap<Name, Vec<Column>>, Error> {
        let rows = self.link.texts::<5>(&format!(
            "select schema_name, table_name, column_name, data_type, is_nullable
             from svv_redshift_columns
             where database_name = {} and lower(schema_name) in ({})
             order by schema_name, table_name, ordinal_position",
            literal(&self.config.database),
            in_list(schemas)
        ))?;
        let mut columns = BTreeMap::<Name, Vec<Column>>::new();
        for [schema, table, name, data_type, nullable] in rows {
            // What a dropped column leaves behind.
            if name.contains("pg.dropped.") {
                continue;
            }
            columns.entry((schema, table)).or_default().push(Column {
                name,
                data_type,
                nullable: !matches!(nullable.as_str(), "NO" | "f" | "false"),
            });
        }
        Ok(columns)
    }

    fn ask(&self, sql: &str) -> Result<Table, Error> {
        query::run(self, &Prepared::sql(vec![sql.to_owned()]), None)
    }
}

/// The texts of one column, none where there is no such column.
fn cells<'a>(table: &'a Table, column: &str) -> impl Iterator<Item = String> + use<'a> {
    let at = table
        .columns
        .iter()
        .position(|found| found.name.eq_ignore_ascii_case(column));
    table
        .rows
        .iter()
        .filter_map(move |row| row.get(at?).map(Value::to_string))
}
