//! What tests and constraints say about a table: which tests are attached to it, and its primary key.

use crate::manifest::node::{ConstraintKind, Detail, TestDetail};
use crate::manifest::{Manifest, NodeId};

/// The tests of every node.
pub struct Keys<'a> {
    manifest: &'a Manifest,
    /// By place of a node: the generic tests attached to it, in the order of the manifest.
    tests: Vec<Vec<NodeId>>,
}

impl<'a> Keys<'a> {
    /// Looks at every test once.
    pub fn new(manifest: &'a Manifest) -> Self {
        let mut tests = vec![Vec::new(); manifest.nodes.len()];
        for id in manifest.ids() {
            if let Some(attached) = test(manifest, id).and_then(|test| test.attached_node) {
                tests[attached.index()].push(id);
            }
        }
        Self { manifest, tests }
    }

    /// The generic tests attached to a node.
    pub fn tests(&self, id: NodeId) -> impl Iterator<Item = (NodeId, &'a TestDetail)> {
        let manifest = self.manifest;
        let tests = self.tests[id.index()].iter();
        tests.filter_map(move |id| Some((*id, test(manifest, *id)?)))
    }

    /// Declared as primary key, or else all that is tested to be unique and not null, or else to be unique, as dbt has it.
    pub fn primary(&self, id: NodeId) -> Vec<&'a str> {
        let declared = self.declared(id);
        if !declared.is_empty() {
            return declared;
        }
        let mut unique = self.unique(id);
        if unique.is_empty() {
            unique = self.tested(id, "unique");
            let together = self.tests(id).filter_map(|(_, test)| test.generic.as_ref());
            let together = together
                .filter(|test| test.name == "unique_combination_of_columns")
                .filter_map(|test| test.arguments.get("combination_of_columns")?.as_array());
            unique.extend(together.flatten().filter_map(serde_json::Value::as_str));
        }
        unique.sort_unstable();
        unique.dedup();
        unique
    }

    /// The columns declared as primary key.
    pub fn declared(&self, id: NodeId) -> Vec<&'a str> {
        let node = self.manifest.node(id);
        let is_primary = |kind| kind == ConstraintKind::PrimaryKey;
        if let Some(key) = node.constraints.iter().find(|c| is_primary(c.kind)) {
            return key.columns.iter().map(String::as_str).collect();
        }
        let columns = node.columns.values();
        columns
            .filter(|column| column.constraints.iter().any(|c| is_primary(c.kind)))
            .map(|column| column.name.as_str())
            .collect()
    }

    /// The columns that are each tested to be unique and not null, in the order of their tests.
    pub fn unique(&self, id: NodeId) -> Vec<&'a str> {
        let not_null = self.tested(id, "not_null");
        let mut unique: Vec<&str> = Vec::new();
        for column in self.tested(id, "unique") {
            if not_null.contains(&column) && !unique.contains(&column) {
                unique.push(column);
            }
        }
        unique
    }

    fn tested(&self, id: NodeId, name: &str) -> Vec<&'a str> {
        self.tests(id)
            .filter(|(_, test)| test.generic.as_ref().is_some_and(|it| it.name == name))
            .filter_map(|(_, test)| test.column_name.as_deref())
            .collect()
    }
}

fn test(manifest: &Manifest, id: NodeId) -> Option<&TestDetail> {
    match &manifest.node(id).detail {
        Detail::Test(test) => Some(test),
        _ => None,
    }
}
