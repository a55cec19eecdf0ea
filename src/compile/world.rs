//! The world of a node's template while a run goes on: names resolve to relations, and questions may go to the warehouse.

use std::sync::{Arc, Mutex};

use super::inline::cte_name;
use super::unit_test::TestWorld;
use super::values::from_json;
use super::{Around, Turn, is_ephemeral, lock, values};
use crate::adapter::{self, Connection, Statement, Table};
use crate::diagnostic::Diagnostic;
use crate::jinja::{
    Answer, ColumnValue, Question, RefCall, RelationValue, Reply, TableValue, Value, World, late,
};
use crate::manifest::node::Code;
use crate::manifest::{Node, NodeId, ResourceType};
use crate::project;
use crate::relation::{ExistingRelation, KnownColumn, KnownColumns, Relation, RelationKind};

/// A worker's session, lent to the templates that ask the warehouse.
pub type SharedConnection = Arc<Mutex<Box<dyn Connection>>>;

/// What a template tells while it renders.
#[derive(Clone, Debug)]
pub enum Message {
    /// `log` and `print`; `info` means that the user sees it.
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
    ephemerals: Mutex<Vec<NodeId>>,
}

impl NodeWorld {
    pub(super) fn new(around: Arc<Around>, node: Option<NodeId>, turn: Option<Turn>) -> Self {
        let test = node.and_then(|id| TestWorld::of(&around.given.manifest, id));
        Self {
            node: test.as_ref().map(|test| test.model).or(node),
            around,
            test,
            turn,
            ephemerals: Mutex::default(),
        }
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
        if own.key() != relation.key() {
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
            return Ok(RelationValue::cte(cte_name(&node.alias)));
        }
        let relation = node.relation.as_ref().ok_or_else(|| {
            Diagnostic::error(
                "no-relation",
                format!("`{}` has no place in the warehouse", node.name),
            )
        })?;
        let relation = self.around.given.manifest.in_full(relation);
        Ok(RelationValue::new(relation, kind_of(node)))
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
        ask(connection.as_mut()).map_err(|error| {
            let mut wrong = Diagnostic::error("database-error", format!("`{what}` failed"))
                .note(error.message.clone());
            wrong.help.extend(error.help);
            wrong.notes.extend(error.detail);
            Box::new(wrong)
        })
    }

    fn execute_statement(&self, what: &str, statement: &Statement) -> Answer<Reply> {
        let prepared = self
            .around
            .given
            .adapter
            .prepare(statement, &Now(self))
            .map_err(refused)?;
        self.with_connection(what, |connection| connection.execute(&prepared))?;
        Ok(Reply::Nothing)
    }

    fn query(&self, sql: &str) -> Answer<Reply> {
        if self.turn.is_none() {
            return Err(late("run_query"));
        }
        match self.around.given.adapter.prepare_query(sql, &Now(self)) {
            Ok(prepared) => {
                let table = self
                    .with_connection("run_query", |connection| connection.query(&prepared, None))?;
                Ok(Reply::Table(table_value(table)))
            }
            Err(refusal) => {
                let raw = Statement::Raw {
                    sql: sql.to_owned(),
                    origin: None,
                };
                match self.around.given.adapter.prepare(&raw, &Now(self)) {
                    Ok(prepared) => {
                        self.with_connection("run_query", |connection| {
                            connection.execute(&prepared)
                        })?;
                        Ok(Reply::Table(TableValue::default()))
                    }
                    Err(_) => Err(refused(refusal)),
                }
            }
        }
    }

