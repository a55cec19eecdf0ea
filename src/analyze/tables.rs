//! The tables that a query may name: the nodes that were analysed before it.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::NodeAnalysis;
use crate::adapter::emulating::{Catalog, Type, catalog_type};
use crate::compile::cte_name;
use crate::manifest::{Manifest, NodeId};
use crate::sql::lineage::{Table, TableColumn, Tables};

/// Tables of one schema and name, each with its database: two databases may hold both, and one may tell capitals apart.
type Namesakes = Vec<(Option<String>, NodeId)>;

/// The nodes of a project as tables.
pub(super) struct NodeTables<'a> {
    done: &'a [OnceLock<NodeAnalysis>],
    keys: Vec<Arc<str>>,
    by_name: HashMap<(String, String), Namesakes>,
    ephemeral: HashMap<String, NodeId>,
}

impl<'a> NodeTables<'a> {
    pub fn new(manifest: &Manifest, done: &'a [OnceLock<NodeAnalysis>]) -> Self {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        let mut ephemeral = HashMap::new();
        for id in manifest.ids() {
            let node = manifest.node(id);
            if node.config.materialized == "ephemeral" {
                ephemeral.insert(cte_name(&node.alias).to_lowercase(), id);
            } else if let Some(relation) = &node.relation {
                let database = manifest.in_full(relation).database;
                let database = database.map(|database| database.to_lowercase());
                let known = by_name.entry(relation.key()).or_default();
                let is_same = |(of, other): &(Option<String>, NodeId)| {
                    let other = manifest.node(*other).relation.as_ref();
                    *of == database && other.is_some_and(|other| other.name() == relation.name())
                };
                if !known.iter().any(is_same) {
                    known.push((database, id));
                }
            }
        }
        let keys = manifest.nodes.iter();
        Self {
            done,
            keys: keys
                .map(|node| Arc::from(node.unique_id.as_str()))
                .collect(),
            by_name,
            ephemeral,
        }
    }

    fn find(&self, database: Option<&str>, schema: &str, table: &str) -> Option<NodeId> {
        let key = (schema.to_lowercase(), table.to_lowercase());
        match (self.by_name.get(&key)?.as_slice(), database) {
            ([(_, only)], None) => Some(*only),
            (_, None) => None,
            (all, Some(database)) => {
                let mut named = all.iter().filter(|(known, _)| {
                    let own = known.as_deref();
                    own.is_none_or(|known| known.eq_ignore_ascii_case(database))
                });
                // Of two that differ in capitals alone, nobody knows here which is meant.
                match (named.next(), named.next()) {
                    (Some((_, id)), None) => Some(*id),
                    _ => None,
                }
            }
        }
    }

    fn at(&self, id: NodeId) -> Table {
        let key = Arc::clone(&self.keys[id.index()]);
        let Some(node) = self.done[id.index()].get() else {
            // A node that reads itself, or one that stands below its reader: nothing is known yet.
            return Table {
                key,
                columns: Arc::from([]),
                complete: false,
            };
        };
        let columns = node.schema.columns.iter().map(|column| TableColumn {
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            never_null: column.nullable == Some(false),
        });
        Table {
            key,
            columns: columns.collect(),
            complete: node.schema.is_complete(),
        }
    }
}

impl Tables for NodeTables<'_> {
    fn table(&self, parts: &[String]) -> Option<Table> {
        let (database, schema, table) = match parts {
            [schema, table] => (None, schema, table),
            [.., database, schema, table] => (Some(database.as_str()), schema, table),
            _ => return None,
        };
        let id = self.find(database, schema, table)?;
        Some(self.at(id))
    }

    fn inlined(&self, name: &str) -> Option<Table> {
        self.ephemeral.get(name).map(|id| self.at(*id))
    }
}

/// Tables, and whether each that was asked for is known to its last column.
pub(super) struct Strict<'a> {
    tables: &'a dyn Tables,
    all_known: Cell<bool>,
}

impl<'a> Strict<'a> {
    pub fn new(tables: &'a dyn Tables) -> Self {
        Self {
            tables,
            all_known: Cell::new(true),
        }
    }

    /// Whether nothing was asked for but what is known.
    pub fn all_known(&self) -> bool {
        self.all_known.get()
    }

    fn look(&self, found: Option<Table>) -> Option<Table> {
        if !found.as_ref().is_some_and(|table| table.complete) {
            self.all_known.set(false);
        }
        found
    }
}

impl Tables for Strict<'_> {
    fn table(&self, parts: &[String]) -> Option<Table> {
        self.look(self.tables.table(parts))
    }

    fn inlined(&self, name: &str) -> Option<Table> {
        // A name of one part may as well be a common table expression of the query itself.
        let found = self.tables.inlined(name)?;
        self.look(Some(found))
    }
}

impl Catalog for NodeTables<'_> {
    fn columns(&self, schema: Option<&str>, table: &str) -> Option<Vec<(String, Option<Type>)>> {
        let id = self.find(None, schema?, table)?;
        let node = self.done[id.index()].get()?;
        if !node.schema.is_complete() {
            return None;
        }
        let columns = node.schema.columns.iter();
        let typed = columns.map(|column| {
            let known = column.data_type.as_deref().and_then(catalog_type);
            (column.name.to_lowercase(), known)
        });
        Some(typed.collect())
    }
}
