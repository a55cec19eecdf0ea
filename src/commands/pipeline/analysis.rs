//! The analysis of a project's queries, the checks that stand on it, and the artifact that tells it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Door, Prepared, TargetFolder, compiled_kinds, source_columns};
use crate::analyze::checks::{self, Checked, Personal, Settings};
use crate::analyze::{self, Analysis, Input};
use crate::artifacts::Previous;
use crate::artifacts::file::write_json;
use crate::artifacts::lineage::LineageJson;
use crate::commands::{Session, Stop};
use crate::compile::{Compiled, Compiler, HookSql};
use crate::diagnostic::{Diagnostic, Diagnostics, Level};
use crate::graph::Selection;
use crate::manifest::{Manifest, NodeId, ResourceType};
use crate::project::Package;
use crate::relation::{ExistingRelations, KnownColumns, NothingKnown};
use crate::sql::dialect::Dialect;

/// A project with its queries compiled and read, offline.
pub struct Analysed {
    /// The SQL of every node.
    pub compiled: Compiled,
    /// What it says.
    pub reading: Reading,
}

/// What the queries of a project say.
pub struct Reading {
    /// The columns of every node.
    pub analysis: Analysis,
    /// Where personal data goes.
    pub personal: Personal,
    /// What the project says about checks.
    settings: Settings,
    /// The rows of nodes that were built before.
    rows: BTreeMap<NodeId, u64>,
}

impl Reading {
    /// Takes how many rows the nodes had when they were last built.
    pub fn with_rows(mut self, manifest: &Manifest, last: &Previous) -> Self {
        let rows = manifest.ids().filter_map(|id| {
            let result = last.results.get(&manifest.node(id).unique_id)?;
            Some((id, result.rows?))
        });
        self.rows = rows.collect();
        self
    }

    /// The columns of a query that is no node, in order, and which of them hold personal data; none where that cannot be told.
    ///
    /// Only Redshift's SQL is understood to the last function: in that of the others one may read a table that it names in a text.
    pub fn personal_in(&self, prepared: &Prepared, text: &str) -> Option<Vec<(String, bool)>> {
        let dialect = Dialect::named(prepared.project.target.dialect());
        if dialect != Dialect::Redshift {
            return None;
        }
        let manifest = &prepared.manifest;
        let columns = analyze::query(manifest, &self.analysis, dialect, text)?;
        let told = columns.into_iter().map(|column| {
            let classes = self.personal.classes_in(manifest, &self.settings, &column);
            (column.name, !classes.is_empty())
        });
        Some(told.collect())
    }

    /// Whether all columns of a node's query are known; of what has none, all of its own.
    pub fn tells_columns(&self, id: NodeId) -> bool {
        let node = self.analysis.node(id);
        match &node.query {
            Some(query) => query.complete,
            None => node.schema.is_complete(),
        }
    }
}

/// Compiles and reads the queries of the whole project without a warehouse.
///
/// # Errors
/// Everything that is wrong in any of the templates.
pub fn analysed(session: &Session, prepared: &Prepared, door: &Door) -> Result<Analysed, Stop> {
    let compiled = compiled_offline(session, prepared, door, |_| true);
    match compiled.mistakes() {
        wrong if wrong.has_errors() => Err(Stop::Refused(wrong)),
        _ => {
            let reading = reading(prepared, &compiled)?;
            Ok(Analysed { compiled, reading })
        }
    }
}

/// Compiles the queries of the project, or those that are wanted, without a warehouse; a template may be wrong.
pub fn compiled_offline(
    session: &Session,
    prepared: &Prepared,
    door: &Door,
    wanted: impl Fn(NodeId) -> bool,
) -> Compiled {
    let kinds = compiled_kinds();
    let nodes: BTreeSet<NodeId> = prepared
        .manifest
        .ids()
        .filter(|id| kinds.contains(&prepared.manifest.node(*id).resource_type))
        .collect();
    let compiler = compiler_offline(session, prepared, door, &nodes.iter().copied().collect());
    compiler.each(nodes.into_iter().filter(|id| wanted(*id)))
}

