//! From an error of minijinja to a diagnostic in the file the user wrote.
//!
//! In: an error, and the way back from the text that minijinja saw. Out: a [`Diagnostic`] with the chain of calls.
//! Knows nothing of how a render works.

use std::error::Error as StdError;
use std::fmt;
use std::ops::Range;

use minijinja::{Error, ErrorKind};

use super::absent;
use crate::diagnostic::{Diagnostic, Span};

/// A diagnostic on its way through minijinja.
#[derive(Debug)]
pub struct Raised(pub Box<Diagnostic>);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Raised {}

/// Puts a diagnostic on its way.
pub fn raise(diagnostic: impl Into<Box<Diagnostic>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, "").with_source(Raised(diagnostic.into()))
}

/// A mistake in how a function of the template language is called.
pub fn bad_call(message: impl Into<String>) -> Error {
    raise(as_usual(Diagnostic::error("wrong-arguments", message)))
}

/// How the function is called that the message of a wrong call begins with, where it is one that everybody uses.
fn as_usual(diagnostic: Diagnostic) -> Diagnostic {
    let named = diagnostic.message.strip_prefix('`');
    let form = match named.and_then(|rest| rest.split('`').next()) {
        Some("ref") => "`ref('model')`, `ref('package', 'model')` or `ref('model', v=2)`",
        Some("source") => "`source('source', 'table')`",
        Some("config") => "`config(materialized='table', tags=['daily'])`",
        Some("var") => "`var('name')` or `var('name', 'default')`",
        Some("env_var") => "`env_var('NAME')` or `env_var('NAME', 'default')`",
        Some("doc") => "`doc('name')` or `doc('package', 'name')`",
        Some("log") => "`log('text', info=true)`",
        Some("run_query") => "`run_query('select …')`",
        Some("statement") => {
            "`{% call statement('name', fetch_result=true) %}select …{% endcall %}`"
        }
        Some("load_result") => "`load_result('name')`",
        Some("return") => "`return(value)`",
        _ => return diagnostic,
    };
    diagnostic.help(format!("write {form}"))
}

/// Puts the error of a called macro inside an error of the call, whose place minijinja will stamp on it.
pub fn in_call(error: Error) -> Error {
    Error::new(error.kind(), "in a macro").with_source(error)
}

/// The way back from what minijinja saw.
pub trait Places {
    /// The span of a range of the named template; `None` for words that the user did not write.
    fn span(&self, template: &str, range: Range<usize>) -> Option<Span>;

    /// What the named template is to the user: `macro `x``, or the template itself.
    fn title(&self, template: &str) -> Option<String>;

    /// Whether the named template came with Redstart: nobody can mend it.
    fn is_library(&self, template: &str) -> bool;

    /// Names that may have been meant.
    fn names(&self) -> Vec<String>;

    /// Filters and tests that exist.
    fn filters(&self) -> Vec<String>;
}

/// One level of the chain of calls.
struct Level {
    title: Option<String>,
    span: Span,
    library: bool,
}

/// How many calls of a long chain are shown at either end.
const SHOWN_CALLS: usize = 5;

