//! What each selected node waits for.

use std::collections::BTreeMap;

use super::{Graph, NodeSet, Selection, topological_order};
use crate::manifest::{Manifest, NodeId, ResourceType};

/// Whether what stands on a tested node waits for its tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tests {
    /// A test is a node like any other (`run`, `test`).
    Free,
    /// A node waits for the tests of what it reads (`build`), so that a failed test holds it back.
    First,
}

/// A selected node and the selected nodes that it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The node.
    pub node: NodeId,
    /// Those that come before it, in the manifest's order: also over nodes that are not selected.
    pub waits_for: Vec<NodeId>,
}

impl Graph {
    /// The turns of the selected nodes, each after all that it waits for.
    pub fn schedule(&self, manifest: &Manifest, selection: &Selection, tests: Tests) -> Vec<Turn> {
        let mut parents: Vec<Vec<NodeId>> = manifest.ids().map(|id| self.parents(id)).collect();
        if tests == Tests::First {
            self.add_tests(manifest, &mut parents);
        }
        // The added edges lead from a test, which nobody reads, to what lies below its own parents: no cycle.
        let order = topological_order(&parents).unwrap_or_default();

        // For each node passed, the nearest selected nodes above it.
        let mut nearest: Vec<NodeSet> = vec![NodeSet::new(); parents.len()];
        let mut turns = Vec::with_capacity(selection.len());
        for node in order {
            let mut above = NodeSet::new();
            for parent in &parents[node.index()] {
                if selection.contains(*parent) {
                    above.insert(*parent);
                } else {
                    above.extend(&nearest[parent.index()]);
                }
            }
            if selection.contains(node) {
                turns.push(Turn {
                    node,
                    waits_for: above.into_iter().collect(),
                });
            } else {
                nearest[node.index()] = above;
            }
        }
        turns
    }

    /// Makes every node that stands on all the parents of a test wait for that test.
    fn add_tests(&self, manifest: &Manifest, parents: &mut [Vec<NodeId>]) {
        let mut tests_of: BTreeMap<Vec<NodeId>, Vec<NodeId>> = BTreeMap::new();
        for id in manifest.ids() {
            if manifest.node(id).resource_type == ResourceType::Test {
                tests_of.entry(self.parents(id)).or_default().push(id);
            }
        }
        for (tested, tests) in tests_of {
            for held in self.first_below_all(&tested) {
                if manifest.node(held).resource_type != ResourceType::Test {
                    parents[held.index()].extend(&tests);
                }
            }
        }
    }

    /// The nearest nodes that stand on every one of `nodes`.
    fn first_below_all(&self, nodes: &[NodeId]) -> Vec<NodeId> {
        let below = |id: &NodeId| self.descendants(&NodeSet::from([*id]), None);
        match nodes {
            [] => Vec::new(),
            [only] => self.children(*only),
            [first, rest @ ..] => {
                let mut common = below(first);
                for id in rest {
                    let below = below(id);
                    common.retain(|node| below.contains(node));
                }
                common
                    .iter()
                    .filter(|id| !self.parents(**id).iter().any(|up| common.contains(up)))
                    .copied()
                    .collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::shop::{selected, shop};
    use super::*;
    use crate::diagnostic::Diagnostics;

    fn told(select: &str, tests: Tests) -> Result<String, Diagnostics> {
        let manifest = shop();
        let graph = Graph::new(&manifest)?;
        let selection = selected(&graph, &manifest, select)?;
        let name = |id: &NodeId| manifest.node(*id).name.clone();
        Ok(graph
            .schedule(&manifest, &selection, tests)
            .iter()
            .map(|turn| {
                let before = turn.waits_for.iter().map(name).collect::<Vec<_>>();
                let line = format!("{} <- {}", name(&turn.node), before.join(", "));
                line.trim_end_matches(" <- ").to_owned()
            })
            .collect::<Vec<_>>()
            .join("\n"))
    }

    #[test]
    fn a_node_waits_over_those_that_are_not_selected() -> Result<(), Diagnostics> {
        insta::assert_snapshot!(told("source:raw.orders fct_sales --exclude resource_type:test", Tests::Free)?, @r"
        orders
        fct_sales <- orders
        ");
        Ok(())
    }

    #[test]
    fn in_a_build_a_node_waits_for_the_tests_of_all_it_stands_on() -> Result<(), Diagnostics> {
        insta::assert_snapshot!(told("+fct_sales dim_customers", Tests::First)?, @r"
        countries
        customers
        stg_customers <- customers
        dim_customers <- stg_customers
        not_null_dim_customers_id <- dim_customers
        orders
        source_not_null_raw_orders_id <- orders
        stg_orders <- source_not_null_raw_orders_id, orders
        not_null_stg_orders_id <- stg_orders
        unique_stg_orders_id <- stg_orders
        orders <- stg_orders, countries, not_null_stg_orders_id, unique_stg_orders_id
        fct_sales <- orders, stg_customers
        relationships_orders <- dim_customers, orders
        sales_are_positive <- fct_sales
        ");
        Ok(())
    }
}
