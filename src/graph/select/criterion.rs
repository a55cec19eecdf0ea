//! One criterion: `@`, `2+`, a method, a value, `+1`.

use super::Indirect;
use super::method::Method;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::graph::NodeSet;
use crate::manifest::Manifest;

/// A method with its value, and how far the selection reaches from what it matches.
#[derive(Debug)]
pub struct Criterion {
    method: Method,
    reach: Reach,
    /// The words of method and value, as typed.
    text: String,
}

/// How far a criterion reaches along the edges; a depth of none is without end.
#[derive(Debug, Default)]
pub(super) struct Reach {
    pub(super) ancestors: Option<Depth>,
    pub(super) descendants: Option<Depth>,
    pub(super) descendants_with_ancestors: bool,
}

type Depth = Option<usize>;

impl Criterion {
    /// Understands one criterion.
    pub(super) fn parse(span: &Span) -> Result<Self, Diagnostic> {
        let mut rest = span.clone();
        let mut reach = Reach::default();
        if rest.text().starts_with('@') {
            reach.descendants_with_ancestors = true;
            rest.start += 1;
        }
        let digits = leading_digits(rest.text());
        if rest.text()[digits..].starts_with('+') {
            reach.ancestors = Some(depth(&rest.text()[..digits]));
            rest.start += digits + 1;
        }
        if let Some((before, after)) = rest.text().rsplit_once('+')
            && leading_digits(after) == after.len()
        {
            reach.descendants = Some(depth(after));
            rest.end = rest.start + before.len();
        }
        if reach.descendants_with_ancestors && reach.descendants.is_some() {
            return Err(Diagnostic::error(
                "invalid-selector",
                format!(
                    "`@` before and `+` after `{}` exclude each other",
                    rest.text()
                ),
            )
            .at(span.clone())
            .help("`@` already selects all descendants, and their ancestors: leave the `+` out"));
        }
        Ok(Self {
            text: rest.text().to_owned(),
            method: Method::parse(&rest)?,
            reach,
        })
    }

    /// A criterion whose parts are known.
    pub(super) fn of(method: Method, reach: Reach, text: String) -> Self {
        Self {
            method,
            reach,
            text,
        }
    }

    /// The nodes it selects, without the tests that come along.
    pub(super) fn select(&self, indirect: &Indirect<'_>) -> NodeSet {
        let (graph, manifest) = (indirect.graph, indirect.manifest);
        let matched: NodeSet = match (&self.method, indirect.compared) {
            (Method::Compared(words, _), Some(compared)) => compared.nodes(words),
            (method, _) => manifest
                .ids()
                .filter(|id| method.matches(manifest, manifest.node(*id)))
                .collect(),
        };
        let mut selected = matched.clone();
        if self.reach.descendants_with_ancestors {
            let mut below = graph.descendants(&matched, None);
            below.extend(&matched);
            selected.extend(graph.ancestors(&below, None));
            selected.extend(below);
        }
        if let Some(depth) = self.reach.ancestors {
            selected.extend(graph.ancestors(&matched, depth));
        }
        if let Some(depth) = self.reach.descendants {
            selected.extend(graph.descendants(&matched, depth));
        }
        selected
    }

    /// The place of a method that compares with an earlier state, if it is one.
    pub(super) fn compares(&self) -> Option<&Span> {
        match &self.method {
            Method::Compared(_, span) => Some(span),
            _ => None,
        }
    }

    /// What was probably meant, if it matches nothing.
    pub(super) fn hint(&self, manifest: &Manifest) -> Option<String> {
        if manifest
            .nodes
            .iter()
            .any(|node| self.method.matches(manifest, node))
        {
            return None;
        }
        if let Some(node) = manifest
            .disabled
            .iter()
            .chain(&manifest.aside)
            .find(|node| self.method.matches(manifest, node))
        {
            return Some(format!("`{}` is disabled by its configuration", node.name));
        }
        let candidates = self.method.candidates(manifest);
        let near = nearest(&self.text, candidates.iter().map(String::as_str))?;
        Some(format!("did you mean `{near}`?"))
    }
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// A number too large for the machine is deeper than any graph.
fn depth(digits: &str) -> Depth {
    digits.parse().ok()
}
