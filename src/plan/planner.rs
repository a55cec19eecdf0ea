//! From compiled nodes to steps: materializations asked, and every statement knocked at the adapter's door.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::door::Door;
use super::never;
use super::place::place_of;
use super::together::is_view;
use super::{Build, Known, Order, Plan, Planned, Query, Section, Step, Test, Work};
use crate::adapter::{Adapter, Statement};
use crate::compile::{Compiled, CompiledNode, HookSql, Sql};
use crate::data_tests::{self, RowRule};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::graph::{Graph, Selection, Tests, Turn};
use crate::manifest::config::Severity;
use crate::manifest::microbatch::{Batch, Batches};
use crate::manifest::node::{Detail, GenericTest};
use crate::manifest::{Manifest, Node, NodeId, ResourceType};
use crate::materialization::{self, Hooks, Input};
use crate::project::seed::Seed;
use crate::relation::{ExistingRelations, KnownColumns, NothingKnown, Relation};
use crate::sql::alone::Part;

/// What a plan is made from. A late node's work is made by the same value, at its turn.
#[derive(Clone, Copy)]
pub struct Planner<'a> {
    /// The project's nodes.
    pub manifest: &'a Manifest,
    /// The warehouse.
    pub adapter: &'a dyn Adapter,
    /// What it holds.
    pub existing: &'a ExistingRelations,
    /// The nodes of the run.
    pub selected: &'a BTreeSet<NodeId>,
    /// The names of a query's output columns, where its text alone tells them; asked where the warehouse does not tell more.
    pub columns_of: &'a (dyn Fn(&str) -> Option<Vec<String>> + Sync),
    /// A seed's columns and rows, read when the plan is made.
    pub seed: &'a (dyn Fn(NodeId) -> Result<Seed, Diagnostics> + Sync),
    /// The tests of a node that can run as soon as it is built, with their SQL; none where a test asks the warehouse while it renders.
    pub tests_of: &'a (dyn Fn(NodeId) -> Vec<(NodeId, Option<Arc<Sql>>)> + Sync),
    /// Nodes that wait for others which they do not read: the first of each pair for the second.
    pub waits: &'a [(NodeId, NodeId)],
    /// The batches in which nodes are built, where they are.
    pub batches: &'a BTreeMap<NodeId, Batches>,
    /// The batch that is planned; none is the first.
    pub batch: Option<Batch>,
    /// What the command line asks for.
    pub options: Options,
}

/// What the command line asks of a plan.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// `--full-refresh`.
    pub full_refresh: bool,
    /// `--store-failures`.
    pub store_failures: bool,
    /// `--audit`; a node's own `audit` overrides it.
    pub audit: bool,
    /// Whether the age of sources is measured, and nothing is built.
    pub freshness: bool,
    /// Whether the tests of a node stand before what depends on it (`build`).
    pub tests_gate: bool,
    /// Whether each node's query is to be found again in the log of the warehouse.
    pub query_ids: bool,
    /// Whether everything is built aside, to be shown together at the end.
    pub together: bool,
}

