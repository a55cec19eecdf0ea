//! The steps that commands share, from the files of a project to the results of a run.

mod analysis;
mod asking;
mod audits;
pub mod backup;
mod batches;
mod by_column;
pub mod carried;
mod comments;
mod dbt_version;
pub mod dictionary;
mod earlier;
mod elsewhere;
mod execute;
mod external;
mod freshness;
mod globals;
mod hidden;
mod history;
mod names;
mod narrowing;
mod source_columns;
mod target_folder;
mod together;
mod turn;
mod unload;
mod warehouse;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use self::hidden::Secrets;
use super::{Session, Stop};
use crate::artifacts::Invocation;
use crate::artifacts::manifest::ManifestJson;
use crate::commands::selecting::Asked;
use crate::compile::{Compiled, Compiler, Message, Narrowing, Surroundings};
use crate::diagnostic::{Diagnostics, Level};
use crate::graph::{Definitions, Graph, Selection, Tests};
use crate::jinja::Macros;
use crate::manifest::microbatch::{Asked as AskedTime, Batches};
use crate::manifest::{self, Manifest, NodeId, ResourceType};
use crate::project::Project;
use crate::redact::Redactor;
use crate::relation::ExistingRelations;

pub use analysis::{
    Analysed, Reading, analysed, before_run, check, compiled_offline, lineage_json, personal, read,
    reading, write_lineage,
};
pub use asking::{failed, refused};
pub use batches::stretch;
pub use earlier::{Deferral, as_json};
pub use execute::{columns_of, execute, seed};
pub use freshness::freshness;
pub use source_columns::sync;
pub use target_folder::{TargetFolder, write_operated};
pub use unload::unload;
pub use warehouse::{Door, Warehouse, schemas_of};

/// A project, its names resolved and its nodes in order.
pub struct Prepared {
    /// What is on disk.
    pub project: Arc<Project>,
    /// Macros of the project, and the built-in ones.
    pub macros: Arc<Macros>,
    /// Names resolved.
    pub manifest: Arc<Manifest>,
    /// Who reads whom.
    pub graph: Graph,
    /// What `selectors.yml` defines.
    pub definitions: Definitions,
    /// What must not be written anywhere.
    pub redactor: Redactor,
    /// How much of what templates read is read.
    pub narrowing: Narrowing,
    /// The time that models are built for in batches.
    pub asked: AskedTime,
    /// Which relations of an earlier run may be read, once that is known.
    pub deferral: OnceLock<Deferral>,
    read: OnceLock<Arc<Manifest>>,
}

impl Prepared {
    /// The manifest as templates and plans read it: by `--defer`, some nodes stand where an earlier run built them.
    pub fn read(&self) -> &Arc<Manifest> {
        self.read.get().unwrap_or(&self.manifest)
    }

    /// Makes the selected nodes views of what the state has, and says which are left to make.
    pub fn clone_from_state(
        &self,
        session: &Session,
        selection: &Selection,
        existing: Option<&ExistingRelations>,
    ) -> Selection {
        let nothing = Deferral::default();
        let deferral = self.deferral.get().unwrap_or(&nothing);
        let (manifest, cloned) = deferral.clones(session, &self.manifest, selection, existing);
        self.read.get_or_init(|| manifest);
        cloned
    }

    /// Finds out, once the warehouse was asked, which nodes are read from elsewhere.
    pub fn defer(&self, selection: &Selection, existing: &ExistingRelations) {
        if let Some(deferral) = self.deferral.get() {
            self.read
                .get_or_init(|| deferral.apply(&self.manifest, selection, existing));
        }
    }
}

/// What a command does to the nodes it is about.
#[derive(Clone, Debug)]
pub struct Execution {
    /// The command's name, for the log and the artifacts.
    pub verb: &'static str,
    /// Which nodes.
    pub request: Asked,
    /// Whether a node waits for the tests of what it reads.
    pub tests: Tests,
    /// `--full-refresh`.
    pub full_refresh: bool,
    /// `--fail-fast`.
    pub fail_fast: bool,
    /// `--store-failures`.
    pub store_failures: bool,
    /// `--audit`.
    pub audit: bool,
    /// `--atomic`: everything is shown together, or nothing.
    pub atomic: bool,
    /// `seed --show`: show the rows of each seed.
    pub show: bool,
    /// Whether what the database would refuse stops the run before its first statement.
    pub check: bool,
}

