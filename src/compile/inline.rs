//! Ephemeral models become common table expressions at the head of the queries that read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::sources::SqlMap;
use super::{CompiledNode, Drafts, Sql};
use crate::diagnostic::Diagnostic;
use crate::jinja::LATE;
use crate::manifest::{Manifest, NodeId};
use crate::sql::comments::first_word;

/// What `ref` of an ephemeral model prints: dbt's name for its common table expression.
pub fn cte_name(identifier: &str) -> String {
    format!("__dbt__cte__{identifier}")
}

/// Puts the finished node into `done`: its draft with every ephemeral model below it inlined, or late or wrong
/// where one of them is.
pub(super) fn inline(
    id: NodeId,
    manifest: &Manifest,
    drafts: &Drafts,
    done: &mut BTreeMap<NodeId, CompiledNode>,
) {
    let finished = match drafts.get(&id) {
        None => return,
        Some(Err(why)) => Err(why.clone()),
        Some(Ok(draft)) => with_ephemerals(draft.clone(), manifest, drafts),
    };
    let node = match finished {
        Ok(sql) => CompiledNode::Ready(Arc::new(sql)),
        Err(late) if late.code == LATE => CompiledNode::Late {
            reason: late.message,
        },
        Err(wrong) => CompiledNode::Wrong(wrong),
    };
    done.insert(id, node);
}

/// The query with the ephemeral models it stands on in front, each before those that read it.
pub(super) fn with_ephemerals(
    mut sql: Sql,
    manifest: &Manifest,
    drafts: &Drafts,
) -> Result<Sql, Box<Diagnostic>> {
    let mut order = Vec::new();
    for id in &sql.ephemerals {
        collect(*id, drafts, &mut order);
    }
    if order.is_empty() {
        return Ok(sql);
    }
    let mut head = String::new();
    let mut map = SqlMap::default();
    let mut ctes = Vec::with_capacity(order.len());
    for (number, id) in order.iter().enumerate() {
        let draft = match drafts.get(id) {
            Some(Ok(draft)) => draft,
            Some(Err(why)) => return Err(why.clone()),
            None => continue,
        };
        if number > 0 {
            head.push_str(", ");
        }
        let start = head.len();
        head.push_str(&cte_name(&manifest.node(*id).alias));
        head.push_str(" as (\n");
        map.append(head.len(), &draft.map);
        head.push_str(&draft.text);
        head.push_str("\n)");
        ctes.push((*id, head[start..].to_owned()));
    }
    sql.ctes = ctes;
    Ok(in_front(sql, &head, &map))
}

/// The query with common table expressions (`a as (…), b as (…)`) in front of its own.
pub(super) fn in_front(mut sql: Sql, head: &str, map: &SqlMap) -> Sql {
    let (at, has_with) = head_of(&sql.text);
    let (before, after) = if has_with { (" ", ",") } else { ("with ", " ") };
    let inserted = format!("{before}{head}{after}");
    let mut shifted = SqlMap::default();
    shifted.append(before.len(), map);
    sql.map.insert(at, &shifted, inserted.len());
    sql.text.insert_str(at, &inserted);
    sql
}

/// Depth first, so that what is read stands before its reader; each once.
fn collect(id: NodeId, drafts: &Drafts, order: &mut Vec<NodeId>) {
    if order.contains(&id) {
        return;
    }
    if let Some(Ok(draft)) = drafts.get(&id) {
        for below in &draft.ephemerals {
            collect(*below, drafts, order);
        }
    }
    order.push(id);
}

/// Where a common table expression can be put into a query: right after its `with` (or `with recursive`), else before all, as in dbt;
/// and whether it has a `with`. White space and comments before the first word are passed over.
fn head_of(sql: &str) -> (usize, bool) {
    let start = first_word(sql, 0);
    let after = |at: usize, word: &str| {
        let end = at + word.len();
        let matches = sql
            .get(at..end)
            .is_some_and(|text| text.eq_ignore_ascii_case(word));
        let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let ends = !sql.get(end..).is_some_and(goes_on);
        (matches && ends).then_some(end)
    };
    match after(start, "with") {
        None => (0, false),
        Some(end) => match after(first_word(sql, end), "recursive") {
            Some(end) => (end, true),
            None => (end, true),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cte_goes_after_the_with_of_a_query_or_before_all() {
        assert_eq!(head_of("select 1"), (0, false));
        assert_eq!(head_of("\n-- with\n/* x */ select 1"), (0, false));
        assert_eq!(head_of("with a as (select 1) select * from a"), (4, true));
        assert_eq!(
            head_of(" WITH RECURSIVE a as (select 1) select 1"),
            (15, true)
        );
        assert_eq!(head_of("without"), (0, false));
        assert_eq!(head_of("with abcdefghé as (select 1) select 1"), (4, true));
        assert_eq!(
            head_of("/* a /* b */ c */ with a as (select 1) select 1"),
            (22, true)
        );
    }
}