/// Makes the diagnostic of an error.
pub fn diagnose(error: &Error, places: &dyn Places) -> Box<Diagnostic> {
    let mut levels: Vec<Level> = Vec::new();
    let mut innermost = error;
    let mut raised = None;
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = next {
        if let Some(error) = current.downcast_ref::<Error>() {
            innermost = error;
            if let (Some(name), Some(range)) = (error.name(), error.range())
                && let Some(span) = places.span(name, range)
            {
                levels.push(Level {
                    title: places.title(name),
                    span: whole_operand(span),
                    library: places.is_library(name),
                });
            }
        } else if let Some(Raised(diagnostic)) = current.downcast_ref::<Raised>() {
            raised = Some(diagnostic.clone());
        }
        next = current.source();
    }
    // What the user called is at fault, and not the words it is made of.
    if levels.iter().any(|level| !level.library) {
        levels.retain(|level| !level.library);
    }
    let place = levels.pop();
    let span = place.as_ref().map(|level| level.span.clone());
    let mut diagnostic = match raised {
        Some(diagnostic) => diagnostic,
        None => Box::new(own_words(innermost, span.as_ref(), places)),
    };
    if diagnostic.span.is_none() {
        diagnostic.span = span.map(|span| of_keyword(&diagnostic, span));
    }
    let mut callee = place.and_then(|level| level.title);
    let calls = levels.len();
    for level in levels.into_iter().rev() {
        let what = match &callee {
            Some(title) => format!("{title} is called here"),
            None => "called here".to_string(),
        };
        callee = level.title;
        // Macros that call each other in a circle pass the same places again and again.
        if !diagnostic
            .related
            .iter()
            .any(|(_, span)| *span == level.span)
        {
            diagnostic.related.push((what, level.span));
        }
    }
    let shown = diagnostic.related.len();
    if shown > 2 * SHOWN_CALLS {
        diagnostic.related.drain(SHOWN_CALLS..shown - SHOWN_CALLS);
    }
    if diagnostic.related.len() < calls {
        let note = format!("the call stands {calls} calls deep");
        diagnostic.notes.push(note);
    }
    diagnostic
}

/// The range of a method or attribute starts at its dot, that of the call of a call, or of what is asked of an item of a list, at its
/// bracket: grown to the left over what it is called on.
fn whole_operand(mut span: Span) -> Span {
    let text = &span.source.text;
    let bytes = text.as_bytes();
    let called = || {
        let before = span.start.checked_sub(1).map(|at| bytes[at]);
        text[span.start..].starts_with(['(', '['])
            && before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_)]".contains(&byte))
    };
    if !text[span.start..].starts_with('.') && !called() {
        return span;
    }
    let mut at = span.start;
    let mut depth = 0usize;
    while at > 0 {
        let byte = bytes[at - 1];
        match byte {
            b')' | b']' => depth += 1,
            b'(' | b'[' if depth > 0 => depth -= 1,
            b'\'' | b'"' if depth == 0 => {
                let Some(open) = text[..at - 1].rfind(char::from(byte)) else {
                    break;
                };
                at = open;
                break;
            }
            _ if depth > 0 => {}
            b'.' | b'_' => {}
            _ if byte.is_ascii_alphanumeric() || byte >= 0x80 => {}
            _ => break,
        }
        at -= 1;
    }
    span.start = at;
    span
}

/// The macro that a template calls and that is nowhere.
pub fn missing_macro(wrong: &Diagnostic) -> Option<&str> {
    let words = wrong.message.strip_prefix("there is no macro `")?;
    words
        .strip_suffix('`')
        .filter(|_| wrong.code == "undefined-macro")
}

/// The plain name that means nothing.
pub(super) fn undefined_name(wrong: &Diagnostic) -> Option<&str> {
    let words = wrong.message.strip_prefix('`')?;
    let name = words.strip_suffix("` is not defined")?;
    (wrong.code == "undefined-variable" && name_of(name) == name).then_some(name)
}

/// The diagnostic that is on its way in an error.
pub(super) fn raised(error: &Error) -> Option<&Diagnostic> {
    let source = StdError::source(error)?;
    source.downcast_ref::<Raised>().map(|raised| &*raised.0)
}

