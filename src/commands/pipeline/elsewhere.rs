//! Where nodes stand in the other targets of the profile, for the readers of a dictionary.
//!
//! In: what is prepared for the one target. Out: relations by target and node, as the same project says for each: its files are read
//! anew for every other target, because any of them may ask for `target`.

use std::collections::BTreeMap;

use super::{Prepared, Secrets, globals, read_macros};
use crate::commands::Session;
use crate::manifest::{self, Manifest};
use crate::project::{Project, profile};
use crate::redact::Redactor;

/// Nodes of all targets together: to read more would take longer than all the rest.
const MOST_NODES: usize = 2_000;
/// Of more targets than that nobody reads the names.
const MOST_TARGETS: usize = 6;

/// By target, then by `unique_id`. A target that cannot be read here (a variable of the environment that is not set) is left out.
pub(super) fn relations(
    session: &Session,
    prepared: &Prepared,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let global = &session.global;
    let mut options = global.project(&session.here, session.environment.clone());
    let own = &prepared.project.target;
    let mut names = profile::others(&options, own);
    names.truncate(MOST_TARGETS);
    if prepared.manifest.nodes.len() * names.len() > MOST_NODES {
        return found;
    }
    for name in names {
        options.target = Some(name.clone());
        let Some(relations) = of_target(session, &options) else {
            let words = format!("where tables stand in the target `{name}` is not told");
            session.terminal.debug(words);
            continue;
        };
        found.insert(name, relations);
    }
    found
}

fn of_target(
    session: &Session,
    options: &crate::project::Options,
) -> Option<BTreeMap<String, String>> {
    let (project, _) = Project::read(options).ok()?;
    let redactor: Redactor = Secrets::of(session, &project).redactor();
    let (macros, _) = read_macros(&project);
    let options = manifest::Options {
        globals: globals::globals(session, &project),
        materializations: crate::materialization::known(),
        started_at: None,
    };
    let (manifest, found) = Manifest::attempt(&project, &macros, &options);
    if found.has_errors() {
        return None;
    }
    let relations = manifest.nodes.iter().filter_map(|node| {
        let relation = node.relation.as_ref()?;
        let database = relation.database.as_deref();
        let place = match database.unwrap_or(&project.target.database) {
            "" => relation.to_string(),
            database => format!("{database}.{relation}"),
        };
        let hidden = redactor.redact(&place) != place;
        (!hidden).then(|| (node.unique_id.clone(), place))
    });
    Some(relations.collect())
}
