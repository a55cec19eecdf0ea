//! What went wrong in someone's project, as data: a code, a message, a place in a file the user wrote, and what to do.
//!
//! In: nothing. Out: [`Source`], [`Span`], [`Diagnostic`], [`Diagnostics`].
//! Does not know how a diagnostic is painted.

mod advice;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Names that are told where one was looked up in vain.
const MOST_NAMES: usize = 12;

/// A file that the user wrote: its path as shown to the user, and its whole text.
#[derive(Debug)]
pub struct Source {
    /// Path from the project root with `/` between the parts, or an absolute path for a file outside the project.
    pub path: String,
    /// The text as read, before anything is rendered.
    pub text: String,
    /// Lines of the file before the text, where it is an excerpt.
    pub lines_before: usize,
    /// Where the lines of the text begin, once that was asked.
    lines: OnceLock<Box<[usize]>>,
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
            && self.lines_before == other.lines_before
            && self.text == other.text
    }
}

impl Eq for Source {}

impl Source {
    /// A source text under the name shown to the user.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            path: path.into(),
            text: text.into(),
            lines_before: 0,
            lines: OnceLock::new(),
        })
    }

    /// Whole lines of a file that is too long to be kept, with how many lines stand before them.
    pub fn excerpt(
        path: impl Into<String>,
        text: impl Into<String>,
        lines_before: usize,
    ) -> Arc<Self> {
        Arc::new(Self {
            path: path.into(),
            text: text.into(),
            lines_before,
            lines: OnceLock::new(),
        })
    }

    /// How many lines of the text end before a byte, and where the line of that byte begins. Asked for thousands of places of one file, it
    /// counts once.
    pub fn line_of(&self, byte: usize) -> (usize, usize) {
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(ends).collect()
        });
        let before = lines.partition_point(|start| *start <= byte) - 1;
        (before, lines[before])
    }
}

/// A stretch of a [`Source`], in bytes. An empty source text makes a span that names the file alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Span {
    /// The file.
    pub source: Arc<Source>,
    /// First byte.
    pub start: usize,
    /// One past the last byte; equal to `start` for a point.
    pub end: usize,
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        write!(f, "{}:{line}:{column}", self.source.path)
    }
}

impl Span {
    /// A span over `range` of `source`; a range past the end is cut to the text.
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        let end = range.end.min(source.text.len());
        Self {
            source: Arc::clone(source),
            start: range.start.min(end),
            end,
        }
    }

    /// The whole of a file, when no better place is known: its first line.
    pub fn file(source: &Arc<Source>) -> Self {
        Self::new(
            source,
            0..source.text.find('\n').unwrap_or(source.text.len()),
        )
    }

    /// The first place of a word within this span; all of it where the word does not stand there.
    pub fn of_word(&self, word: &str) -> Self {
        match self.text().find(word).filter(|_| !word.is_empty()) {
            Some(at) => Self::new(&self.source, self.start + at..self.start + at + word.len()),
            None => self.clone(),
        }
    }

    /// A place in a file by line and column, both counted from 1, the column in characters; `length` is in characters.
    pub fn at_line_column(source: &Arc<Source>, line: usize, column: usize, length: usize) -> Self {
        let line_start = source
            .text
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum::<usize>();
        let rest = source.text.get(line_start..).unwrap_or("");
        let text = rest.split('\n').next().unwrap_or("");
        let offset = |characters: usize| {
            text.char_indices()
                .nth(characters)
                .map_or(text.len(), |(offset, _)| offset)
        };
        let start = offset(column.saturating_sub(1));
        let end = offset(column.saturating_sub(1) + length);
        Self::new(source, line_start + start..line_start + end)
    }

    /// The line and the column of the first byte, both counted from 1, the column in characters.
    pub fn line_column(&self) -> (usize, usize) {
        let text = &self.source.text;
        let at = self.start.min(text.len());
        let (before, line_start) = self.source.line_of(at);
        let line = self.source.lines_before + before + 1;
        let within = &text.as_bytes()[line_start..at];
        let column = String::from_utf8_lossy(within).chars().count() + 1;
        (line, column)
    }

    /// `path:line:column`, as an editor opens it.
    pub fn place(&self) -> String {
        let (line, column) = self.line_column();
        format!("{}:{line}:{column}", self.source.path)
    }

    /// The text under the span.
    pub fn text(&self) -> &str {
        self.source.text.get(self.start..self.end).unwrap_or("")
    }
}

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The step cannot go on to the next one.
    Error,
    /// Worth a look; nothing stops.
    Warning,
}

/// One thing to tell the user about their project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub level: Level,
    /// Stable kebab-case name, one for each thing the reader can act on.
    pub code: &'static str,
    /// What: a lower-case phrase, names in backticks, no full stop.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
    /// Why, written under the caret.
    pub label: Option<String>,
    /// Other places that belong to the story (the call chain, the first definition), outermost last.
    pub related: Vec<(String, Span)>,
    /// Facts, such as the words of the database.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
    /// What else is wrong in the same text: mistakes of their own, told one by one.
    pub others: Vec<Diagnostic>,
}

