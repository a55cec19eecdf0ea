//! The way from a place in compiled SQL back to the file of the user, when the SQL was put together from several templates.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::Span;
use crate::jinja::SourceMap;

/// Where the bytes of a compiled query come from. Text that no template holds (`with … as (`) has no place.
#[derive(Clone, Debug, Default)]
pub struct SqlMap {
    /// In the order of the text, without overlap.
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
struct Piece {
    /// Bytes of the compiled query.
    text: Range<usize>,
    /// Where the piece begins in what its template rendered to.
    rendered_at: usize,
    map: Arc<SourceMap>,
}

impl SqlMap {
    /// The map of a query that is one template's text.
    pub fn of(rendered: &str, map: SourceMap) -> Self {
        Self {
            pieces: vec![Piece {
                text: 0..rendered.len(),
                rendered_at: 0,
                map: Arc::new(map),
            }],
        }
    }

    /// Where the first byte of `range` came from.
    pub fn span(&self, range: Range<usize>) -> Option<Span> {
        let piece = self
            .pieces
            .iter()
            .find(|piece| piece.text.contains(&range.start))?;
        let start = piece.rendered_at + (range.start - piece.text.start);
        let length = range.end.min(piece.text.end).saturating_sub(range.start);
        Some(piece.map.range(start..start + length))
    }

    /// Makes room for `length` bytes of another text at `at`.
    pub(super) fn insert(&mut self, at: usize, inserted: &Self, length: usize) {
        let mut pieces = Vec::with_capacity(self.pieces.len() + inserted.pieces.len() + 1);
        for piece in std::mem::take(&mut self.pieces) {
            let (before, after) = piece.split(at);
            pieces.extend(before);
            pieces.extend(after.map(|piece| piece.moved(length)));
        }
        pieces.extend(inserted.pieces.iter().map(|piece| piece.clone().moved(at)));
        pieces.sort_by_key(|piece| piece.text.start);
        self.pieces = pieces;
    }

    /// Adds the pieces of a text that was put at the end, `at` bytes from the start.
    pub(super) fn append(&mut self, at: usize, other: &Self) {
        let moved = other.pieces.iter().map(|piece| piece.clone().moved(at));
        self.pieces.extend(moved);
    }
}

impl Piece {
    fn moved(mut self, by: usize) -> Self {
        self.text = self.text.start + by..self.text.end + by;
        self
    }

    fn split(self, at: usize) -> (Option<Self>, Option<Self>) {
        if at <= self.text.start {
            return (None, Some(self));
        }
        if at >= self.text.end {
            return (Some(self), None);
        }
        let before = Self {
            text: self.text.start..at,
            ..self.clone()
        };
        let after = Self {
            text: at..self.text.end,
            rendered_at: self.rendered_at + (at - self.text.start),
            map: self.map,
        };
        (Some(before), Some(after))
    }
}
