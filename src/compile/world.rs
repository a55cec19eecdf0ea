//! The world of a node's template while a run goes on: names resolve to relations, and questions may go to the warehouse.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use super::inline::cte_name;
use super::narrowing::Reader;
use super::unit_test::TestWorld;
use super::values::from_json;
use super::{Around, Turn, is_ephemeral, lock, values};
use crate::adapter::Connection;
use crate::diagnostic::Diagnostic;
use crate::jinja::{
    Answer, LATE, Lateness, Question, RefCall, RelationValue, Reply, Value, World, ahead, changing,
};
use crate::manifest::microbatch::Batch;
use crate::manifest::node::Code;
use crate::manifest::{Node, NodeId, ResourceType};
use crate::manifest::{snapshot_config, versions};
use crate::project;
use crate::relation::{ExistingRelation, Relation, RelationKind};

/// A worker's session, lent to the templates that ask the warehouse.
pub type SharedConnection = Arc<Mutex<Box<dyn Connection>>>;

/// What a template tells while it renders.
#[derive(Clone, Debug)]
pub enum Message {
    /// `print`: seen however little else is told.
    Print(String),
    /// `log`; `info` means that the user sees it.
    Log {
        /// The words.
        text: String,
        /// Whether the user sees it.
        info: bool,
    },
    /// `exceptions.warn`.
    Warning(Box<Diagnostic>),
}

/// The world of one render of one node.
pub(super) struct NodeWorld {
    pub(super) around: Arc<Around>,
    /// None for SQL that belongs to no node (`show --inline`).
    node: Option<NodeId>,
    /// The unit test that the node's template is rendered for.
    test: Option<TestWorld>,
    pub(super) turn: Option<Turn>,
    /// The batch that the node is built for.
    batch: Option<Batch>,
    /// Whether the template is the materialization of a batch that adds to what others made.
    goes_on: bool,
    /// Whether the template is that of a query comment.
    is_comment: bool,
    /// The name of a query that is no file.
    inline: Option<&'static str>,
    /// Why the template must wait for its turn, where it asked something of data that all share.
    late: Lateness,
    /// Whether the template is wrong before anything in it is late.
    wrong: AtomicBool,
    /// Whether the template is rendered when its node is built, so that what stood under its name before says nothing.
    is_built: bool,
    ephemerals: Mutex<Vec<NodeId>>,
    /// `invocation_args_dict`: a template may change its own.
    arguments: OnceLock<Value>,
}

impl NodeWorld {
    pub(super) fn new(around: Arc<Around>, node: Option<NodeId>, turn: Option<Turn>) -> Self {
        let test = node.and_then(|id| TestWorld::of(&around.given.manifest, id));
        Self {
            node: test.as_ref().map(|test| test.model).or(node),
            around,
            test,
            turn,
            batch: None,
            goes_on: false,
            is_comment: false,
            inline: None,
            late: Lateness::default(),
            wrong: AtomicBool::new(false),
            is_built: false,
            ephemerals: Mutex::default(),
            arguments: OnceLock::new(),
        }
    }

    /// The same world in a batch of its node.
    pub(super) fn in_batch(mut self, batch: Option<Batch>) -> Self {
        self.batch = batch;
        self
    }

    /// The world of a node's materialization in a batch.
    pub(super) fn acting_in(mut self, batch: Option<Batch>) -> Self {
        self.goes_on = batch.is_some_and(|batch| batch.goes_on);
        self.in_batch(batch)
    }

    /// The same world as the template of a comment sees it.
    pub(super) fn for_comment(mut self) -> Self {
        self.is_comment = true;
        self
    }

    /// The world of SQL that is no file, by the name that it has for itself.
    pub(super) fn inline(mut self, name: &'static str) -> Self {
        self.inline = Some(name);
        self
    }

    /// What a template gave, or that it is late.
    pub(super) fn heard<T>(&self, given: Answer<T>) -> Answer<T> {
        match self.late.get() {
            Some(_) if self.wrong.load(Ordering::Relaxed) && given.is_err() => given,
            Some(reason) => Err(Box::new(Diagnostic::error(LATE, reason.as_str()))),
            None => given,
        }
    }