impl Diagnostic {
    /// An error with a stable code.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Level::Error, code, message)
    }

    /// A warning with a stable code.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Level::Warning, code, message)
    }

    fn new(level: Level, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            level,
            code,
            message: message.into(),
            span: None,
            label: None,
            related: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            others: Vec::new(),
        }
    }

    /// The same words as a warning.
    #[must_use]
    pub fn as_warning(self) -> Self {
        Self {
            level: Level::Warning,
            ..self
        }
    }

    /// Adds what else is wrong in the same text.
    #[must_use]
    pub fn beside(mut self, others: impl IntoIterator<Item = Self>) -> Self {
        self.others.extend(others);
        self
    }

    /// Each mistake by itself.
    pub fn apart(mut self) -> Vec<Self> {
        let others = std::mem::take(&mut self.others);
        let others = others.into_iter().flat_map(Self::apart);
        std::iter::once(self).chain(others).collect()
    }

    /// Whether it is of the same kind and the same place, as what is said of one line each time round a loop.
    pub fn is_of(&self, other: &Self) -> bool {
        (self.code, &self.span) == (other.code, &other.span)
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Says where, if it is known.
    #[must_use]
    pub fn at_some(mut self, span: Option<Span>) -> Self {
        self.span = span.or(self.span);
        self
    }

    /// Says where, unless a place is known already.
    #[must_use]
    pub fn or_at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// Says why, under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds another place of the same story.
    #[must_use]
    pub fn related(mut self, what: impl Into<String>, span: Span) -> Self {
        self.related.push((what.into(), span));
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds "did you mean" when one of the candidates is near to `name`.
    #[must_use]
    pub fn did_you_mean<'a>(
        self,
        name: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        match nearest(name, candidates) {
            Some(near) => {
                let help = format!("did you mean `{near}`?");
                self.help(help)
            }
            None => self,
        }
    }

    /// The candidate that is near to `name`, or else all there are, the first of them where they are many.
    #[must_use]
    pub fn one_of<'a>(self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match meant(name, candidates) {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// Adds to the general advice how the query of a node is seen, where that is worth a look.
    #[must_use]
    pub fn about(mut self, node: &str) -> Self {
        if self.help.is_empty() && advice::OF_A_QUERY.contains(&self.code) {
            let general = advice::of(self.code).map(str::to_owned);
            self.help.extend(general);
            self.help.push(format!(
                "`redstart compile --select {node}` shows the whole SQL"
            ));
        }
        self
    }

    /// What to do: in the words of who found an error, or else what holds for all errors of its code.
    pub fn what_to_do(&self) -> Vec<&str> {
        let own = self.help.iter().map(String::as_str);
        let general =
            advice::of(self.code).filter(|_| self.help.is_empty() && self.level == Level::Error);
        own.chain(general).collect()
    }
}

/// `1 row`, `2 rows`.
pub fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// `did you mean` where a candidate is near to `name`, or else which there are; nothing where there are none.
pub fn meant<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    match nearest(name, candidates.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None => listed(candidates).map(|names| format!("there is {names}")),
    }
}

/// Names in backticks in the order of the alphabet, and how many more there are; nothing for none.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    let list = format!("`{}`", names.join("`, `"));
    match (names.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(list),
        (false, more) => Some(format!("{list} and {more} more")),
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        write!(f, "{level}[{}]: {}", self.code, self.message)?;
        if let Some(span) = &self.span {
            write!(f, " ({})", span.place())?;
        }
        Ok(())
    }
}

/// Everything a step found, in the order of the files. As an error it holds at least one [`Level::Error`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one, and those beside it.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        match diagnostic.others.is_empty() {
            true => self.0.push(diagnostic),
            false => self.0.extend(diagnostic.apart()),
        }
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(other);
    }

    /// Whether a later step must not run.
    pub fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|diagnostic| diagnostic.level == Level::Error)
    }

    /// Each thing once: what one line of a project file says is wrong for every node that inherits it.
    #[must_use]
    pub fn each_once(self) -> Self {
        let mut kept: Vec<(Diagnostic, usize)> = Vec::new();
        let mut at = std::collections::HashMap::new();
        for diagnostic in self.0.into_iter().flat_map(Diagnostic::apart) {
            let place = diagnostic.span.as_ref();
            let place = place.map(|span| (span.source.path.clone(), span.start, span.end));
            // Without a place nobody knows whether it is the same thing.
            let key = place.map(|place| (diagnostic.code, diagnostic.message.clone(), place));
            match key.as_ref().and_then(|key| at.get(key)) {
                Some(&first) => {
                    let (_, times): &mut (Diagnostic, usize) = &mut kept[first];
                    *times += 1;
                }
                None => {
                    at.extend(key.map(|key| (key, kept.len())));
                    kept.push((diagnostic, 1));
                }
            }
        }
        let told = kept.into_iter().map(|(diagnostic, times)| match times {
            1 => diagnostic,
            _ => diagnostic.note(format!("the same {times} times, for as many nodes")),
        });
        Self(told.collect())
    }

    /// `Ok` with the value while nothing is told; else the first, with the others beside it.
    pub fn or_one<T>(self, value: T) -> Result<T, Box<Diagnostic>> {
        let mut all = self.0.into_iter();
        match all.next() {
            Some(first) => Err(Box::new(first.beside(all))),
            None => Ok(value),
        }
    }

    /// `Ok` with the value while nothing is wrong; the warnings stay in `self` for the caller to report.
    pub fn or<T>(self, value: T) -> Result<(T, Diagnostics), Diagnostics> {
        if self.has_errors() {
            Err(self)
        } else {
            Ok((value, self))
        }
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(diagnostic.apart())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The candidate nearest to `name`, if any is near enough to be a slip of the finger.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let allowed = (wanted.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_knows_its_line_and_its_column_in_characters() {
        let source = Source::new("models/a.sql", "select 1\nfrom café x\n");
        let at = source.text.find('x').unwrap();
        assert_eq!(Span::new(&source, at..at + 1).place(), "models/a.sql:2:11");
        assert_eq!(Span::at_line_column(&source, 2, 6, 4).text(), "café");
    }

    #[test]
    fn the_nearest_name_is_a_slip_of_the_finger_away() {
        assert_eq!(
            nearest("custmers", ["orders", "customers"]),
            Some("customers")
        );
        assert_eq!(nearest("xyz", ["orders", "customers"]), None);
    }
}