/// Reads the project, resolves its names and orders its nodes; warnings are told.
///
/// # Errors
/// All mistakes in its files, its names and its order; those of the profile and the project file alone, since nothing can be read
/// without them.
pub fn prepare(session: &Session) -> Result<Prepared, Stop> {
    let narrowing = narrowing::narrowing(session)?;
    let asked = batches::asked(session, &narrowing)?;
    let options = session
        .global
        .project(&session.here, session.environment.clone());
    let (mut project, mut found) = Project::read(&options).map_err(Stop::Refused)?;
    let secrets = Secrets::of(session, &project);
    secrets.hide(session);

    found.extend(project.target.config(&project.own.root).idle_keys());
    found.extend(analysis::settings(&project.own).err().into_iter().flatten());
    found.extend(
        dictionary::branding(&project.own)
            .err()
            .into_iter()
            .flatten(),
    );

    let (macros, of_macros) = read_macros(&project);
    found.extend(of_macros);
    let macros = Arc::new(macros);
    let globals = globals::globals(session, &project);
    let (manifest, of_names) = Manifest::attempt(
        &project,
        &macros,
        &manifest::Options {
            globals,
            materializations: crate::materialization::known(),
            started_at: Some(session.started),
        },
    );
    project.own.properties.forget_nodes();
    for package in &mut project.packages {
        package.properties.forget_nodes();
    }
    let redactor = secrets.hide_beside(session, &manifest);
    found.extend(of_names);
    found.extend(batches::warnings(&manifest));
    found.extend(narrowing::in_vain(&narrowing, &manifest));
    let required = session.flags.is("require_resource_names_without_spaces");
    found.extend(names::with_spaces(&manifest, required));
    let graph = Graph::new(&manifest).map_err(|cycles| {
        let mut found = found.clone();
        found.extend(cycles);
        Stop::Refused(found)
    })?;
    let (definitions, of_selectors) = Definitions::new(&project.selectors);
    found.extend(of_selectors);
    if session.flags.is("version_check") {
        found.extend(dbt_version::check(&project));
    }
    let found = Diagnostics(session.flags.warnings.apply(found.each_once().0));
    if found.has_errors() {
        return Err(Stop::Refused(found));
    }
    session.terminal.diagnostics(&found.0);
    let (project, manifest) = (Arc::new(project), Arc::new(manifest));
    // A command is for one project and ends with the process: to take a large one apart piece by piece would only take time.
    std::mem::forget((
        Arc::clone(&project),
        Arc::clone(&macros),
        Arc::clone(&manifest),
    ));
    Ok(Prepared {
        project,
        macros,
        manifest,
        graph,
        definitions,
        redactor,
        narrowing,
        asked,
        deferral: OnceLock::new(),
        read: OnceLock::new(),
    })
}

/// The project's macros and the generic tests that are built in, with what is wrong in them.
fn read_macros(project: &Project) -> (Macros, crate::diagnostic::Diagnostics) {
    Macros::read(
        &project.own.name,
        &project.macro_files(),
        &project.own.file.dispatch,
    )
}

/// The nodes that a request asks for; what matches nothing is told.
///
/// # Errors
/// Selectors that cannot be understood.
pub fn select(session: &Session, prepared: &Prepared, asked: &Asked) -> Result<Selection, Stop> {
    if let Some(retried) = &session.retried {
        let deferral = Deferral::of(session, prepared, asked)?;
        prepared.deferral.get_or_init(|| deferral);
        let manifest = &prepared.manifest;
        let known = manifest.ids();
        return Ok(known
            .filter(|id| retried.nodes.contains(&manifest.node(*id).unique_id))
            .collect());
    }
    let by_column = by_column::expand(session, prepared, asked)?;
    let mut request = by_column
        .as_ref()
        .unwrap_or(asked)
        .request(&prepared.definitions)
        .map_err(Stop::refused)?;
    request.compared = earlier::compare(session, prepared, asked)?;
    let (selection, warnings) = prepared
        .graph
        .select(&prepared.manifest, &request)
        .map_err(Stop::Refused)?;
    session.tell(warnings)?;
    let deferral = Deferral::of(session, prepared, asked)?;
    prepared.deferral.get_or_init(|| deferral);
    Ok(selection)
}

