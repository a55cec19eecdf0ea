//! Each node's SQL: its template rendered, ephemeral models inlined, with the way back to the template.
//!
//! In: `Manifest`, `Macros`, what exists. Out: [`Compiled`]; for a *late* node, its SQL at its turn, on a worker's connection.
//! Opens no connection, and does not know what the SQL is for.

mod acting;
mod asking;
mod inline;
mod jinja_turn;
mod narrowing;
mod sources;
mod unit_test;
mod values;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use rayon::prelude::*;

pub use acting::{Acted, Turn};
pub use inline::cte_name;
pub use narrowing::Narrowing;
pub use sources::SqlMap;
pub use unit_test::given_name;
pub use world::{Message, SharedConnection};

use crate::adapter::Adapter;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::jinja::{Answer, LATE, Macros, Template, Value, World};
use crate::manifest::config::Hook;
use crate::manifest::microbatch::{Batch, Batches};
use crate::manifest::node::Detail;
use crate::manifest::{Manifest, Node, NodeId, ResourceType, not_run};
use crate::project::{Environment, Vars};
use crate::relation::ExistingRelations;
use crate::sql::alone;
use crate::sql::dialect::Dialect;
use world::NodeWorld;

/// What every template of a run may ask for, beside its own node.
pub struct Surroundings {
    /// The nodes.
    pub manifest: Arc<Manifest>,
    /// The macros.
    pub macros: Arc<Macros>,
    /// The warehouse's door.
    pub adapter: Arc<dyn Adapter>,
    /// What the warehouse held when the run began; `None` where nobody asked it, and then what needs it is late.
    pub existing: Option<ExistingRelations>,
    /// `--full-refresh`.
    pub full_refresh: bool,
    /// `--empty` and `--sample`.
    pub narrowing: Narrowing,
    /// The batches in which nodes are built, where they are.
    pub batches: BTreeMap<NodeId, Batches>,
    /// Plain names that are the same for every node: `target`, `flags`, `invocation_id`, `run_started_at`, ….
    pub globals: BTreeMap<String, Value>,
    /// `var`.
    pub vars: Vars,
    /// `env_var`.
    pub environment: Environment,
    /// `unique_id`s of the selected nodes.
    pub selected: Vec<String>,
    /// The nodes as `manifest.json` shows them, in the order of the manifest; asked when a template looks at one.
    pub entries: Box<dyn Fn() -> Vec<serde_json::Value> + Send + Sync>,
    /// Where `log`, `print` and `exceptions.warn` go; a warning comes back where it is to be an error.
    pub listener: Box<dyn Fn(Message) -> Answer<()> + Send + Sync>,
}

/// Turns nodes into SQL. Shared by all workers.
#[derive(Clone)]
pub struct Compiler {
    around: Arc<Around>,
}

/// [`Surroundings`] and what is worked out from them once, when somebody asks.
struct Around {
    given: Surroundings,
    graph: OnceLock<Value>,
    entries: OnceLock<Vec<serde_json::Value>>,
}

/// Per node its SQL, or that it is late.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    nodes: BTreeMap<NodeId, CompiledNode>,
}

/// A node after its template was rendered, or the reason why it could not be yet.
#[derive(Clone, Debug)]
pub enum CompiledNode {
    /// Its SQL is known.
    Ready(Arc<Sql>),
    /// Its template asks the warehouse, so that its SQL is known only at its turn.
    Late {
        /// What it asks for.
        reason: String,
    },
    /// Its template cannot be rendered, or that of an ephemeral model it stands on.
    Wrong(Box<Diagnostic>),
}

/// The SQL of a node, with its hooks.
#[derive(Clone, Debug, Default)]
pub struct Sql {
    /// The query; empty for a seed or a load.
    pub text: String,
    /// The way back from the query to the files of the user.
    pub map: SqlMap,
    /// `pre-hook`, rendered.
    pub pre_hooks: Vec<HookSql>,
    /// `post-hook`, rendered.
    pub post_hooks: Vec<HookSql>,
    /// The ephemeral models that it reads by name, in order.
    ephemerals: Vec<NodeId>,
    /// Of a unit test: the nodes in whose place the query reads given rows, in order.
    pub given: Vec<NodeId>,
    /// The common table expressions that were put in front of it: the ephemeral model and its own SQL.
    pub ctes: Vec<(NodeId, String)>,
    /// `unique_id`s of the macros that were called.
    pub macros: BTreeSet<String>,
}

