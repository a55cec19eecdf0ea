//! What the database holds.
//!
//! In: names of schemas. Out: relations and their columns, types in the words of the target's dialect.

use std::collections::BTreeMap;

use super::connection::Session;
use super::sql::literal;
use super::{error, types};
use crate::adapter::emulating::{self, Type};
use crate::adapter::statement::ColumnDefinition;
use crate::adapter::{Error, ErrorClass};
use crate::relation::{Column, ExistingRelation, ExistingRelations, Relation, RelationKind};

/// Schema and name of a relation, lower case.
type Key = (String, String);

impl Session {
    pub(super) fn read_existing(&self, schemas: &[String]) -> Result<ExistingRelations, Error> {
        let wanted = schemas
            .iter()
            .map(|schema| schema.to_lowercase())
            .collect::<Vec<_>>();
        let database = literal(&self.config.database);
        let mut existing = ExistingRelations::default();
        let found = self.texts::<1>(&format!(
            "select schema_name from duckdb_schemas() where database_name = {database}"
        ))?;
        existing.schemas = found
            .into_iter()
            .map(|[schema]| schema.to_lowercase())
            .filter(|schema| wanted.contains(schema))
            .collect();
        let mut columns = self.read_columns(&wanted, None)?;
        let relations = self.texts::<3>(&format!(
            "select schema_name, table_name, 'table' from duckdb_tables() where database_name = {database} and not internal
             union all
             select schema_name, view_name, 'view' from duckdb_views() where database_name = {database} and not internal
             order by 1, 2"
        ))?;
        for [schema, identifier, kind] in relations {
            if !wanted.contains(&schema.to_lowercase()) {
                continue;
            }
            let mut relation = Relation::new(schema, identifier);
            let columns = columns.remove(&relation.key()).unwrap_or_default();
            relation.database = Some(self.config.database.clone());
            existing.insert(ExistingRelation {
                relation,
                kind: if kind == "view" {
                    RelationKind::View
                } else {
                    RelationKind::Table
                },
                columns,
                dependents: Vec::new(),
                made: None,
            });
        }
        Ok(existing)
    }

    /// The columns of a table that a load fills, with those that number themselves marked, and the table's whole name.
    pub(super) fn columns_to_fill(
        &self,
        into: &Relation,
    ) -> Result<(Relation, Vec<ColumnDefinition>), Error> {
        let mut candidates = Vec::new();
        if into.schema.is_empty() {
            // A temporary table hides one of the schema.
            candidates.push(into.clone());
            let current = self.texts::<1>("select current_schema()")?;
            let schema = current.into_iter().next().map(|[schema]| schema);
            candidates.push(Relation::new(
                schema.unwrap_or_default(),
                into.identifier.clone(),
            ));
        } else {
            candidates.push(into.clone());
        }
        for relation in candidates {
            let (schema, identifier) = relation.key();
            let mut found = self.read_columns(std::slice::from_ref(&schema), Some(&identifier))?;
            let Some(columns) = found.remove(&relation.key()) else {
                continue;
            };
            let numbered = self.texts::<1>(&format!(
                "select column_name from duckdb_columns() where lower(schema_name) = {} and lower(table_name) = {} and column_default like 'nextval(%'",
                literal(if schema.is_empty() { "main" } else { &schema }),
                literal(&identifier)
            ))?;
            let columns = columns
                .into_iter()
                .map(|column| ColumnDefinition {
                    not_null: !column.nullable,
                    identity: numbered
                        .iter()
                        .any(|[name]| *name == column.name)
                        .then_some((0, 1)),
                    ..ColumnDefinition::new(column.name, column.data_type)
                })
                .collect();
            return Ok((relation, columns));
        }
        Err(Error::new(
            ErrorClass::User,
            format!("relation \"{}\" does not exist", into.identifier),
        ))
    }

    /// Columns by the key of their relation. An empty schema asks for temporary tables.
    pub(super) fn read_columns(
        &self,
        schemas: &[String],
        identifier: Option<&str>,
    ) -> Result<BTreeMap<Key, Vec<Column>>, Error> {
        let database = literal(&self.config.database);
        let temporary = schemas == [String::new()];
        let of = |schema: &str| {
            if temporary {
                "database_name = 'temp'".to_owned()
            } else {
                format!(
                    "database_name = {database} and lower({schema}) in ({})",
                    in_list(schemas)
                )
            }
        };
        let named = identifier
            .map(|identifier| format!(" and lower(table_name) = {}", literal(identifier)))
            .unwrap_or_default();
        let lengths = if self.config.emulates_redshift {
            self.declared_lengths(&format!("{}{named}", of("schema_name")))?
        } else {
            BTreeMap::new()
        };
        let rows = self.texts::<5>(&format!(
            "select schema_name, table_name, column_name, data_type, is_nullable::varchar from duckdb_columns()
             where {}{named} and not internal order by schema_name, table_name, column_index",
            of("schema_name")
        ))?;
        let mut columns = BTreeMap::<_, Vec<Column>>::new();
        for [schema, table, name, data_type, nullable] in rows {
            let schema = if temporary { String::new() } else { schema };
            let relation = Relation::new(schema, table);
            let length = lengths.get(&(relation.key(), name.to_lowercase()));
            let data_type = match length {
                Some(length) => length.to_string(),
                None if self.config.emulates_redshift => emulating::redshift_type(&data_type),
                None => data_type,
            };
            columns.entry(relation.key()).or_default().push(Column {
                name,
                data_type,
                nullable: nullable == "true",
            });
        }
        Ok(columns)
    }

    /// The declared types of text columns, from their checks.
    fn declared_lengths(&self, filter: &str) -> Result<BTreeMap<(Key, String), Type>, Error> {
        let checks = self.texts::<4>(&format!(
            "select schema_name, table_name, constraint_column_names[1], constraint_text from duckdb_constraints()
             where constraint_type = 'CHECK' and {filter}"
        ))?;
        Ok(checks
            .into_iter()
            .filter_map(|[schema, table, column, check]| {
                let key = Relation::new(schema, table).key();
                Some(((key, column.to_lowercase()), types::of_check(&check)?))
            })
            .collect())
    }

    /// Rows of one of our own queries, all of them text.
    fn texts<const N: usize>(&self, sql: &str) -> Result<Vec<[String; N]>, Error> {
        let read = || -> Result<Vec<[String; N]>, duckdb::Error> {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let mut texts = [const { String::new() }; N];
                for (column, text) in texts.iter_mut().enumerate() {
                    *text = row.get::<_, Option<String>>(column)?.unwrap_or_default();
                }
                all.push(texts);
            }
            Ok(all)
        };
        read().map_err(|cause| error::of_duckdb(&cause))
    }
}

fn in_list(names: &[String]) -> String {
    if names.is_empty() {
        return "''".to_owned();
    }
    names
        .iter()
        .map(|name| literal(&name.to_lowercase()))
        .collect::<Vec<_>>()
        .join(", ")
}
