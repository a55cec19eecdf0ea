//! `build --atomic`: the selected nodes stand aside while they are built and tested, and are shown together.
//!
//! In: the project, the selection, what the warehouse holds. Out: [`Aside`], the manifest and the warehouse as such a build sees them,
//! or why it cannot be; and at the end of the run what shows all of it, or takes it away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Door, Prepared, Warehouse, execute, warehouse};
use crate::commands::Stop;
use crate::compile::{Compiled, CompiledNode, HookSql, Sql};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::microbatch::Batches;
use crate::manifest::node::Detail;
use crate::manifest::{Manifest, Node, NodeId, ResourceType};
use crate::materialization::{
    as_shown, failed, kept_rejects, left_of_next, loaded_files, next_of, rejects_of,
};
use crate::plan::{Options, Order, Plan, Planner, Publication, Step, is_view, place_of};
use crate::relation::{ExistingRelation, ExistingRelations, Relation};
use crate::run::{Event, NodeResult, RunResults, Showing, Together, Withdrawal};

/// A run whose nodes stand aside.
pub(super) struct Aside<'a> {
    prepared: &'a Prepared,
    door: &'a Door,
    selected: &'a BTreeSet<NodeId>,
    batches: &'a BTreeMap<NodeId, Batches>,
    full_refresh: bool,
    /// What the warehouse held.
    before: &'a ExistingRelations,
    /// The manifest in which each node that is built stands aside.
    pub(super) manifest: Arc<Manifest>,
    /// The warehouse as it is seen there: with the copies of the tables that go on, without what an earlier run left.
    pub(super) existing: ExistingRelations,
    /// The nodes that are built aside.
    pub(super) nodes: BTreeSet<NodeId>,
    copied: BTreeMap<NodeId, Vec<(Relation, Relation)>>,
    left: Vec<ExistingRelation>,
    names: Names,
    /// The SQL of late nodes, as it was compiled at their turn.
    late: Mutex<BTreeMap<NodeId, Sql>>,
}

impl<'a> Aside<'a> {
    /// Looks whether everything can be shown together.
    ///
    /// # Errors
    /// All that cannot, by name; what the warehouse answers.
    pub(super) fn of(
        prepared: &'a Prepared,
        door: &'a Door,
        warehouse: &'a Warehouse,
        selected: &'a BTreeSet<NodeId>,
        batches: &'a BTreeMap<NodeId, Batches>,
        full_refresh: bool,
    ) -> Result<Self, Stop> {
        let base = prepared.read();
        let nodes = selected.iter().copied();
        let nodes: BTreeSet<NodeId> = nodes.filter(|id| is_built(base.node(*id))).collect();
        let mut problems = Diagnostics::default();
        problems.extend(nodes.iter().filter_map(|id| refused(base.node(*id))));
        problems.extend(one_database(prepared, base, &nodes));
        if problems.has_errors() {
            return Err(Stop::Refused(problems));
        }
        let mut manifest = Manifest::clone(base);
        for id in &nodes {
            let node = &mut manifest.nodes[id.index()];
            node.relation = node.relation.as_ref().map(next_of);
            if is_view(node) {
                // What is said of it is said of the view that stays.
                node.config.grants.clear();
                node.config.persist_docs_relation = false;
                node.config.persist_docs_columns = false;
            }
        }
        let mut aside = Self {
            prepared,
            door,
            selected,
            batches,
            full_refresh,
            before: &warehouse.existing,
            manifest: Arc::new(manifest),
            existing: warehouse.existing.clone(),
            nodes,
            copied: BTreeMap::new(),
            left: Vec::new(),
            names: Names::of(prepared.manifest.nodes.iter().map(|node| &**node)),
            late: Mutex::default(),
        };
        aside.sweep();
        aside.copy().map_err(Stop::Refused)?;
        aside.note_granted(warehouse)?;
        Ok(aside)
    }

    /// Notes what an earlier run left, in the order in which it can be dropped.
    fn sweep(&mut self) {
        let names = self.prepared.manifest.nodes.iter();
        let names = names.filter(|node| is_built(node));
        let names = names.filter_map(|node| node.relation.as_ref());
        let mut found: Vec<ExistingRelation> = names
            .flat_map(left_of_next)
            .filter_map(|left| self.existing.remove(&left))
            .collect();
        while !found.is_empty() {
            // Both are told by the warehouse.
            let is_one = |one: &Relation, other: &Relation| {
                self.existing.key_of_held(one) == self.existing.key_of_held(other)
            };
            let bound = |one: &ExistingRelation| {
                one.dependents.iter().any(|on_it| {
                    let mut others = found.iter();
                    others.any(|other| is_one(&other.relation, on_it))
                })
            };
            let at = found.iter().position(|one| !bound(one)).unwrap_or(0);
            self.left.push(found.remove(at));
        }
    }