/// Compiles without a warehouse. The command itself compiles what it needs, and tells what templates print, log and warn of:
/// once is enough.
pub(super) fn compiler_offline(
    session: &Session,
    prepared: &Prepared,
    door: &Door,
    selection: &Selection,
) -> Compiler {
    Compiler::new(super::unheard(session, prepared, door, selection))
}

/// Reads compiled queries, with the columns that `load-sources` and the like left on disk.
///
/// # Errors
/// As [`read`], and a file of columns that cannot be read.
pub fn reading(prepared: &Prepared, compiled: &Compiled) -> Result<Reading, Stop> {
    let sources = source_columns::read(prepared).map_err(Stop::refused)?;
    read(prepared, compiled, &sources)
}

/// What the project says about checks.
///
/// # Errors
/// As [`Settings::of`].
pub fn settings(own: &Package) -> Result<Settings, Diagnostics> {
    let read = Settings::of(&own.file.flags);
    read.map_err(|wrong| own.file.at_flag("check", wrong))
}

/// Reads compiled queries, and follows personal data through them; `existing` tells what the warehouse holds, where it was asked.
///
/// # Errors
/// Settings of the checks that are not known.
pub fn read(
    prepared: &Prepared,
    compiled: &Compiled,
    existing: &dyn KnownColumns,
) -> Result<Reading, Stop> {
    let settings = settings(&prepared.project.own).map_err(Stop::Refused)?;
    let manifest = &prepared.manifest;
    let analysis = analyze::analyze(&Input {
        manifest,
        graph: &prepared.graph,
        compiled,
        dialect: Dialect::named(prepared.project.target.dialect()),
        seed: &|id| super::seed(prepared, id),
        existing,
    });
    let personal = Personal::of(manifest, &prepared.graph, &analysis, &settings);
    for id in manifest.ids() {
        let columns = personal.of_node(id);
        let columns = columns.map(|(column, _)| column.column.to_string());
        let columns: BTreeSet<String> = columns.collect();
        // A second reading of the same project tells the same; what is read from elsewhere has a manifest of its own.
        for manifest in [manifest, prepared.read()] {
            let _ = manifest.node(id).personal.set(columns.clone());
        }
    }
    Ok(Reading {
        analysis,
        personal,
        settings,
        rows: BTreeMap::new(),
    })
}

/// Where personal data goes, where the project declares any.
///
/// # Errors
/// Everything that is wrong in any of the templates.
pub fn personal(
    session: &Session,
    prepared: &Prepared,
    door: &Door,
) -> Result<Option<Reading>, Stop> {
    if !declares_personal(prepared) {
        return Ok(None);
    }
    Ok(Some(analysed(session, prepared, door)?.reading))
}

pub(super) fn declares_personal(prepared: &Prepared) -> bool {
    let mut nodes = prepared.manifest.nodes.iter();
    nodes.any(|node| node.columns.values().any(checks::is_personal))
}

/// What is wrong with some nodes.
pub fn check(
    prepared: &Prepared,
    compiled: &Compiled,
    reading: &Reading,
    nodes: &BTreeSet<NodeId>,
) -> Vec<Diagnostic> {
    let target = &prepared.project.target;
    let checked = Checked {
        manifest: &prepared.manifest,
        analysis: &reading.analysis,
        compiled,
        dialect: Dialect::named(target.dialect()),
        emulated: target.dialect() == "redshift" && target.kind != "redshift",
        personal: &reading.personal,
        settings: &reading.settings,
        rows: &reading.rows,
    };
    checks::check(&checked, nodes)
}

