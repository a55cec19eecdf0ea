//! What a server says when it fails, and what that means for the run.
//!
//! In: errors of the client. Out: [`Error`], its place brought home to the user's SQL. Which words mean what is each adapter's [`Class`].

use std::error::Error as _;
use std::ops::Range;
use std::time::Duration;

use tokio_postgres::error::ErrorPosition;

use crate::adapter::emulating::{Type, postgres};
use crate::adapter::{Error, ErrorClass, Fault, Prepared, emulated};

/// How long to wait before a section is tried again that somebody else was in the way of.
pub(in crate::adapter) const PAUSE: Duration = Duration::from_millis(100);

/// What an error means for the run, by its SQLSTATE, message and detail.
pub(in crate::adapter) type Class = fn(&str, &str, &str) -> ErrorClass;

/// An error of the client, the server's words kept.
pub(in crate::adapter) fn told(cause: &tokio_postgres::Error, class: Class) -> Error {
    let Some(db) = cause.as_db_error() else {
        let mut words = cause.to_string();
        let mut inner = cause.source();
        while let Some(deeper) = inner {
            let deeper_words = deeper.to_string();
            if !words.contains(&deeper_words) {
                words = format!("{words}: {deeper_words}");
            }
            inner = deeper.source();
        }
        let lost = cause.is_closed() || is_of_the_network(cause);
        let class = if lost {
            ErrorClass::ConnectionLost
        } else {
            ErrorClass::Internal
        };
        return Error::new(class, words);
    };
    let code = db.code().code();
    let detail = db.detail().unwrap_or_default();
    let mut error = Error::new(class(code, db.message(), detail), db.message());
    error.sqlstate = Some(code.to_owned());
    error.fault = of_name(code, db.message());
    // The constraint is one of ours where Redshift is emulated: what it says in Redshift's words tells more than its name.
    if let Some((column, kind)) = db.constraint().and_then(postgres::of_constraint) {
        let kind = Some(kind).filter(|kind| !matches!(kind, Type::Char(_)));
        let (fault, help) = emulated::value_too_long(column, kind);
        error.fault = Some(fault);
        error.help = Some(help.to_owned());
    }
    let parts = [db.detail(), db.hint()];
    let detail = parts.into_iter().flatten().collect::<Vec<_>>().join("\n");
    error.detail = Some(detail).filter(|detail| !detail.is_empty());
    error
}

/// A name that is not there, or that means too much, where the server says so in English.
///
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>; Redshift kept codes and words.
fn of_name(code: &str, message: &str) -> Option<Fault> {
    let fault = |code, name: &str, message: String| {
        Some(Fault {
            code,
            message,
            name: Some(name.to_owned()),
            candidates: Vec::new(),
            of: &[],
        })
    };
    match code {
        "42P01" => {
            let (name, what) = match named(message, "relation ") {
                Some((name, " does not exist")) => {
                    (name, format!("there is no table or view `{name}`"))
                }
                _ => {
                    let (name, _) = named(message, "missing FROM-clause entry for table ")?;
                    (
                        name,
                        format!("nothing that is read here is called `{name}`"),
                    )
                }
            };
            fault("unknown-relation", name, what)
        }
        "42703" => {
            let (name, rest) = named(message, "column ")?;
            let column = name.rsplit('.').next().unwrap_or(name);
            if let Some(of) = rest.strip_prefix(" of relation \"") {
                let of = of.strip_suffix("\" does not exist")?;
                let what = format!("`{of}` has no column `{name}`");
                return fault("unknown-column", name, what);
            }
            // Redshift goes on with the tables that it looked in.
            let alone = rest.strip_prefix(" does not exist")?;
            let is_known = alone.is_empty() || alone.starts_with(" in ");
            let what = format!("there is no column `{name}` in what is read here");
            is_known.then(|| fault("unknown-column", column, what))?
        }
        "42702" => {
            let (name, _) = named(message, "column reference ")?;
            let what = format!("`{name}` could be a column of several relations");
            fault("ambiguous-column", name, what)
        }
        "3F000" => {
            let (name, _) = named(message, "schema ")?;
            fault(
                "unknown-schema",
                name,
                format!("there is no schema `{name}`"),
            )
        }
        _ => None,
    }
}

/// The name behind some words, with or without quotes, and what follows it.
fn named<'m>(message: &'m str, before: &str) -> Option<(&'m str, &'m str)> {
    let rest = message.strip_prefix(before)?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"'),
        None => Some(rest.split_at(rest.find(' ')?)),
    }
}

/// An error in statement `number` of `prepared`: `sent` went over the wire, with the prepared SQL from byte `start` on.
pub(in crate::adapter) fn in_statement(
    cause: &tokio_postgres::Error,
    class: Class,
    prepared: &Prepared,
    (number, sent, start): (usize, &str, usize),
) -> Error {
    let mut error = told(cause, class);
    error.range = position(cause).and_then(|position| {
        let source = prepared.source.as_ref()?;
        let (byte, _) = sent.char_indices().nth(position.checked_sub(1)?)?;
        let at = byte.checked_sub(start)?.checked_sub(source.range.start)?;
        let inside = sent.get(start + source.range.start..start + source.range.end);
        if inside.is_some_and(|inside| inside != source.text) {
            return by_name(sent, byte, &source.text);
        }
        let fits = source.statement == number && at < source.text.len();
        fits.then(|| word_at(&source.text, at))?
    });
    error
}

