//! The world of a node's template while a run goes on: names resolve to relations, and questions may go to the warehouse.

use std::sync::{Arc, Mutex, OnceLock};

use super::inline::cte_name;
use super::narrowing::Reader;
use super::unit_test::TestWorld;
use super::values::from_json;
use super::{Around, Turn, is_ephemeral, lock, values};
use crate::adapter::{self, Connection, Statement, Table};
use crate::diagnostic::Diagnostic;
use crate::jinja::{
    Answer, ColumnValue, LATE, Lateness, MomentValue, Question, RefCall, RelationValue, Reply,
    TableValue, Value, World, ahead, changing, late,
};
use crate::manifest::microbatch::Batch;
use crate::manifest::node::Code;
use crate::manifest::{Node, NodeId, ResourceType};
use crate::manifest::{snapshot_config, versions};
use crate::project;
use crate::relation::{ExistingRelation, KnownColumn, KnownColumns, Relation, RelationKind};

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
    around: Arc<Around>,
    /// None for SQL that belongs to no node (`show --inline`).
    node: Option<NodeId>,
    /// The unit test that the node's template is rendered for.
    test: Option<TestWorld>,
    turn: Option<Turn>,
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
    fn known(&self, relation: &Relation) -> Option<Option<&ExistingRelation>> {
        let own = self.node()?.relation.as_ref()?;
        if own.key() != relation.key() || self.is_built {
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
        let relation = RelationValue::new(relation, kind_of(node));
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

    fn with_connection<T>(
        &self,
        what: &str,
        ask: impl FnOnce(&mut dyn Connection) -> Result<T, adapter::Error>,
    ) -> Answer<T> {
        let turn = self.turn.as_ref().ok_or_else(|| late(what))?;
        let mut connection = lock(&turn.connection);
        ask(connection.as_mut()).map_err(|mut error| {
            let mut message = format!("`{what}` failed");
            if error.is_about_values() {
                if let Some(fault) = &error.fault {
                    message.push_str(&format!(": {}", fault.message));
                }
                // What a template asks about is anyone's guess.
                let nodes = &self.around.given.manifest.nodes;
                if nodes.iter().any(|node| !node.personal_columns().is_empty()) {
                    error = error.without_data();
                }
            }
            let mut wrong = Diagnostic::error("database-error", message).note(error.message);
            wrong.help.extend(error.help);
            wrong.notes.extend(error.detail);
            Box::new(wrong)
        })
    }

    /// Runs SQL of the template: a query with its rows, or statements.
    fn query(&self, sql: &str, begin: bool) -> Answer<Reply> {
        let Some(turn) = &self.turn else {
            return Err(late("run_query"));
        };
        if begin && turn.acts() && !turn.is_open() {
            self.transaction(&Statement::Begin)?;
            turn.set_open(true);
        }
        let only = sql.trim().trim_end_matches(';').trim_end();
        if turn.acts() && !turn.is_open() && only.eq_ignore_ascii_case("commit") {
            // As on a server, where that is only a notice.
            return Ok(Reply::Answer {
                table: TableValue::default(),
                rows: None,
            });
        }
        turn.note(sql);
        let done = self.send(sql);
        match (&done, turn.acts()) {
            (Err(_), true) => turn.set_open(false),
            (Ok(_), true) => turn.watch(sql),
            _ => {}
        }
        done
    }

    fn transaction(&self, statement: &Statement) -> Answer<()> {
        let adapter = &self.around.given.adapter;
        let prepared = adapter.prepare(statement, &Now(self)).map_err(refused)?;
        self.with_connection("transaction", |connection| connection.execute(&prepared))?;
        Ok(())
    }

    /// Takes back what a template began and did not commit; tells whether there was anything.
    pub(super) fn roll_back(&self) -> Answer<bool> {
        let Some(turn) = self.turn.as_ref().filter(|turn| turn.is_open()) else {
            return Ok(false);
        };
        turn.set_open(false);
        self.transaction(&Statement::Raw {
            sql: "rollback".to_owned(),
            origin: None,
        })?;
        Ok(true)
    }

    /// Gives a relation another name, in the words of the warehouse for its kind.
    fn rename(&self, from: &RelationValue, to: &RelationValue) -> Answer<Reply> {
        let turn = self
            .turn
            .as_ref()
            .ok_or_else(|| late("adapter.rename_relation"))?;
        if turn.acts() && !turn.is_open() {
            self.transaction(&Statement::Begin)?;
            turn.set_open(true);
        }
        turn.note(&format!(
            "alter table {from} rename to {}",
            to.relation.identifier
        ));
        let renamed = self.transaction(&Statement::Rename {
            kind: from.kind().unwrap_or(RelationKind::Table),
            from: from.relation.clone(),
            to: to.relation.identifier.clone(),
        });
        if renamed.is_err() && turn.acts() {
            turn.set_open(false);
        }
        renamed.map(|()| Reply::Nothing)
    }

    fn commit(&self) -> Answer<Reply> {
        let turn = self.turn.as_ref().ok_or_else(|| late("adapter.commit"))?;
        if turn.acts() && turn.is_open() {
            self.transaction(&Statement::Commit)?;
            turn.set_open(false);
        }
        Ok(Reply::Nothing)
    }

    fn send(&self, sql: &str) -> Answer<Reply> {
        let adapter = &self.around.given.adapter;
        // What begins as a query is one, unless the warehouse knows better.
        let refusal = match is_query(sql).then(|| adapter.prepare_query(sql, &Now(self))) {
            Some(Ok(prepared)) => {
                let table = self
                    .with_connection("run_query", |connection| connection.query(&prepared, None))?;
                let rows = u64::try_from(table.rows.len()).ok();
                let table = table_value(table);
                return Ok(Reply::Answer { table, rows });
            }
            Some(Err(refusal)) => Some(refusal),
            None => None,
        };
        let raw = Statement::Raw {
            sql: sql.to_owned(),
            origin: None,
        };
        let prepared = adapter
            .prepare(&raw, &Now(self))
            .map_err(|other| refused(refusal.unwrap_or(other)))?;
        let outcome =
            self.with_connection("run_query", |connection| connection.execute(&prepared))?;
        Ok(Reply::Answer {
            table: TableValue::default(),
            rows: outcome.rows,
        })
    }

    fn find(&self, relation: &Relation) -> Answer<Option<ExistingRelation>> {
        if let Some(known) = self.known(relation)
            && self.turn.is_none()
        {
            return Ok(known.cloned());
        }
        let schemas = [relation.schema.clone()];
        self.with_connection("adapter.get_relation", |connection| {
            Ok(connection.existing(&schemas)?.get(relation).cloned())
        })
    }
}

/// The columns of relations as they are at this moment: a query of a template runs at once.
struct Now<'a>(&'a NodeWorld);

