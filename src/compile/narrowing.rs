//! What `ref` and `source` leave out: by `--empty` all rows, by `--sample` and in a batch those outside of a stretch of time.

use jiff::civil::DateTime;

use crate::jinja::RelationValue;
use crate::manifest::microbatch::Batch;
use crate::manifest::{Node, ResourceType};

/// How much of what a template reads is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// No rows at all: `--empty`.
    pub empty: bool,
    /// From (with it) and to (without it), of what has an `event_time`: `--sample`.
    pub window: Option<(DateTime, DateTime)>,
}

/// Whose template reads.
pub(super) struct Reader<'a> {
    /// The node; none for SQL that belongs to no node.
    pub(super) node: Option<&'a Node>,
    /// Its batch, where it is built in batches.
    pub(super) batch: Option<&'a Batch>,
    /// The dialect that the template is written in.
    pub(super) dialect: &'a str,
}

impl Narrowing {
    /// The relation of a node as the template of another reads it.
    pub(super) fn of(
        &self,
        node: &Node,
        relation: RelationValue,
        reader: &Reader<'_>,
    ) -> RelationValue {
        // Only PostgreSQL wants a name for a query in parentheses; without one the template can give its own.
        let alias = |word: &'static str| (reader.dialect == "postgres").then_some(word);
        let relation = if self.empty {
            relation.narrowed("false limit 0", alias("limit"))
        } else {
            relation
        };
        let window = match (reader.batch, self.window) {
            (Some(batch), Some((from, to))) => Some((from.max(batch.start), to.min(batch.end))),
            (Some(batch), None) => Some((batch.start, batch.end)),
            (None, window) => window,
        };
        // As in dbt, tests read everything.
        let window = window.filter(|_| {
            let kind = reader.node.map(|node| node.resource_type);
            matches!(kind, Some(ResourceType::Model | ResourceType::Snapshot))
        });
        match (window, event_time(node)) {
            (Some((from, to)), Some(field)) => {
                let (from, to) = (in_python(from), in_python(to));
                let within = format!("{field} >= '{from}' and {field} < '{to}'");
                relation.narrowed(&within, alias("et_filter"))
            }
            _ => relation,
        }
    }
}

/// The column that tells when a row of a node was, in quotes where the node asks for them.
fn event_time(node: &Node) -> Option<String> {
    let name = node.config.values.get("event_time")?.as_str()?;
    let quoted = node.columns.get(name).and_then(|column| column.quote);
    Some(if quoted.unwrap_or(false) {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    })
}

/// As dbt writes a time in UTC into SQL.
fn in_python(at: DateTime) -> String {
    let micros = at.subsec_nanosecond() / 1000;
    let fraction = if micros == 0 {
        String::new()
    } else {
        format!(".{micros:06}")
    };
    format!("{}{fraction}+00:00", at.strftime("%Y-%m-%d %H:%M:%S"))
}