impl Plan {
    /// The plan of a run.
    ///
    /// # Errors
    /// What is wrong with the plan as a whole. What is wrong with one node is its [`Work::Refused`].
    pub fn new(planner: &Planner<'_>, compiled: &Compiled) -> Result<Self, Diagnostics> {
        let nodes = planner.selected.iter().map(|id| planner.node(*id));
        never::kept_twice(nodes, planner.options.store_failures)?;
        let mut plan = Self::default();
        let mut warnings = Vec::new();
        let before = planner.planned(compiled);
        let mut planned = before.clone();
        let steps = planner.steps();
        let turns = planner.turns(&steps)?;
        let mut take = |node: NodeId, waits_for: Vec<usize>, planned: &Planned| {
            let (sql, wrong) = match compiled.get(node) {
                Some(CompiledNode::Late { .. }) => (None, None),
                Some(CompiledNode::Wrong(wrong)) => (None, Some(wrong)),
                Some(CompiledNode::Ready(sql)) => (Some(Arc::clone(sql)), None),
                // A seed or a load has nothing to compile.
                None => (Some(Arc::default()), None),
            };
            let known = Known::new(planner.existing, planned);
            let work = match wrong {
                Some(wrong) => Err(Diagnostics::from(Diagnostic::clone(wrong))),
                None => planner.step(node, sql.as_ref(), &known, &mut warnings),
            };
            Step {
                node,
                work: work.unwrap_or_else(Work::Refused),
                waits_for,
                sql,
                batches: planner.batches.get(&node).cloned().unwrap_or_default(),
            }
        };
        let places: HashMap<NodeId, usize> = turns.iter().map(|turn| turn.node).zip(0..).collect();
        for turn in turns {
            let mut waits_for: Vec<usize> = turn.waits_for.iter().map(|id| places[id]).collect();
            waits_for.sort_unstable();
            let step = take(turn.node, waits_for, &planned);
            if let Some(relation) = &planner.node(turn.node).relation {
                let reads = planner.reads(turn.node);
                planned.note(relation, &reads, &step.work, planner.existing.get(relation));
            }
            plan.steps.push(step);
        }
        for (node, at_start) in planner.operations() {
            let known = if at_start { &before } else { &planned };
            let step = take(node, Vec::new(), known);
            if at_start {
                plan.start.push(step);
            } else {
                plan.end.push(step);
            }
        }
        plan.schemas = planner.schemas(&plan.steps)?;
        plan.warnings = warnings;
        plan.planned = planned;
        Ok(plan)
    }
}

