//! A diagnostic, painted: what, where with the line and a caret, why, and what to do.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{
    AnnotationKind, Element, Group, Level as Rank, Origin, Renderer, Snippet,
    normalize_untrusted_str,
};

use super::again::Again;
use crate::diagnostic::{Diagnostic, Level, Span};

/// A span over more lines than this is marked on its first line alone.
const MOST_LINES: usize = 6;

/// How diagnostics are painted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Painter {
    /// Whether to use the colours of the terminal.
    pub color: bool,
    /// Columns of the terminal; longer source lines are trimmed around the caret.
    pub width: usize,
    /// Flags that commands in advice are said with.
    pub again: Again,
}

impl Default for Painter {
    fn default() -> Self {
        Self {
            color: false,
            width: DEFAULT_TERM_WIDTH,
            again: Again::default(),
        }
    }
}

/// A diagnostic as plain text, without a line end.
pub fn paint(diagnostic: &Diagnostic) -> String {
    Painter::default().paint(diagnostic)
}

impl Painter {
    /// A diagnostic as text, without a line end.
    pub fn paint(&self, diagnostic: &Diagnostic) -> String {
        let rank = match diagnostic.level {
            Level::Error => Rank::ERROR,
            Level::Warning => Rank::WARNING,
        };
        let mut story = Group::with_title(
            rank.primary_title(diagnostic.message.as_str())
                .id(diagnostic.code),
        );
        if let Some(span) = &diagnostic.span {
            story = story.element(place(
                span,
                diagnostic.label.as_deref(),
                AnnotationKind::Primary,
            ));
        } else if let Some(label) = &diagnostic.label {
            story = story.element(Rank::NOTE.message(normalize_untrusted_str(label)));
        }
        let notes = diagnostic
            .notes
            .iter()
            .map(|note| (Rank::NOTE, Cow::Borrowed(note.as_str())));
        let helps = diagnostic.what_to_do().into_iter();
        let helps = helps.map(|help| (Rank::HELP, self.again.in_advice(help)));
        for (rank, text) in notes.chain(helps) {
            story = story.element(rank.message(normalize_untrusted_str(text.trim_end())));
        }
        let mut groups = vec![story];
        for (what, span) in &diagnostic.related {
            groups.push(
                Rank::NOTE
                    .secondary_title(normalize_untrusted_str(what))
                    .element(place(span, None, AnnotationKind::Primary)),
            );
        }
        self.renderer().render(&groups)
    }

    /// Several diagnostics, a blank line after each, and how many there were; nothing for none.
    pub fn paint_all(&self, diagnostics: &[Diagnostic]) -> String {
        let mut text = String::new();
        for diagnostic in diagnostics {
            text.push_str(&self.paint(diagnostic));
            text.push_str("\n\n");
        }
        if !diagnostics.is_empty() {
            text.push_str(&tally(diagnostics));
            text.push('\n');
        }
        text
    }

    fn renderer(&self) -> Renderer {
        let renderer = if self.color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.term_width(self.width)
    }
}

