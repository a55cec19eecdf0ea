//! What DuckDB says when it fails, and what that means for the run.
//!
//! In: errors of the library, told as JSON (`errors_as_json`). Out: [`Error`].

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::{fault, process, types};
use crate::adapter::emulating::{locate, without_own_aliases};
use crate::adapter::{Error, ErrorClass, Prepared, UserSql};

/// How long to wait before a section is tried again that lost against another worker's.
const PAUSE: Duration = Duration::from_millis(50);

/// An error of DuckDB, the words kept.
pub(super) fn of_duckdb(cause: &duckdb::Error) -> Error {
    told(cause).0
}

/// The error of a statement in the words that name what is missing, where an alias of the translation hides it.
pub(super) fn plain(
    connection: &duckdb::Connection,
    sql: &str,
    cause: duckdb::Error,
) -> duckdb::Error {
    without_own_aliases(&told(&cause).0.message, sql)
        .and_then(|sql| connection.prepare(&sql).err())
        .unwrap_or(cause)
}

/// What was sent was not a prepared statement as it stands: its byte `at` is the byte `of` of the statement.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    pub(super) at: usize,
    pub(super) of: usize,
}

/// An error in a query that was sent inside other SQL: `start` is where the query's own SQL began there.
pub(super) fn in_query(cause: &duckdb::Error, prepared: &Prepared, start: usize) -> Error {
    let of = prepared
        .source
        .as_ref()
        .map_or(0, |source| source.range.start);
    in_part(cause, prepared, Sent { at: start, of })
}

/// An error in a part of a prepared statement.
pub(super) fn in_part(cause: &duckdb::Error, prepared: &Prepared, sent: Sent) -> Error {
    let (mut error, position) = told(cause);
    let Some(source) = &prepared.source else {
        return error;
    };
    let sql = &prepared.sql[source.statement];
    error.range = position.and_then(|position| {
        let position = (position + sent.of).checked_sub(sent.at)?;
        home(sql, position, source)
    });
    // In translated text the name that DuckDB complains about is a better guide than its place.
    if sql.get(source.range.clone()) != Some(source.text.as_str())
        && let Some(located) = locate(&error.message, &source.text)
    {
        error.range = Some(located.range);
    }
    error
}

/// Why a file could not be opened; a lock names who holds it.
pub(super) fn opening(cause: &duckdb::Error, path: Option<&Path>) -> Error {
    let mut error = of_duckdb(cause);
    error.class = ErrorClass::User;
    if let Some(path) = path
        && error.message.contains("lock")
    {
        // The file is free again when the other process ends.
        error.class = ErrorClass::Retryable { after: PAUSE };
        let holder = error
            .message
            .split_once("lock is held in ")
            .and_then(|(_, rest)| rest.split_once(')'))
            .map_or_else(
                || "another process".to_owned(),
                |(holder, _)| format!("the process {holder}){}", since(holder)),
            );
        error.detail = Some(std::mem::replace(
            &mut error.message,
            format!("`{}` is in use by {holder}", path.display()),
        ));
        error.help = Some(
            "only one process at a time can open a DuckDB file for writing: wait for the other, or end it".to_owned(),
        );
    }
    if error
        .message
        .contains("created with a newer version of DuckDB")
    {
        error.help = Some(
            "name another file as `path` in profiles.yml, or delete this one and build it anew"
                .to_owned(),
        );
    }
    error
}

/// Since when a process runs, as words behind its name: `/usr/bin/duckdb (PID 71`.
fn since(holder: &str) -> String {
    let pid = holder.rsplit_once("PID ").map(|(_, pid)| pid);
    let begun = pid.and_then(process::begun);
    begun.map_or(String::new(), |begun| {
        format!(", since {} UTC", begun.strftime("%Y-%m-%d %H:%M:%S"))
    })
}

/// The error, and the byte of the statement it points at.
fn told(cause: &duckdb::Error) -> (Error, Option<usize>) {
    let text = match cause {
        duckdb::Error::DuckDBFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    };
    let (kind, json) = parts(&text);
    let field = |name: &str| json.as_ref()?.get(name)?.as_str().map(str::to_owned);
    let kind = field("exception_type").unwrap_or(kind);
    let message = field("exception_message").unwrap_or_else(|| text.clone());
    let message = message.replace(types::WHOLE_NAME, "");
    let position = field("position").and_then(|position| position.parse().ok());
    let shown = without_guesses(&message);
    let mut error = Error::new(class(&kind, &message), format!("{kind} Error: {shown}"));
    if let Some((understood, help)) = fault::understood(&kind, &message) {
        error.fault = Some(understood);
        error.help = help;
    }
    if kind.is_empty() {
        error.message = shown;
    }
    (error, position)
}

