//! What each selected node waits for.

use std::collections::{BTreeMap, HashSet};

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
        self.schedule_with(manifest, selection, tests, &[])
    }

    /// The same, where some nodes wait for others that they do not read: the first of a pair for the second, which does not stand on it.
    pub fn schedule_with(
        &self,
        manifest: &Manifest,
        selection: &Selection,
        tests: Tests,
        waits: &[(NodeId, NodeId)],
    ) -> Vec<Turn> {
        let mut parents: Vec<Vec<NodeId>> = manifest.ids().map(|id| self.parents(id)).collect();
        if tests == Tests::First {
            let unit_tests = self.free_unit_tests(manifest, selection, &mut parents);
            self.add_tests(manifest, selection, &mut parents);
            for (test, model) in unit_tests {
                parents[model.index()].push(test);
            }
        }
        for (node, other) in waits {
            parents[node.index()].push(*other);
        }
        // The added edges lead from a test, which nobody reads, to what lies below its own parents: no cycle.
        let order = topological_order(&parents).unwrap_or_default();

        // For each node passed over, the nearest selected nodes above it.
        let mut nearest: Vec<Vec<NodeId>> = vec![Vec::new(); parents.len()];
        let mut turns: Vec<Turn> = Vec::with_capacity(selection.len());
        let mut turn_of: Vec<Option<usize>> = vec![None; parents.len()];
        for node in order {
            let mut above: Vec<NodeId> = Vec::new();
            for parent in &parents[node.index()] {
                if selection.contains(*parent) {
                    above.push(*parent);
                } else {
                    above.extend_from_slice(&nearest[parent.index()]);
                }
            }
            above.sort_unstable();
            above.dedup();
            if selection.contains(node) {
                turn_of[node.index()] = Some(turns.len());
                turns.push(Turn {
                    node,
                    waits_for: above,
                });
            } else {
                // What another of them waits for anyway need not be carried on: the lists would grow with the graph.
                let waited_for: HashSet<NodeId> = above
                    .iter()
                    .filter(|id| manifest.node(**id).resource_type != ResourceType::Test)
                    .filter_map(|id| turns.get(turn_of[id.index()]?))
                    .flat_map(|turn| turn.waits_for.iter().copied())
                    .collect();
                above.retain(|id| !waited_for.contains(id));
                nearest[node.index()] = above;
            }
        }
        turns
    }

    /// Gives selected unit tests the parents of their models, so that they can stand before them; answers with which stands before
    /// which.
    fn free_unit_tests(
        &self,
        manifest: &Manifest,
        selection: &Selection,
        parents: &mut [Vec<NodeId>],
    ) -> Vec<(NodeId, NodeId)> {
        let mut pairs = Vec::new();
        for test in selection.iter() {
            let model = manifest.node(test).depends_on.first();
            if let (ResourceType::UnitTest, Some(model)) =
                (manifest.node(test).resource_type, model)
            {
                parents[test.index()] = self.parents(*model);
                pairs.push((test, *model));
            }
        }
        pairs
    }

    /// Makes every node that stands on all the parents of a selected test wait for that test.
    fn add_tests(&self, manifest: &Manifest, selection: &Selection, parents: &mut [Vec<NodeId>]) {
        let mut tests_of: BTreeMap<Vec<NodeId>, Vec<NodeId>> = BTreeMap::new();
        for id in selection.iter() {
            if manifest.node(id).resource_type == ResourceType::Test {
                let tested = parents[id.index()].clone();
                tests_of.entry(tested).or_default().push(id);
            }
        }
        let readers: Vec<Reader> = self
            .order()
            .iter()
            .filter(|id| waits_for_tests(manifest.node(**id).resource_type))
            .map(|id| Reader {
                node: *id,
                reads: parents[id.index()].clone(),
            })
            .collect();
        let (groups, large): (Vec<Group>, Vec<Group>) = tests_of
            .into_iter()
            .partition(|(tested, _)| tested.len() <= Bits::BITS as usize);
        for (tested, tests) in large {
            for held in self.below_all(manifest, &tested) {
                parents[held.index()].extend(&tests);
            }
        }
        let mut rest = groups.as_slice();
        while !rest.is_empty() {
            let (chunk, more) = rest.split_at(fitting(rest));
            let tested: Vec<&[NodeId]> =
                chunk.iter().map(|(tested, _)| tested.as_slice()).collect();
            for (held, group) in first_below(parents.len(), &readers, &tested) {
                parents[held.index()].extend(&chunk[group].1);
            }
            rest = more;
        }
    }

    /// Every node but tests that stands on all of `tested`: for the rare test of more tables than there are bits.
    fn below_all(&self, manifest: &Manifest, tested: &[NodeId]) -> NodeSet {
        let mut below: NodeSet = manifest.ids().collect();
        for id in tested {
            let descendants = self.descendants(&NodeSet::from([*id]), None);
            below.retain(|id| descendants.contains(id));
        }
        below.retain(|id| {
            let kind = manifest.node(*id).resource_type;
            waits_for_tests(kind) && kind != ResourceType::UnitTest
        });
        below
    }
}

