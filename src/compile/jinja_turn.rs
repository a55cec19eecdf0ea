//! Work that a template does itself: materializations written in Jinja, and operations.
//!
//! In: a macro, a session. Out: [`Acted`], what was sent and answered.
//! Does not know what the statements mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::values::from_json;
use super::world::NodeWorld;
use super::{Acted, Compiler, HookSql, SharedConnection, Sql, Turn};
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::jinja::{Value, World};
use crate::manifest::microbatch::Batch;
use crate::manifest::{Node, NodeId};

impl Compiler {
    /// Builds a node by its materialization in Jinja.
    ///
    /// # Errors
    /// What is wrong in the macro, what the warehouse answered, and an answer that is no materialization's.
    pub fn build(
        &self,
        id: NodeId,
        sql: &Sql,
        connection: &SharedConnection,
        batch: Option<Batch>,
    ) -> Result<Acted, Box<Diagnostic>> {
        let given = &self.around.given;
        let node = given.manifest.node(id);
        let at = place(node);
        let called = node.config.in_jinja.clone().unwrap_or_default();
        let entry = self.around.entries().get(id.index());
        let mut model = entry.cloned().unwrap_or_default();
        if let Json::Object(keys) = &mut model {
            keys.insert("compiled".into(), json!(true));
            keys.insert("compiled_code".into(), json!(sql.text));
        }
        let names = BTreeMap::from([
            ("sql".to_owned(), Value::from(sql.text.as_str())),
            ("compiled_code".to_owned(), Value::from(sql.text.as_str())),
            ("pre_hooks".to_owned(), hooks(&sql.pre_hooks)),
            ("post_hooks".to_owned(), hooks(&sql.post_hooks)),
            (
                "model".to_owned(),
                super::values::model(&model, batch.as_ref()),
            ),
        ]);
        let turn = Turn::with(connection, names).acting(true);
        let (answer, mut acted) = self.act(&called, &[], Some((id, batch)), &turn, &at)?;
        let is_relations = |value: &Value| value.try_iter().is_ok() && !value.is_undefined();
        let relations = answer.get_attr("relations");
        if !relations.as_ref().is_ok_and(is_relations) {
            return Err(Box::new(
                Diagnostic::error(
                    "bad-materialization",
                    format!(
                        "the materialization of `{}` gives no list of relations",
                        node.name
                    ),
                )
                .at(at)
                .label(format!("it gave `{answer}`"))
                .help("end it with `{{ return({'relations': [target_relation]}) }}`"),
            ));
        }
        if acted.main.is_none() {
            return Err(Box::new(
                Diagnostic::error(
                    "bad-materialization",
                    format!(
                        "the materialization of `{}` runs no statement `main`",
                        node.name
                    ),
                )
                .at(at)
                .help("put the SQL that builds the relation into `{% call statement('main') %}`"),
            ));
        }
        for warning in &mut acted.warnings {
            warning.span = Some(place(node));
        }
        Ok(acted)
    }

    /// Calls a macro by name, as `run-operation` does.
    ///
    /// # Errors
    /// That there is no such macro, what is wrong in it, and what the warehouse answered.
    pub fn operate(
        &self,
        name: &str,
        arguments: &[(String, Value)],
        connection: &SharedConnection,
    ) -> Result<Acted, Box<Diagnostic>> {
        let source = Source::new("run-operation", name);
        let at = Span::file(&source);
        // dbt's operations commit by themselves on servers; DuckDB keeps a transaction until it is committed.
        let transactions = self.around.given.adapter.dialect() == "duckdb";
        let turn = Turn::on(connection).acting(transactions);
        let (_, acted) = self.act(name, arguments, None, &turn, &at)?;
        Ok(acted)
    }

    fn act(
        &self,
        name: &str,
        arguments: &[(String, Value)],
        node: Option<(NodeId, Option<Batch>)>,
        turn: &Turn,
        at: &Span,
    ) -> Result<(Value, Acted), Box<Diagnostic>> {
        let (node, batch) = node.unzip();
        let world = NodeWorld::new(Arc::clone(&self.around), node, Some(turn.clone()));
        let world = Arc::new(world.acting_in(batch.flatten()));
        let asked: Arc<dyn World> = Arc::clone(&world) as Arc<dyn World>;
        let macros = &self.around.given.macros;
        let answer = macros.call(name, &[], arguments, &asked, at);
        let left_open = world.roll_back();
        let answer = answer?;
        let mut acted = turn.acted();
        if left_open? {
            acted.warnings.push(
                Diagnostic::warning(
                    "rolled-back",
                    format!(
                        "`{name}` left its transaction open, so that what it did was rolled back"
                    ),
                )
                .help("end it with `{% do adapter.commit() %}`"),
            );
        }
        Ok((answer, acted))
    }
}

/// Hooks as a template sees them.
fn hooks(hooks: &[HookSql]) -> Value {
    let hooks: Vec<Json> = hooks
        .iter()
        .enumerate()
        .map(|(index, hook)| {
            json!({ "sql": hook.sql, "transaction": hook.transaction, "index": index })
        })
        .collect();
    from_json(hooks)
}

fn place(node: &Node) -> Span {
    let code = node.code.as_ref().map(|code| Span::file(&code.source));
    code.or_else(|| node.declared_at.clone())
        .unwrap_or_else(|| Span::file(&Source::new(node.original_file_path.as_str(), "")))
}
