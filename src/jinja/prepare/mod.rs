//! The pre-pass: a template of dbt's Jinja in, a template that minijinja understands out, with the way back for every byte.
//!
//! In: a [`Template`] or a file with macros. Out: [`Prepared`] text, [`MacroBlock`]s.
//! Knows the names of the functions it calls, not what they do.

mod blocks;
mod compare;
mod edits;
mod rewrite;
mod scan;
mod signature;

use std::borrow::Cow;

use super::template::{Piece, SourceMap, Template};
use crate::diagnostic::Diagnostic;
pub use blocks::{NamedBlock, snapshot_blocks};
use rewrite::Edit;
pub use rewrite::Rewrite;
use scan::Scan;
pub use scan::{At, Part, scan, syntax};
pub use signature::{MacroBlock, macro_blocks};

/// What stands before every template: how a macro's body is run in the state of the whole render.
const PREFIX: &str =
    "{% macro __run(__m, __a) %}{% include __m %}{% endmacro %}{% do __init(__run) %}";

/// A template ready to be compiled.
pub struct Prepared {
    /// The text for minijinja and the way back.
    pub rewrite: Rewrite,
    /// What a marker in the output stands for, by its number.
    marks: Vec<Mark>,
}

struct Mark {
    from: std::ops::Range<usize>,
    verbatim: bool,
}

/// Encloses the number of a mark in the rendered text. A template that holds this character itself gets no marks.
const MARK: char = '\u{1}';

/// Prepares a template. With `marked`, the output will carry marks from which [`Prepared::unmark`] makes the source map.
///
/// # Errors
/// What is wrong with the template's outer shape.
pub fn prepare(template: &Template, marked: bool) -> Result<Prepared, Box<Diagnostic>> {
    let text = without_last_line_end(template.text());
    let scan = scan(template, text)?;
    let mut edits = edits::edits(&scan, edits::has_dates(text));
    let mut marks = Vec::new();
    if marked && !text.contains(MARK) {
        let at = edits.len();
        mark(&scan, &mut marks, &mut edits);
        if at > 0 {
            edits.sort_by_key(|edit| edit.at.start);
        }
    }
    let mut rewrite = Rewrite::default();
    rewrite.insert(PREFIX);
    rewrite.copy(text, 0..text.len(), &edits);
    Ok(Prepared { rewrite, marks })
}

/// One line end at the end of a file is not part of the text, as in Jinja.
pub fn without_last_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Prepares a template that is one lone `{{ … }}`, whose value is wanted and not its text; `None` for any other template.
///
/// # Errors
/// What is wrong with the template's outer shape.
pub fn prepare_value(template: &Template) -> Result<Option<Rewrite>, Box<Diagnostic>> {
    let text = template.text();
    let scan = scan(template, text)?;
    let [Part::Tag(tag)] = scan.parts.as_slice() else {
        return Ok(None);
    };
    let inside = scan.inside(tag);
    let (Some((_, first)), Some((_, last)), false) = (inside.first(), inside.last(), tag.statement)
    else {
        return Ok(None);
    };
    let edits = edits::edits(&scan, edits::has_dates(text));
    let mut rewrite = Rewrite::default();
    rewrite.insert(PREFIX);
    rewrite.insert("{% do __take(");
    rewrite.copy(text, first.start..last.end, &edits);
    rewrite.insert(") %}");
    Ok(Some(rewrite))
}

/// The template that calls the one macro that a render was asked for.
pub fn prepare_call() -> Rewrite {
    let mut rewrite = Rewrite::default();
    rewrite.insert(PREFIX);
    rewrite.insert("{% do __take(__call()) %}");
    rewrite
}

/// Puts marks where they cannot change what is printed: at the start of each line of text, and before each `{{`.
fn mark(scan: &Scan<'_>, marks: &mut Vec<Mark>, edits: &mut Vec<Edit>) {
    let mut put = |at: usize, from: std::ops::Range<usize>, verbatim: bool| {
        edits.push(Edit::insert(
            at,
            Cow::Owned(format!("{MARK}{}{MARK}", marks.len())),
        ));
        marks.push(Mark { from, verbatim });
    };
    let mut end = 0;
    let mut captured = 0;
    for part in &scan.parts {
        match part {
            Part::Data(range) => {
                end = range.end;
                if captured > 0 {
                    continue;
                }
                let mut start = range.start;
                for line in scan.text[range.clone()].split_inclusive('\n') {
                    put(start, start..start + line.len(), true);
                    start += line.len();
                }
            }
            Part::Tag(tag) => {
                captured = tag.captured;
                if tag.statement {
                    let opens = scan
                        .word(tag)
                        .is_some_and(|word| opens_capture(scan, tag, word));
                    captured += usize::from(opens);
                } else if captured == 0 {
                    // A `{{-` trims what stands before it, so the mark goes before the space that is trimmed.
                    let trims = scan.text[tag.range.start..].starts_with("{{-");
                    let at = if trims { end } else { tag.range.start };
                    put(at, tag.range.clone(), false);
                }
                end = tag.range.end;
            }
        }
    }
}

/// Whether a statement opens a block whose text does not go to the output where it stands.
fn opens_capture(scan: &Scan<'_>, tag: &scan::Tag, word: &str) -> bool {
    match word {
        "macro" | "call" | "filter" | "block" => true,
        "set" => !scan
            .inside(tag)
            .iter()
            .any(|(token, _)| matches!(token, minijinja::machinery::Token::Assign)),
        _ => false,
    }
}

impl Prepared {
    /// The rendered text without its marks, and the map that they made.
    pub fn unmark(&self, template: &Template, rendered: String) -> (String, SourceMap) {
        if self.marks.is_empty() {
            let pieces = vec![Piece {
                out: 0,
                from: 0..template.text().len(),
                verbatim: false,
            }];
            return (rendered, SourceMap::new(template, pieces));
        }
        let mut text = String::with_capacity(rendered.len());
        let mut pieces: Vec<Piece> = Vec::new();
        let mut parts = rendered.split(MARK);
        text.push_str(parts.next().unwrap_or(""));
        while let (Some(number), Some(after)) = (parts.next(), parts.next()) {
            if let Some(mark) = number.parse().ok().and_then(|at: usize| self.marks.get(at)) {
                pieces.push(Piece {
                    out: text.len(),
                    from: mark.from.clone(),
                    verbatim: mark.verbatim,
                });
            }
            text.push_str(after);
        }
        (text, SourceMap::new(template, pieces))
    }
}
