//! Nodes that are shown together: what begins as a copy, what shows them all, what takes them away again.
//!
//! In: nodes with what was built of them. Out: statements that have been at the adapter's door. Executes nothing.

use std::sync::Arc;

use super::door::Door;
use super::planner::Planner;
use super::{Order, Section};
use crate::adapter::Statement;
use crate::adapter::statement::ColumnDefinition;
use crate::compile::Sql;
use crate::diagnostic::Diagnostics;
use crate::manifest::{Node, NodeId, ResourceType};
use crate::materialization::{self, Input, Phase, Restored, together};
use crate::relation::{ExistingRelation, KnownColumns, NothingKnown, Relation, RelationKind};

/// What shows all nodes of a run at once.
#[derive(Debug, Default)]
pub struct Publication {
    /// First in the transaction: drops of views that are made anew.
    pub views: Vec<Order>,
    /// The nodes, each after those that it reads.
    pub nodes: Vec<ShownNode>,
    /// Whether the transaction may be tried again when somebody else was first.
    pub retryable: bool,
    /// A relation that is there until the transaction is committed, and gone then.
    pub witness: Option<Relation>,
}

/// What shows one node.
#[derive(Debug)]
pub struct ShownNode {
    /// The node.
    pub node: NodeId,
    /// Its SQL, with the way back to its template.
    pub sql: Option<Arc<Sql>>,
    /// Before the transaction.
    pub before: Section,
    /// In the transaction.
    pub swap: Vec<Order>,
    /// After its commit.
    pub hooks: Section,
    /// Drops of what was replaced, the last first.
    pub drops: Vec<Order>,
}

impl Planner<'_> {
    /// The tables of a node that stands where it is shown, of which those begin as a copy that go on.
    ///
    /// # Errors
    /// A node without a relation.
    pub fn copied(&self, node: NodeId) -> Result<Vec<(Relation, Relation)>, Diagnostics> {
        self.ask(node, &Sql::default(), &NothingKnown, together::copied)
    }

    /// The table of a node for rows that come back where there is none.
    ///
    /// # Errors
    /// What is wrong in the declarations, and keys that the rows do not have.
    pub fn restored(
        &self,
        node: NodeId,
        columns: &[ColumnDefinition],
    ) -> Result<Restored, Diagnostics> {
        let of = |input: &Input<'_>| materialization::restored(input, columns.to_vec());
        self.ask(node, &Sql::default(), &NothingKnown, of)
    }

    /// Whether what a node replaces can make room.
    ///
    /// # Errors
    /// What is bound to it and not made anew by this run.
    pub fn makes_room(&self, node: NodeId) -> Result<(), Diagnostics> {
        self.ask(node, &Sql::default(), &NothingKnown, together::makes_room)
    }

    /// The copies that a node begins with.
    ///
    /// # Errors
    /// What cannot be copied, and what the warehouse refuses.
    pub fn copies(
        &self,
        node: NodeId,
        tables: &[(Relation, Relation)],
    ) -> Result<Section, Diagnostics> {
        let copies = |input: &Input<'_>| together::copies(input, tables);
        let statements = self.ask(node, &Sql::default(), self.existing, copies)?;
        let orders = self.orders(node, None, statements, self.existing)?;
        let door = self.door(node, None, self.existing);
        let mut all = vec![door.order(Statement::Begin)?];
        all.extend(orders);
        all.push(door.order(Statement::Commit)?);
        Ok(Section {
            phase: Phase::Prepare,
            retryable: true,
            orders: all,
        })
    }

    /// Drops of what an earlier run left.
    ///
    /// # Errors
    /// What the warehouse refuses.
    pub fn drops(
        &self,
        node: NodeId,
        found: &[&ExistingRelation],
    ) -> Result<Vec<Order>, Diagnostics> {
        let drops = found
            .iter()
            .flat_map(|found| together::withdrawn(found.kind, &found.relation, None));
        self.orders(node, None, drops.collect(), &NothingKnown)
    }

    /// What shows a node of which these relations were built; `known` tells the columns of what its SQL reads then.
    ///
    /// # Errors
    /// What is bound to what it replaces, and what the warehouse refuses.
    pub fn shown(
        &self,
        node: NodeId,
        sql: Option<Arc<Sql>>,
        built: &[(Relation, Relation)],
        known: &dyn KnownColumns,
        publication: &mut Publication,
    ) -> Result<(), Diagnostics> {
        let nothing = Sql::default();
        let own = sql.as_deref().unwrap_or(&nothing);
        let shown = self.ask(node, own, known, |input| together::shown(input, built))?;
        let orders = |statements| self.orders(node, sql.as_deref(), statements, known);
        let section = |phase, statements| {
            Ok::<_, Diagnostics>(Section {
                phase,
                retryable: false,
                orders: orders(statements)?,
            })
        };
        if is_view(self.node(node)) {
            let views = built
                .iter()
                .flat_map(|(next, _)| together::withdrawn(RelationKind::View, next, None));
            let views = orders(views.collect())?;
            // What reads a view was built after it, and goes before.
            publication.views.splice(0..0, views);
        }
        publication.retryable &= shown.retryable;
        publication.nodes.push(ShownNode {
            node,
            before: section(Phase::Prepare, shown.before)?,
            swap: orders(shown.swap)?,
            hooks: section(Phase::Clean, shown.hooks)?,
            drops: orders(shown.drops)?,
            sql,
        });
        Ok(())
    }

    /// What takes away again what was built of a node; a failed one is kept under another name.
    ///
    /// # Errors
    /// What the warehouse refuses.
    pub fn withdrawn(
        &self,
        node: NodeId,
        next: &ExistingRelation,
        keep: Option<&Relation>,
    ) -> Result<Vec<Order>, Diagnostics> {
        let statements = together::withdrawn(next.kind, &next.relation, keep);
        self.orders(node, None, statements, self.existing)
    }

    fn door<'d>(
        &'d self,
        node: NodeId,
        sql: Option<&'d Sql>,
        known: &'d dyn KnownColumns,
    ) -> Door<'d, 'd> {
        Door {
            planner: self,
            node,
            sql,
            known,
        }
    }

    fn orders(
        &self,
        node: NodeId,
        sql: Option<&Sql>,
        statements: Vec<Statement>,
        known: &dyn KnownColumns,
    ) -> Result<Vec<Order>, Diagnostics> {
        let door = self.door(node, sql, known);
        let section = crate::materialization::Section {
            phase: Phase::Publish,
            transaction: false,
            retryable: false,
            statements,
        };
        let sections = door.sections(vec![section])?;
        Ok(sections
            .into_iter()
            .flat_map(|section| section.orders)
            .collect())
    }
}

/// Whether a node is a view.
pub fn is_view(node: &Node) -> bool {
    node.resource_type == ResourceType::Model && node.config.materialized == "view"
}
