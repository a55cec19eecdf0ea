//! What the parser does not take for YAML: what other readers take nevertheless, and the rest in words about the line that the user wrote.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Source, Span};

/// A syntax error with the advice that fits the line.
pub(super) fn explain(source: &Arc<Source>, at: usize, info: &str) -> Diagnostic {
    let text = &source.text;
    let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[line_start..]
        .find('\n')
        .map_or(text.len(), |end| line_start + end);
    let line = &text[line_start..line_end];
    let indentation = &line[..line.len() - line.trim_start().len()];
    let at_line = |from: usize, length: usize| {
        Span::new(source, line_start + from..line_start + from + length)
    };
    if let Some(tab) = indentation.find('\t') {
        return Diagnostic::error("yaml-tab", "a tab in the indentation of YAML")
            .at(at_line(tab, 1))
            .help("indent with spaces");
    }
    // The parser may notice only behind the value: look at the line above too.
    let previous_start = text[..line_start.saturating_sub(1)]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    for (start, line) in [
        (line_start, line),
        (previous_start, &text[previous_start..line_start]),
    ] {
        if let Some(jinja) = unquoted_jinja(line) {
            return Diagnostic::error("yaml-unquoted-jinja", "Jinja in YAML stands without quotes")
                .at(Span::new(
                    source,
                    start + jinja..start + line.trim_end().len(),
                ))
                .help(format!(
                    "write the whole value in quotes: \"{}\"",
                    line[jinja..].trim_end()
                ));
        }
    }
    let diagnostic = Diagnostic::error("yaml-syntax", format!("this is not YAML: {info}"))
        .at(Span::new(source, at..at + usize::from(at < line_end)));
    if info.contains("mapping values are not allowed") {
        return diagnostic
            .help("quote a text that holds `: `, and check the indentation of this line");
    }
    if info.contains("found a tab")
        && let Some(tab) = text[at..].find('\t')
    {
        return Diagnostic::error("yaml-tab", "a tab in the indentation of YAML")
            .at(Span::new(source, at + tab..at + tab + 1))
            .help("indent with spaces");
    }
    if info.contains("quoted scalar, found unexpected end") {
        return diagnostic
            .label("this quote is never closed")
            .help("close it");
    }
    if info.contains("unknown anchor") {
        let alias = text[at..line_end].trim_end();
        let name = alias.trim_start_matches('*');
        return Diagnostic::error(
            "yaml-unknown-alias",
            format!("nothing is named `&{name}` above"),
        )
        .at(Span::new(source, at..at + alias.len()))
        .help(format!(
            "write `&{name}` before the value that is meant; quote a text that starts with `*`"
        ));
    }
    if info.contains("unexpected character") {
        return diagnostic.help("quote a text that starts with a special character");
    }
    diagnostic.help("check the indentation and the quotes around this line")
}

/// Where a plain value with Jinja starts in a line of YAML.
fn unquoted_jinja(line: &str) -> Option<usize> {
    let jinja = line.find("{{").or_else(|| line.find("{%"))?;
    let before = line[..jinja].trim_end();
    (before.ends_with(':') || before.ends_with('-')).then_some(jinja)
}

/// The lines, by their first byte, that the parser wants further to the right and other readers of YAML, dbt's among them, do not: in
/// brackets and in quotes the indentation means nothing.
pub(super) fn to_move(text: &str, at: usize, info: &str) -> Vec<usize> {
    let line_of = |at: usize| text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    match info {
        "invalid indentation" | "invalid indentation in flow construct" => vec![line_of(at)],
        "invalid indentation in quoted scalar" => {
            let Some(quote) = text[at..].chars().next() else {
                return Vec::new();
            };
            let within = &text[at + 1..];
            let mut end = 0;
            let mut letters = within.char_indices().peekable();
            while let Some((place, letter)) = letters.next() {
                end = place;
                match letter {
                    '\\' if quote == '"' => drop(letters.next()),
                    '\'' if quote == '\''
                        && letters.peek().is_some_and(|(_, next)| *next == quote) =>
                    {
                        letters.next();
                    }
                    letter if letter == quote => break,
                    _ => {}
                }
            }
            let breaks = within[..end].match_indices('\n');
            breaks.map(|(newline, _)| at + 1 + newline + 1).collect()
        }
        _ => Vec::new(),
    }
}

/// A tab that the parser does not take for a blank and other readers of YAML do: behind a colon, and in quotes before a line.
pub(super) fn to_blank(text: &str, at: usize, info: &str) -> Option<usize> {
    let is_tab = |at: &usize| text.as_bytes().get(*at) == Some(&b'\t');
    let before = at.checked_sub(1).filter(is_tab);
    match info {
        "':' must be followed by a valid YAML whitespace" => before,
        "tab cannot be used as indentation" => Some(at).filter(is_tab),
        _ => None,
    }
}