/// Reads the queries of a run before its first statement: so that personal values are known for what they are, and with `checks` so that
/// what the database would refuse is known. Gives what that is, node by node; nothing where all is well.
///
/// # Errors
/// Settings of the checks that are not known.
pub fn before_run(
    session: &Session,
    prepared: &Prepared,
    door: &Door,
    compiled: &Compiled,
    existing: &ExistingRelations,
    nodes: &BTreeSet<NodeId>,
    checks: bool,
) -> Result<BTreeMap<NodeId, Diagnostics>, Stop> {
    let manifest = &prepared.manifest;
    if !checks && !declares_personal(prepared) {
        return Ok(BTreeMap::new());
    }
    // A hook may change a table before it is read.
    let changed = nodes.iter().any(|id| {
        let Some(sql) = compiled.sql(*id) else {
            return false;
        };
        let operation = manifest.node(*id).resource_type == ResourceType::Operation;
        sql.pre_hooks
            .iter()
            .chain(&sql.post_hooks)
            .any(|hook: &HookSql| hook.late.is_some() || analyze::changes(&hook.sql))
            || operation && analyze::changes(&sql.text)
    });
    let nothing = NothingKnown;
    let existing: &dyn KnownColumns = if changed { &nothing } else { existing };
    if declares_personal(prepared) {
        // Personal data comes from above what is run; what a node is told first, it keeps.
        let above = prepared.graph.ancestors(nodes, None);
        let unread = |id: NodeId| above.contains(&id) && compiled.get(id).is_none();
        let others = compiled_offline(session, prepared, door, unread);
        read(prepared, &compiled.clone().and(others), existing)?;
    }
    let reading = read(prepared, compiled, existing)?;
    if !checks {
        return Ok(BTreeMap::new());
    }
    let refused = |nodes: &BTreeSet<NodeId>| {
        let mut found = check(prepared, compiled, &reading, nodes);
        found.retain(|one| one.level == Level::Error && checks::is_refused(one));
        Diagnostics(found)
    };
    if refused(nodes).0.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut by_node: BTreeMap<NodeId, Diagnostics> = BTreeMap::new();
    for id in nodes {
        let found = refused(&BTreeSet::from([*id]));
        if found.0.is_empty() {
            continue;
        }
        // An ephemeral model has no turn of its own: it is wrong in what is made of it.
        let turns = turns_of(prepared, *id, nodes);
        if turns.is_empty() {
            return Err(Stop::Failed(found));
        }
        for turn in turns {
            by_node.entry(turn).or_default().extend(found.clone());
        }
    }
    Ok(by_node)
}

/// The nodes of a run at whose turn a query is sent: of an ephemeral model, those into whose SQL it is put.
fn turns_of(prepared: &Prepared, id: NodeId, nodes: &BTreeSet<NodeId>) -> BTreeSet<NodeId> {
    let manifest = &prepared.manifest;
    let inlined = |id: NodeId| manifest.node(id).config.materialized == "ephemeral";
    let mut turns = BTreeSet::new();
    let mut waiting = vec![id];
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        if inlined(id) {
            let readers = nodes.iter().copied();
            waiting.extend(readers.filter(|other| manifest.node(*other).depends_on.contains(&id)));
        } else {
            turns.insert(id);
        }
    }
    turns
}

/// Writes `lineage.json`.
///
/// # Errors
/// When the file cannot be written.
pub fn write_lineage(
    session: &Session,
    prepared: &Prepared,
    compiled: &Compiled,
    reading: &Reading,
) -> Result<(), Stop> {
    if !session.flags.is("write_json") {
        return Ok(());
    }
    let folder = TargetFolder::of(session, prepared)?;
    let path = folder.path("lineage.json");
    let lineage = lineage_of(prepared, compiled, reading);
    write_json(&path, &lineage, &prepared.redactor)?;
    Ok(())
}

/// What `lineage.json` holds.
///
/// # Errors
/// When it cannot be said in JSON.
pub fn lineage_json(
    prepared: &Prepared,
    compiled: &Compiled,
    reading: &Reading,
) -> Result<Value, Stop> {
    let lineage = lineage_of(prepared, compiled, reading);
    Ok(serde_json::to_value(lineage).map_err(std::io::Error::from)?)
}

fn lineage_of<'a>(
    prepared: &'a Prepared,
    compiled: &'a Compiled,
    reading: &'a Reading,
) -> LineageJson<'a> {
    LineageJson {
        manifest: &prepared.manifest,
        analysis: &reading.analysis,
        compiled,
        personal: &reading.personal,
        dialect: prepared.project.target.dialect(),
    }
}
