//! Which batches of which models a run builds.
//!
//! In: the nodes of a run, what exists, the flags. Out: per node its batches.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Prepared;
use crate::commands::{Session, Stop};
use crate::compile::Narrowing;
use crate::diagnostic::Diagnostic;
use crate::graph::Selection;
use crate::jinja::Macros;
use crate::manifest::microbatch::{Asked, Batches, moment};
use crate::manifest::{Manifest, Node, NodeId, ResourceType};
use crate::relation::{ExistingRelations, RelationKind};

/// The macro that a project replaces to apply batches in its own way.
const STRATEGY: &str = "get_incremental_microbatch_sql";

/// What the flags ask of the time to build.
///
/// # Errors
/// `--event-time-start` and `--event-time-end` that are no moments, that stand alone, or that are the wrong way round.
pub(super) fn asked(session: &Session, narrowing: &Narrowing) -> Result<Asked, Stop> {
    let bad =
        |what: String, help: &str| Stop::refused(Diagnostic::error("bad-flag", what).help(help));
    let at = |key: &str, name: &str| {
        let Some(text) = session.flags.text(key) else {
            return Ok(None);
        };
        let wrong = || {
            bad(
                format!("`--{name} {text}` is no day and no time"),
                "write such as `2026-01-31` or `2026-01-31 18:00`",
            )
        };
        moment(text).map(Some).ok_or_else(wrong)
    };
    let start = at("event_time_start", "event-time-start")?;
    let end = at("event_time_end", "event-time-end")?;
    let said = match (start, end) {
        (None, None) => None,
        (Some(start), Some(end)) if start < end => Some((start, end)),
        (Some(_), Some(_)) => {
            let what = "`--event-time-start` must lie before `--event-time-end`";
            return Err(bad(
                what.to_owned(),
                "the batches begin at the first and end before the second",
            ));
        }
        (Some(_), None) => {
            let what = "`--event-time-start` needs `--event-time-end` beside it";
            return Err(bad(
                what.to_owned(),
                "say where the batches end: `--event-time-end 2026-01-31`",
            ));
        }
        (None, Some(_)) => {
            let what = "`--event-time-end` needs `--event-time-start` beside it";
            return Err(bad(
                what.to_owned(),
                "say where the batches begin: `--event-time-start 2026-01-01`",
            ));
        }
    };
    let first = session.retried.as_ref().and_then(|retried| retried.started);
    let now = first.unwrap_or(session.started).to_zoned(TimeZone::UTC);
    Ok(Asked {
        window: narrowing.window.or(said),
        now: now.datetime(),
    })
}

/// The batches of each selected model that is built in batches.
pub(super) fn batches(
    session: &Session,
    prepared: &Prepared,
    existing: &ExistingRelations,
    full_refresh: bool,
    selection: &Selection,
) -> BTreeMap<NodeId, Batches> {
    let own_way = !session
        .flags
        .is("require_batched_execution_for_custom_microbatch_strategy")
        && replaces_the_strategy(&prepared.macros);
    let mut found = BTreeMap::new();
    for id in selection.iter().filter(|_| !own_way) {
        let node = prepared.manifest.node(id);
        let Some(of) = &node.config.microbatch else {
            continue;
        };
        let retried = session.retried.as_ref();
        let batches = match retried.and_then(|retried| retried.batches.get(&node.unique_id)) {
            Some((built, open)) => of.rest(built, open),
            None => of.batches(adds(node, existing, full_refresh), &prepared.asked),
        };
        found.insert(id, batches);
    }
    found
}

/// Whether there is a table that a model adds to.
fn adds(node: &Node, existing: &ExistingRelations, full_refresh: bool) -> bool {
    let old = node
        .relation
        .as_ref()
        .and_then(|relation| existing.get(relation));
    old.is_some_and(|old| old.kind == RelationKind::Table)
        && !node.config.full_refresh.unwrap_or(full_refresh)
}

/// Whether a project or package applies batches in its own way.
fn replaces_the_strategy(macros: &Macros) -> bool {
    macros.iter().any(|declared| {
        let name = declared.name.as_str();
        let bare = name.split_once("__").map_or(name, |(_, bare)| bare);
        declared.package != "dbt" && bare == STRATEGY
    })
}

/// What is worth a word about models that are built in batches: none of what they read tells its time.
pub(super) fn warnings(manifest: &Manifest) -> Vec<Diagnostic> {
    let models = manifest.nodes.iter().filter(|node| {
        node.resource_type == ResourceType::Model && node.config.microbatch.is_some()
    });
    let mut found = Vec::new();
    for node in models {
        let tells = |id: &NodeId| {
            let config = &manifest.node(*id).config;
            config
                .values
                .get("event_time")
                .is_some_and(|it| !it.is_null())
        };
        let place = |key: &str| node.config.written(key, "").or(node.declared_at.clone());
        if !node.depends_on.iter().any(tells) {
            let message = format!(
                "`{}` is built in batches, and nothing that it reads has an `event_time`",
                node.name
            );
            found.push(
                Diagnostic::warning("unfiltered-batches", message)
                    .at_some(place("event_time"))
                    .label("each batch reads everything")
                    .help("give what it reads an `event_time`, so that a batch reads its own rows only"),
            );
        }
    }
    found
}

/// A stretch of time as `run_results.json` has it.
pub fn stretch(value: &serde_json::Value) -> Option<(DateTime, DateTime)> {
    let at = |index: usize| moment(value.get(index)?.as_str()?);
    Some((at(0)?, at(1)?))
}