    fn kind_of_relation(&self, relation: &RelationValue) -> Answer<RelationKind> {
        if let Some(kind) = relation.kind() {
            return Ok(kind);
        }
        let found = self.find(&relation.relation)?;
        Ok(found.map_or(RelationKind::Table, |found| found.kind))
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
            "model" => Some(values::node(self.node()?, &given.manifest)),
            "graph" => Some(
                self.around
                    .graph
                    .get_or_init(|| values::graph(&given.manifest))
                    .clone(),
            ),
            "schema" => self
                .node()
                .and_then(|node| node.relation.as_ref())
                .map(|relation| Value::from(relation.schema.clone()))
                .or_else(|| given.globals.get(name).cloned()),
            "selected_resources" => Some(from_json(&given.selected)),
            _ => given.globals.get(name).cloned(),
        }
    }

    fn global_names(&self) -> Vec<String> {
        let own = ["this", "model", "graph", "schema", "selected_resources"];
        let shared = self.around.given.globals.keys().cloned();
        own.into_iter().map(str::to_owned).chain(shared).collect()
    }

    fn ref_(&self, call: &RefCall<'_>) -> Answer<RelationValue> {
        let shown = format!("ref('{}')", call.name);
        let found = self.resolve(&shown, |node| {
            node.name == call.name
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
        Ok(self
            .node()
            .and_then(|node| node.config.values.get(key))
            .filter(|value| !value.is_null())
            .map(from_json))
    }

    fn overridden(&self, package: Option<&str>, name: &str) -> Option<Value> {
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
            .is_some_and(|existing| existing.kind == RelationKind::Table);
        node.config.materialized == "incremental" && !full_refresh && is_table
    }

    fn ask(&self, question: &Question<'_>) -> Answer<Reply> {
        match question {
            Question::Query(sql) => self.query(sql),
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
                    .map(|column| ColumnValue::new(column.name, &column.data_type))
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
            Question::CreateSchema(relation) => self.execute_statement(
                "adapter.create_schema",
                &Statement::CreateSchema {
                    database: relation.database.clone(),
                    schema: relation.schema.clone(),
                },
            ),
            Question::DropRelation(relation) => {
                let kind = self.kind_of_relation(relation)?;
                self.execute_statement(
                    "adapter.drop_relation",
                    &Statement::Drop {
                        kind,
                        relation: relation.relation.clone(),
                        if_exists: true,
                    },
                )
            }
            Question::RenameRelation { from, to } => {
                let kind = self.kind_of_relation(from)?;
                self.execute_statement(
                    "adapter.rename_relation",
                    &Statement::Rename {
                        kind,
                        from: from.relation.clone(),
                        to: to.relation.identifier.clone(),
                    },
                )
            }
            Question::DropSchema(_) => Err(unsupported("adapter.drop_schema")),
            Question::TruncateRelation(_) => Err(unsupported("adapter.truncate_relation")),
        }
    }

    fn log(&self, message: &str, info: bool) {
        (self.around.given.listener)(Message::Log {
            text: message.to_owned(),
            info,
        });
    }

    fn warn(&self, warning: Diagnostic) {
        (self.around.given.listener)(Message::Warning(Box::new(warning)));
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
    let names = table
        .columns
        .into_iter()
        .map(|column| column.name)
        .collect();
    let rows = table
        .rows
        .into_iter()
        .map(|row| row.into_iter().map(cell_value).collect())
        .collect();
    TableValue::new(names, rows)
}

fn cell_value(value: adapter::Value) -> Value {
    match value {
        adapter::Value::Null => Value::from(()),
        adapter::Value::Bool(value) => Value::from(value),
        adapter::Value::Int(value) => Value::from(value),
        adapter::Value::Float(value) => Value::from(value),
        adapter::Value::Decimal(text) => text.parse::<f64>().map_or(Value::from(text), Value::from),
        adapter::Value::Text(text) => Value::from(text),
    }
}

fn refused(refusal: adapter::Refusal) -> Box<Diagnostic> {
    let mut wrong = Diagnostic::error(refusal.code, refusal.message);
    wrong.label = refusal.reason;
    wrong.help.extend(refusal.help);
    Box::new(wrong)
}

fn unsupported(what: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(
        "not-supported",
        format!("`{what}` is not supported yet"),
    ))
}
