//! What a client is told when something fails, with Redshift's SQLSTATEs.
//!
//! In: refusals of the translation, errors of DuckDB. Out: the fields of an `ErrorResponse`.

use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::response::{ErrorResponse, NoticeResponse};

use super::words::Words;
use crate::adapter::{Error, ErrorClass, LoadError, Refusal};

/// What is said of a statement that was stopped on request.
const CANCELLED: &str = "Query cancelled on user's request";

/// A statement that failed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    pub sqlstate: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// The byte of the statement's text where it stands.
    pub at: Option<usize>,
    /// Whether the session ends with it.
    pub fatal: bool,
    pub load_errors: Vec<LoadError>,
}

impl Failure {
    pub fn new(sqlstate: &str, message: impl Into<String>) -> Self {
        Self {
            sqlstate: sqlstate.to_owned(),
            message: message.into(),
            detail: None,
            hint: None,
            at: None,
            fatal: false,
            load_errors: Vec::new(),
        }
    }

    pub fn fatal(sqlstate: &str, message: impl Into<String>) -> Self {
        Self {
            fatal: true,
            ..Self::new(sqlstate, message)
        }
    }

    /// Words at a place where none of them may stand.
    pub fn syntax(words: &Words, at: usize) -> Self {
        let near = match words.token(at) {
            Some(token) => format!("or near \"{token}\""),
            None => "end of input".to_owned(),
        };
        Self {
            at: Some(words.range(at).start),
            ..Self::new("42601", format!("syntax error at {near}"))
        }
    }

    /// What was stopped on request.
    pub fn cancelled() -> Self {
        Self::new("57014", CANCELLED)
    }

    /// What a transaction says after an error.
    pub fn aborted() -> Self {
        Self::new(
            "25P02",
            "current transaction is aborted, commands ignored until end of transaction block",
        )
    }

