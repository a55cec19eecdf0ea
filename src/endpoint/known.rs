//! The columns of what a statement reads, for the translation.

use std::collections::BTreeMap;

use sqlparser::ast::{ObjectName, TableObject};

use super::ddl::TEMPORARY;
use super::failure::Failure;
use super::session::Session;
use super::views::references;
use crate::adapter::emulating::{Catalog, Type, catalog_type};
use crate::relation::{KnownColumn, KnownColumns, Relation};
use crate::sql::redshift::{self, Statement};

/// Columns by the schema and name that a statement says; a bare name has an empty schema.
#[derive(Default)]
pub(super) struct Known {
    database: String,
    columns: BTreeMap<(String, String), Vec<KnownColumn>>,
    identities: BTreeMap<(String, String), Vec<String>>,
}

impl KnownColumns for Known {
    fn columns(&self, relation: &Relation) -> Option<Vec<KnownColumn>> {
        self.columns.get(&relation.key()).cloned()
    }
}

impl Catalog for Known {
    fn database(&self) -> Option<&str> {
        Some(&self.database)
    }

    fn columns(&self, schema: Option<&str>, table: &str) -> Option<Vec<(String, Option<Type>)>> {
        let relation = Relation::new(schema.unwrap_or_default(), table);
        let columns = KnownColumns::columns(self, &relation)?;
        let typed = |column: KnownColumn| {
            let known = column.data_type.as_deref().and_then(catalog_type);
            (column.name, known)
        };
        Some(columns.into_iter().map(typed).collect())
    }

    fn identities(&self, schema: Option<&str>, table: &str) -> Vec<String> {
        let key = Relation::new(schema.unwrap_or_default(), table).key();
        self.identities.get(&key).cloned().unwrap_or_default()
    }
}

/// The tables that statements fill, and the views that they replace.
fn written(text: &str) -> Vec<Vec<String>> {
    let Ok(parsed) = redshift::parse(text) else {
        return Vec::new();
    };
    let name = |statement: &Statement| -> Option<ObjectName> {
        match statement {
            Statement::Insert(insert) => match &insert.table {
                TableObject::TableName(name) => Some(name.clone()),
                _ => None,
            },
            Statement::CreateView(view) => Some(view.name.clone()),
            _ => None,
        }
    };
    let names = parsed.iter().filter_map(|one| name(&one.statement));
    names
        .map(|name| {
            let parts = name.0.iter().filter_map(|part| part.as_ident());
            parts.map(|part| part.value.to_lowercase()).collect()
        })
        .collect()
}

impl Session {
    /// The name of the database, folded.
    pub fn database(&self) -> String {
        self.shared.options.database.to_lowercase()
    }

    /// The columns of the relations that a query or statement names.
    pub fn known(&mut self, query: &str) -> Result<Known, Failure> {
        let mut known = Known {
            database: self.database(),
            ..Known::default()
        };
        let read = references(query, &self.database()).into_iter();
        let read = read.map(|reference| reference.parts);
        for parts in read.chain(written(query)) {
            let Ok((schema, name)) = self.placed(&parts) else {
                continue;
            };
            let key = (schema.unwrap_or_default(), name);
            if known.columns.contains_key(&key) {
                continue;
            }
            let Some(found) = self.existing(&parts)? else {
                continue;
            };
            let relation = match found.schema.as_str() {
                TEMPORARY => Relation::temporary(found.name),
                _ => Relation::new(found.schema, found.name),
            };
            let columns = self.connection.columns(&relation)?;
            let identities = self.connection.identities(&relation);
            known.identities.insert(key.clone(), identities);
            let columns = columns.into_iter().map(|column| KnownColumn {
                name: column.name.to_lowercase(),
                data_type: Some(column.data_type),
            });
            known.columns.insert(key, columns.collect());
        }
        Ok(known)
    }
}
