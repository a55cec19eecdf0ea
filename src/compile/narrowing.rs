//! `--empty` and `--sample`: `ref` and `source` read no rows, or those of a stretch of time.

use crate::jinja::RelationValue;
use crate::manifest::Node;

/// How much of what a template reads is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// No rows at all: `--empty`.
    pub empty: bool,
    /// From (with it) and to (without it), of what has an `event_time`: `--sample`.
    pub window: Option<(String, String)>,
}

impl Narrowing {
    /// The relation of a node as a template reads it.
    pub(super) fn of(&self, node: &Node, relation: RelationValue) -> RelationValue {
        let relation = if self.empty {
            relation.narrowed("false limit 0", "limit")
        } else {
            relation
        };
        let event_time = node.config.values.get("event_time");
        match (&self.window, event_time.and_then(serde_json::Value::as_str)) {
            (Some((from, to)), Some(field)) => {
                let within = format!("{field} >= '{from}' and {field} < '{to}'");
                relation.narrowed(&within, "et_filter")
            }
            _ => relation,
        }
    }
}
