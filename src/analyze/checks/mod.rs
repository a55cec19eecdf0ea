//! Mistakes that show before anything runs, and advice: one file a check, one line in [`ALL`].
//!
//! In: the analysed project. Out: diagnostics in the files of the user. A check says only what it knows: where the columns of a table
//! are not all known, nothing is missing.

mod advice;
mod configured;
mod declared;
mod distribution;
mod duplicates;
mod joins;
mod names;
mod personal;
mod sets;
mod settings;
mod tests_of_columns;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{Analysis, NodeAnalysis, QueryAnalysis};
use crate::compile::Compiled;
use crate::diagnostic::{Diagnostic, Level, Span};
use crate::manifest::{Manifest, Node, NodeId, ResourceType};
use crate::sql::dialect::Dialect;

pub use personal::{Class, Personal};
pub use settings::{Settings, Weight};

/// A check: what it looks at a node for.
type Run = fn(&Look<'_>, &mut Found<'_>);

/// Every check, with the codes that it may tell and how much each matters when nothing is configured.
///
/// The last word of a code says whether the database would refuse what it is about: then the node fails before the first statement of a build.
pub const ALL: &[(Run, &[Code])] = &[
    (names::check, names::CODES),
    (duplicates::check, duplicates::CODES),
    (sets::check, sets::CODES),
    (joins::check, joins::CODES),
    (configured::check, configured::CODES),
    (declared::check, declared::CODES),
    (tests_of_columns::check, tests_of_columns::CODES),
    (advice::check, advice::CODES),
    (texts::check, texts::CODES),
    (distribution::check, distribution::CODES),
    (personal::check, personal::CODES),
];

/// A code of a diagnostic.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// The code.
    pub name: &'static str,
    /// How much it matters when nothing is configured.
    pub weight: Weight,
    /// Whether a database refuses what it is about.
    pub refused: bool,
}

impl Code {
    const fn refused(name: &'static str) -> Self {
        Self {
            name,
            weight: Weight::Error,
            refused: true,
        }
    }

    const fn error(name: &'static str) -> Self {
        Self {
            name,
            weight: Weight::Error,
            refused: false,
        }
    }

    const fn warning(name: &'static str) -> Self {
        Self {
            name,
            weight: Weight::Warning,
            refused: false,
        }
    }

    const fn off(name: &'static str) -> Self {
        Self {
            name,
            weight: Weight::Off,
            refused: false,
        }
    }
}

/// The codes of all checks, in the order of [`ALL`].
pub fn codes() -> impl Iterator<Item = &'static Code> {
    ALL.iter().flat_map(|(_, codes)| *codes)
}

/// What checks look at.
#[derive(Clone, Copy)]
pub struct Checked<'a> {
    /// The project's nodes.
    pub manifest: &'a Manifest,
    /// Their columns.
    pub analysis: &'a Analysis,
    /// Their SQL.
    pub compiled: &'a Compiled,
    /// The language that it is written in.
    pub dialect: Dialect,
    /// Whether an engine plays Redshift: then what it refuses is wrong, and not only unknown to it.
    pub emulated: bool,
    /// Where personal data goes.
    pub personal: &'a Personal,
    /// What the project says about checks.
    pub settings: &'a Settings,
    /// The rows of nodes that were built before.
    pub rows: &'a BTreeMap<NodeId, u64>,
}

/// One node, as a check looks at it.
pub struct Look<'a> {
    /// The project.
    pub project: Checked<'a>,
    /// The node's place.
    pub id: NodeId,
    /// The node.
    pub node: &'a Node,
    /// What it looks like.
    pub analysis: &'a NodeAnalysis,
}

impl<'a> Look<'a> {
    fn query(&self) -> Option<&'a QueryAnalysis> {
        self.analysis.query.as_deref()
    }

    /// Where a range of its SQL was written.
    fn span(&self, range: Option<&std::ops::Range<usize>>) -> Option<Span> {
        let range = range?;
        self.project.compiled.sql(self.id)?.map.span(range.clone())
    }

    /// What the line of its SQL is at a range, where a call was written there.
    fn line(&self, range: Option<&std::ops::Range<usize>>) -> Option<String> {
        let sql = self.project.compiled.sql(self.id)?;
        sql.line_of_call(range?)
    }

    /// Where the node is written, when no better place is known.
    fn place(&self) -> Option<Span> {
        let file = self.node.code.as_ref().map(|code| Span::file(&code.source));
        match self.node.resource_type {
            ResourceType::Test => self.node.declared_at.clone().or(file),
            _ => file.or(self.node.declared_at.clone()),
        }
    }

    /// Whether its SQL is the user's own, and not that of a generic test.
    fn is_written(&self) -> bool {
        use crate::manifest::node::Detail;
        !matches!(&self.node.detail, Detail::Test(test) if test.generic.is_some())
    }
}

/// What the checks of a node found.
pub struct Found<'a> {
    settings: &'a Settings,
    all: Vec<Diagnostic>,
}

impl Found<'_> {
    /// Takes a diagnostic, at the level that the project gives its code, unless the line it stands on asks for silence.
    fn tell(&mut self, mut diagnostic: Diagnostic) {
        let default = codes()
            .find(|code| code.name == diagnostic.code)
            .map_or(Weight::Error, |code| code.weight);
        diagnostic.level = match self.settings.weight(diagnostic.code).unwrap_or(default) {
            Weight::Error => Level::Error,
            Weight::Warning => Level::Warning,
            Weight::Off => return,
        };
        if diagnostic
            .span
            .as_ref()
            .is_some_and(|span| settings::is_silenced(span, diagnostic.code))
        {
            return;
        }
        self.all.push(diagnostic);
    }
}

/// What is wrong with some nodes, each place once, in the order of the files.
pub fn check(project: &Checked<'_>, nodes: &BTreeSet<NodeId>) -> Vec<Diagnostic> {
    let nodes: Vec<NodeId> = nodes.iter().copied().collect();
    let found: Vec<Vec<Diagnostic>> = nodes
        .into_par_iter()
        .map(|id| {
            let look = Look {
                project: *project,
                id,
                node: project.manifest.node(id),
                analysis: project.analysis.node(id),
            };
            let mut found = Found {
                settings: project.settings,
                all: Vec::new(),
            };
            for (run, _) in ALL {
                run(&look, &mut found);
            }
            found.all
        })
        .collect();
    let mut all: Vec<Diagnostic> = Vec::new();
    for diagnostic in found.into_iter().flatten() {
        if !all.contains(&diagnostic) {
            all.push(diagnostic);
        }
    }
    all.sort_by(|a, b| place(a).cmp(&place(b)));
    all
}

fn place(diagnostic: &Diagnostic) -> (&str, usize, &str) {
    let span = diagnostic.span.as_ref();
    (
        span.map_or("", |span| span.source.path.as_str()),
        span.map_or(0, |span| span.start),
        &diagnostic.message,
    )
}

/// Whether a column is declared to hold personal data of any kind.
pub fn is_personal(column: &crate::manifest::node::Column) -> bool {
    !personal::classes(column).is_empty()
}

/// Whether a database would refuse what a diagnostic is about.
pub fn is_refused(diagnostic: &Diagnostic) -> bool {
    codes().any(|code| code.name == diagnostic.code && code.refused)
}