impl KnownColumns for Now<'_> {
    fn columns(&self, relation: &Relation) -> Option<Vec<KnownColumn>> {
        if self.0.turn.is_none() || !self.0.around.given.adapter.wants_columns() {
            return None;
        }
        let ask = |connection: &mut dyn Connection| connection.columns(relation);
        let columns = self.0.with_connection("columns", ask).ok()?;
        (!columns.is_empty()).then(|| columns.iter().map(KnownColumn::from).collect())
    }

    fn identities(&self, relation: &Relation) -> Vec<String> {
        if self.0.turn.is_none() || !self.0.around.given.adapter.wants_columns() {
            return Vec::new();
        }
        let ask = |connection: &mut dyn Connection| Ok(connection.identities(relation));
        self.0.with_connection("columns", ask).unwrap_or_default()
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
        match question {
            Question::Query { sql, begin } => self.query(sql, *begin),
            Question::Commit => self.commit(),
            Question::Rename { from, to } => self.rename(from, to),
            Question::Relation(relation) => Ok(match self.find(relation)? {
                Some(found) => {
                    let relation = self.around.given.manifest.in_full(&found.relation);
                    Reply::Relation(RelationValue::new(relation, Some(found.kind)))
                }
                None => Reply::Nothing,
            }),
            Question::Columns(relation) => {
                let columns = match (self.known(relation), &self.turn) {
                    (Some(known), None) => {
                        known.map(|known| known.columns.clone()).unwrap_or_default()
                    }
                    _ => self.with_connection("adapter.get_columns_in_relation", |connection| {
                        connection.columns(relation)
                    })?,
                };
                let columns = columns
                    .into_iter()
                    .map(|column| match self.dialect() {
                        "duckdb" => ColumnValue::unparsed(column.name, &column.data_type),
                        _ => ColumnValue::new(column.name, &column.data_type),
                    })
                    .collect();
                Ok(Reply::Columns(columns))
            }
            Question::Relations { schema, .. } => {
                let schemas = [(*schema).to_owned()];
                let existing = self.with_connection("adapter.list_relations", |connection| {
                    connection.existing(&schemas)
                })?;
                let relations = existing
                    .iter()
                    .map(|found| {
                        let relation = self.around.given.manifest.in_full(&found.relation);
                        RelationValue::new(relation, Some(found.kind))
                    })
                    .collect();
                Ok(Reply::Relations(relations))
            }
            Question::SchemaExists(schema) => {
                let schemas = [(*schema).to_owned()];
                let existing = self
                    .with_connection("adapter.check_schema_exists", |connection| {
                        connection.existing(&schemas)
                    })?;
                Ok(Reply::Bool(
                    existing.schemas.contains(&schema.to_lowercase()),
                ))
            }
        }
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

fn table_value(table: Table) -> TableValue {
    let (names, types): (Vec<String>, Vec<String>) = table
        .columns
        .into_iter()
        .map(|column| (column.name, column.data_type.to_lowercase()))
        .unzip();
    let rows = table.rows.into_iter().map(|row| {
        let cells = row.into_iter().zip(&types);
        cells.map(|(value, of)| cell_value(value, of)).collect()
    });
    TableValue::new(names, rows.collect())
}

fn cell_value(value: adapter::Value, data_type: &str) -> Value {
    match value {
        adapter::Value::Null => Value::from(()),
        adapter::Value::Bool(value) => Value::from(value),
        adapter::Value::Int(value) => Value::from(value),
        adapter::Value::Float(value) => Value::from(value),
        adapter::Value::Decimal(text) => decimal(text),
        // As in dbt, a day or a time is one of Python's.
        adapter::Value::Text(text) if is_moment(data_type) => {
            MomentValue::read(&text, data_type == "date").unwrap_or_else(|| Value::from(text))
        }
        adapter::Value::Text(text) => Value::from(text),
    }
}

/// Whether a node is a source that no staged load fills.
fn is_given(node: &Node) -> bool {
    matches!(&node.detail, crate::manifest::node::Detail::Source(source) if source.load.is_none())
}

fn is_moment(data_type: &str) -> bool {
    data_type == "date" || data_type.starts_with("timestamp")
}

/// A decimal as a number where a float holds it; otherwise its digits, of which none is lost.
fn decimal(text: String) -> Value {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if !text.contains('.')
        && let Ok(whole) = text.parse::<i128>()
    {
        return Value::from(whole);
    }
    match text.parse::<f64>() {
        Ok(number) if digits <= 15 => Value::from(number),
        _ => Value::from(text),
    }
}

fn refused(refusal: adapter::Refusal) -> Box<Diagnostic> {
    let mut wrong = Diagnostic::error(refusal.code, refusal.message);
    wrong.label = refusal.reason;
    wrong.help.extend(refusal.help);
    Box::new(wrong)
}

/// Whether SQL begins as a query does; anything else gives no rows that a template could want.
fn is_query(sql: &str) -> bool {
    let word: String = without_comments(sql)
        .trim_start_matches(['(', ' ', '\n', '\t'])
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    let word = word.to_ascii_lowercase();
    !matches!(
        word.as_str(),
        "create"
            | "insert"
            | "update"
            | "delete"
            | "drop"
            | "alter"
            | "merge"
            | "begin"
            | "commit"
            | "start"
            | "end"
            | "rollback"
            | "abort"
            | "grant"
            | "revoke"
            | "comment"
            | "truncate"
            | "copy"
            | "vacuum"
            | "analyze"
            | "set"
            | "lock"
            | "unload"
            | "use"
            | "attach"
            | "load"
            | "install"
    )
}

/// SQL from its first word on.
fn without_comments(mut sql: &str) -> &str {
    loop {
        sql = sql.trim_start();
        sql = match (sql.strip_prefix("--"), sql.strip_prefix("/*")) {
            (Some(line), _) => line.split_once('\n').map_or("", |(_, rest)| rest),
            (_, Some(block)) => block.split_once("*/").map_or("", |(_, rest)| rest),
            _ => return sql,
        };
    }
}