    /// Finds out which tables go on, and that all that is replaced can make room.
    fn copy(&mut self) -> Result<(), Diagnostics> {
        let mut problems = Diagnostics::default();
        let mut copied = BTreeMap::new();
        self.with_planner(self.prepared.read(), self.before, false, |planner| {
            for id in &self.nodes {
                if let Err(more) = planner.makes_room(*id) {
                    problems.extend(more);
                }
                match planner.copied(*id) {
                    Ok(tables) if tables.is_empty() => {}
                    Ok(tables) => drop(copied.insert(*id, tables)),
                    Err(more) => problems.extend(more),
                }
            }
        });
        for (from, to) in copied.values().flatten() {
            if let Some(old) = self.before.get(from) {
                self.existing.insert_made(ExistingRelation {
                    relation: to.clone(),
                    dependents: Vec::new(),
                    ..old.clone()
                });
            }
        }
        self.copied = copied;
        problems.or(()).map(|_| ())
    }

    /// Reads who may do what with the tables that are copied.
    fn note_granted(&mut self, warehouse: &Warehouse) -> Result<(), Stop> {
        let all = self.copied.values().flatten();
        let held = |from: &Relation| Some(self.existing.get(from)?.relation.clone());
        let all: Vec<Relation> = all.filter_map(|(from, _)| held(from)).collect();
        if !all.is_empty() {
            let granted = locked(&warehouse.connection).granted(&all)?;
            self.existing.note_granted(&all, granted);
        }
        Ok(())
    }

    /// A planner of the nodes of the run.
    fn with_planner<T>(
        &self,
        manifest: &Manifest,
        existing: &ExistingRelations,
        together: bool,
        ask: impl FnOnce(&Planner<'_>) -> T,
    ) -> T {
        let planner = Planner {
            manifest,
            adapter: &*self.door.adapter,
            existing,
            selected: self.selected,
            columns_of: &|sql| execute::columns_of(self.prepared, sql),
            seed: &|id| execute::seed(self.prepared, id),
            tests_of: &|_| Vec::new(),
            waits: &[],
            batches: self.batches,
            batch: None,
            options: Options {
                full_refresh: self.full_refresh,
                tests_gate: true,
                together,
                ..Options::default()
            },
        };
        ask(&planner)
    }

    /// Adds to a plan what comes first: leftovers dropped, copies made.
    ///
    /// # Errors
    /// What cannot be copied, and what the warehouse refuses.
    pub(super) fn prepare(
        &self,
        planner: &Planner<'_>,
        plan: &mut Plan,
    ) -> Result<(), Diagnostics> {
        if let Some(first) = self.nodes.first() {
            let left: Vec<&ExistingRelation> = self.left.iter().collect();
            plan.leftovers = planner.drops(*first, &left)?;
        }
        let mut problems = Diagnostics::default();
        for (id, tables) in &self.copied {
            match planner.copies(*id, tables) {
                Ok(section) => drop(plan.copies.insert(*id, section)),
                Err(more) => problems.extend(more),
            }
        }
        problems.or(()).map(|_| ())
    }

    /// Tells the personal columns of the nodes to those that stand aside.
    pub(super) fn know_personal(&self) {
        for id in self.prepared.manifest.ids() {
            if let Some(personal) = self.prepared.manifest.node(id).personal.get() {
                // A second telling says the same.
                let _ = self.manifest.node(id).personal.set(personal.clone());
            }
        }
    }

    /// Tells an event with the names that users know.
    pub(super) fn tell(&self, event: &Event<'_>, listener: &mut dyn FnMut(&Event<'_>)) {
        match event {
            Event::NodeFinished { result, index } => {
                let mut result = NodeResult::clone(result);
                self.names.of_result(&mut result);
                listener(&Event::NodeFinished {
                    result: &result,
                    index: *index,
                });
            }
            Event::Warning(diagnostic) => {
                let mut diagnostic = Diagnostic::clone(diagnostic);
                self.names.of_diagnostic(&mut diagnostic);
                listener(&Event::Warning(&diagnostic));
            }
            other => listener(other),
        }
    }

    /// Puts the names that users know into results.
    pub(super) fn name(&self, results: &mut RunResults) {
        let results = results.results.iter_mut();
        results.for_each(|result| self.names.of_result(result));
    }

    /// Keeps the SQL of a late node until it is shown.
    pub(super) fn keep_late(&self, id: NodeId, sql: &Sql) {
        if is_view(self.manifest.node(id)) {
            locked(&self.late).insert(id, sql.clone());
        }
    }

