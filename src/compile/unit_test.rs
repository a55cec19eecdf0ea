//! The world of a unit test: the model's template, where what it reads are given rows.
//!
//! In: a unit test's node. Out: what its model's template sees otherwise: names of rows, macros, variables.

use super::inline::cte_name;
use super::values::from_json;
use super::{Around, lock};
use crate::diagnostic::Diagnostic;
use crate::jinja::{Answer, RelationValue, Value};
use crate::manifest::node::Detail;
use crate::manifest::unit_test::UnitTestDetail;
use crate::manifest::{Manifest, Node, NodeId};

/// The name under which a query reads the rows that a unit test gives in the place of a node.
pub fn given_name(node: &Node) -> String {
    match &node.detail {
        Detail::Source(source) => cte_name(&format!("{}__{}", source.source_name, node.name)),
        _ => cte_name(&node.versioned_name()),
    }
}

/// A unit test that a world is for.
pub(super) struct TestWorld {
    /// The unit test.
    pub(super) test: NodeId,
    /// Its model.
    pub(super) model: NodeId,
    read: std::sync::Mutex<Vec<NodeId>>,
}

impl TestWorld {
    /// The world of a node, if the node is a unit test.
    pub(super) fn of(manifest: &Manifest, id: NodeId) -> Option<Self> {
        let node = manifest.node(id);
        if !matches!(node.detail, Detail::UnitTest(_)) {
            return None;
        }
        Some(Self {
            test: id,
            model: *node.depends_on.first()?,
            read: std::sync::Mutex::default(),
        })
    }

    fn node<'a>(&self, around: &'a Around) -> &'a Node {
        around.given.manifest.node(self.test)
    }

    fn detail<'a>(&self, around: &'a Around) -> Option<&'a UnitTestDetail> {
        match &self.node(around).detail {
            Detail::UnitTest(test) => Some(test),
            _ => None,
        }
    }

    /// What was read so far, in order, each once; the model itself stands for `this`, and comes first.
    pub(super) fn read(&self) -> Vec<NodeId> {
        let mut read = lock(&self.read).clone();
        read.sort_by_key(|id| *id != self.model);
        read
    }

    fn is_given(&self, around: &Around, id: NodeId) -> bool {
        self.detail(around)
            .is_some_and(|test| test.given.iter().any(|given| given.node == Some(id)))
    }

    fn rows_of(&self, around: &Around, id: NodeId) -> RelationValue {
        let mut read = lock(&self.read);
        if !read.contains(&id) {
            read.push(id);
        }
        RelationValue::cte(given_name(around.given.manifest.node(id)))
    }

    /// What a `ref` or `source` of the model means in the test.
    pub(super) fn relation(
        &self,
        around: &Around,
        id: NodeId,
        call: &str,
    ) -> Answer<RelationValue> {
        if self.is_given(around, id) {
            return Ok(self.rows_of(around, id));
        }
        let (test, model) = (self.node(around), around.given.manifest.node(self.model));
        Err(Box::new(
            Diagnostic::error(
                "missing-input",
                format!(
                    "the unit test `{}` gives no rows for `{call}`, which `{}` reads",
                    test.name, model.name
                ),
            )
            .at_some(test.declared_at.clone())
            .help(format!(
                "add `- input: {call}` under `given:`; `rows: []` is an empty relation"
            )),
        ))
    }

    /// `this`: the given rows, or nothing.
    pub(super) fn this(&self, around: &Around) -> Value {
        if self.is_given(around, self.model) {
            Value::from_object(self.rows_of(around, self.model))
        } else {
            Value::from(())
        }
    }

    /// What the test says that a macro returns.
    pub(super) fn overridden(
        &self,
        around: &Around,
        package: Option<&str>,
        name: &str,
    ) -> Option<Value> {
        let macros = &self.detail(around)?.macros;
        match package {
            Some(package) => macros.get(&format!("{package}.{name}")),
            None => macros.get(name),
        }
        .map(from_json)
    }

    /// What the test says that a variable is.
    pub(super) fn var(&self, around: &Around, name: &str) -> Option<Value> {
        self.detail(around)?.vars.get(name).map(from_json)
    }

    /// What the test says that an environment variable is.
    pub(super) fn env_var(&self, around: &Around, name: &str) -> Option<String> {
        match self.detail(around)?.env_vars.get(name)? {
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}