impl<'a> Planner<'a> {
    /// The work of a node at a turn where `known` is known of what it reads; without its SQL it is late.
    ///
    /// # Errors
    /// What is wrong with its configuration, and what the warehouse refuses.
    pub fn step(
        &self,
        node: NodeId,
        sql: Option<&Arc<Sql>>,
        known: &dyn KnownColumns,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Work, Diagnostics> {
        never::check(self.node(node))?;
        if self.node(node).config.in_jinja.is_some() {
            if self.audits(node) {
                return Err(Diagnostic::error(
                    "no-audit",
                    format!(
                        "`{}` cannot be audited: its materialization is written in Jinja",
                        self.node(node).name
                    ),
                )
                .at_some(place_of(self.node(node)))
                .help("set `audit: false` for it")
                .into());
            }
            return Ok(Work::InJinja);
        }
        let Some(sql) = sql else {
            return Ok(Work::Late);
        };
        let door = Door {
            planner: self,
            node,
            sql: Some(sql),
            known,
        };
        if self.node(node).resource_type == ResourceType::Operation {
            return Ok(Work::Build(Box::new(door.operation()?)));
        }
        if self.node(node).resource_type == ResourceType::UnitTest {
            return Ok(Work::UnitTest);
        }
        if matches!(
            self.node(node).resource_type,
            ResourceType::Exposure | ResourceType::SavedQuery
        ) {
            return Ok(Work::NoOp);
        }
        if self.options.freshness {
            return Ok(Work::Freshness(door.freshness()));
        }
        match self.materialize(node, sql, known)? {
            materialization::Work::Build(mut build) => {
                warnings.append(&mut build.warnings);
                let audit = match self.audits(node) {
                    true => Some(Arc::new(door.audit(&build)?)),
                    false => None,
                };
                let built = door.build(*build)?;
                Ok(Work::Build(Box::new(Build { audit, ..built })))
            }
            materialization::Work::Test(test) => Ok(Work::Test(Box::new(door.test(*test)?))),
            // An ephemeral model has no turn; one that is asked for all the same does nothing.
            materialization::Work::Nothing => {
                Ok(Work::Build(Box::new(door.build(Default::default())?)))
            }
        }
    }

    /// What is wrong with the configuration of the selected nodes, whatever the warehouse takes: a sort key that is no column.
    pub fn misconfigured(&self, compiled: &Compiled) -> Diagnostics {
        let mut problems = Diagnostics::default();
        for node in self.steps() {
            if let Some(sql) = compiled.sql(node)
                && !sql.text.trim().is_empty()
                && self.node(node).resource_type == ResourceType::Model
                && self.node(node).config.in_jinja.is_none()
                && let Err(more) = self.materialize(node, sql, &NothingKnown)
            {
                problems.extend(more);
            }
        }
        problems
    }

    /// The sections that follow once the columns of an incremental batch are known.
    ///
    /// # Errors
    /// What the warehouse refuses.
    pub fn sections(
        &self,
        node: NodeId,
        sections: Vec<materialization::Section>,
        known: &dyn KnownColumns,
    ) -> Result<Vec<Section>, Diagnostics> {
        Door {
            planner: self,
            node,
            sql: None,
            known,
        }
        .sections(sections)
    }

    /// A query that is asked at a node's turn, with the node's SQL inside.
    ///
    /// # Errors
    /// What the warehouse refuses.
    pub fn query(
        &self,
        node: NodeId,
        sql: &Sql,
        text: String,
        known: &dyn KnownColumns,
    ) -> Result<Query, Diagnostics> {
        let sql = Some(sql);
        Door {
            planner: self,
            node,
            sql,
            known,
        }
        .query(text)
    }

    /// A test of a node that was compiled when it is to be asked, before the rows of the node are shown; nothing where it is none.
    ///
    /// # Errors
    /// What is wrong with it, what the warehouse refuses, and that it reads what is shown.
    pub fn late_test(
        &self,
        node: NodeId,
        test: NodeId,
        sql: &Sql,
        beside: Option<&Relation>,
        known: &dyn KnownColumns,
    ) -> Result<Option<Test>, Diagnostics> {
        let door = Door {
            planner: self,
            node,
            sql: None,
            known,
        };
        door.late_test(test, sql, beside)
    }

    /// The relations that a node reads, also through ephemeral models, which have none.
    pub fn reads(&self, node: NodeId) -> Vec<Relation> {
        let read = self.read_by(node).into_iter();
        read.filter_map(|id| self.node(id).relation.clone())
            .collect()
    }

    /// The nodes with a relation that a node reads, also through ephemeral models.
    pub fn read_by(&self, node: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut waiting = self.node(node).depends_on.clone();
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            let upstream = self.node(id);
            match &upstream.relation {
                Some(_) if upstream.config.materialized != "ephemeral" => found.push(id),
                _ => waiting.extend(upstream.depends_on.iter().copied()),
            }
        }
        found
    }

    /// Whether SQL that the user wrote as statements changes rows of tables: in the hooks of a node, or as an operation.
    pub fn fills_by_hand(&self, node: NodeId, sql: &Sql) -> bool {
        let hooks = sql.pre_hooks.iter().chain(&sql.post_hooks);
        let operation = self.node(node).resource_type == ResourceType::Operation;
        let texts = hooks
            .map(|hook| hook.sql.as_str())
            .chain(operation.then_some(sql.text.as_str()));
        let changes = |text: &str| {
            let lower = text.to_ascii_lowercase();
            ["insert", "update", "merge"]
                .iter()
                .any(|word| lower.contains(word))
        };
        texts.into_iter().any(changes)
    }

