//! What a warehouse said to a statement: prints as its message, and has `.code` and `.rows_affected`.
//!
//! In: the statement and a number of rows. Out: [`Response`].
//! Knows nothing of connections.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

/// An answer of a warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    message: Value,
    code: Value,
    rows: Value,
}

impl Response {
    /// The answer to a statement that gave or wrote some rows, as dbt's adapter of this dialect tells it.
    pub fn to(sql: &str, rows: Option<u64>, dialect: &str) -> Self {
        if dialect == "duckdb" {
            return Self::of(Value::from("OK"), Value::from(()), Value::from(()));
        }
        let mut words = sql
            .split(|c: char| !c.is_ascii_alphabetic())
            .filter(|word| !word.is_empty())
            .map(str::to_uppercase);
        let word = words.next().unwrap_or_else(|| "OK".to_owned());
        let word = match (word.as_str(), rows) {
            // A table made from a query is told as the query.
            ("CREATE", Some(_)) => "SELECT".to_owned(),
            ("CREATE" | "DROP" | "ALTER", None) => {
                const MADE: [&str; 5] = ["TABLE", "VIEW", "SCHEMA", "INDEX", "FUNCTION"];
                match words.find(|word| MADE.contains(&word.as_str())) {
                    Some(made) => format!("{word} {made}"),
                    None => word,
                }
            }
            _ => word,
        };
        let rows = rows.map(|rows| rows.to_string());
        let message = match (word.as_str(), &rows) {
            ("INSERT", Some(rows)) => format!("INSERT 0 {rows}"),
            (word, Some(rows)) => format!("{word} {rows}"),
            (word, None) => word.to_string(),
        };
        let rows = rows.map_or(-1, |rows| rows.parse().unwrap_or(-1));
        Self::of(Value::from(message), Value::from(word), Value::from(rows))
    }

    /// An answer in these words.
    pub fn of(message: Value, code: Value, rows: Value) -> Self {
        Self {
            message,
            code,
            rows,
        }
    }
}

impl From<Response> for Value {
    fn from(response: Response) -> Self {
        Value::from_object(response)
    }
}

impl Object for Response {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "_message" => self.message.clone(),
            "code" => self.code.clone(),
            "rows_affected" => self.rows.clone(),
            "query_id" => Value::from(()),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["_message", "code", "rows_affected"])
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.message, f)
    }
}