/// Nodes after their own template was rendered, or why it could not be.
type Drafts = BTreeMap<NodeId, Result<Sql, Box<Diagnostic>>>;

/// A hook, rendered.
#[derive(Clone, Debug, PartialEq)]
pub struct HookSql {
    /// The SQL; the template, where it is late.
    pub sql: String,
    /// Whether it runs in the transaction of its node.
    pub transaction: bool,
    /// Where it is written.
    pub origin: Option<crate::diagnostic::Span>,
    /// Its place among the `post-hook`s of its node, where its template asks the warehouse: it is rendered when it is due.
    pub late: Option<usize>,
}

impl FromIterator<(NodeId, CompiledNode)> for Compiled {
    fn from_iter<T: IntoIterator<Item = (NodeId, CompiledNode)>>(nodes: T) -> Self {
        Self {
            nodes: nodes.into_iter().collect(),
        }
    }
}

impl Extend<(NodeId, CompiledNode)> for Compiled {
    fn extend<T: IntoIterator<Item = (NodeId, CompiledNode)>>(&mut self, nodes: T) {
        self.nodes.extend(nodes);
    }
}

impl Sql {
    /// The query with named queries in front of it, before those that it has itself.
    #[must_use]
    pub fn with_queries(&self, named: &[(String, String)]) -> Self {
        let mut head = String::new();
        for (number, (name, query)) in named.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            head.push_str(&format!("{comma}{name} as (\n{query}\n)"));
        }
        if head.is_empty() {
            return self.clone();
        }
        inline::in_front(self.clone(), &head, &SqlMap::default())
    }

    /// What the line of SQL is at some bytes of it, where the template holds a call there and not these words.
    pub fn line_of_call(&self, range: &Range<usize>) -> Option<String> {
        let written = self.map.span(range.clone())?;
        // What begins as it was written is marked there already, wherever it ends.
        let same = self.text.get(range.clone())?.starts_with(written.text());
        (!same).then(|| note_of_line(&self.text, range.start))
    }

    /// A query that no template holds.
    pub fn of(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

/// A note that shows the line of a rendered text in which a byte stands.
pub fn note_of_line(sql: &str, at: usize) -> String {
    let start = sql[..at].rfind('\n').map_or(0, |at| at + 1);
    let end = sql[at..].find('\n').map_or(sql.len(), |end| at + end);
    format!("the line of SQL is: {}", sql[start..end].trim())
}

impl Compiled {
    /// A node's SQL or lateness; none for a node that was not compiled.
    pub fn get(&self, id: NodeId) -> Option<&CompiledNode> {
        self.nodes.get(&id)
    }

    /// A node's SQL, if it is known.
    pub fn sql(&self, id: NodeId) -> Option<&Arc<Sql>> {
        match self.nodes.get(&id)? {
            CompiledNode::Ready(sql) => Some(sql),
            CompiledNode::Late { .. } | CompiledNode::Wrong(_) => None,
        }
    }

    /// Some of the nodes.
    #[must_use]
    pub fn only(&self, wanted: impl Fn(NodeId) -> bool) -> Self {
        let nodes = self.nodes.iter().filter(|(id, _)| wanted(**id));
        nodes.map(|(id, node)| (*id, node.clone())).collect()
    }

    /// The late nodes with their reasons, in the order of the manifest.
    pub fn late(&self) -> impl Iterator<Item = (NodeId, &str)> {
        self.nodes.iter().filter_map(|(id, node)| match node {
            CompiledNode::Late { reason } => Some((*id, reason.as_str())),
            CompiledNode::Ready(_) | CompiledNode::Wrong(_) => None,
        })
    }

    /// What is wrong in the templates: in an ephemeral model once, and not again for each of its readers.
    pub fn mistakes(&self) -> Diagnostics {
        let mut found = Diagnostics::default();
        for (_, wrong) in self.wrong() {
            for wrong in wrong.clone().apart() {
                if !found.0.contains(&wrong) {
                    found.push(wrong);
                }
            }
        }
        found
    }

    /// These nodes and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.nodes.extend(others.nodes);
        self
    }

    /// The nodes whose template is wrong, with what is wrong, in the order of the manifest.
    pub fn wrong(&self) -> impl Iterator<Item = (NodeId, &Diagnostic)> {
        self.nodes.iter().filter_map(|(id, node)| match node {
            CompiledNode::Wrong(wrong) => Some((*id, &**wrong)),
            CompiledNode::Ready(_) | CompiledNode::Late { .. } => None,
        })
    }
}