    /// The same world once its node is built.
    pub(super) fn built(mut self) -> Self {
        self.is_built = true;
        self
    }

    /// The ephemeral models that were referred to, in order, each once.
    pub(super) fn ephemerals(&self) -> Vec<NodeId> {
        lock(&self.ephemerals).clone()
    }

    /// The nodes in whose place given rows were read, for a unit test.
    pub(super) fn given(&self) -> Vec<NodeId> {
        self.test.as_ref().map(TestWorld::read).unwrap_or_default()
    }

    /// The template of a node: its own, or that of the model that a unit test is for.
    pub(super) fn code_of(&self, node: &Node) -> Option<Code> {
        match &self.test {
            Some(test) => self.around.given.manifest.node(test.model).code.clone(),
            None => node.code.clone(),
        }
    }

    fn node(&self) -> Option<&Node> {
        self.node.map(|id| self.around.given.manifest.node(id))
    }

    /// What stood in the warehouse under a node's name when the run began. Only its own node may ask before its turn: every other
    /// relation may be made anew meanwhile.
    pub(super) fn known(&self, relation: &Relation) -> Option<Option<&ExistingRelation>> {
        let own = self.node()?.relation.as_ref()?;
        let manifest = &self.around.given.manifest;
        if own.key() != relation.key() || relation.is_outside(&manifest.database) || self.is_built {
            return None;
        }
        let existing = self.around.given.existing.as_ref()?;
        Some(existing.get(relation))
    }

    fn read(&self, id: NodeId, call: &str) -> Answer<RelationValue> {
        match &self.test {
            Some(test) => test.relation(&self.around, id, call),
            None => self.relation_of(id),
        }
    }

    fn relation_of(&self, id: NodeId) -> Answer<RelationValue> {
        let node = self.around.given.manifest.node(id);
        if is_ephemeral(node) {
            let mut ephemerals = lock(&self.ephemerals);
            if !ephemerals.contains(&id) {
                ephemerals.push(id);
            }
            let named = RelationValue::cte(cte_name(&node.alias));
            return Ok(self.narrowed(node, named));
        }
        let relation = node.relation.as_ref().ok_or_else(|| {
            Diagnostic::error(
                "no-relation",
                format!("`{}` has no place in the warehouse", node.name),
            )
        })?;
        let relation = self.around.given.manifest.in_full(relation);
        let location = match &node.detail {
            crate::manifest::node::Detail::Source(source) => source.location.clone(),
            _ => None,
        };
        let relation = RelationValue::new(relation, kind_of(node)).located(location);
        Ok(self.narrowed(node, relation))
    }

    fn narrowed(&self, node: &Node, relation: RelationValue) -> RelationValue {
        let narrowing = &self.around.given.narrowing;
        let reader = Reader {
            node: self.node(),
            batch: self.batch.as_ref(),
            dialect: self.dialect(),
        };
        narrowing.of(node, relation, &reader)
    }

    /// Finds the node that a `ref` or `source` means: among those that the manifest resolved for this node, or among all for SQL
    /// that has no place in the order of the run (a hook of the project, `show --inline`).
    fn resolve(&self, call: &str, matches: impl Fn(&Node) -> bool) -> Answer<Option<NodeId>> {
        let manifest = &self.around.given.manifest;
        let anywhere = || manifest.ids().find(|id| matches(manifest.node(*id)));
        let Some(node) = self.node() else {
            return Ok(anywhere());
        };
        let mut upstream = node.depends_on.iter().copied();
        if let Some(id) = upstream.find(|id| matches(manifest.node(*id))) {
            return Ok(Some(id));
        }
        match anywhere() {
            // What nothing here builds is there whenever it is read, as in dbt.
            Some(id) if is_given(manifest.node(id)) => Ok(Some(id)),
            Some(id) if node.resource_type != ResourceType::Operation => {
                let name = &manifest.node(id).name;
                Err(Box::new(
                    Diagnostic::error(
                        "undeclared-dependency",
                        format!("`{}` reads `{name}` only while it runs, so that it could run first", node.name),
                    )
                    .label("not seen when the project was parsed")
                    .help(format!(
                        "name it where every parse sees it: put `-- depends_on: {{{{ {call} }}}}` at the top of the file"
                    )),
                ))
            }
            found => Ok(found),
        }
    }
}

