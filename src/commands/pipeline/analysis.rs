//! The analysis of a project's queries, and the artifact that tells it.

use std::collections::BTreeSet;

use super::{Door, Prepared, TargetFolder, compiled_kinds};
use crate::analyze::{self, Analysis, Input};
use crate::artifacts::file::write_json;
use crate::artifacts::lineage::LineageJson;
use crate::commands::{Session, Stop};
use crate::compile::Compiled;
use crate::graph::Selection;
use crate::manifest::NodeId;
use crate::relation::{KnownColumns, NothingKnown};
use crate::sql::dialect::Dialect;

/// A project with its queries compiled and read, offline.
pub struct Analysed {
    /// The SQL of every node.
    pub compiled: Compiled,
    /// What it says.
    pub analysis: Analysis,
}

/// Compiles and reads the queries of the whole project without a warehouse.
///
/// # Errors
/// Everything that is wrong in any of the templates.
pub fn analysed(session: &Session, prepared: &Prepared, door: &Door) -> Result<Analysed, Stop> {
    let kinds = compiled_kinds();
    let nodes: BTreeSet<NodeId> = prepared
        .manifest
        .ids()
        .filter(|id| kinds.contains(&prepared.manifest.node(*id).resource_type))
        .collect();
    let selection: Selection = nodes.iter().copied().collect();
    let compiler = super::compiler(session, prepared, door, None, false, &selection);
    let compiled = compiler.all(nodes).map_err(Stop::Refused)?;
    let analysis = analysis(prepared, &compiled, &NothingKnown);
    Ok(Analysed { compiled, analysis })
}

/// Reads compiled queries; `existing` tells what the warehouse holds, where it was asked.
pub fn analysis(prepared: &Prepared, compiled: &Compiled, existing: &dyn KnownColumns) -> Analysis {
    analyze::analyze(&Input {
        manifest: &prepared.manifest,
        graph: &prepared.graph,
        compiled,
        dialect: Dialect::named(prepared.project.target.dialect()),
        seed: &|id| super::seed(prepared, id),
        existing,
    })
}

/// Writes `lineage.json`.
///
/// # Errors
/// When the file cannot be written.
pub fn write_lineage(
    session: &Session,
    prepared: &Prepared,
    compiled: &Compiled,
    analysis: &Analysis,
) -> Result<(), Stop> {
    if session.global.output.no_write_json {
        return Ok(());
    }
    let folder = TargetFolder::of(session, prepared)?;
    let json = LineageJson {
        manifest: &prepared.manifest,
        analysis,
        compiled,
        dialect: prepared.project.target.dialect(),
    };
    write_json(
        &folder.path("lineage.json"),
        &json.json(),
        &prepared.redactor,
    )?;
    Ok(())
}
