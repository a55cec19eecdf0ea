//! Places of the parser (line and column) as byte ranges of the text.

use std::ops::Range;

use sqlparser::tokenizer::{Location, Span};

/// Where each line of a text begins, so that a line and a column become a byte offset.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// The characters of more than one byte: how many characters stand before each, and the byte after it.
    wide: Vec<(usize, usize)>,
}

impl<'a> Lines<'a> {
    /// Reads the lines of `text` once.
    pub fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        let wide = text
            .char_indices()
            .enumerate()
            .filter(|(_, (_, character))| !character.is_ascii())
            .map(|(before, (at, character))| (before, at + character.len_utf8()))
            .collect();
        Self { text, starts, wide }
    }

    /// The text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The byte offset of a location; `None` for the parser's empty location.
    pub fn offset(&self, at: Location) -> Option<usize> {
        let start = *self
            .starts
            .get(usize::try_from(at.line).ok()?.checked_sub(1)?)?;
        let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
        // A statement of thousands of terms may be one line: nothing here walks it.
        let before = self
            .wide
            .partition_point(|(_, after)| *after <= start)
            .checked_sub(1);
        let characters = start - before.map_or(0, |at| surplus(self.wide[at]));
        let wanted = characters + column;
        let before = self
            .wide
            .partition_point(|(before, _)| *before < wanted)
            .checked_sub(1);
        let offset = wanted + before.map_or(0, |at| surplus(self.wide[at]));
        Some(offset.min(self.text.len()))
    }

    /// The bytes of a span; `None` for the parser's empty span.
    pub fn range(&self, span: Span) -> Option<Range<usize>> {
        let start = self.offset(span.start)?;
        let end = self.offset(span.end)?;
        Some(start..end.max(start))
    }
}

/// How many bytes more than characters a text has up to and with a wide character.
fn surplus((before, after): (usize, usize)) -> usize {
    after - before - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_characters() {
        let text = "select 'é'\n  , x";
        let lines = Lines::new(text);
        assert_eq!(lines.offset(Location::new(1, 10)), Some(10));
        assert_eq!(&text[lines.offset(Location::new(2, 5)).unwrap()..], "x");
        assert_eq!(lines.offset(Location::new(0, 0)), None);
        let text = "é\nüß€ x";
        let lines = Lines::new(text);
        let offsets: Vec<_> = (1..=6)
            .map(|column| lines.offset(Location::new(2, column)))
            .collect();
        assert_eq!(offsets, [3, 5, 7, 10, 11, 12].map(Some));
    }
}