impl Around {
    /// The nodes as `manifest.json` shows them.
    fn entries(&self) -> &[serde_json::Value] {
        self.entries.get_or_init(|| (self.given.entries)())
    }
}

impl Compiler {
    /// A compiler for one run.
    pub fn new(given: Surroundings) -> Self {
        Self {
            around: Arc::new(Around {
                given,
                graph: OnceLock::new(),
                entries: OnceLock::new(),
            }),
        }
    }

    /// Compiles nodes and the ephemeral models they stand on, before anything runs.
    ///
    /// # Errors
    /// Everything that is wrong in any of the templates.
    pub fn all(&self, nodes: impl IntoIterator<Item = NodeId>) -> Result<Compiled, Diagnostics> {
        let compiled = self.each(nodes);
        compiled
            .mistakes()
            .or(compiled)
            .map(|(compiled, _)| compiled)
    }

    /// The same for a run, in which a node whose template is wrong fails alone.
    pub fn each(&self, nodes: impl IntoIterator<Item = NodeId>) -> Compiled {
        let manifest = &self.around.given.manifest;
        let wanted = self.with_ephemerals(nodes.into_iter().collect());
        let rendered: Vec<(NodeId, Result<Sql, Box<Diagnostic>>)> = wanted
            .into_par_iter()
            // Its text is no template.
            .filter(|id| !manifest.node(*id).is_python())
            .map(|id| match self.must_wait(id) {
                Some(reason) => (id, Err(Box::new(Diagnostic::error(LATE, reason)))),
                None => (id, self.render(id, None, self.first_batch(id))),
            })
            .collect();
        let drafts: Drafts = rendered.into_iter().collect();
        let mut compiled = Compiled::default();
        for id in drafts.keys() {
            inline::inline(*id, manifest, &drafts, &mut compiled.nodes);
        }
        compiled
    }

    /// What the template of a comment says of a node, which it knows as `node` and by `connection_name`.
    ///
    /// # Errors
    /// What is wrong in the template, or that it would end its own comment.
    pub fn comment(&self, id: NodeId, template: &Template) -> Result<String, Box<Diagnostic>> {
        let world = NodeWorld::new(Arc::clone(&self.around), Some(id), None);
        let world: Arc<dyn World> = Arc::new(world.for_comment());
        let rendered = self.around.given.macros.render(template, &world)?;
        let text = rendered.text.trim().to_owned();
        if text.contains("*/") {
            return Err(Box::new(
                Diagnostic::error("bad-comment", "the query comment ends itself with `*/`")
                    .at(template.whole()),
            ));
        }
        Ok(text)
    }

    /// The SQL that says how old the rows of a source are; empty where it has none of its own.
    ///
    /// # Errors
    /// What is wrong in the template.
    pub fn loaded_at(&self, id: NodeId) -> Result<CompiledNode, Box<Diagnostic>> {
        let Detail::Source(source) = &self.around.given.manifest.node(id).detail else {
            return Ok(CompiledNode::Ready(Arc::default()));
        };
        let Some(query) = &source.loaded_at.query else {
            return Ok(CompiledNode::Ready(Arc::default()));
        };
        let world = Arc::new(NodeWorld::new(Arc::clone(&self.around), Some(id), None));
        let template = Template::scalar(&query.value, &query.span);
        let sql = self.render_with(&template, &world)?;
        Ok(CompiledNode::Ready(Arc::new(sql)))
    }

    /// What a template in the declaration of a node says; nothing where it is wrong or asks the warehouse.
    pub fn said(&self, id: NodeId, text: &str) -> Option<String> {
        let declared = self.around.given.manifest.node(id).declared_at.as_ref()?;
        let world = NodeWorld::new(Arc::clone(&self.around), Some(id), None);
        let world: Arc<dyn World> = Arc::new(world);
        let template = Template::scalar(text, declared);
        let rendered = self.around.given.macros.render(&template, &world).ok()?;
        Some(rendered.text.trim().to_owned())
    }

    /// The nodes as `manifest.json` shows them, in the order of the manifest.
    pub fn entries(&self) -> &[serde_json::Value] {
        self.around.entries()
    }