    /// What this emulator does not do, though a cluster would.
    pub fn not_emulated(what: impl std::fmt::Display) -> Self {
        Self::new("0A000", format!("{what} is not emulated"))
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same failure of a text that began so many bytes into the statement.
    pub fn shifted(mut self, by: usize) -> Self {
        self.at = self.at.map(|at| at + by);
        self
    }

    /// The message to the client. `text` is what the client sent, `start` where the statement began in it.
    pub fn response(&self, text: &str, start: usize) -> PgWireBackendMessage {
        let severity = if self.fatal { "FATAL" } else { "ERROR" };
        let mut fields = vec![
            (b'S', severity.to_owned()),
            (b'C', self.sqlstate.clone()),
            (b'M', self.message.clone()),
        ];
        fields.extend(self.detail.clone().map(|detail| (b'D', detail)));
        fields.extend(self.hint.clone().map(|hint| (b'H', hint)));
        let before = self.at.and_then(|at| text.get(..start + at));
        fields.extend(before.map(|before| (b'P', (before.chars().count() + 1).to_string())));
        PgWireBackendMessage::ErrorResponse(ErrorResponse::new(fields))
    }
}

/// A notice to the client.
pub(super) fn notice(severity: &str, message: &str) -> PgWireBackendMessage {
    PgWireBackendMessage::NoticeResponse(NoticeResponse::new(vec![
        (b'S', severity.to_owned()),
        (b'C', "00000".to_owned()),
        (b'M', message.to_owned()),
    ]))
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        if refusal.code == "too-many-columns" {
            return Self::new("54011", "tables can have at most 1600 columns");
        }
        if refusal.message.contains("but expression is of type") {
            return Self {
                at: refusal.range.map(|range| range.start),
                hint: Some("You will need to rewrite or cast the expression.".to_owned()),
                ..Self::new("42804", refusal.message.replace('`', "\""))
            };
        }
        let sqlstate = match refusal.code {
            "sql-syntax" | "copy-syntax" | "not-a-query" | "not-an-expression" => "42601",
            "unknown-encoding" => "42601",
            "unknown-column" => "42703",
            "too-many-keys" => "54011",
            "invalid-table" => "42P16",
            "unknown-function" => "42883",
            "unknown-type" => "42704",
            "duplicate-column" => "42701",
            "copy-option" => "22023",
            _ => "0A000",
        };
        // What a cluster says itself, in its words.
        let own = matches!(
            refusal.code,
            "unknown-encoding"
                | "bad-encoding"
                | "unknown-column"
                | "too-many-keys"
                | "invalid-table"
        );
        let message = match own {
            true => refusal.message.replace('`', "\""),
            false => refusal.message,
        };
        Self {
            at: refusal.range.map(|range| range.start),
            detail: refusal
                .reason
                .filter(|reason| !own || reason != "Redshift refuses this"),
            hint: refusal.help,
            ..Self::new(sqlstate, message)
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (sqlstate, message) = said(&error);
        let mut failure = Self::new(sqlstate, message);
        failure.at = error.range.map(|range| range.start);
        failure.hint = error.help;
        failure.detail = error.detail;
        if matches!(error.class, ErrorClass::Retryable { .. }) {
            failure.detail = Some(format!(
                "Serializable isolation violation on table - 0, transactions forming the cycle are: 0, 0 ({})",
                error.message
            ));
        }
        failure.load_errors = error.load_errors;
        failure
    }
}

/// SQLSTATE and message in Redshift's words, where they are known.
fn said(error: &Error) -> (&'static str, String) {
    match error.class {
        ErrorClass::Cancelled => {
            return ("57014", CANCELLED.to_owned());
        }
        ErrorClass::Retryable { .. } => return ("40001", "1023".to_owned()),
        _ => {}
    }
    let words = error.message.as_str();
    let name = |fault: &crate::adapter::Fault| fault.name.clone().unwrap_or_default();
    if let Some(fault) = &error.fault {
        let of = match fault.code {
            "unknown-relation" => {
                let name = between(words, "Table with name ", " does not exist");
                let name = name.map_or_else(|| name_of(fault), |name| name.replace('"', ""));
                ("42P01", format!("relation \"{name}\" does not exist"))
            }
            "unknown-schema" => (
                "3F000",
                format!("schema \"{}\" does not exist", name(fault)),
            ),
            "unknown-column" => (
                "42703",
                format!("column \"{}\" does not exist", name(fault)),
            ),
            "ambiguous-column" => ("42702", fault.message.clone()),
            "division-by-zero" => ("22012", "Divide by zero".to_owned()),
            "value-too-long" => ("22001", fault.message.clone()),
            "null-value" => {
                let column = fault.message.split('`').nth(1).unwrap_or_default();
                (
                    "23502",
                    format!("Cannot insert a NULL value into column {column}"),
                )
            }
            "bad-value" => ("22P02", fault.message.clone()),
            "out-of-range" => ("22003", fault.message.clone()),
            "aggregate-misuse" => ("42803", fault.message.clone()),
            "type-mismatch" => ("42883", fault.message.clone()),
            "column-count" => ("42601", fault.message.clone()),
            "duplicate-name" => ("42712", fault.message.clone()),
            "impossible-cast" => ("42846", fault.message.clone()),
            "many-rows" => (
                "21000",
                "more than one row returned by a subquery used as an expression".to_owned(),
            ),
            "wrong-arguments" => ("42883", fault.message.clone()),
            "bad-pattern" => ("2201B", fault.message.clone()),
            "window-frame" => ("42P20", fault.message.clone()),
            "unknown-database" => (
                "3D000",
                format!("database \"{}\" does not exist", name(fault)),
            ),
            _ => ("XX000", fault.message.clone()),
        };
        return of;
    }
    if let Some(name) = between(words, "Column with name ", " already exists") {
        let name = name.replace('"', "");
        return (
            "42701",
            format!("column \"{name}\" specified more than once"),
        );
    }
    if words.contains("already exists") {
        let name = words.split('"').nth(1).unwrap_or_default();
        return ("42P07", format!("Relation \"{name}\" already exists"));
    }
    if let Some(name) = between(words, "with name ", " does not exist") {
        let name = name.replace('"', "");
        return match words {
            _ if words.contains("Schema with name") => {
                ("3F000", format!("schema \"{name}\" does not exist"))
            }
            _ => ("42P01", format!("relation \"{name}\" does not exist")),
        };
    }
    // What a late-binding view says whose table is not there.
    if let Some(said) = words.strip_prefix("Invalid Input Error: relation ") {
        return ("42P01", format!("relation {said}"));
    }
    match error.class {
        ErrorClass::User => ("42000", error.message.clone()),
        _ => ("XX000", error.message.clone()),
    }
}

fn name_of(fault: &crate::adapter::Fault) -> String {
    fault.name.clone().unwrap_or_default()
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}