    /// What shows the nodes, or takes them away; `steps` are those of the run, `compiled` is the SQL of the nodes where they are shown.
    pub(super) fn shown<'s>(&'s self, steps: &'s [Step], compiled: &'s Compiled) -> Shown<'s> {
        Shown {
            aside: self,
            schemas: warehouse::looked_at(self.prepared, self.door),
            publication: Box::new(|now| self.publication(now, steps, compiled)),
            withdrawal: Box::new(|now, kept| self.withdrawal(now, steps, kept)),
        }
    }

    /// What shows all that was built, with what is there now.
    fn publication(
        &self,
        now: &ExistingRelations,
        steps: &[Step],
        compiled: &Compiled,
    ) -> Result<Publication, Diagnostics> {
        let mut built = BTreeMap::new();
        let mut after = now.clone();
        for id in &self.nodes {
            let Some(own) = self.prepared.read().node(*id).relation.as_ref() else {
                continue;
            };
            let next = next_of(own);
            let all = [
                (next.clone(), own.clone()),
                (rejects_of(&next), rejects_of(own)),
                (loaded_files(&next), loaded_files(own)),
            ];
            let mut there = Vec::new();
            for (next, own) in all {
                if let Some(found) = now.get(&next) {
                    after.insert_made(ExistingRelation {
                        relation: own.clone(),
                        ..found.clone()
                    });
                    there.push((next, own));
                }
            }
            if !there.is_empty() {
                built.insert(*id, there);
            }
        }
        let mut publication = Publication {
            retryable: true,
            witness: built
                .values()
                .flatten()
                .map(|(next, _)| next.clone())
                .next(),
            ..Publication::default()
        };
        let mut problems = Diagnostics::default();
        self.with_planner(self.prepared.read(), now, false, |planner| {
            for step in steps {
                let Some(tables) = built.get(&step.node) else {
                    continue;
                };
                let sql = self.sql(step, compiled);
                if let Err(more) = planner.shown(step.node, sql, tables, &after, &mut publication) {
                    problems.extend(more);
                }
            }
        });
        problems.or(publication).map(|(publication, _)| publication)
    }

    /// The SQL by which a view is made anew.
    fn sql(&self, step: &Step, compiled: &Compiled) -> Option<Arc<Sql>> {
        if !is_view(self.manifest.node(step.node)) {
            return None;
        }
        if let Some(CompiledNode::Ready(sql)) = compiled.get(step.node) {
            return Some(Arc::clone(sql));
        }
        let late = locked(&self.late);
        let late = late.get(&step.node)?;
        let hooks = |hooks: &[HookSql]| {
            let hooks = hooks.iter().map(|hook| HookSql {
                sql: self.names.shown(&hook.sql),
                ..hook.clone()
            });
            hooks.collect()
        };
        let mut sql = Sql::of(self.names.shown(&late.text));
        sql.pre_hooks = hooks(&late.pre_hooks);
        sql.post_hooks = hooks(&late.post_hooks);
        Some(Arc::new(sql))
    }

    /// What takes away all that was built, but for the rows of these nodes.
    fn withdrawal(
        &self,
        now: &ExistingRelations,
        steps: &[Step],
        kept: &BTreeSet<NodeId>,
    ) -> Result<Vec<Order>, Diagnostics> {
        let mut problems = Diagnostics::default();
        let mut orders = Vec::new();
        self.with_planner(&self.manifest, now, true, |planner| {
            // What stands on others goes before them; where a view is kept, its rows are read first.
            for step in steps
                .iter()
                .rev()
                .filter(|step| self.nodes.contains(&step.node))
            {
                let Some(own) = self.prepared.read().node(step.node).relation.as_ref() else {
                    continue;
                };
                let next = next_of(own);
                let kept = kept.contains(&step.node).then(|| failed(own));
                let kept_before = kept.as_ref().and_then(|kept| now.get(kept));
                let mut take = |made: Result<Vec<Order>, Diagnostics>| match made {
                    Ok(made) => orders.extend(made),
                    Err(more) => problems.extend(more),
                };
                if let Some(before) = kept_before {
                    take(planner.drops(step.node, &[before]));
                }
                let [rejected, stays] = [kept_rejects(&next), kept_rejects(own)];
                for left in left_of_next(own) {
                    let Some(found) = now.get(&left) else {
                        continue;
                    };
                    if left == rejected {
                        if let Some(before) = now.get(&stays) {
                            take(planner.drops(step.node, &[before]));
                        }
                        take(planner.withdrawn(step.node, found, Some(&stays)));
                        continue;
                    }
                    let kept = kept.as_ref().filter(|_| left == next);
                    take(planner.withdrawn(step.node, found, kept));
                }
            }
        });
        problems.or(orders).map(|(orders, _)| orders)
    }
}