    /// Compiles a late node, or one of its batches, at its turn; questions go to the worker's own connection.
    ///
    /// # Errors
    /// What is wrong in the template, or what the warehouse answered.
    pub fn at_turn(
        &self,
        id: NodeId,
        turn: &Turn,
        batch: Option<Batch>,
    ) -> Result<Sql, Box<Diagnostic>> {
        let manifest = &self.around.given.manifest;
        if manifest.node(id).is_python() {
            return Err(Box::new(not_run(manifest.node(id))));
        }
        let mut drafts = BTreeMap::new();
        for wanted in self.with_ephemerals(BTreeSet::from([id])) {
            let batch = batch.filter(|_| wanted == id);
            let sql = self.render(wanted, Some(turn), batch)?;
            drafts.insert(wanted, Ok(sql));
        }
        let mut done = BTreeMap::new();
        inline::inline(id, manifest, &drafts, &mut done);
        match done.remove(&id) {
            Some(CompiledNode::Ready(sql)) => Ok(Arc::unwrap_or_clone(sql)),
            Some(CompiledNode::Late { reason }) => Err(Box::new(Diagnostic::error(LATE, reason))),
            Some(CompiledNode::Wrong(wrong)) => Err(wrong),
            None => Err(Box::new(Diagnostic::error(
                "internal",
                format!("`{}` was not compiled", manifest.node(id).name),
            ))),
        }
    }

    /// Renders SQL that belongs to no file of the project, such as `show --inline`.
    ///
    /// # Errors
    /// All that is wrong in the template, or what the warehouse answered.
    pub fn inline(
        &self,
        template: &Template,
        connection: Option<&SharedConnection>,
    ) -> Result<Sql, Box<Diagnostic>> {
        let made = self.inlined(template, connection);
        // With a connection it is rendered once, and ends at its first mistake.
        if connection.is_some()
            && made.is_err()
            && let Err(all) = self.inlined(template, None)
            && all.code != LATE
        {
            return Err(all);
        }
        made
    }

    fn inlined(
        &self,
        template: &Template,
        connection: Option<&SharedConnection>,
    ) -> Result<Sql, Box<Diagnostic>> {
        let turn = connection.map(Turn::on);
        let world = NodeWorld::new(Arc::clone(&self.around), None, turn.clone());
        let world = Arc::new(world.inline("inline_query"));
        let sql = self.render_with(template, &world)?;
        let mut drafts = BTreeMap::new();
        for wanted in self.with_ephemerals(sql.ephemerals.iter().copied().collect()) {
            let draft = self.render(wanted, turn.as_ref(), None)?;
            drafts.insert(wanted, Ok(draft));
        }
        inline::with_ephemerals(sql, &self.around.given.manifest, &drafts)
    }

    /// Renders a `post-hook` that is late, when its node is built.
    ///
    /// # Errors
    /// What is wrong in the template, or what the warehouse answered.
    pub fn post_hook(
        &self,
        id: NodeId,
        (at, batch): (usize, Option<Batch>),
        turn: &Turn,
    ) -> Result<String, Box<Diagnostic>> {
        let hooks = &self.around.given.manifest.node(id).config.post_hook;
        let Some(hook) = hooks.get(at) else {
            return Ok(String::new());
        };
        let world = NodeWorld::new(Arc::clone(&self.around), Some(id), Some(turn.clone()));
        let world: Arc<dyn World> = Arc::new(world.in_batch(batch));
        let rendered = self.around.given.macros.render(&hook.template(), &world)?;
        Ok(rendered.text)
    }

    /// Why a node is late whatever its template says: `on-run-end` sees what became of the others.
    fn must_wait(&self, id: NodeId) -> Option<String> {
        match self.around.given.manifest.node(id).detail {
            Detail::Operation {
                at_start: false, ..
            } => Some("`on-run-end` sees the results of the run".to_owned()),
            _ => None,
        }
    }

    /// The nodes and every ephemeral model below them.
    fn with_ephemerals(&self, nodes: BTreeSet<NodeId>) -> BTreeSet<NodeId> {
        let manifest = &self.around.given.manifest;
        let mut all = BTreeSet::new();
        let mut open: Vec<NodeId> = nodes.into_iter().collect();
        while let Some(id) = open.pop() {
            if all.insert(id) {
                let upstream = manifest.node(id).depends_on.iter().copied();
                open.extend(upstream.filter(|id| is_ephemeral(manifest.node(*id))));
            }
        }
        all
    }

    fn first_batch(&self, id: NodeId) -> Option<Batch> {
        self.around.given.batches.get(&id)?.now.first().copied()
    }