/// Whether a failed test of what it reads holds a node back: in dbt of a node of the manifest, not of an exposure.
fn waits_for_tests(kind: ResourceType) -> bool {
    kind != ResourceType::Test && kind != ResourceType::Exposure && !kind.is_semantic()
}

/// Nodes that the same tests are about, and those tests.
type Group = (Vec<NodeId>, Vec<NodeId>);

/// A node that is no test, and what it reads.
struct Reader {
    node: NodeId,
    reads: Vec<NodeId>,
}

/// A bit for each of some nodes.
type Bits = u128;

/// How many of the first groups have no more nodes together than there are bits: one at least, as each alone fits.
fn fitting(groups: &[Group]) -> usize {
    let mut bits = 0;
    groups
        .iter()
        .take_while(|(tested, _)| {
            bits += tested.len();
            bits <= Bits::BITS as usize
        })
        .count()
}

/// For each group of nodes the nearest readers that stand on all of them, with the place of the group.
///
/// One walk over the graph for all groups together: hundreds of tests relate two tables, and a walk for each of them is
/// quadratic.
fn first_below(count: usize, readers: &[Reader], groups: &[&[NodeId]]) -> Vec<(NodeId, usize)> {
    // For each node its own bits, and the bits of all that it stands on.
    let mut own: Vec<Bits> = vec![0; count];
    let mut below: Vec<Bits> = vec![0; count];
    let mut wanted = Vec::with_capacity(groups.len());
    let mut next = 0;
    for group in groups {
        let mut all: Bits = 0;
        for node in *group {
            all |= 1 << next;
            own[node.index()] |= 1 << next;
            next += 1;
        }
        wanted.push(all);
    }
    let mut found = Vec::new();
    for Reader { node, reads } in readers {
        let above = |read: &NodeId| below[read.index()];
        let reached = reads
            .iter()
            .map(|read| above(read) | own[read.index()])
            .fold(0, |all, bits| all | bits);
        if reached == 0 {
            continue;
        }
        if reads.iter().all(|read| above(read) != reached) {
            for (group, wanted) in wanted.iter().enumerate() {
                let here = *wanted != 0 && reached & wanted == *wanted;
                if here && !reads.iter().any(|read| above(read) & wanted == *wanted) {
                    found.push((*node, group));
                }
            }
        }
        below[node.index()] = reached;
    }
    found
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

    #[test]
    fn a_test_of_more_tables_than_there_are_bits_holds_back_what_stands_on_all()
    -> Result<(), Diagnostics> {
        for tables in [3, 150] {
            let mut models: Vec<(String, String)> = (0..tables)
                .map(|number| (format!("t{number}"), String::new()))
                .collect();
            let all: String = models
                .iter()
                .map(|(name, _)| format!("ref('{name}') "))
                .collect();
            models.push(("joined".to_owned(), all.clone()));
            models.push(("on_some".to_owned(), "ref('t0') ref('t1')".to_owned()));
            models.push(("tested".to_owned(), all));
            let models: Vec<(&str, &str)> = models
                .iter()
                .map(|(name, sql)| (name.as_str(), sql.as_str()))
                .collect();
            let mut manifest = super::super::shop::manifest_of_models(&models);
            let test = manifest.nodes.last_mut().expect("the last model");
            test.resource_type = ResourceType::Test;
            let graph = Graph::new(&manifest)?;
            let everything = manifest.ids().collect();

            let turns = graph.schedule(&manifest, &everything, Tests::First);
            let held: Vec<&str> = turns
                .iter()
                .filter(|turn| {
                    turn.waits_for
                        .iter()
                        .any(|id| manifest.node(*id).name == "tested")
                })
                .map(|turn| manifest.node(turn.node).name.as_str())
                .collect();
            assert_eq!(held, ["joined"], "{tables} tables");
            assert_eq!(turns.len(), tables + 3);
        }
        Ok(())
    }
}
