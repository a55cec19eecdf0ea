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

/// What is known of the types of a relation's columns beyond what DuckDB tells.
enum Types {
    /// By the name of the column, lower case.
    Named(BTreeMap<String, Type>),
    /// By the place of the column; empty where it is not known.
    Listed(Vec<String>),
}

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
        for [schema] in found {
            if wanted.contains(&schema.to_lowercase()) {
                existing.insert_schema(&schema);
            }
        }
        let mut columns = self.read_columns(&wanted, &[])?;
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
        if let (Some(relation), columns) = self.stored(into)? {
            let (schema, identifier) = relation.key();
            let numbered = self.texts::<1>(&format!(
                "select column_name from duckdb_columns() where lower(schema_name) = {} and lower(table_name) = {} and column_default like 'nextval(%'",
                literal(if schema.is_empty() { "main" } else { &schema }),
                literal(&identifier)
            ))?;
            let columns = columns
                .into_iter()
                .map(|mut column| {
                    // A text of unknown length takes all that Redshift's longest takes.
                    if emulating::catalog_type(&column.data_type) == Some(Type::Text) {
                        column.data_type = "character varying(max)".to_owned();
                    }
                    column
                })
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

    /// Where a relation stands and its columns. A name without a schema is that of a temporary table, which hides one of the schema.
    pub(super) fn stored(
        &self,
        relation: &Relation,
    ) -> Result<(Option<Relation>, Vec<Column>), Error> {
        let mut candidates = vec![relation.clone()];
        if relation.schema.is_empty() {
            let current = self.texts::<1>("select current_schema()")?;
            let schema = current.into_iter().next().map(|[schema]| schema);
            candidates.push(Relation::new(
                schema.unwrap_or_default(),
                relation.identifier.clone(),
            ));
        }
        for candidate in candidates {
            let key = candidate.key();
            let mut found =
                self.read_columns(std::slice::from_ref(&key.0), std::slice::from_ref(&key.1))?;
            if let Some(columns) = found.remove(&key) {
                return Ok((Some(candidate), columns));
            }
        }
        Ok((None, Vec::new()))
    }

    /// The condition under which DuckDB's catalog speaks of a schema; a relation without one is temporary.
    pub(super) fn place_in_catalog(&self, schema: &str) -> String {
        match schema {
            "" => "database_name = 'temp'".to_owned(),
            schema => format!(
                "database_name = {} and lower(schema_name) = {}",
                literal(&self.config.database),
                literal(schema)
            ),
        }
    }

    /// The columns that number the rows of a table, and take no value of anybody.
    pub(super) fn numbered(&self, relation: &Relation) -> Result<Vec<String>, Error> {
        let (schema, name) = relation.key();
        let place = self.place_in_catalog(&schema);
        let rows = self.texts::<1>(&format!(
            "select lower(column_name) from duckdb_columns()
             where {place} and lower(table_name) = {} and column_default like 'nextval(%' and column_default not like '%{}%'",
            literal(&name),
            emulating::BY_DEFAULT
        ))?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Columns by the key of their relation, of all relations or of those with a given name. An empty schema asks for temporary
    /// tables.
    pub(super) fn read_columns(
        &self,
        schemas: &[String],
        identifiers: &[String],
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
        let named = |name: &str| match identifiers {
            [] => String::new(),
            _ => format!(" and lower({name}) in ({})", in_list(identifiers)),
        };
        let mut types = BTreeMap::new();
        if self.config.emulates_redshift {
            let of = of("schema_name");
            let key = |schema: String, name: String| {
                let schema = if temporary { String::new() } else { schema };
                Relation::new(schema, name).key()
            };
            types = self.declared_lengths(&format!("{of}{}", named("table_name")), key)?;
            types.extend(self.carried_types(&format!("{of}{}", named("view_name")), key)?);
        }
        let named = named("table_name");
        let rows = self.texts::<5>(&format!(
            "select schema_name, table_name, column_name, data_type, is_nullable::varchar from duckdb_columns()
             where {}{named} and not internal order by schema_name, table_name, column_index",
            of("schema_name")
        ))?;
        let mut columns = BTreeMap::<Key, Vec<Column>>::new();
        for [schema, table, name, data_type, nullable] in rows {
            let schema = if temporary { String::new() } else { schema };
            let relation = Relation::new(schema, table);
            let of = columns.entry(relation.key()).or_default();
            let known = match types.get(&relation.key()) {
                None => None,
                Some(Types::Named(types)) => types.get(&name.to_lowercase()).map(Type::to_string),
                Some(Types::Listed(types)) => types.get(of.len()).cloned(),
            };
            let data_type = match known.filter(|known| !known.is_empty()) {
                Some(known) => known,
                None if self.config.emulates_redshift => emulating::redshift_type(&data_type),
                None => data_type,
            };
            of.push(Column {
                name,
                data_type,
                nullable: nullable == "true",
            });
        }
        Ok(columns)
    }

    /// The declared types of text columns, from their checks.
    fn declared_lengths(
        &self,
        filter: &str,
        key: impl Fn(String, String) -> Key,
    ) -> Result<BTreeMap<Key, Types>, Error> {
        let checks = self.texts::<4>(&format!(
            "select schema_name, table_name, constraint_column_names[1], constraint_text from duckdb_constraints()
             where constraint_type = 'CHECK' and {filter}"
        ))?;
        let mut all: BTreeMap<Key, BTreeMap<String, Type>> = BTreeMap::new();
        for [schema, table, column, check] in checks {
            if let Some(length) = types::of_check(&check) {
                let of = all.entry(key(schema, table)).or_default();
                of.insert(column.to_lowercase(), length);
            }
        }
        let named = all.into_iter().map(|(key, of)| (key, Types::Named(of)));
        Ok(named.collect())
    }

    /// The types that views carry.
    fn carried_types(
        &self,
        filter: &str,
        key: impl Fn(String, String) -> Key,
    ) -> Result<BTreeMap<Key, Types>, Error> {
        let views = self.texts::<3>(&format!(
            "select schema_name, view_name, {} as types from duckdb_views() where types <> '' and not internal and {filter}",
            types::carried("sql")
        ))?;
        let types = views.into_iter().map(|[schema, view, types]| {
            let types = types.split(';').map(str::to_owned).collect();
            (key(schema, view), Types::Listed(types))
        });
        Ok(types.collect())
    }

    /// Rows of one of our own queries, all of them text.
    pub(super) fn texts<const N: usize>(&self, sql: &str) -> Result<Vec<[String; N]>, Error> {
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
