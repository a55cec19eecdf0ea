//! The catalog and the data dictionary, from what the warehouse holds now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::warehouse::{not_cancelled, or_cancelled};
use super::{Door, Prepared, TargetFolder, invocation};
use crate::adapter::{self, Connection, Value};
use crate::artifacts::catalog::{CatalogTable, catalog};
use crate::artifacts::file::write_json;
use crate::artifacts::timeline::Timeline;
use crate::artifacts::{Previous, declared, relation_name, sources};
use crate::commands::{Session, Stop};
use crate::compile::Compiled;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::docs::{self, Branding, Dictionary, Formats, Input, site};
use crate::graph::Selection;
use crate::manifest::node::Detail;
use crate::manifest::{Node, NodeId, ResourceType};
use crate::project::Package;
use crate::relation::{NothingKnown, RelationKind};

/// What is documented, and how.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The nodes; all, unless some are selected.
    pub nodes: Option<&'a BTreeSet<NodeId>>,
    /// What is written.
    pub formats: Formats,
    /// The SQL of all nodes, where the command compiled them all already.
    pub whole: Option<&'a Compiled>,
}

/// Writes `catalog.json`, and the dictionary in the formats that are wanted.
///
/// `compiled` has the SQL of nodes by their place. Out: whether anything of it is in the warehouse.
///
/// # Errors
/// When the warehouse does not answer, or a file cannot be written.
pub fn write(
    session: &Session,
    prepared: &Prepared,
    door: &Door,
    last: &Previous,
    compiled: &[Option<&str>],
    wanted: Wanted<'_>,
) -> Result<bool, Stop> {
    let manifest = &prepared.manifest;
    let branding = branding(&prepared.project.own).map_err(Stop::Refused)?;
    let generated_at = made_at(session)?;
    let folder = TargetFolder::of(session, prepared)?;
    let mut connection = door.connect(session)?;
    let (tables, missing) = tables(prepared, door, &mut *connection, last, wanted.nodes)
        .and_then(|told| not_cancelled(session).map(|()| told))
        .map_err(|error| or_cancelled(session, error))?;
    if let Some(missing) = missing {
        session.terminal.info(missing);
    }
    let invocation = invocation(session, &prepared.project);
    let json = catalog(&prepared.manifest, &tables, &invocation);
    write_json(&folder.path("catalog.json"), &json, &prepared.redactor)?;
    // Generic tests have no columns of their own, and say what is declared; most nodes of a project are such. Those that keep their
    // failures have columns.
    let is_read = |node: &Node| !is_generic_test(node) || node.config.keeps_failures(false);
    let offline = match wanted.whole {
        Some(_) => None,
        None => {
            let ran = |id: NodeId| compiled.get(id.index()).copied().flatten().is_some();
            let unknown = |id: NodeId| !ran(id) || is_read(manifest.node(id));
            Some(super::compiled_offline(session, prepared, door, unknown))
        }
    };
    let whole = wanted.whole.or(offline.as_ref());
    let read = whole.map(|whole| whole.only(|id| is_read(manifest.node(id))));
    let reading = read
        .as_ref()
        .and_then(|read| super::reading(prepared, read).ok());
    drop(read);
    match whole.zip(reading.as_ref()) {
        Some((compiled, reading)) => super::write_lineage(session, prepared, compiled, reading)?,
        None => session
            .terminal
            .debug("lineage.json is not written: a template of the project cannot be compiled"),
    }
    let teller = super::analysis::compiler_offline(session, prepared, door, &Selection::default());
    // Which columns are personal is known now that the queries are read.
    let dictionary = Dictionary::new(&Input {
        manifest: &prepared.manifest,
        selected: wanted.nodes,
        catalog: &tables,
        previous: last,
        said: &|id, text| teller.said(id, text),
        classes: &|id, column| {
            let personal = reading.as_ref().map(|reading| &reading.personal);
            let of_node = personal.into_iter().flat_map(|it| it.of_node(id));
            let own = of_node.filter(|(own, _)| &*own.column == column);
            own.flat_map(|(_, classes)| classes.iter().map(|class| class.name.to_string()))
                .collect()
        },
        ages: &sources::last(&folder.path("")).unwrap_or_default(),
        elsewhere: &super::elsewhere::relations(session, prepared),
        generated_at,
    });
    // What was compiled for the run comes first: a late node is known only there.
    let known = |id: NodeId| whole?.sql(id).map(|sql| sql.text.as_str());
    let compiled: Vec<Option<&str>> = manifest
        .ids()
        .map(|id| {
            let run = compiled.get(id.index()).copied().flatten();
            run.or_else(|| known(id))
        })
        .collect();
    let (lineage, influences) = reading.as_ref().map_or_else(Default::default, |reading| {
        let analysis = &reading.analysis;
        (
            site::column_edges(manifest, analysis),
            site::influences(manifest, analysis),
        )
    });
    // As large as the project, and told by now.
    drop(reading);
    let target = &prepared.project.target;
    let input = site::Input {
        manifest,
        dictionary: &dictionary,
        selected: wanted.nodes,
        compiled: &compiled,
        macros: &declared::macros(&prepared.macros, &prepared.project),
        docs: &declared::docs(&prepared.project),
        previous: last,
        timeline: &timeline(session, &folder),
        lineage: &lineage,
        influences: &influences,
        target: &format!("{} ({})", target.name, target.kind),
        branding: &branding,
        redactor: &prepared.redactor,
    };
    docs::write(&folder.path(""), &input, wanted.formats)?;
    session.terminal.info(format!(
        "The data dictionary is in {}",
        folder.path(wanted.formats.first()).display()
    ));
    Ok(!tables.is_empty())
}