impl World for NodeWorld {
    fn dialect(&self) -> &str {
        self.around.given.adapter.dialect()
    }

    fn package(&self) -> &str {
        self.node()
            .map_or(&self.around.given.manifest.project_name, |node| {
                &node.package_name
            })
    }

    fn execute(&self) -> bool {
        true
    }

    fn is_wrong(&self) {
        if self.late.get().is_none() {
            self.wrong.store(true, Ordering::Relaxed);
        }
    }

    fn acts(&self) -> bool {
        self.turn.is_some()
    }

    fn global(&self, name: &str) -> Option<Value> {
        let given = &self.around.given;
        if let Some(value) = self.turn.as_ref().and_then(|turn| turn.names.get(name)) {
            return Some(value.clone());
        }
        if let ("this", Some(test)) = (name, &self.test) {
            return Some(test.this(&self.around));
        }
        match name {
            "this" => {
                let analysis = self
                    .node()
                    .filter(|node| node.resource_type == ResourceType::Analysis);
                if let Some(name) = analysis.map(|node| node.name.as_str()).or(self.inline) {
                    // It is nowhere, and has a name all the same, as in dbt.
                    let schema = given.globals.get("schema")?.to_string();
                    let relation = given.manifest.in_full(&Relation::new(schema, name));
                    return Some(Value::from_object(RelationValue::new(relation, None)));
                }
                let node = self.node()?;
                let relation = node.relation.as_ref()?;
                let kind = self
                    .known(relation)
                    .flatten()
                    .map(|existing| existing.kind)
                    .or_else(|| kind_of(node));
                let relation = given.manifest.in_full(relation);
                Some(Value::from_object(RelationValue::new(relation, kind)))
            }
            "node" if self.is_comment => self.global("model"),
            "connection_name" if self.is_comment => {
                Some(Value::from(self.node()?.unique_id.as_str()))
            }
            "model" => {
                let entry = self.around.entries().get(self.node?.index())?;
                Some(values::model(entry, self.batch.as_ref()))
            }
            "graph" => {
                let graph = || values::graph(&given.manifest, self.around.entries());
                let graph = self.around.graph.get_or_init(graph).clone();
                Some(match self.turn {
                    Some(_) => graph,
                    None => ahead("graph", graph, &self.late),
                })
            }
            "schema" => self
                .node()
                .and_then(|node| node.relation.as_ref())
                .map(|relation| Value::from(relation.schema.clone()))
                .or_else(|| given.globals.get(name).cloned()),
            "selected_resources" => Some(from_json(&given.selected)),
            "invocation_args_dict" => {
                let shared = given.globals.get(name)?;
                let own = || changing(&project::render::from_jinja(shared));
                Some(self.arguments.get_or_init(own).clone())
            }
            _ => given.globals.get(name).cloned(),
        }
    }

    fn global_names(&self) -> Vec<String> {
        let own = ["this", "model", "graph", "schema", "selected_resources"];
        let shared = self.around.given.globals.keys().cloned();
        own.into_iter().map(str::to_owned).chain(shared).collect()
    }

    fn ref_(&self, call: &RefCall<'_>) -> Answer<RelationValue> {
        let asked = call.version.as_ref().map(project::render::from_jinja);
        let pinned = asked.as_ref().map_or_else(String::new, |version| {
            format!(", v={}", versions::text(version))
        });
        let shown = format!("ref('{}'{pinned})", call.name);
        let found = self.resolve(&shown, |node| {
            node.name == call.name
                && node.is_version(asked.as_ref())
                && matches!(node.resource_type.as_str(), "model" | "seed" | "snapshot")
                && call
                    .package
                    .is_none_or(|package| node.package_name == package)
        })?;
        match found {
            Some(id) => self.read(id, &shown),
            None => Err(Box::new(
                Diagnostic::error("unknown-ref", format!("there is no model `{}`", call.name))
                    .did_you_mean(
                        call.name,
                        self.around
                            .given
                            .manifest
                            .nodes
                            .iter()
                            .map(|node| node.name.as_str()),
                    ),
            )),
        }
    }