/// `3 errors, 1 warning`.
pub fn tally(diagnostics: &[Diagnostic]) -> String {
    let of = |level| {
        diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.level == level)
            .count()
    };
    [(of(Level::Error), "error"), (of(Level::Warning), "warning")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The lines around a span with its caret; its place alone where there is no text to show.
fn place<'a>(span: &'a Span, label: Option<&'a str>, kind: AnnotationKind) -> Element<'a> {
    let path = span.source.path.as_str();
    let text = span.source.text.as_str();
    if text.is_empty() {
        let (line, column) = span.line_column();
        return Origin::path(path).line(line).char_column(column).into();
    }
    let marked = marked(text, span);
    let shown = lines_around(text, &marked);
    let (before, _) = span.source.line_of(shown.start);
    let first_line = span.source.lines_before + before + 1;
    Snippet::source(&text[shown.clone()])
        .path(path)
        .line_start(first_line)
        .annotation(
            kind.span(marked.start - shown.start..marked.end - shown.start)
                .label(label.map(normalize_untrusted_str)),
        )
        .into()
}

/// The bytes to underline: on character borders, without a line end at either end, cut to a few lines.
fn marked(text: &str, span: &Span) -> Range<usize> {
    let floor = |at: usize| {
        (0..=at.min(text.len()))
            .rev()
            .find(|&at| text.is_char_boundary(at))
            .unwrap_or(0)
    };
    let mut start = floor(span.start);
    if start == text.len() {
        // A point after the last line stands at the end of the last line that has text.
        start = text.trim_end_matches(['\n', '\r']).len();
    }
    let mut end = floor(span.end).max(start);
    end = start + text[start..end].trim_end_matches(['\n', '\r']).len();
    let mut breaks = text[start..end].match_indices('\n').map(|(at, _)| at);
    let first = breaks.next();
    match (first, breaks.nth(MOST_LINES - 2)) {
        (Some(first), Some(_)) => {
            start..start + text[start..start + first].trim_end_matches('\r').len()
        }
        _ => start..end,
    }
}

/// The whole lines that hold a range: a file may be long, its painting needs only these.
fn lines_around(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..]
        .find('\n')
        .map_or(text.len(), |at| range.end + at);
    start..start + text[start..end].trim_end_matches('\r').len()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::diagnostic::Source;

    fn span(path: &str, text: &str, what: &str) -> Span {
        let source = Source::new(path, text);
        let at = text.find(what).unwrap();
        Span::new(&source, at..at + what.len())
    }

    #[test]
    fn an_error_says_what_where_why_and_what_to_do() {
        let text = "select\n  a,\n  b,\n  c,\n  d\n\n\n\n  , amont\nfrom orders\n";
        let diagnostic = Diagnostic::error("unknown-column", "`orders` has no column `amont`")
            .at(span("models/marts/daily_sales.sql", text, "amont"))
            .label("not among the 6 columns of `orders`")
            .help("did you mean `amount`? (models/staging/orders.sql:4:3)");
        assert_snapshot!(paint(&diagnostic), @"
        error[unknown-column]: `orders` has no column `amont`
         --> models/marts/daily_sales.sql:9:5
          |
        9 |   , amont
          |     ^^^^^ not among the 6 columns of `orders`
          |
          = help: did you mean `amount`? (models/staging/orders.sql:4:3)
        ");
    }

    #[test]
    fn notes_keep_their_lines_and_come_before_help() {
        let diagnostic =
            Diagnostic::error("database-error", "the warehouse refused `model.shop.a`")
                .at(span("models/a.sql", "select 1/0", "1/0"))
                .note("Conversion Error:\nCould not convert string 'x' to INT32\n\nLINE 1: …")
                .help("cast it");
        assert_snapshot!(paint(&diagnostic), @"
        error[database-error]: the warehouse refused `model.shop.a`
         --> models/a.sql:1:8
          |
        1 | select 1/0
          |        ^^^
          |
          = note: Conversion Error:
                  Could not convert string 'x' to INT32
                  
                  LINE 1: …
          = help: cast it
        ");
    }

    #[test]
    fn related_places_follow_with_their_lines() {
        let diagnostic = Diagnostic::error("undefined-name", "`x` is not defined")
            .at(span(
                "macros/cents.sql",
                "{% macro cents() %}{{ x }}{% endmacro %}\n",
                "x }}",
            ))
            .related(
                "called here",
                span("models/a.sql", "select {{ cents() }}\n", "cents()"),
            );
        assert_snapshot!(paint(&diagnostic), @"
        error[undefined-name]: `x` is not defined
         --> macros/cents.sql:1:23
          |
        1 | {% macro cents() %}{{ x }}{% endmacro %}
          |                       ^^^^
          |
        note: called here
         --> models/a.sql:1:11
          |
        1 | select {{ cents() }}
          |           ^^^^^^^
        ");
    }

    #[test]
    fn a_file_without_text_has_a_place_and_no_line() {
        let source = Source::new("/home/me/.dbt/profiles.yml", "");
        let diagnostic = Diagnostic::error("missing-profile", "there is no profile `shop`")
            .at(Span::file(&source))
            .help("write one");
        assert_snapshot!(paint(&diagnostic), @"
        error[missing-profile]: there is no profile `shop`
        --> /home/me/.dbt/profiles.yml:1:1
         = help: write one
        ");
    }

    #[test]
    fn a_diagnostic_without_a_place_keeps_its_label() {
        let diagnostic = Diagnostic::warning("unused-selector", "nothing matches `x+`")
            .label("no node has this name");
        assert_snapshot!(paint(&diagnostic), @"
        warning[unused-selector]: nothing matches `x+`
         |
         = note: no node has this name
        ");
    }

    #[test]
    fn tabs_and_wide_characters_keep_the_caret_under_the_word() {
        let diagnostic = Diagnostic::error("unknown-column", "no column `naïve`")
            .at(span(
                "models/a.sql",
                "\tselect '日本語' as x, naïve from t",
                "naïve",
            ))
            .label("here");
        assert_snapshot!(paint(&diagnostic), @"
        error[unknown-column]: no column `naïve`
         --> models/a.sql:1:21
          |
        1 |     select '日本語' as x, naïve from t
          |                           ^^^^^ here
          |
          = help: name a column that is there, or add this one to the query
        ");
    }

    #[test]
    fn a_very_long_line_is_trimmed_around_the_caret() {
        let text = format!(
            "select {} wrong {} from t",
            "a, ".repeat(200),
            ", b".repeat(200)
        );
        let diagnostic = Diagnostic::error("unknown-column", "no column `wrong`")
            .at(span("models/a.sql", &text, "wrong"))
            .label("here");
        let painted = Painter {
            color: false,
            width: 60,
            ..Painter::default()
        }
        .paint(&diagnostic);
        assert_snapshot!(painted, @"
        error[unknown-column]: no column `wrong`
         --> models/a.sql:1:609
          |
        1 | ... a, a, a, a, a, a,  wrong , b, b, b, b, b, b, b, b...
          |                        ^^^^^ here
          |
          = help: name a column that is there, or add this one to the query
        ");
    }

    #[test]
    fn a_point_after_the_last_line_stands_at_the_end_of_the_text() {
        let source = Source::new("models/a.sql", "select (1\n\n");
        let diagnostic =
            Diagnostic::error("syntax", "the query ends too early").at(Span::new(&source, 11..11));
        assert_snapshot!(paint(&diagnostic), @"
        error[syntax]: the query ends too early
         --> models/a.sql:1:10
          |
        1 | select (1
          |          ^
        ");
    }

    #[test]
    fn a_span_over_many_lines_is_marked_on_the_first() {
        let source = Source::new("models/a.sql", "select\r\n1\n,2\n,3\n,4\n,5\n,6\n,7\n");
        let few = Diagnostic::error("few", "two lines").at(Span::new(&source, 0..9));
        let many =
            Diagnostic::error("many", "eight lines").at(Span::new(&source, 0..source.text.len()));
        assert_snapshot!(Painter::default().paint_all(&[few, many]), @"
        error[few]: two lines
         --> models/a.sql:1:1
          |
        1 | / select
        2 | | 1
          | |_^

        error[many]: eight lines
         --> models/a.sql:1:1
          |
        1 | select
          | ^^^^^^

        2 errors
        ");
    }

    #[test]
    fn control_characters_of_a_file_or_a_database_reach_no_terminal() {
        let diagnostic = Diagnostic::error("database-error", "bad \u{1b}[31mred")
            .at(span("seeds/a.csv", "id\n\u{1b}[2Jx\n", "x"))
            .note("\u{1b}]0;title\u{7}");
        assert!(!paint(&diagnostic).contains(['\u{1b}', '\u{7}']));
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        let diagnostic = Diagnostic::error("a", "b");
        let painter = Painter {
            color: true,
            ..Painter::default()
        };
        assert!(painter.paint(&diagnostic).contains("\u{1b}["));
        assert!(!paint(&diagnostic).contains('\u{1b}'));
    }

    #[test]
    fn a_tally_counts_errors_and_warnings() {
        let error = Diagnostic::error("a", "a");
        let warning = Diagnostic::warning("b", "b");
        assert_eq!(
            tally(&[error.clone(), warning, error]),
            "2 errors, 1 warning"
        );
        assert_eq!(Painter::default().paint_all(&[]), "");
    }
}
