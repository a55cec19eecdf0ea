//! `column:model.column`: the selector method that follows the lineage of columns.
//!
//! A criterion of this method becomes one criterion a node, so that the graph needs to know nothing of SQL.

use super::{Door, Prepared, analysed};
use crate::analyze::ColumnGraph;
use crate::commands::lineage::columns;
use crate::commands::ls::selector;
use crate::commands::selecting::Asked;
use crate::commands::{Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::manifest::NodeId;
use std::collections::BTreeSet;

const METHOD: &str = "column:";

/// The request with every `column:` criterion said in names of nodes.
///
/// # Errors
/// A column that nobody has, and everything that is wrong in any of the templates.
pub(super) fn expand(
    session: &Session,
    prepared: &Prepared,
    asked: &Asked,
) -> Result<Option<Asked>, Stop> {
    let mut words = asked.select.iter().chain(&asked.exclude);
    if !words.any(|word| word.contains(METHOD)) {
        return Ok(None);
    }
    let door = Door::of(prepared)?;
    let analysed = analysed(session, prepared, &door)?;
    let graph = ColumnGraph::new(&prepared.manifest, &analysed.reading.analysis);
    let nodes = |criterion: &str| -> Result<Vec<String>, Stop> {
        let wrong = |wrong: Box<Diagnostic>| Stop::refused(*wrong);
        let parts = Parts::of(criterion);
        let mut found: BTreeSet<NodeId> = BTreeSet::new();
        for start in
            columns(&prepared.manifest, &analysed.reading.analysis, parts.column).map_err(wrong)?
        {
            found.insert(start.node);
            for (wanted, upstream) in [(parts.upstream, true), (parts.downstream, false)] {
                let Some(depth) = wanted else { continue };
                let edges = graph.reach(&start, upstream, depth);
                found.extend(edges.iter().map(|edge| {
                    if upstream {
                        edge.from.node
                    } else {
                        edge.to.node
                    }
                }));
            }
        }
        Ok(found
            .into_iter()
            .map(|id| selector(prepared.manifest.node(id)))
            .collect())
    };
    let expand = |words: &[String]| -> Result<Vec<String>, Stop> {
        let mut all = Vec::new();
        for word in words.iter().flat_map(|word| word.split_whitespace()) {
            // A comma asks for what all criteria have in common: each node of a column takes the column's place in turn.
            let mut joined: Vec<String> = vec![String::new()];
            for criterion in word.split(',') {
                let options = match criterion.contains(METHOD) {
                    true => nodes(criterion)?,
                    false => vec![criterion.to_owned()],
                };
                joined = joined
                    .iter()
                    .flat_map(|before| {
                        options.iter().map(move |option| match before.is_empty() {
                            true => option.clone(),
                            false => format!("{before},{option}"),
                        })
                    })
                    .collect();
            }
            all.extend(joined);
        }
        Ok(all)
    };
    Ok(Some(Asked {
        select: expand(&asked.select)?,
        exclude: expand(&asked.exclude)?,
        ..asked.clone()
    }))
}

/// `2+column:dim_users.level+`: the column, and how far the selection reaches from it.
struct Parts<'a> {
    column: &'a str,
    upstream: Option<Option<usize>>,
    downstream: Option<Option<usize>>,
}

impl<'a> Parts<'a> {
    fn of(criterion: &'a str) -> Self {
        let (before, after) = criterion.split_once(METHOD).unwrap_or(("", criterion));
        let upstream = before.strip_suffix('+').map(|digits| digits.parse().ok());
        let (column, downstream) = match after.rsplit_once('+') {
            Some((column, digits)) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                (column, Some(digits.parse().ok()))
            }
            _ => (after, None),
        };
        Self {
            column,
            upstream,
            downstream,
        }
    }
}