    fn source(&self, source: &str, table: &str) -> Answer<RelationValue> {
        let shown = format!("source('{source}', '{table}')");
        let found = self.resolve(&shown, |node| {
            node.name == table
                && matches!(&node.detail, crate::manifest::node::Detail::Source(detail) if detail.source_name == source)
        })?;
        match found {
            Some(id) => self.read(id, &shown),
            None => Err(Box::new(Diagnostic::error(
                "unknown-source",
                format!("there is no source table `{source}.{table}`"),
            ))),
        }
    }

    fn set_config(&self, _settings: &[(String, Value)]) -> Answer<()> {
        // The manifest took the settings when the project was parsed.
        Ok(())
    }

    fn config(&self, key: &str) -> Answer<Option<Value>> {
        let node = self.node();
        if key == "snapshot_table_column_names" {
            let history = node.filter(|node| node.resource_type == ResourceType::Snapshot);
            return Ok(history.map(|node| {
                let given = node.config.values.get("snapshot_meta_column_names");
                from_json(snapshot_config::column_names(given))
            }));
        }
        Ok(node
            .and_then(|node| node.config.values.get(key))
            .filter(|value| !value.is_null())
            .map(from_json))
    }

    fn overridden(&self, package: Option<&str>, name: &str) -> Option<Value> {
        if self.goes_on && package.is_none() {
            match name {
                "is_incremental" => return Some(Value::from(true)),
                "should_full_refresh" => return Some(Value::from(false)),
                _ => {}
            }
        }
        let test = self.test.as_ref()?;
        test.overridden(&self.around, package, name)
    }

    fn var(&self, name: &str) -> Answer<Option<Value>> {
        let of_test = self.test.as_ref();
        if let Some(value) = of_test.and_then(|test| test.var(&self.around, name)) {
            return Ok(Some(value));
        }
        Ok(self
            .around
            .given
            .vars
            .get(self.package(), name)
            .map(from_json))
    }

    fn var_names(&self) -> Vec<String> {
        let names = self.around.given.vars.names(self.package());
        names.into_iter().map(str::to_owned).collect()
    }

    fn env_var(&self, name: &str) -> Answer<Option<String>> {
        let of_test = self.test.as_ref();
        if let Some(value) = of_test.and_then(|test| test.env_var(&self.around, name)) {
            return Ok(Some(value));
        }
        project::render::env_var(&self.around.given.environment, name, false)
    }

    fn is_incremental(&self) -> bool {
        let Some(node) = self.node().filter(|_| self.test.is_none()) else {
            return false;
        };
        let given = &self.around.given;
        let full_refresh = node.config.full_refresh.unwrap_or(given.full_refresh);
        let is_table = node
            .relation
            .as_ref()
            .and_then(|relation| given.existing.as_ref()?.get(relation))
            .is_some_and(|existing| existing.kind == RelationKind::Table)
            || self.batch.is_some_and(|batch| batch.goes_on);
        node.config.materialized == "incremental" && !full_refresh && is_table
    }

    fn ask(&self, question: &Question<'_>) -> Answer<Reply> {
        self.answer(question)
    }

    fn stored(&self, name: &str, response: &Value) {
        if let Some(turn) = &self.turn
            && name == "main"
        {
            turn.set_main(response);
        }
    }

    fn log(&self, message: &str, info: bool) {
        drop((self.around.given.listener)(Message::Log {
            text: message.to_owned(),
            info,
        }));
    }

    fn print(&self, message: &str) {
        drop((self.around.given.listener)(Message::Print(
            message.to_owned(),
        )));
    }

    fn warn(&self, warning: Diagnostic) -> Answer<()> {
        (self.around.given.listener)(Message::Warning(Box::new(warning)))
    }
}

/// What a node will be in the warehouse, as `ref(…).type` tells.
fn kind_of(node: &Node) -> Option<RelationKind> {
    match node.config.materialized.as_str() {
        "view" => Some(RelationKind::View),
        "materialized_view" => Some(RelationKind::MaterializedView),
        "table" | "incremental" | "seed" | "load" | "snapshot" => Some(RelationKind::Table),
        _ => None,
    }
}

/// Whether a node is a source that no staged load fills.
fn is_given(node: &Node) -> bool {
    matches!(&node.detail, crate::manifest::node::Detail::Source(source) if source.load.is_none())
}
