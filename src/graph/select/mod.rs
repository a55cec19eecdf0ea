//! The selector language of dbt: which nodes a command is about.
//!
//! In: a [`Request`], the words of `--select` and `--exclude`. Out: a [`Selection`], and a warning for each word that
//! matches nothing. A word is a union at blanks, an intersection at commas, and each part a [`criterion`].

mod criterion;
mod definition;
mod method;
mod pattern;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Graph, NodeSet};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::manifest::{Manifest, NodeId, ResourceType};
use criterion::Criterion;
pub use definition::{Definition, Definitions};

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The values of `--select`; none means everything.
    pub select: Vec<String>,
    /// The values of `--exclude`.
    pub exclude: Vec<String>,
    /// The kinds of node that the command works on; none means every kind.
    pub resource_types: Option<BTreeSet<ResourceType>>,
    /// Which tests come along with what they test.
    pub indirect: IndirectSelection,
    /// What `selectors.yml` says, in place of both.
    pub definition: Option<Arc<Definition>>,
    /// What an earlier state says, where there is one.
    pub compared: Option<Compared>,
}

/// Nodes by what an earlier state says of them: `state:modified`, `result:error`, `source_status:fresher`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared(BTreeMap<String, NodeSet>);

impl Compared {
    /// Nodes by their `unique_id`s; those that are not in the manifest are left out.
    pub fn new(manifest: &Manifest, by_words: &BTreeMap<String, BTreeSet<String>>) -> Self {
        let places: BTreeMap<&str, NodeId> = manifest
            .ids()
            .map(|id| (manifest.node(id).unique_id.as_str(), id))
            .collect();
        let nodes = |ids: &BTreeSet<String>| {
            let known = ids.iter().filter_map(|id| places.get(id.as_str()));
            known.copied().collect()
        };
        let entries = by_words.iter();
        Self(
            entries
                .map(|(words, ids)| (words.clone(), nodes(ids)))
                .collect(),
        )
    }

    fn nodes(&self, words: &str) -> NodeSet {
        self.0.get(words).cloned().unwrap_or_default()
    }
}

/// Which tests come along with the nodes they test, as `--indirect-selection` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndirectSelection {
    /// Those with at least one selected parent.
    #[default]
    Eager,
    /// Those whose parents are all selected.
    Cautious,
    /// Those whose parents are all selected, or read by what is selected, or sources.
    Buildable,
    /// None.
    Empty,
}

/// The nodes a command is about, in the manifest's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    nodes: NodeSet,
}

impl Selection {
    /// Whether a node was asked for.
    pub fn contains(&self, id: NodeId) -> bool {
        self.nodes.contains(&id)
    }

    /// The nodes, in the manifest's order.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes.iter().copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing was selected.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

impl FromIterator<NodeId> for Selection {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        Self {
            nodes: nodes.into_iter().collect(),
        }
    }
}

impl Graph {
    /// The nodes that a request asks for, and the warnings for what matches nothing.
    ///
    /// # Errors
    /// Every selector that cannot be understood, with its place in the words typed.
    pub fn select(
        &self,
        manifest: &Manifest,
        request: &Request,
    ) -> Result<(Selection, Diagnostics), Diagnostics> {
        let mut told = Diagnostics::default();
        let included = parse("--select", &request.select, &mut told);
        let excluded = parse("--exclude", &request.exclude, &mut told);
        if request.compared.is_none() {
            let words = included.iter().chain(&excluded);
            let criteria = words.flat_map(|word| &word.criteria);
            let defined = request.definition.as_ref().and_then(|it| it.compares());
            if let Some(place) = criteria.filter_map(Criterion::compares).next().or(defined) {
                told.push(state_needed(place));
            }
        }
        if told.has_errors() {
            return Err(told);
        }
        let indirect = Indirect {
            compared: request.compared.as_ref(),
            graph: self,
            manifest,
            mode: request.indirect,
        };
        let mut nodes = if let Some(definition) = &request.definition {
            definition.select(&indirect).direct
        } else if request.select.is_empty() {
            manifest.ids().collect()
        } else {
            union(&indirect, &included, &mut told)
        };
        for id in union(&indirect, &excluded, &mut told) {
            nodes.remove(&id);
        }
        if let Some(kinds) = &request.resource_types {
            nodes.retain(|id| kinds.contains(&manifest.node(*id).resource_type));
        }
        told.or(Selection { nodes })
    }
}

/// Criteria that must all hold: the parts of one word.
struct Intersection {
    criteria: Vec<Criterion>,
    span: Span,
}