/// The place of a name in the user's SQL, where the server points at it in a translation.
fn by_name(sent: &str, at: usize, text: &str) -> Option<Range<usize>> {
    let mut word = word_at(sent, at)?;
    // `"t"."c"`: the last part is the name.
    while sent.get(word.end..)?.starts_with('.') {
        word = word_at(sent, word.end + 1)?;
    }
    let word = sent.get(word)?;
    let name = word.rsplit('.').next()?.trim_matches('"').to_lowercase();
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    if name.is_empty() || !name.chars().all(part) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let mut found = lower.match_indices(&name);
    let (at, _) = found.find(|(at, _)| {
        !lower[..*at].ends_with(part) && !lower[at + name.len()..].starts_with(part)
    })?;
    Some(at..at + name.len())
}

/// The place in the SQL that was sent, in characters from 1.
fn position(cause: &tokio_postgres::Error) -> Option<usize> {
    match cause.as_db_error()?.position()? {
        ErrorPosition::Original(position) => usize::try_from(*position).ok(),
        ErrorPosition::Internal { .. } => None,
    }
}

/// The word, name or character that starts at a byte.
fn word_at(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let length = if let Some(quoted) = rest.strip_prefix('"') {
        quoted.find('"').map_or(rest.len(), |end| end + 2)
    } else {
        rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '.'))
            .unwrap_or(rest.len())
    };
    let least = rest.chars().next().map_or(0, char::len_utf8);
    Some(at..at + length.max(least))
}

fn is_of_the_network(cause: &tokio_postgres::Error) -> bool {
    let mut inner = cause.source();
    while let Some(deeper) = inner {
        if deeper.is::<std::io::Error>() {
            return true;
        }
        inner = deeper.source();
    }
    false
}

/// What a SQLSTATE means for the run, whatever the server: its words for rows and relations that changed under a statement are
/// PostgreSQL's, which Redshift has kept.
pub(in crate::adapter) fn class(code: &str, message: &str, _detail: &str) -> ErrorClass {
    let somebody_was_first = || {
        // Catalog rows that changed or went away under a statement that had already looked them up.
        [
            "tuple concurrently",
            "could not open relation with OID",
            "cache lookup failed",
            "was concurrently dropped",
        ]
        .iter()
        .any(|words| message.contains(words))
    };
    match code {
        "40001" | "40P01" | "55P03" => ErrorClass::Retryable { after: PAUSE },
        _ if somebody_was_first() => ErrorClass::Retryable { after: PAUSE },
        "57P01" | "57P02" | "57P03" => ErrorClass::ConnectionLost,
        code if code.starts_with("08") => ErrorClass::ConnectionLost,
        code if ["53", "58", "XX"].contains(&code.get(..2).unwrap_or_default()) => {
            ErrorClass::Internal
        }
        _ => ErrorClass::User,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_retry_can_solve_is_told_from_what_it_cannot() {
        let class = |code, message| class(code, message, "");
        let again = ErrorClass::Retryable { after: PAUSE };
        assert_eq!(class("40001", "could not serialize access"), again);
        assert_eq!(class("40P01", "deadlock detected"), again);
        assert_eq!(class("XX000", "tuple concurrently updated"), again);
        assert_eq!(class("XX000", "cache lookup failed for relation 7"), again);
        assert_eq!(
            class("42P01", "relation \"a\" does not exist"),
            ErrorClass::User
        );
        assert_eq!(
            class("57P01", "terminating connection"),
            ErrorClass::ConnectionLost
        );
        // Without a request to stop it is the server's own limit, `statement_timeout`, and no cancelled run.
        assert_eq!(
            class("57014", "canceling statement due to statement timeout"),
            ErrorClass::User
        );
    }

    #[test]
    fn a_name_that_is_not_there_is_told_in_the_words_of_every_warehouse() {
        let told = |code, message| {
            let fault = of_name(code, message)?;
            Some(format!("{}: {}", fault.code, fault.message))
        };
        for (code, said, words) in [
            (
                "42P01",
                "relation \"a.b\" does not exist",
                "unknown-relation: there is no table or view `a.b`",
            ),
            (
                "42P01",
                "missing FROM-clause entry for table \"x\"",
                "unknown-relation: nothing that is read here is called `x`",
            ),
            (
                "42703",
                "column \"nope\" does not exist in t, unnamed_join",
                "unknown-column: there is no column `nope` in what is read here",
            ),
            (
                "42702",
                "column reference \"id\" is ambiguous",
                "ambiguous-column: `id` could be a column of several relations",
            ),
            (
                "42703",
                "column x.nope does not exist",
                "unknown-column: there is no column `x.nope` in what is read here",
            ),
            (
                "42703",
                "column \"x y\" of relation \"t\" does not exist",
                "unknown-column: `t` has no column `x y`",
            ),
            (
                "3F000",
                "schema \"s\" does not exist",
                "unknown-schema: there is no schema `s`",
            ),
        ] {
            assert_eq!(told(code, said).as_deref(), Some(words));
        }
        // What is not known, and other languages, keep the words of the server.
        for (code, said) in [
            ("42883", "function nope(integer) does not exist"),
            ("42703", "column \"x\" named in key does not exist"),
            (
                "42703",
                "column \"a\" specified in USING clause does not exist in left table",
            ),
            ("42P01", "Relation »a« existiert nicht"),
        ] {
            assert_eq!(told(code, said), None, "{said}");
        }
    }

    #[test]
    fn a_place_covers_the_word_there() {
        assert_eq!(word_at("select a.nope from a", 7), Some(7..13));
        assert_eq!(word_at("select \"N n\" from a", 7), Some(7..12));
        assert_eq!(word_at("select é + 1", 7), Some(7..9));
        assert_eq!(word_at("select )", 7), Some(7..8));
    }
}