/// The words for an error that minijinja found by itself.
fn own_words(error: &Error, span: Option<&Span>, places: &dyn Places) -> Diagnostic {
    let detail = error.detail().unwrap_or_default();
    let shown = span.map(|span| span.text().trim()).unwrap_or_default();
    let names = places.names();
    let near = |name: &str, diagnostic: Diagnostic| {
        diagnostic.did_you_mean(name, names.iter().map(String::as_str))
    };
    match error.kind() {
        ErrorKind::SyntaxError => {
            let diagnostic = Diagnostic::error("jinja-syntax", readable(detail));
            match detail.strip_prefix("unknown statement ") {
                Some("test" | "data_test" | "endtest" | "enddata_test") => diagnostic.help(
                    "a generic test stands in a file of its own, in `tests_sql/generic` or `macros`",
                ),
                Some("materialization" | "endmaterialization") => {
                    diagnostic.help("a materialization stands in a file in `macros`")
                }
                Some("snapshot" | "endsnapshot") => {
                    diagnostic.help("a snapshot stands in a file in `snapshots`")
                }
                Some("docs" | "enddocs") => {
                    diagnostic.help("a docs block stands in a Markdown file, `.md`")
                }
                Some(word) => diagnostic.did_you_mean(word, STATEMENTS),
                None if detail.starts_with("unexpected") => diagnostic.help(
                    "before it something is missing or too much: an operator has a value on both sides, a bracket its end",
                ),
                None => diagnostic,
            }
        }
        ErrorKind::UnknownFunction => {
            let name = detail.strip_suffix(" is unknown").unwrap_or(detail);
            let missing =
                Diagnostic::error("undefined-macro", format!("there is no macro `{name}`"));
            absent::explained(missing, name).unwrap_or_else(|missing| near(name, missing))
        }
        ErrorKind::UndefinedError => {
            // The detail is the method that was called on nothing.
            let name = match shown.rfind(&format!(".{detail}(")) {
                Some(at) if !detail.is_empty() => &shown[..at],
                _ if shown.is_empty() => detail,
                _ => shown,
            };
            undefined(name, span, &names, &near)
        }
        ErrorKind::UnknownFilter => {
            let filters = places.filters();
            let name = name_of(shown);
            let mut diagnostic =
                Diagnostic::error("unknown-filter", format!("there is no filter `{name}`"))
                    .did_you_mean(name, filters.iter().map(String::as_str));
            diagnostic.span = span.and_then(|span| narrowed(span, name));
            if names.iter().any(|known| known == name) {
                diagnostic =
                    diagnostic.help(format!("`{name}` is a macro: call it as `{name}(…)`"));
            }
            diagnostic
        }
        ErrorKind::UnknownTest => {
            let filters = places.filters();
            Diagnostic::error(
                "unknown-jinja-test",
                format!("there is no test `is {shown}`"),
            )
            .did_you_mean(shown, filters.iter().map(String::as_str))
        }
        ErrorKind::UnknownMethod => Diagnostic::error("unknown-method", readable(detail)),
        ErrorKind::TooManyArguments | ErrorKind::MissingArgument => {
            let message = match error.detail() {
                Some(detail) => readable(detail),
                None => error.kind().to_string(),
            };
            Diagnostic::error("wrong-arguments", message)
        }
        ErrorKind::TemplateNotFound => Diagnostic::error(
            "jinja-include",
            "templates cannot include, import or extend other files",
        )
        .help("put what they share into a macro"),
        _ if detail == "recursion limit exceeded" => {
            Diagnostic::error("endless-recursion", "macros call each other without end")
                .help("let one of them end without a call")
        }
        _ if detail.starts_with("tried to use ") && detail.contains(" operator on unsupported") => {
            operator(detail)
        }
        _ => Diagnostic::error(
            "jinja-error",
            match error.detail() {
                Some(detail) => readable(detail),
                None => error.kind().to_string(),
            },
        ),
    }
}

/// The statements that a template may hold.
const STATEMENTS: [&str; 16] = [
    "if",
    "elif",
    "else",
    "endif",
    "for",
    "endfor",
    "set",
    "endset",
    "macro",
    "endmacro",
    "call",
    "endcall",
    "do",
    "filter",
    "endfilter",
    "raw",
];

/// The name at the start of some words.
fn name_of(words: &str) -> &str {
    let end = words.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
    &words[..end.unwrap_or(words.len())]
}

