//! The project with every name resolved: nodes, their merged configuration, and who reads whom.
//!
//! In: `Project`. Out: [`Manifest`].
//! Knows nothing of connections; renders a template only to find what it reads (`execute = false`).

mod by_name;
mod checks;
pub mod config;
mod declared;
mod deprecated;
mod discover;
mod doubles;
pub mod freshness;
mod gaps;
mod generic;
pub mod groups;
mod hooks;
mod in_jinja;
mod in_vain;
mod link;
mod merge;
pub mod microbatch;
mod names;
mod no_effect;
pub mod node;
mod overrides;
mod persist_docs;
mod python;
mod python_model;
mod resolve;
mod semantic;
mod settings;
pub mod snapshot_config;
mod snapshots;
mod sources;
pub mod staged_load;
#[cfg(test)]
mod tests;
pub mod unit_test;
pub mod unload;
mod unused_paths;
mod values;
pub mod versions;

pub use config::Config;
pub use doubles::KeptTwice;
pub use generic::template_in;
pub use node::{Node, NodeId, ResourceType};
pub(crate) use python::md5;
pub use python_model::not_run;
pub use resolve::Options;
pub use values::Values;

use std::collections::BTreeMap;

use crate::relation::Relation;

/// Every node of the project, in a fixed order; a [`NodeId`] is an index into `nodes`.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// Name of the root project.
    pub project_name: String,
    /// The target's own database, which a [`Relation`] leaves out.
    pub database: String,
    /// The groups, by `unique_id`.
    pub groups: Vec<groups::Group>,
    /// Enabled nodes, ordered by kind and `unique_id`; boxed, so that they stay where they were made and are not in memory twice.
    pub nodes: Vec<Box<Node>>,
    /// Disabled nodes; nothing points to them.
    pub disabled: Vec<Node>,
    /// Tests that cannot run, since what they are about is disabled or missing: they stand in the manifest of the project, disabled.
    pub aside: Vec<Node>,
    /// `unique_id` to place.
    pub by_unique_id: BTreeMap<String, NodeId>,
}

impl Manifest {
    /// The node at a place.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// A relation with its database, as dbt prints it and as templates see it.
    pub fn in_full(&self, relation: &Relation) -> Relation {
        let own = || (!self.database.is_empty()).then(|| self.database.clone());
        Relation {
            database: relation.database.clone().or_else(own),
            ..relation.clone()
        }
    }

    /// The places of all nodes, in order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
    }
}
