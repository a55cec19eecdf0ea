//! A template: a stretch of a file that the user wrote, and the way back from its rendered text.
//!
//! In: a [`Source`] and a byte range. Out: [`Template`], [`SourceMap`].
//! Does not know how anything is rendered.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Source, Span};

/// A stretch of a file to render.
#[derive(Clone, Debug)]
pub struct Template {
    /// The text to render.
    text: Arc<Source>,
    range: Range<usize>,
    /// Where the text stands, when it is not a verbatim part of a file (a YAML scalar with escapes).
    whole: Option<Span>,
}

impl Template {
    /// A whole file.
    pub fn file(source: &Arc<Source>) -> Self {
        Self::part(source, 0..source.text.len())
    }

    /// A part of a file; a range outside the text is cut to it.
    pub fn part(source: &Arc<Source>, range: Range<usize>) -> Self {
        let span = Span::new(source, range);
        Self {
            text: Arc::clone(source),
            range: span.start..span.end,
            whole: None,
        }
    }

    /// A text that was read from `span`, such as a YAML scalar. Where the text stands verbatim in the span, positions are exact;
    /// otherwise every error points at the span.
    pub fn scalar(text: &str, span: &Span) -> Self {
        match span.text().find(text) {
            Some(at) if !text.is_empty() => {
                let start = span.start + at;
                Self::part(&span.source, start..start + text.len())
            }
            _ => Self {
                text: Source::new(span.source.path.clone(), text),
                range: 0..text.len(),
                whole: Some(span.clone()),
            },
        }
    }

    /// The text to render.
    pub fn text(&self) -> &str {
        self.text.text.get(self.range.clone()).unwrap_or("")
    }

    /// Where a range of the text stands in the user's file.
    pub fn span(&self, range: Range<usize>) -> Span {
        match &self.whole {
            Some(span) => span.clone(),
            None => Span::new(
                &self.text,
                self.range.start + range.start..self.range.start + range.end,
            ),
        }
    }

    /// The whole template as a place.
    pub fn whole(&self) -> Span {
        self.span(0..self.range.len())
    }
}

/// The way from a place in rendered text back to the template.
#[derive(Clone, Debug)]
pub struct SourceMap {
    template: Template,
    /// In the order of the text; the first starts at 0.
    pieces: Vec<Piece>,
}

/// A stretch of rendered text that came from one place.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// First byte in the rendered text.
    pub out: usize,
    /// Where it came from, in the text of the template.
    pub from: Range<usize>,
    /// Whether the text was copied as it stood, so that offsets inside it agree.
    pub verbatim: bool,
}

impl SourceMap {
    pub(super) fn new(template: &Template, mut pieces: Vec<Piece>) -> Self {
        // It is kept for each node of a project.
        pieces.shrink_to_fit();
        Self {
            template: template.clone(),
            pieces,
        }
    }

    /// The map of a text that is the template itself.
    pub(super) fn verbatim(template: &Template) -> Self {
        let whole = Piece {
            out: 0,
            from: 0..template.text().len(),
            verbatim: true,
        };
        Self::new(template, vec![whole])
    }

    /// The template that the text was rendered from.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// Where the byte at `offset` of the rendered text came from: exact for text that stood in the template, the whole `{{ … }}`
    /// for text that an expression made. The file as a whole where nothing better is known.
    pub fn span(&self, offset: usize) -> Span {
        self.range(offset..offset)
    }

    /// Where a range of the rendered text came from; from its first byte, as long as the piece it starts in allows.
    pub fn range(&self, range: Range<usize>) -> Span {
        let at = self
            .pieces
            .partition_point(|piece| piece.out <= range.start);
        let Some(piece) = at.checked_sub(1).and_then(|at| self.pieces.get(at)) else {
            return Span::file(&self.template.whole().source);
        };
        if !piece.verbatim {
            return self.template.span(piece.from.clone());
        }
        let start = (piece.from.start + (range.start - piece.out)).min(piece.from.end);
        let end = (start + range.len()).min(piece.from.end).max(start);
        self.template.span(start..end)
    }

    /// The same by line and column of the rendered text, both counted from 1, the column in characters.
    pub fn at_line_column(&self, rendered: &str, line: usize, column: usize) -> Span {
        let start: usize = rendered
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum();
        let rest = rendered.get(start..).unwrap_or("");
        let offset = rest
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(rest.len(), |(offset, _)| offset);
        self.span(start + offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_that_stands_verbatim_keeps_its_places() {
        let source = Source::new("m.yml", "name: \"{{ x }} a\"\n");
        let span = Span::new(&source, 6..17);
        let template = Template::scalar("{{ x }} a", &span);
        assert_eq!(template.span(3..4).place(), "m.yml:1:11");
        let escaped = Template::scalar("{{ y }}", &span);
        assert_eq!(escaped.span(3..4), span);
    }
}