/// Of the functions that DuckDB lists when arguments do not fit, so many are told.
const CANDIDATES: usize = 4;

/// A message without the engine's guess at what was meant (it knows its own catalog, and nothing of the project), without its advice to
/// set what is ours to set, and without pages of functions.
fn without_guesses(message: &str) -> String {
    let mut candidates = None;
    let mut kept = Vec::new();
    for line in message.lines() {
        let said = line.trim_start();
        if said.starts_with("Did you mean ") || said.starts_with("Use \"SET ") {
            continue;
        }
        if said.starts_with("Candidate functions:") {
            candidates = Some(0);
        } else if let Some(count) = &mut candidates {
            *count += 1;
            if *count > CANDIDATES {
                continue;
            }
        }
        kept.push(line);
    }
    let mut told = kept.join("\n").trim_end().to_owned();
    let more = candidates.unwrap_or(0).max(CANDIDATES) - CANDIDATES;
    if more > 0 {
        told += &format!("\n\t… and {more} more");
    }
    told
}

/// `Binder Error: {…}` as the kind and the JSON.
fn parts(text: &str) -> (String, Option<Value>) {
    let json = |text: &str| serde_json::from_str::<Value>(text.trim()).ok();
    match text.split_once(" Error: ") {
        Some((kind, rest)) if !kind.contains('{') => (kind.to_owned(), json(rest)),
        _ => (String::new(), json(text)),
    }
}

fn class(kind: &str, message: &str) -> ErrorClass {
    match kind {
        "Interrupt" | "INTERRUPT" => ErrorClass::Cancelled,
        "TransactionContext" if message.to_lowercase().contains("conflict") => {
            ErrorClass::Retryable { after: PAUSE }
        }
        "Connection" => ErrorClass::ConnectionLost,
        "Internal" | "Fatal" | "Out of Memory" | "IO" => ErrorClass::Internal,
        _ => ErrorClass::User,
    }
}

/// The bytes of the user's SQL that a byte of the engine's SQL stands for.
///
/// Untranslated text is the same byte for byte. In translated text the word at the place is looked up in the user's text:
/// the same word, counted from the start, provided both texts hold it equally often.
fn home(sql: &str, position: usize, source: &UserSql) -> Option<Range<usize>> {
    let inside = sql.get(source.range.clone())?;
    let at = position.checked_sub(source.range.start)?;
    let word = word_at(inside, at)?;
    if inside == source.text {
        return Some(at..at + word.len().max(1));
    }
    let here = occurrences(inside, word);
    let there = occurrences(&source.text, word);
    if word.is_empty() || here.len() != there.len() {
        return None;
    }
    let place = here.iter().position(|&start| start == at)?;
    Some(there[place]..there[place] + word.len())
}

/// The identifier that starts at a byte.
fn word_at(text: &str, at: usize) -> Option<&str> {
    let rest = text.get(at..)?;
    let quoted = rest.starts_with('"');
    let skip = usize::from(quoted);
    let length = rest[skip..]
        .find(|letter: char| {
            if quoted {
                letter == '"'
            } else {
                !(letter.is_alphanumeric() || letter == '_')
            }
        })
        .unwrap_or(rest.len() - skip);
    Some(&rest[..(length + 2 * skip).min(rest.len())])
}

/// Where a word stands in a text, whatever its case, not as a part of another word.
fn occurrences(text: &str, word: &str) -> Vec<usize> {
    let (text, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    let inner = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(&word)
        .map(|(start, _)| start)
        .filter(|&start| {
            !text[..start].ends_with(inner) && !text[start + word.len()..].starts_with(inner)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str, range: Range<usize>) -> UserSql {
        UserSql {
            text: text.to_owned(),
            statement: 0,
            range,
        }
    }

    #[test]
    fn a_place_in_untranslated_sql_is_the_same_byte() {
        let sql = "create table t as (\nselect nope from a\n)";
        let user = source("select nope from a", 20..38);
        assert_eq!(home(sql, 27, &user), Some(7..11));
    }

    #[test]
    fn a_place_in_translated_sql_is_found_by_its_word() {
        let sql = "select coalesce(a, b), nope from a";
        let user = source("select NVL(a, b), nope from a", 0..sql.len());
        assert_eq!(home(sql, 23, &user), Some(18..22));
        assert_eq!(home(sql, 7, &user), None, "a word of the translation alone");
    }
}