fn is_generic_test(node: &Node) -> bool {
    matches!(&node.detail, Detail::Test(test) if test.generic.is_some())
}

/// The time that the files tell: now, or that of `SOURCE_DATE_EPOCH`, by which the same project gives the same bytes.
fn made_at(session: &Session) -> Result<Timestamp, Stop> {
    let said = session.environment.get("SOURCE_DATE_EPOCH");
    let Some(said) = said.filter(|said| !said.is_empty()) else {
        return Ok(Timestamp::now());
    };
    let seconds = said.parse().ok();
    let moment = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    moment.ok_or_else(|| {
        let wrong = Diagnostic::error("bad-config", "`SOURCE_DATE_EPOCH` is no moment");
        let wrong = wrong.note(format!("it is `{said}`"));
        Stop::refused(wrong.help("give the seconds since 1970, such as 1700000000, or unset it"))
    })
}

/// How the project wants its site to look.
///
/// # Errors
/// As [`Branding::of`].
pub fn branding(own: &Package) -> Result<Branding, Diagnostics> {
    let read = Branding::of(&own.file.flags, &own.root);
    read.map_err(|wrong| own.file.at_flag("docs", wrong))
}

/// When the last run's steps ran; a file that cannot be read is no reason not to write the rest.
fn timeline(session: &Session, folder: &TargetFolder<'_>) -> Timeline {
    Timeline::load(&folder.path("")).unwrap_or_else(|error| {
        session
            .terminal
            .debug(format!("what the last run left is not shown: {error}"));
        Timeline::default()
    })
}

/// What the warehouse holds for each node that has a place in it, and what it would not tell.
fn tables(
    prepared: &Prepared,
    door: &Door,
    connection: &mut dyn Connection,
    last: &Previous,
    selected: Option<&BTreeSet<NodeId>>,
) -> Result<(Vec<CatalogTable>, Option<String>), adapter::Error> {
    let manifest = &prepared.manifest;
    let in_catalog: BTreeMap<NodeId, _> = manifest
        .ids()
        .filter(|id| manifest.node(*id).resource_type != ResourceType::Test)
        .filter(|id| selected.is_none_or(|selected| selected.contains(id)))
        .filter_map(|id| Some((id, manifest.node(id).relation.as_ref()?)))
        .collect();
    let mut schemas: Vec<String> = in_catalog
        .values()
        .map(|relation| relation.schema.to_lowercase())
        .collect();
    schemas.sort();
    schemas.dedup();
    let existing = connection.existing(&schemas)?;
    let mut facts = connection.facts(&schemas)?;
    let mut tables = Vec::new();
    for (node, relation) in in_catalog {
        let Some(found) = existing.get(relation) else {
            continue;
        };
        let previous = last.results.get(&manifest.node(node).unique_id);
        let known = previous.and_then(|result| result.rows);
        let rows = match (found.kind, known) {
            (RelationKind::Table, None) => count(door, connection, &relation_name(relation))?,
            (_, known) => known,
        };
        tables.push(CatalogTable {
            node,
            kind: found.kind,
            columns: found.columns.clone(),
            rows,
            last_built: previous.and_then(|result| result.completed_at),
            facts: facts
                .by_relation
                .remove(&found.relation.name())
                .unwrap_or_default(),
        });
    }
    Ok((tables, facts.missing))
}

fn count(
    door: &Door,
    connection: &mut dyn Connection,
    relation: &str,
) -> Result<Option<u64>, adapter::Error> {
    let query = format!("select count(*) as n from {relation}");
    let Ok(prepared) = door.adapter.prepare_query(&query, &NothingKnown) else {
        return Ok(None);
    };
    let table = connection.query(&prepared, Some(1))?;
    Ok(match table.rows.first().and_then(|row| row.first()) {
        Some(Value::Int(rows)) => u64::try_from(*rows).ok(),
        _ => None,
    })
}