/// A compiler for the nodes of a project; `existing` is what the warehouse holds, where it was asked.
pub fn compiler(
    session: &Session,
    prepared: &Prepared,
    door: &Door,
    existing: Option<ExistingRelations>,
    full_refresh: bool,
    selection: &Selection,
) -> Compiler {
    let surroundings = Surroundings {
        existing,
        full_refresh,
        ..unheard(session, prepared, door, selection)
    };
    heard(session, surroundings)
}

/// What the compiler of a run works with; templates read another manifest where there is one.
fn surroundings_of_run(
    session: &Session,
    prepared: &Prepared,
    door: &Door,
    existing: ExistingRelations,
    batches: BTreeMap<NodeId, Batches>,
    (full_refresh, selection): (bool, &Selection),
    manifest: Option<&Arc<Manifest>>,
) -> Surroundings {
    let usual = unheard(session, prepared, door, selection);
    Surroundings {
        existing: Some(existing),
        full_refresh,
        batches,
        manifest: manifest.map_or(Arc::clone(&usual.manifest), Arc::clone),
        ..usual
    }
}

/// A compiler that tells what templates print, log and warn of.
fn heard(session: &Session, mut surroundings: Surroundings) -> Compiler {
    let (terminal, flags) = (Arc::clone(&session.terminal), session.flags.clone());
    surroundings.listener = Box::new(move |message| {
        match message {
            Message::Print(text) if flags.is("print") => {
                // Nobody is left to be told when the stream is closed.
                drop(terminal.print(&text));
            }
            Message::Print(_) => {}
            Message::Log { text, info } if info => terminal.info(text),
            Message::Log { text, .. } => terminal.debug(text),
            Message::Warning(warning) => match flags.warnings.of(*warning) {
                Some(it) if it.level == Level::Error => return Err(Box::new(it)),
                told => terminal.diagnostics(told.as_slice()),
            },
        }
        Ok(())
    });
    Compiler::new(surroundings)
}

/// What a compiler works with that says nothing of what templates print, log or warn of: for a second look at them.
fn unheard(
    session: &Session,
    prepared: &Prepared,
    door: &Door,
    selection: &Selection,
) -> Surroundings {
    Surroundings {
        manifest: Arc::clone(prepared.read()),
        macros: Arc::clone(&prepared.macros),
        adapter: Arc::clone(&door.adapter),
        existing: None,
        full_refresh: false,
        narrowing: prepared.narrowing.clone(),
        batches: BTreeMap::new(),
        globals: globals::globals(session, &prepared.project),
        vars: prepared.project.vars.clone(),
        environment: prepared.project.environment.clone(),
        selected: selection
            .iter()
            .map(|id| prepared.manifest.node(id).unique_id.clone())
            .collect(),
        entries: entries(session, prepared),
        listener: Box::new(|_| Ok(())),
    }
}

/// The nodes as `manifest.json` shows them, for templates that look at `model` or `graph`.
fn entries(
    session: &Session,
    prepared: &Prepared,
) -> Box<dyn Fn() -> Vec<serde_json::Value> + Send + Sync> {
    let manifest = Arc::clone(&prepared.manifest);
    let project = Arc::clone(&prepared.project);
    let (id, started) = (session.invocation_id.clone(), session.started);
    Box::new(move || {
        let invocation = Invocation {
            id: &id,
            started_at: started,
            ..invocation_of(&project, started)
        };
        let json = ManifestJson {
            manifest: &manifest,
            invocation: &invocation,
            compiled: &[],
            sql: &Compiled::default(),
            groups: &std::collections::BTreeMap::new(),
            built: &BTreeSet::new(),
            macros: &std::collections::BTreeMap::new(),
            docs: &std::collections::BTreeMap::new(),
            selectors: &serde_json::Map::new(),
        };
        json.entries(manifest.ids())
    })
}

/// What artifacts say about this run of the program.
pub fn invocation<'a>(session: &'a Session, project: &'a Project) -> Invocation<'a> {
    Invocation {
        id: &session.invocation_id,
        ..invocation_of(project, session.started)
    }
}

fn invocation_of(project: &Project, started: jiff::Timestamp) -> Invocation<'_> {
    Invocation {
        id: "",
        started_at: started,
        generated_at: started,
        adapter_type: project.target.dialect(),
        database: Some(&project.target.database),
        schema: &project.target.schema,
        target_path: project
            .target_path
            .strip_prefix(&project.own.root)
            .unwrap_or(&project.target_path),
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