    /// Hooks in their parts; `outside` says which parts of one must leave the transaction for those that run only outside of it.
    fn hooks(
        &self,
        hooks: &[HookSql],
        outside: impl Fn(&[Part<'_>], usize) -> bool,
    ) -> Vec<HookSql> {
        let mut placed = Vec::with_capacity(hooks.len());
        for hook in hooks {
            let parts = self.adapter.parts(&hook.sql);
            // What is rendered when it is due stays one text until then.
            if hook.late.is_some() {
                placed.push(HookSql {
                    transaction: hook.transaction && !parts.iter().any(|part| part.alone),
                    ..hook.clone()
                });
                continue;
            }
            placed.extend(parts.iter().enumerate().map(|(at, part)| HookSql {
                sql: part.sql.to_owned(),
                transaction: hook.transaction && !outside(&parts, at),
                ..hook.clone()
            }));
        }
        placed
    }

    /// SQL of the user as the statements that are sent of it.
    pub fn as_sent(&self, sql: &str, origin: Option<Span>) -> Vec<Statement> {
        let parts = self.adapter.parts(sql).into_iter();
        let statements = parts.map(|part| Statement::Raw {
            sql: part.sql.to_owned(),
            origin: origin.clone(),
        });
        statements.collect()
    }

    pub(super) fn materialize(
        &self,
        node: NodeId,
        sql: &Sql,
        known: &dyn KnownColumns,
    ) -> Result<materialization::Work, Diagnostics> {
        self.ask(node, sql, known, materialization::work)
    }

    /// Asks a materialization about a node.
    pub(super) fn ask<T>(
        &self,
        node: NodeId,
        sql: &Sql,
        known: &dyn KnownColumns,
        ask: impl Fn(&Input<'_>) -> Result<T, Diagnostics>,
    ) -> Result<T, Diagnostics> {
        let (rebuilt, replaced) = (self.rebuilt(node), self.replaced(node));
        let of = self.node(node);
        let columns = OnceCell::new();
        let told = || match of.resource_type {
            ResourceType::Model => self.query_columns(&sql.text, known),
            _ => None,
        };
        let columns_of_query = || columns.get_or_init(told).as_deref();
        let seed = match of.resource_type {
            ResourceType::Seed => Some((self.seed)(node)?),
            _ => None,
        };
        // The parts of a hook keep their order: what stands outside runs before a transaction in a pre-hook, and after it in a post-hook.
        let any_alone = |parts: &[Part<'_>]| parts.iter().any(|part| part.alone);
        let mut pre = self.hooks(&sql.pre_hooks, |parts, at| any_alone(&parts[at..]));
        let mut post = self.hooks(&sql.post_hooks, |parts, at| any_alone(&parts[..=at]));
        if self.options.together && is_view(of) {
            // It is made anew when it is shown, and its hooks are about the view that stays.
            (pre, post) = (Vec::new(), Vec::new());
        }
        ask(&Input {
            node: of,
            query: Some(&sql.text),
            columns_of_query: &columns_of_query,
            dialect: self.adapter.dialect(),
            batch: self
                .batch
                .or_else(|| self.batches.get(&node)?.now.first().copied()),
            existing: self.existing,
            full_refresh: self.options.full_refresh,
            store_failures: self.options.store_failures,
            audit: self.audits(node),
            row_rules: &|| self.row_rules(node),
            now: now(self.adapter.dialect()),
            database: &self.manifest.database,
            keeps_loads: self.adapter.keeps_loads(),
            has_holders: self.adapter.has_holders(),
            lengths: self.adapter.dialect() == "redshift",
            hooks: Hooks {
                pre: &pre,
                post: &post,
            },
            seed: seed.as_ref(),
            rebuilt: &rebuilt,
            replaced: &replaced,
            node_of: &|id| self.manifest.nodes.get(id.index()).map(|node| &**node),
        })
    }

    /// Whether a node is shown only once its tests have passed.
    pub fn audits(&self, node: NodeId) -> bool {
        let of = self.node(node);
        // Together, nothing is shown before all tests have passed.
        !self.options.together
            && !of.resource_type.is_test()
            && of.config.audit.unwrap_or(self.options.audit)
    }

    /// The tests of a node that look at one row at a time and whose failures are errors.
    fn row_rules(&self, node: NodeId) -> Result<Vec<RowRule>, Diagnostics> {
        let mut problems = Diagnostics::default();
        let mut rules = Vec::new();
        for test in &self.manifest.nodes {
            let Detail::Test(detail) = &test.detail else {
                continue;
            };
            let built_in =
                |generic: &&GenericTest| matches!(generic.namespace.as_deref(), None | Some("dbt"));
            let (Some(generic), true) = (
                detail.generic.as_ref().filter(built_in),
                detail.attached_node == Some(node),
            ) else {
                continue;
            };
            if test.config.severity == Severity::Warn || !test.config.enabled {
                continue;
            }
            let only = test.config.where_clause.as_deref();
            let dialect = self.adapter.dialect();
            match data_tests::row_rule(&generic.name, &generic.arguments, only, dialect) {
                None => {}
                Some(Ok(rule)) => rules.push(rule),
                Some(Err(why)) => problems.push(
                    Diagnostic::error(
                        "no-rejects",
                        format!("`{}` cannot tell which rows to reject: {why}", test.name),
                    )
                    .at_some(test.declared_at.clone())
                    .help("give it `severity: warn` to leave its rows in the table"),
                ),
            }
        }
        problems.or(rules).map(|(rules, _)| rules)
    }

    /// The names of a query's output columns, where they can be told.
    fn query_columns(&self, sql: &str, known: &dyn KnownColumns) -> Option<Vec<String>> {
        if !self.adapter.wants_columns() {
            return (self.columns_of)(sql);
        }
        let columns = self.adapter.prepare_query(sql, known).ok()?.columns?;
        Some(columns.into_iter().map(|column| column.name).collect())
    }

    /// The relations that the run makes anew, and what killed runs left of them; asked only for a materialized view, which is bound
    /// to relations and would be refreshed from the old ones. One that stands on another is made anew with it, as nobody can tell
    /// before the run whether that one falls.
    fn replaced(&self, node: NodeId) -> BTreeSet<(String, String)> {
        if self.node(node).config.materialized != "materialized_view" {
            return BTreeSet::new();
        }
        let stays = |id: NodeId| {
            let config = &self.node(id).config;
            config.materialized == "incremental"
                && !config.full_refresh.unwrap_or(self.options.full_refresh)
        };
        let made = self.selected.iter().filter(|id| **id != node);
        made.filter(|id| !stays(**id))
            .filter_map(|id| self.node(*id).relation.as_ref())
            .flat_map(|relation| {
                let left = materialization::leftovers(relation).into_iter();
                left.map(|left| self.existing.key(&left))
                    .chain([self.existing.key(relation)])
            })
            .collect()
    }

    /// The relations that may be bound to what a node replaces: those of the run downstream of it, and leftovers; asked only where
    /// something is bound to the node's relation.
    fn rebuilt(&self, node: NodeId) -> BTreeSet<(String, String)> {
        let bound = self
            .node(node)
            .relation
            .as_ref()
            .and_then(|relation| self.existing.get(relation))
            .is_some_and(|old| !old.dependents.is_empty());
        let mut below = BTreeSet::from([node]);
        let mut grown = bound;
        // Nodes stand in no order of dependence, so the set grows until it is whole.
        while grown {
            grown = false;
            for id in self.manifest.ids() {
                let reads = &self.node(id).depends_on;
                if !below.contains(&id) && reads.iter().any(|parent| below.contains(parent)) {
                    below.insert(id);
                    grown = true;
                }
            }
        }
        // What a killed run left beside a node stands on its upstreams too, and is nobody's.
        let left = self
            .manifest
            .ids()
            .filter(|_| bound)
            .filter_map(|id| self.node(id).relation.as_ref())
            .flat_map(materialization::leftovers)
            .map(|left| self.existing.key(&left));
        below
            .into_iter()
            .filter(|id| *id != node && self.selected.contains(id))
            .filter_map(|id| self.node(id).relation.as_ref())
            .map(|relation| self.existing.key(relation))
            .chain(left)
            .collect()
    }

    pub(super) fn node(&self, id: NodeId) -> &'a Node {
        self.manifest.node(id)
    }

    /// The selected nodes that have a turn.
    fn steps(&self) -> BTreeSet<NodeId> {
        self.selected
            .iter()
            .copied()
            .filter(|&id| {
                let node = self.node(id);
                match node.resource_type {
                    ResourceType::Model => node.config.materialized != "ephemeral",
                    ResourceType::Seed
                    | ResourceType::Snapshot
                    | ResourceType::Test
                    | ResourceType::UnitTest => true,
                    ResourceType::Source => match &node.detail {
                        Detail::Source(source) if self.options.freshness => {
                            source.freshness.is_some()
                        }
                        Detail::Source(source) => source.load.is_some(),
                        _ => false,
                    },
                    ResourceType::Exposure | ResourceType::SavedQuery => self.options.tests_gate,
                    ResourceType::Analysis
                    | ResourceType::Operation
                    | ResourceType::SemanticModel
                    | ResourceType::Metric => false,
                }
            })
            .collect()
    }

    /// The hooks that are selected: of the packages by name, then the project's, each in the order in which they are declared.
    fn operations(&self) -> Vec<(NodeId, bool)> {
        let mut found = Vec::new();
        for &id in self.selected {
            let node = self.node(id);
            if let Detail::Operation { at_start, index } = node.detail {
                let own = node.package_name == self.manifest.project_name;
                found.push((at_start, own, &node.package_name, index, id));
            }
        }
        found.sort_unstable();
        found
            .into_iter()
            .map(|(at_start, .., id)| (id, at_start))
            .collect()
    }

    /// Schemas that the steps build in and that are not there.
    fn schemas(&self, steps: &[Step]) -> Result<Vec<Order>, Diagnostics> {
        let mut made = BTreeSet::new();
        let mut orders = Vec::new();
        for step in steps {
            let builds = match &step.work {
                Work::Build(_) | Work::Late | Work::InJinja => true,
                Work::Test(test) => test.store.is_some(),
                Work::UnitTest | Work::Freshness(_) | Work::Refused(_) | Work::NoOp => false,
            };
            let relation = self.node(step.node).relation.as_ref().filter(|_| builds);
            let Some(relation) = relation else { continue };
            let schema = &relation.schema;
            if !self.existing.has_schema(schema) && made.insert(self.existing.schema(schema)) {
                let door = Door {
                    planner: self,
                    node: step.node,
                    sql: None,
                    known: &NothingKnown,
                };
                orders.push(door.order(Statement::CreateSchema {
                    database: relation.database.clone(),
                    schema: relation.schema.clone(),
                })?);
            }
        }
        Ok(orders)
    }

    /// What is planned before the first step: nothing, beside hooks that may change what they name.
    fn planned(&self, compiled: &Compiled) -> Planned {
        let nodes = self.selected.iter();
        let hooks = nodes.filter_map(|&id| Some((id, compiled.sql(id)?)));
        let texts = hooks.flat_map(|(id, sql)| {
            let own = self.node(id).resource_type == ResourceType::Operation;
            let hooks = sql.pre_hooks.iter().chain(&sql.post_hooks);
            // What a late hook will say nobody knows: it may well change the relation of its node.
            let late = hooks.clone().any(|hook| hook.late.is_some());
            let relation = self.node(id).relation.as_ref().filter(|_| late);
            let changed = relation.map(|relation| format!("alter {}", relation.identifier));
            hooks
                .map(|hook| Cow::Borrowed(hook.sql.as_str()))
                .chain(own.then_some(Cow::Borrowed(sql.text.as_str())))
                .chain(changed.map(Cow::Owned))
        });
        Planned::beside(texts)
    }

    /// The steps in order, and what each waits for.
    fn turns(&self, steps: &BTreeSet<NodeId>) -> Result<Vec<Turn>, Diagnostics> {
        let tests = if self.options.tests_gate {
            Tests::First
        } else {
            Tests::Free
        };
        let steps: Selection = steps.iter().copied().collect();
        let graph = Graph::new(self.manifest)?;
        Ok(graph.schedule_with(self.manifest, &steps, tests, self.waits))
    }
}

/// The moment of a statement as dbt's snapshots take it, in each dialect's words.
fn now(dialect: &str) -> &'static str {
    match dialect {
        "redshift" => "getdate()::timestamp",
        _ => "now()::timestamp",
    }
}