/// The words of one flag.
fn parse(flag: &str, values: &[String], told: &mut Diagnostics) -> Vec<Intersection> {
    let mut words = Vec::new();
    for value in values {
        let source = Source::new(flag, value.as_str());
        let mut start = 0;
        for word in value.split(char::is_whitespace) {
            let span = Span::new(&source, start..start + word.len());
            start += word.len() + 1;
            // An empty value, as an unset shell variable leaves it, selects nothing; blanks between words are no words.
            if word.is_empty() && !value.trim().is_empty() {
                continue;
            }
            match intersection(&span) {
                Ok(intersection) => words.push(intersection),
                Err(diagnostic) => told.push(diagnostic),
            }
        }
    }
    words
}

fn intersection(word: &Span) -> Result<Intersection, Diagnostic> {
    let mut start = word.start;
    let criteria = word
        .text()
        .split(',')
        .map(|part| {
            let span = Span::new(&word.source, start..start + part.len());
            start += part.len() + 1;
            Criterion::parse(&span)
        })
        .collect::<Result<_, _>>()?;
    Ok(Intersection {
        criteria,
        span: word.clone(),
    })
}

/// A set, and the tests beside it whose parents are not all in it, for a wider set to take up.
#[derive(Default)]
struct Found {
    direct: NodeSet,
    beside: NodeSet,
}

fn union(indirect: &Indirect<'_>, words: &[Intersection], told: &mut Diagnostics) -> NodeSet {
    let mut all = Found {
        direct: NodeSet::new(),
        beside: NodeSet::new(),
    };
    for word in words {
        let found = intersect(indirect, word);
        if found.direct.is_empty() {
            told.push(nothing_matches(indirect.manifest, word));
        }
        all.direct.extend(found.direct);
        all.beside.extend(found.beside);
    }
    indirect.take_up(all).direct
}

fn intersect(indirect: &Indirect<'_>, word: &Intersection) -> Found {
    let mut parts = word
        .criteria
        .iter()
        .map(|criterion| indirect.expand(criterion.select(indirect)));
    let Some(mut all) = parts.next() else {
        return indirect.expand(NodeSet::new());
    };
    all.beside.extend(&all.direct);
    for part in parts {
        all.direct.retain(|id| part.direct.contains(id));
        all.beside
            .retain(|id| part.direct.contains(id) || part.beside.contains(id));
    }
    indirect.take_up(all)
}

/// Brings tests along with what they test.
#[derive(Clone, Copy)]
struct Indirect<'a> {
    graph: &'a Graph,
    manifest: &'a Manifest,
    mode: IndirectSelection,
    compared: Option<&'a Compared>,
}

impl Indirect<'_> {
    /// What one criterion selected, with the tests that come along.
    fn expand(&self, selected: NodeSet) -> Found {
        let tests: NodeSet = match self.mode {
            IndirectSelection::Empty => NodeSet::new(),
            _ => selected
                .iter()
                .flat_map(|id| self.graph.children(*id))
                .filter(|id| self.manifest.node(*id).resource_type.is_test())
                .collect(),
        };
        self.take_up(Found {
            direct: selected,
            beside: tests,
        })
    }

    /// Moves those tests from beside into the set whose parents it has.
    fn take_up(&self, found: Found) -> Found {
        let Found { direct, beside } = found;
        let enough =
            match self.mode {
                IndirectSelection::Empty => None,
                IndirectSelection::Eager => None,
                IndirectSelection::Cautious => Some(direct.clone()),
                IndirectSelection::Buildable => {
                    let mut enough = self.graph.ancestors(&direct, None);
                    enough.extend(&direct);
                    enough.extend(self.manifest.ids().filter(|id| {
                        self.manifest.node(*id).resource_type == ResourceType::Source
                    }));
                    Some(enough)
                }
            };
        let mut found = Found {
            direct,
            beside: NodeSet::new(),
        };
        for test in beside {
            let taken = match &enough {
                Some(enough) => self
                    .graph
                    .parents(test)
                    .iter()
                    .all(|parent| enough.contains(parent)),
                None => self.mode == IndirectSelection::Eager,
            };
            if taken {
                found.direct.insert(test);
            } else {
                found.beside.insert(test);
            }
        }
        found
    }
}

fn state_needed(place: &Span) -> Diagnostic {
    let message = format!("`{}:` compares with an earlier state", place.text());
    Diagnostic::error("state-needed", message)
        .at(place.clone())
        .help("name the folder with its artifacts: --state path/to/artifacts")
}

fn nothing_matches(manifest: &Manifest, word: &Intersection) -> Diagnostic {
    let mut diagnostic = Diagnostic::warning(
        "selector-matches-nothing",
        format!(
            "the selection criterion `{}` does not match any enabled nodes",
            word.span.text()
        ),
    )
    .at(word.span.clone());
    for criterion in &word.criteria {
        if let Some(help) = criterion.hint(manifest) {
            diagnostic = diagnostic.help(help);
        }
    }
    diagnostic
}

#[cfg(test)]
mod tests;
