//! Relations to files: all that was asked for is checked first, then written one after the other.

use super::{Door, Prepared};
use crate::adapter::{self, ErrorClass, Statement};
use crate::artifacts;
use crate::commands::{Outcome, Session, Stop};
use crate::diagnostic::{Diagnostic, Diagnostics, counted};
use crate::manifest::unload::UnloadConfig;
use crate::manifest::{Manifest, NodeId, ResourceType};
use crate::relation::NothingKnown;
use crate::run::{RunResults, Status};

/// Writes the rows of some nodes.
///
/// # Errors
/// What the warehouse cannot do, before anything is written; a warehouse that cannot be reached.
pub fn unload(
    session: &Session,
    prepared: &Prepared,
    door: &Door,
    wanted: Vec<(NodeId, UnloadConfig)>,
) -> Result<Outcome, Stop> {
    let manifest = &prepared.manifest;
    let mut problems = Diagnostics::default();
    let mut orders = Vec::new();
    for (id, config) in wanted {
        let node = manifest.node(id);
        let Some(relation) = &node.relation else {
            continue;
        };
        let unload = config.of(&artifacts::relation_name(relation), &node.name);
        let place = unload.origin.clone();
        let to = unload.to.clone();
        let statement = Statement::Unload(Box::new(unload));
        match door.adapter.prepare(&statement, &NothingKnown) {
            Ok(order) => orders.push((node, place, to, order)),
            Err(refusal) => {
                let mut problem = Diagnostic::error(refusal.code, refusal.message).at_some(place);
                problem.label = refusal.reason;
                problem.help.extend(refusal.help);
                problems.push(problem);
            }
        }
    }
    if problems.has_errors() {
        return Err(Stop::Refused(problems));
    }
    if orders.is_empty() {
        return Ok(Outcome::Done);
    }
    let mut connection = door.connect(session)?;
    let mut failed = false;
    for (node, place, to, order) in orders {
        if session.cancel.is_requested() {
            return Ok(Outcome::Cancelled);
        }
        session
            .terminal
            .info(format!("unload {} to {to}", node.name));
        match connection.execute(&order) {
            Ok(outcome) => {
                let rows = outcome.rows.map(|rows| counted(rows, "row"));
                let rows = rows.unwrap_or_else(|| "the rows".to_owned());
                session
                    .terminal
                    .info(format!("unloaded {}: {rows} to {to}", node.name));
            }
            Err(error) if error.class == ErrorClass::Cancelled => return Ok(Outcome::Cancelled),
            Err(error) => {
                failed = true;
                session
                    .terminal
                    .diagnostics(&[told(&node.name, error).at_some(place)]);
            }
        }
    }
    Ok(if failed {
        Outcome::Failed
    } else {
        Outcome::Done
    })
}

fn told(name: &str, error: adapter::Error) -> Diagnostic {
    let message = format!("`{name}` could not be unloaded: {}", error.message);
    let mut problem = Diagnostic::error("unload-error", message);
    problem.notes.extend(error.detail);
    problem.help.extend(error.help);
    problem
}

/// The nodes of a run that say `unload:`, were built, and passed every test that looked at them.
pub fn after_build(manifest: &Manifest, results: &RunResults) -> Vec<(NodeId, UnloadConfig)> {
    let failed_on = |id: NodeId| {
        results.results.iter().any(|result| {
            let node = manifest.node(result.node);
            node.resource_type == ResourceType::Test
                && matches!(
                    result.status,
                    Status::Fail | Status::Error | Status::PartialSuccess
                )
                && node.depends_on.contains(&id)
        })
    };
    let built = results
        .results
        .iter()
        .filter(|result| result.status == Status::Success);
    built
        .filter_map(|result| {
            let config = manifest.node(result.node).config.unload.as_deref()?;
            (!failed_on(result.node)).then(|| (result.node, config.clone()))
        })
        .collect()
}
