//! What is hidden in everything that is written, and what cannot be: a secret that is also a name.
//!
//! In: the project and, once it is there, the manifest. Out: the redactor, told to the terminal.

use crate::commands::Session;
use crate::manifest::{self, Manifest};
use crate::project::Project;
use crate::redact::Redactor;

/// The secrets of a project, of its target and of the environment.
pub(super) struct Secrets {
    all: Vec<String>,
    /// Those that no name gives away before the nodes are known.
    hidden: Vec<String>,
}

impl Secrets {
    /// Keys that the project was allowed to hold, and those that it was not: nobody reads either.
    pub(super) fn of(session: &Session, project: &Project) -> Self {
        let sources = project
            .all()
            .flat_map(|package| &package.properties.sources);
        let in_loads = sources.flat_map(|source| {
            let external = source
                .tables
                .iter()
                .filter_map(|table| table.external.as_ref());
            external.flat_map(manifest::staged_load::secrets)
        });
        let in_target = project.target.secrets.iter().map(str::to_owned);
        let in_environment = session.environment.secrets();
        let in_environment = in_environment.iter().map(str::to_owned);
        let all: Vec<String> = in_target.chain(in_loads).chain(in_environment).collect();
        let hidden = all
            .iter()
            .filter(|secret| !is_word_of(project, secret) && !is_name_of_target(project, secret))
            .cloned()
            .collect();
        Self { all, hidden }
    }

    /// Hides what can be hidden before the nodes are known.
    pub(super) fn hide(&self, session: &Session) {
        session.terminal.hide(Redactor::new(self.hidden.clone()));
    }

    /// What hides all that is hidden.
    pub(super) fn redactor(self) -> Redactor {
        Redactor::new(self.hidden)
    }

    /// Hides what no node's name holds, and tells if that is not all of it.
    pub(super) fn hide_beside(mut self, session: &Session, manifest: &Manifest) -> Redactor {
        self.hidden
            .retain(|secret| !is_name_of_node(manifest, secret));
        if self.hidden.len() < self.all.len() {
            session.terminal.info(
                "a password is also a word of the project's SQL or part of a name, so that it is not masked: that would change the SQL and the names",
            );
        }
        let redactor = Redactor::new(self.hidden);
        session.terminal.hide(redactor.clone());
        redactor
    }
}

/// Whether a secret is a plain word that the SQL of the project has too, such as the password `postgres`: masked, the SQL would say
/// something else.
fn is_word_of(project: &Project, secret: &str) -> bool {
    const LONGEST: usize = 12;
    let plain = (1..=LONGEST).contains(&secret.len()) && secret.chars().all(char::is_alphabetic);
    plain
        && project.all().any(|package| {
            let files = [&package.models, &package.macros, &package.analyses];
            let mut files = files.into_iter().flatten().chain(&package.singular_tests);
            files.any(|file| file.source.text.contains(secret))
        })
}

/// Whether a secret is part of a name that everything of the target has: masked, no artifact would say where a relation is.
fn is_name_of_target(project: &Project, secret: &str) -> bool {
    let target = &project.target;
    let names = [
        &target.profile_name,
        &target.name,
        &target.kind,
        &target.schema,
        &target.database,
    ];
    let packages = project.all().map(|package| &package.name);
    names
        .into_iter()
        .chain(packages)
        .any(|name| name.contains(secret))
}

/// Whether a secret is part of the name of a node or of its relation.
fn is_name_of_node(manifest: &Manifest, secret: &str) -> bool {
    manifest.ids().any(|id| {
        let node = manifest.node(id);
        let relation = node.relation.as_ref();
        let of_relation = relation.into_iter().flat_map(|relation| {
            [&relation.schema, &relation.identifier]
                .into_iter()
                .chain(&relation.database)
        });
        std::iter::once(&node.unique_id)
            .chain(of_relation)
            .any(|name| name.contains(secret))
    })
}