/// The names of nodes that stand aside: those that are too long for their ending, with the node's own.
struct Names(Vec<(String, String)>);

/// What shows the nodes of a run, for whoever carries it out.
pub(super) struct Shown<'a> {
    aside: &'a Aside<'a>,
    schemas: Vec<String>,
    publication: Box<Showing<'a>>,
    withdrawal: Box<Withdrawal<'a>>,
}

impl Shown<'_> {
    /// The same as the run takes it.
    pub(super) fn together(&self) -> Together<'_> {
        Together {
            nodes: &self.aside.nodes,
            copied: &self.aside.copied,
            schemas: &self.schemas,
            publication: &*self.publication,
            withdrawal: &*self.withdrawal,
        }
    }
}

impl Names {
    /// The names of nodes, of which those that are cut are told one by one.
    fn of<'m>(nodes: impl Iterator<Item = &'m Node>) -> Self {
        let cut = nodes.filter_map(|node| {
            let own = node.relation.as_ref()?;
            let next = next_of(own).identifier;
            (as_shown(&next) != own.identifier).then(|| (next, own.identifier.clone()))
        });
        Self(cut.collect())
    }

    /// A text with the names that users know.
    fn shown(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (next, own) in &self.0 {
            text = text.replace(next, own);
        }
        as_shown(&text)
    }

    fn optional(&self, text: &mut Option<String>) {
        if let Some(text) = text {
            *text = self.shown(text);
        }
    }

    fn of_result(&self, result: &mut NodeResult) {
        self.optional(&mut result.compiled_code);
        self.optional(&mut result.message);
        let diagnostics = result.diagnostics.iter_mut();
        diagnostics.for_each(|diagnostic| self.of_diagnostic(diagnostic));
        let batches = result.batches.iter_mut();
        for batch in batches.flat_map(|batches| &mut batches.now) {
            self.optional(&mut batch.compiled_code);
        }
    }

    fn of_diagnostic(&self, diagnostic: &mut Diagnostic) {
        diagnostic.message = self.shown(&diagnostic.message);
        self.optional(&mut diagnostic.label);
        for text in diagnostic.notes.iter_mut().chain(&mut diagnostic.help) {
            *text = self.shown(text);
        }
    }
}

/// Whether a node of a run is a table or view of its own.
pub(super) fn is_built(node: &Node) -> bool {
    let built = match node.resource_type {
        ResourceType::Model => node.config.materialized != "ephemeral",
        ResourceType::Seed | ResourceType::Snapshot => true,
        ResourceType::Source => {
            matches!(&node.detail, Detail::Source(source) if source.load.is_some())
        }
        _ => false,
    };
    built && node.relation.is_some()
}

/// Why a node cannot be shown together with others.
fn refused(node: &Node) -> Option<Diagnostic> {
    let why = if node.config.in_jinja.is_some() {
        "its materialization is written in Jinja, and nobody can tell what it makes under which names"
    } else if node.config.materialized == "materialized_view" {
        "a materialized view cannot be built under one name and shown under another"
    } else {
        return None;
    };
    let message = format!("`{}` cannot be published together with others", node.name);
    Some(
        Diagnostic::error("not-atomic", message)
            .at_some(place_of(node))
            .label(why)
            .help(format!(
                "leave it out with `--exclude {}`, and build it afterwards",
                node.name
            )),
    )
}

/// Why nodes cannot be shown together: DuckDB writes to one database in a transaction.
fn one_database(
    prepared: &Prepared,
    manifest: &Manifest,
    nodes: &BTreeSet<NodeId>,
) -> Option<Diagnostic> {
    if prepared.project.target.kind != "duckdb" {
        return None;
    }
    let database = |id: &NodeId| {
        let relation = manifest.node(*id).relation.as_ref()?;
        Some(
            relation
                .database
                .clone()
                .unwrap_or_else(|| manifest.database.clone()),
        )
    };
    let first = nodes.iter().find_map(database)?;
    let other = nodes
        .iter()
        .find(|id| database(id).is_some_and(|other| !other.eq_ignore_ascii_case(&first)))?;
    let node = manifest.node(*other);
    let message = format!(
        "`{}` cannot be published together with others: it stands in another database than `{first}`",
        node.name
    );
    Some(
        Diagnostic::error("not-atomic", message)
            .at_some(place_of(node))
            .label("DuckDB writes to one database in a transaction")
            .help("build what stands in each database by a command of its own: `--select`"),
    )
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