/// The part of a span that is a name.
fn narrowed(span: &Span, name: &str) -> Option<Span> {
    let start = span.start + span.text().find(name)?;
    Some(Span::new(&span.source, start..start + name.len()))
}

/// In a call with a keyword that the macro does not have, that keyword.
fn of_keyword(diagnostic: &Diagnostic, call: Span) -> Span {
    let Some((_, rest)) = diagnostic.message.split_once(" has no parameter `") else {
        return call;
    };
    let name = rest.trim_end_matches('`');
    let text = call.text();
    let keyword = text.match_indices(name).find(|(at, _)| {
        let after = text[at + name.len()..].trim_start();
        let before = text[..*at].trim_end();
        after.starts_with('=') && !after.starts_with("==") && before.ends_with(['(', ','])
    });
    match keyword {
        Some((at, _)) => Span::new(&call.source, call.start + at..call.start + at + name.len()),
        None => call,
    }
}

/// What has no value: a name, or what a value does not have.
fn undefined(
    name: &str,
    span: Option<&Span>,
    known: &[String],
    near: &dyn Fn(&str, Diagnostic) -> Diagnostic,
) -> Diagnostic {
    let message = format!("`{name}` is not defined");
    let diagnostic = Diagnostic::error("undefined-variable", message);
    let first = name_of(name);
    if first == name {
        // `name.macro(…)`: what is meant is a package. The place is the name, or all of the call.
        let after = span.and_then(|span| {
            let inside = span
                .text()
                .strip_prefix(name)
                .filter(|rest| !rest.is_empty());
            inside.or_else(|| span.source.text.get(span.end..))
        });
        if after.is_some_and(|after| {
            after.starts_with('.') && after[1..].starts_with(char::is_alphabetic)
        }) {
            return near(name, diagnostic).help(format!(
                "if `{name}` is a package, name it in packages.yml and run `redstart deps`; a variable needs a value first: `{{% set {name} = … %}}`"
            ));
        }
        return near(name, diagnostic).help(format!(
            "give it a value with `{{% set {name} = … %}}` before this place, or ask for a variable of the project: `var('{name}')`"
        ));
    }
    match name.rsplit_once('.') {
        Some((before, attribute)) if span.is_some() => diagnostic
            .label(match known.iter().any(|known| known == before) {
                true => format!("no `{attribute}` in `{before}`"),
                false => format!("no `{attribute}` in `{before}`, or `{before}` is not defined itself"),
            })
            .help(format!(
                "look at the name; where it may be missing, ask first: `{{% if {name} is defined %}}`, or write `{name} | default('…')`"
            )),
        _ => diagnostic,
    }
}

/// Operands that do not go together, in the words of a template.
fn operator(detail: &str) -> Diagnostic {
    let words: Vec<&str> = detail.split_whitespace().collect();
    let (Some(operator), [.., left, "and", right]) = (words.get(3), words.as_slice()) else {
        return Diagnostic::error("jinja-error", readable(detail));
    };
    let kind = |kind: &str| match kind {
        "string" => "a text".to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "a mapping".to_owned(),
        "none" | "undefined" => "nothing".to_owned(),
        other => format!("a {other}"),
    };
    let message = format!(
        "`{operator}` does not take {} and {}",
        kind(left),
        kind(right)
    );
    let diagnostic = Diagnostic::error("jinja-error", message);
    match (*operator, [*left, *right].contains(&"string")) {
        ("+", true) => {
            diagnostic.help("join texts with `~`, or make a number of a text with `| int`")
        }
        _ => diagnostic,
    }
}

/// Minijinja's words without its parser's: `block` is a statement here.
fn readable(detail: &str) -> String {
    if let Some(word) = detail.strip_prefix("unknown statement ") {
        return format!("there is no statement `{{% {word} %}}`");
    }
    detail
        .replace("end of variable block", "`}}`")
        .replace("end of block", "`%}`")
        .replace("unexpected identifier", "unexpected name")
        .replace("expected identifier", "expected a name")
}
