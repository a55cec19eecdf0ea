//! An earlier run beside this one: what changed since, and which of its relations are read in the place of ours.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Prepared, invocation};
use crate::artifacts::manifest::ManifestJson;
use crate::artifacts::state::{State, words};
use crate::artifacts::{declared, relation_name};
use crate::commands::selecting::Asked;
use crate::commands::{Session, Stop};
use crate::compile::Compiled;
use crate::diagnostic::{Diagnostic, Source};
use crate::graph::{Compared, Selection};
use crate::manifest::node::{Code, Detail};
use crate::manifest::{Manifest, Node, NodeId, ResourceType};
use crate::relation::{ExistingRelations, Relation};

/// What the words of a request need of an earlier state; none where there is no `--state`.
///
/// # Errors
/// Artifacts that are missing or cannot be read.
pub(super) fn compare(
    session: &Session,
    prepared: &Prepared,
    asked: &Asked,
) -> Result<Option<Compared>, Stop> {
    let Some(folder) = &asked.earlier.state else {
        return Ok(None);
    };
    let state = State::read(&session.here.join(folder)).map_err(Stop::refused)?;
    let mut needed = words(&[asked.select.as_slice(), &asked.exclude].concat());
    if asked.selector.is_some() || prepared.definitions.default_name().is_some() {
        // A definition may use any of them, and what is missing matters where it is used.
        needed.insert("state:".to_owned());
    }
    if needed.is_empty() {
        return Ok(Some(Compared::default()));
    }
    let target = session.here.join(&prepared.project.target_path);
    if needed.iter().any(|word| word.starts_with("state:"))
        && same_folder(&state_folder(session, folder), &target)
    {
        session.tell(
            Diagnostic::warning(
                "state-is-target",
                "the state is the target folder, which this command writes",
            )
            .help("keep the artifacts to compare with in another folder")
            .into(),
        )?;
    }
    let current = std::fs::read_to_string(target.join("sources.json")).ok();
    let current = current.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let ours = as_json(session, prepared);
    let unrendered = session
        .flags
        .is("state_modified_compare_more_unrendered_values");
    let found = state
        .compare(&needed, &ours, current.as_ref(), unrendered)
        .map_err(Stop::refused)?;
    Ok(Some(Compared::new(&prepared.manifest, &found)))
}

fn state_folder(session: &Session, folder: &Path) -> std::path::PathBuf {
    session.here.join(folder)
}

