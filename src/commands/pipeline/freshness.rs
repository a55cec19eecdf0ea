//! The age of sources: asked, judged, told, and written down.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::audits::Audits;
use super::execute::{Running, with_operations};
use super::{Door, Execution, TargetFolder, compiler, select};
use crate::commands::{Outcome, Session, Stop};
use crate::compile::{Compiled, CompiledNode};
use crate::manifest::node::Detail;
use crate::manifest::{NodeId, ResourceType};

/// Measures the selected sources that have a limit, and writes what was found to `output` or else `sources.json`.
///
/// # Errors
/// Mistakes found before the first question, or a warehouse that cannot be reached.
pub fn freshness(
    session: &Session,
    execution: &Execution,
    output: Option<&Path>,
) -> Result<Outcome, Stop> {
    let prepared = super::prepare(session)?;
    let selection = select(session, &prepared, &execution.request)?;
    let folder = TargetFolder::of(session, &prepared)?;
    folder.write_manifest(&Compiled::default(), &[], &BTreeSet::new())?;
    let measured = |id: NodeId| matches!(&prepared.manifest.node(id).detail, Detail::Source(source) if source.freshness.is_some());
    let wanted: Vec<NodeId> = selection.iter().filter(|id| measured(*id)).collect();
    if wanted.is_empty() {
        session
            .terminal
            .info("Nothing to do: no source with `freshness` is selected");
        return Ok(Outcome::Done);
    }
    let door = Door::of(&prepared)?;
    session.begin_run();
    let warehouse = door.enter(session, &prepared)?;
    let existing = Some(warehouse.existing.clone());
    let compiler = compiler(session, &prepared, &door, existing, false, &selection);
    let nodes: BTreeSet<NodeId> = with_operations(&prepared, &selection)
        .into_iter()
        .filter(|id| {
            prepared.manifest.node(*id).resource_type == ResourceType::Operation
                || wanted.contains(id)
        })
        .collect();
    let operations = nodes.iter().copied().filter(|id| !wanted.contains(id));
    let mut compiled = compiler.each(operations);
    for id in &wanted {
        let asked = compiler.loaded_at(*id);
        compiled.extend([(*id, asked.unwrap_or_else(CompiledNode::Wrong))]);
    }
    let work = Running {
        session,
        execution,
        prepared: &prepared,
        door: &door,
        warehouse: &warehouse,
        compiler: &compiler,
        compiled: &compiled,
        beside: &compiler,
        planned: &compiled,
        aside: None,
        wrong: &BTreeMap::new(),
        audits: &Audits::default(),
        batches: &BTreeMap::new(),
        nodes: &nodes,
        folder: &folder,
        history: None,
    };
    let (results, _) = work.run()?;
    folder.write_sources(&results, output)?;
    Ok(match (results.cancelled, results.failed()) {
        (true, _) => Outcome::Cancelled,
        (_, true) => Outcome::Failed,
        _ => Outcome::Done,
    })
}
