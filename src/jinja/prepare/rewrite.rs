//! Text that was copied from another text with insertions, and the way back.
//!
//! In: stretches to copy, words to put between them. Out: [`Rewrite`].
//! Does not know what the text means.

use std::borrow::Cow;
use std::ops::Range;

/// A change at one place of a text.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The bytes to leave out; empty for an insertion.
    pub at: Range<usize>,
    /// What to put there.
    pub with: Cow<'static, str>,
}

impl Edit {
    /// Puts words in front of a byte.
    pub fn insert(at: usize, with: impl Into<Cow<'static, str>>) -> Self {
        Self {
            at: at..at,
            with: with.into(),
        }
    }

    /// Puts words in the place of others.
    pub fn replace(at: Range<usize>, with: impl Into<Cow<'static, str>>) -> Self {
        Self {
            at,
            with: with.into(),
        }
    }
}

/// A text made of another one.
#[derive(Clone, Debug, Default)]
pub struct Rewrite {
    /// The new text.
    pub text: String,
    copies: Vec<Copied>,
}

#[derive(Clone, Debug)]
struct Copied {
    out: usize,
    from: Range<usize>,
}

impl Copied {
    fn out_end(&self) -> usize {
        self.out + self.from.len()
    }
}

impl Rewrite {
    /// Adds words that stand nowhere in the original.
    pub fn insert(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a stretch of the original, changed by those of the `edits` (in order) that lie in it.
    pub fn copy(&mut self, original: &str, range: Range<usize>, edits: &[Edit]) {
        let first = edits.partition_point(|edit| edit.at.start < range.start);
        let mut from = range.start;
        for edit in &edits[first..] {
            if edit.at.end > range.end {
                break;
            }
            self.verbatim(original, from..edit.at.start);
            self.text.push_str(&edit.with);
            from = edit.at.end;
        }
        self.verbatim(original, from..range.end);
    }

    fn verbatim(&mut self, original: &str, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        self.copies.push(Copied {
            out: self.text.len(),
            from: range.clone(),
        });
        self.text.push_str(&original[range]);
    }

    /// Where a stretch of the new text stood in the original. What was inserted stands for what follows it, as a call for its first
    /// argument; before the original begins it stands for nothing.
    pub fn origin(&self, out: Range<usize>) -> Option<Range<usize>> {
        let first = self
            .copies
            .partition_point(|copied| copied.out_end() <= out.start);
        let (is_first, first) = (first == 0, self.copies.get(first)?);
        if first.out >= out.end {
            let follows = self.text.get(first.out..first.out_end())?;
            let shown = follows.lines().next().unwrap_or_default().trim_end();
            let found = first.from.start..first.from.start + shown.len();
            return (!is_first && !found.is_empty()).then_some(found);
        }
        let start = first.from.start + out.start.saturating_sub(first.out);
        let last = self.copies.partition_point(|copied| copied.out < out.end);
        let last = &self.copies[last.checked_sub(1)?];
        let end = last.from.start + (out.end - last.out).min(last.from.len());
        Some(start..end.max(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_finds_its_way_back_over_insertions() {
        let original = "a [1] b";
        let edits = [Edit::insert(2, "list("), Edit::insert(5, ")")];
        let mut new = Rewrite::default();
        new.insert("prefix ");
        new.copy(original, 0..7, &edits);
        assert_eq!(new.text, "prefix a list([1]) b");
        assert_eq!(new.origin(9..18), Some(2..5));
        assert_eq!(new.origin(19..20), Some(6..7));
        assert_eq!(new.origin(0..6), None);
        assert_eq!(new.origin(9..12), Some(2..5));
    }
}