fn same_folder(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Our manifest as its file would be.
pub fn as_json(session: &Session, prepared: &Prepared) -> Value {
    let macros = declared::macros(&prepared.macros, &prepared.project);
    let json = ManifestJson {
        built: &BTreeSet::new(),
        manifest: &prepared.manifest,
        invocation: &invocation(session, &prepared.project),
        compiled: &[],
        sql: &Compiled::default(),
        groups: &BTreeMap::new(),
        macros: &macros,
        docs: &BTreeMap::new(),
        selectors: &Map::new(),
    };
    serde_json::to_value(&json).unwrap_or_default()
}

/// Relations of an earlier run that nodes may be read from, by the nodes' places.
#[derive(Clone, Debug, Default)]
pub struct Deferral {
    relations: BTreeMap<NodeId, Relation>,
    favored: bool,
}

impl Deferral {
    /// What `--defer` asks for; nothing without it.
    ///
    /// # Errors
    /// Where there is no state to defer to.
    pub fn of(session: &Session, prepared: &Prepared, asked: &Asked) -> Result<Self, Stop> {
        let earlier = &asked.earlier;
        if session.verb == "clone" {
            return Self::to_state(session, prepared, asked);
        }
        if !earlier.defer || earlier.no_defer {
            return Ok(Self::default());
        }
        let mut deferral = Self::to_state(session, prepared, asked)?;
        deferral.favored = earlier.favor_state && !earlier.no_favor_state;
        Ok(deferral)
    }

    /// The relations of the state, whether `--defer` is said or not.
    ///
    /// # Errors
    /// Where there is no state.
    pub fn to_state(session: &Session, prepared: &Prepared, asked: &Asked) -> Result<Self, Stop> {
        let earlier = &asked.earlier;
        let Some(folder) = earlier.defer_state.as_ref().or(earlier.state.as_ref()) else {
            let problem = Diagnostic::error("state-needed", "there is no state to defer to");
            let help = "name the folder with the manifest.json of an earlier run: --state path/to/artifacts";
            return Err(Stop::refused(problem.help(help)));
        };
        let state = State::read(&session.here.join(folder)).map_err(Stop::refused)?;
        state.manifest().map_err(Stop::refused)?;
        let manifest = &prepared.manifest;
        let relations = manifest.ids().filter_map(|id| {
            let node = manifest.node(id);
            let ours = readable(node)?;
            let mut relation = state.relation(&node.unique_id)?;
            if relation.database.as_deref() == Some(manifest.database.as_str()) {
                relation.database = None;
            }
            (relation != *ours).then_some((id, relation))
        });
        Ok(Self {
            relations: relations.collect(),
            favored: false,
        })
    }

    /// Whether nothing is read from elsewhere.
    pub fn is_empty(&self) -> bool {
        self.relations.is_empty()
    }

    /// Where a node stands in the state.
    pub fn relation(&self, id: NodeId) -> Option<&Relation> {
        self.relations.get(&id)
    }

    /// The schemas that may be read.
    pub fn schemas(&self) -> impl Iterator<Item = String> + '_ {
        self.relations
            .values()
            .map(|relation| relation.schema.to_lowercase())
    }

    /// The manifest in which the selected nodes are views of their relations in the state, and which nodes that are: without those
    /// that are there already, unless all are to be made anew.
    pub fn clones(
        &self,
        session: &Session,
        manifest: &Arc<Manifest>,
        selection: &Selection,
        existing: Option<&ExistingRelations>,
    ) -> (Arc<Manifest>, Selection) {
        let mut changed = Manifest::clone(manifest);
        let mut cloned = Vec::new();
        for id in selection.iter() {
            let node = &mut changed.nodes[id.index()];
            let there = node.relation.as_ref().zip(existing);
            let is_there = there.is_some_and(|(here, existing)| existing.get(here).is_some());
            let say = |what: &str| session.terminal.info(format!("{}: {what}", node.unique_id));
            match self.relations.get(&id) {
                None => say("the state has no other relation of it"),
                Some(_) if is_there => say("is there already"),
                Some(relation) => {
                    let name = relation_name(relation);
                    let text = format!("{{% raw %}}select * from {name}{{% endraw %}}");
                    node.code = Some(Code::whole(&Source::new(&node.original_file_path, text)));
                    node.resource_type = ResourceType::Model;
                    node.detail = Detail::Plain;
                    node.config.materialized = "view".to_owned();
                    node.config.pre_hook.clear();
                    node.config.post_hook.clear();
                    node.config.contract_enforced = false;
                    node.depends_on.clear();
                    cloned.push(id);
                }
            }
        }
        (Arc::new(changed), cloned.into_iter().collect())
    }

    /// The manifest in which nodes that are not selected stand where the state has them: all of them where the state is favored, else
    /// those that are not here.
    pub fn apply(
        &self,
        manifest: &Arc<Manifest>,
        selection: &Selection,
        existing: &ExistingRelations,
    ) -> Arc<Manifest> {
        let deferred = self.relations.iter().filter(|(id, _)| {
            let here = manifest.node(**id).relation.as_ref();
            !selection.contains(**id)
                && (self.favored || here.is_none_or(|here| existing.get(here).is_none()))
        });
        let deferred: Vec<_> = deferred.collect();
        if deferred.is_empty() {
            return Arc::clone(manifest);
        }
        let mut changed = Manifest::clone(manifest);
        for (id, relation) in deferred {
            changed.nodes[id.index()].relation = Some(relation.clone());
        }
        Arc::new(changed)
    }
}

/// The relation of a node that others read by `ref`.
fn readable(node: &Node) -> Option<&Relation> {
    let kinds = [
        ResourceType::Model,
        ResourceType::Seed,
        ResourceType::Snapshot,
    ];
    let relation = node.relation.as_ref()?;
    kinds.contains(&node.resource_type).then_some(relation)
}
