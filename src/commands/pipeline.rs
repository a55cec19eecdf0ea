//! The steps that commands share, from the files of a project to the results of a run.

use std::collections::BTreeSet;

use super::{Outcome, Session, Stop};
use crate::artifacts::Invocation;
use crate::diagnostic::Diagnostic;
use crate::graph::{Graph, Request, Selection, Tests};
use crate::manifest::{Manifest, ResourceType};
use crate::project::Project;

/// A project, its names resolved and its nodes in order.
#[derive(Debug)]
pub struct Prepared {
    /// What is on disk.
    pub project: Project,
    /// Names resolved.
    pub manifest: Manifest,
    /// Who reads whom.
    pub graph: Graph,
}

/// What a command does to the nodes it is about.
#[derive(Clone, Debug)]
pub struct Execution {
    /// The command's name, for the log and the artifacts.
    pub verb: &'static str,
    /// Which nodes.
    pub request: Request,
    /// Whether a node waits for the tests of what it reads.
    pub tests: Tests,
    /// `--full-refresh`.
    pub full_refresh: bool,
    /// `--fail-fast`.
    pub fail_fast: bool,
    /// `--store-failures`.
    pub store_failures: bool,
    /// `seed --show`: show the rows of each seed.
    pub show: bool,
}

/// Reads the project, resolves its names and orders its nodes; warnings are told.
///
/// # Errors
/// The mistakes of the first step that finds any.
pub fn prepare(_session: &Session) -> Result<Prepared, Stop> {
    Err(unwired())
}

/// The nodes that a request asks for; what matches nothing is told.
///
/// # Errors
/// Selectors that cannot be understood.
pub fn select(
    session: &Session,
    prepared: &Prepared,
    request: &Request,
) -> Result<Selection, Stop> {
    let (selection, warnings) = prepared
        .graph
        .select(&prepared.manifest, request)
        .map_err(Stop::Refused)?;
    session.terminal.diagnostics(&warnings.0);
    Ok(selection)
}

/// Runs the selected nodes in the warehouse and writes what became of them.
///
/// # Errors
/// Mistakes found before the first statement, or a warehouse that cannot be reached.
pub fn execute(_session: &Session, _execution: &Execution) -> Result<Outcome, Stop> {
    Err(unwired())
}

/// What artifacts say about this run of the program.
pub fn invocation<'a>(session: &'a Session, project: &'a Project) -> Invocation<'a> {
    Invocation {
        id: &session.invocation_id,
        started_at: session.started,
        generated_at: session.started,
        adapter_type: project.target.dialect(),
        database: Some(&project.target.database),
        schema: &project.target.schema,
        target_path: &project.target_path,
    }
}

/// The kinds of node that a template is compiled for.
pub fn compiled_kinds() -> BTreeSet<ResourceType> {
    [
        ResourceType::Model,
        ResourceType::Seed,
        ResourceType::Snapshot,
        ResourceType::Test,
        ResourceType::Analysis,
    ]
    .into()
}

/// The answer of the commands whose steps are still being joined.
pub fn unwired() -> Stop {
    Stop::refused(Diagnostic::error(
        "unsupported-command",
        "this command is not supported yet",
    ))
}
