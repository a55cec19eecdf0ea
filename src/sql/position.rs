//! Places of the parser (line and column) as byte ranges of the text.

use std::ops::Range;

use sqlparser::tokenizer::{Location, Span};

/// Where each line of a text begins, so that a line and a column become a byte offset.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Reads the lines of `text` once.
    pub fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
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
        let line = &self.text[start..];
        let within = line
            .char_indices()
            .nth(column)
            .map_or(line.len(), |(offset, _)| offset);
        Some(start + within)
    }

    /// The bytes of a span; `None` for the parser's empty span.
    pub fn range(&self, span: Span) -> Option<Range<usize>> {
        let start = self.offset(span.start)?;
        let end = self.offset(span.end)?;
        Some(start..end.max(start))
    }
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
    }
}