    fn render(
        &self,
        id: NodeId,
        turn: Option<&Turn>,
        batch: Option<Batch>,
    ) -> Result<Sql, Box<Diagnostic>> {
        let node = self.around.given.manifest.node(id);
        let world = NodeWorld::new(Arc::clone(&self.around), Some(id), turn.cloned());
        let world = Arc::new(world.in_batch(batch));
        // What is wrong in the query, and in each of the hooks.
        let mut wrong = Diagnostics::default();
        let mut sql = match &world.code_of(node) {
            Some(code) if has_query(node) => match self.render_with(&code.template(), &world) {
                Err(late) if late.code == LATE => return Err(late),
                rendered => or_noted(rendered, &mut wrong).unwrap_or_default(),
            },
            _ => Sql::default(),
        };
        // An analysis is read by people, and an operation is a statement of its own.
        if matches!(
            node.resource_type,
            ResourceType::Model | ResourceType::Snapshot | ResourceType::Test
        ) {
            let dialect = Dialect::named(self.around.given.adapter.dialect());
            alone::without_end(&mut sql.text, dialect);
        }
        // Nothing is made of it, so no hook of it ever runs.
        if is_ephemeral(node) || node.resource_type == ResourceType::Operation {
            return wrong.or_one(sql);
        }
        if batch.is_none_or(|batch| batch.is_first()) {
            for hook in &node.config.pre_hook {
                match self.hook(hook, &world, &mut sql.macros) {
                    Err(late) if late.code == LATE && wrong.0.is_empty() => return Err(late),
                    Err(late) if late.code == LATE => {}
                    rendered => sql.pre_hooks.extend(or_noted(rendered, &mut wrong)),
                }
            }
        }
        if batch.is_none_or(|batch| batch.is_last()) {
            // They follow the statements of the node: one that asks the warehouse is rendered only then.
            let world = NodeWorld::new(Arc::clone(&self.around), Some(id), None);
            let world = Arc::new(world.in_batch(batch).built());
            for (at, hook) in node.config.post_hook.iter().enumerate() {
                let rendered = match self.hook(hook, &world, &mut sql.macros) {
                    Err(late) if late.code == LATE => Ok(HookSql {
                        sql: hook.sql.clone(),
                        transaction: hook.transaction,
                        origin: hook.origin.clone(),
                        late: Some(at),
                    }),
                    rendered => rendered,
                };
                sql.post_hooks.extend(or_noted(rendered, &mut wrong));
            }
        }
        wrong.or_one(sql)
    }

    fn render_with(
        &self,
        template: &Template,
        world: &Arc<NodeWorld>,
    ) -> Result<Sql, Box<Diagnostic>> {
        let asked: Arc<dyn World> = Arc::clone(world) as Arc<dyn World>;
        let rendered = world.heard(self.around.given.macros.render(template, &asked))?;
        Ok(Sql {
            map: SqlMap::of(&rendered.text, rendered.map),
            text: rendered.text,
            ephemerals: world.ephemerals(),
            given: world.given(),
            macros: rendered.macros_called,
            ..Sql::default()
        })
    }

    fn hook(
        &self,
        hook: &Hook,
        world: &Arc<NodeWorld>,
        macros: &mut BTreeSet<String>,
    ) -> Result<HookSql, Box<Diagnostic>> {
        let asked: Arc<dyn World> = Arc::clone(world) as Arc<dyn World>;
        let done = self.around.given.macros.render(&hook.template(), &asked);
        let mut done = world.heard(done)?;
        macros.append(&mut done.macros_called);
        Ok(HookSql {
            sql: done.text,
            transaction: hook.transaction,
            origin: hook.origin.clone(),
            late: None,
        })
    }
}

/// What was rendered; what is wrong is noted.
fn or_noted<T>(rendered: Result<T, Box<Diagnostic>>, wrong: &mut Diagnostics) -> Option<T> {
    rendered.map_err(|problem| wrong.push(*problem)).ok()
}

/// Whether a node's template is its query.
fn has_query(node: &Node) -> bool {
    matches!(
        node.resource_type,
        ResourceType::Model
            | ResourceType::Test
            | ResourceType::UnitTest
            | ResourceType::Analysis
            | ResourceType::Snapshot
            | ResourceType::Operation
    )
}

/// Whether a node stands in its readers' SQL instead of the warehouse.
fn is_ephemeral(node: &Node) -> bool {
    node.resource_type == ResourceType::Model && node.config.materialized == "ephemeral"
}

/// A lock that a panic elsewhere does not spoil.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
