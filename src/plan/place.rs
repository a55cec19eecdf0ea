//! Where in the user's files a node, an option of a load or a piece of SQL is written.

use std::ops::Range;

use crate::adapter::statement::{Copy, CopyFormat};
use crate::diagnostic::Span;
use crate::manifest::{Node, ResourceType};

/// Where a node is written: its declaration for a test that has one, else its file.
pub(crate) fn place_of(node: &Node) -> Option<Span> {
    let file = node.code.as_ref().map(|code| Span::file(&code.source));
    let declared = node.declared_at.clone();
    match node.resource_type {
        ResourceType::Test | ResourceType::UnitTest => declared.or(file),
        _ => file.or(declared),
    }
}

/// Where the option of a load is written that some words speak of.
pub(crate) fn place_of_copy(node: &Node, copy: &Copy, said: &str) -> Option<Span> {
    let paths = match &copy.format {
        CopyFormat::JsonPaths(paths) => Some(paths),
        _ => None,
    };
    let texts = [
        copy.time_format.as_ref(),
        copy.date_format.as_ref(),
        paths,
        Some(&copy.from),
    ];
    let spoken_of = texts
        .into_iter()
        .flatten()
        .find(|text| said.contains(&format!("`{text}`")))?;
    let origin = copy.origin.as_ref()?;
    // `location` may stand before or after `copy`: both are in the declaration of the table.
    let from = node.declared_at.as_ref()?.start;
    let at = origin.source.text.get(from..)?.find(spoken_of.as_str())? + from;
    Some(Span::new(&origin.source, at..at + spoken_of.len()))
}

/// A range of a statement's SQL as a range of the node's compiled SQL, which may stand inside it.
pub(crate) fn home(
    range: Option<Range<usize>>,
    text: &str,
    compiled: &str,
) -> Option<Range<usize>> {
    let range = range?;
    let compiled = compiled.trim_end();
    if compiled.is_empty() {
        return None;
    }
    let at = text
        .find(compiled)
        .or_else(|| text.find(compiled.trim_end_matches(';')))?;
    let start = range.start.checked_sub(at)?;
    (start < compiled.len()).then(|| start..range.end.saturating_sub(at).min(compiled.len()))
}
