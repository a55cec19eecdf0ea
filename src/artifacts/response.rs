//! What a warehouse said to a node's main statement, in the words that dbt hands on from each adapter.
//!
//! In: a node and what became of it. Out: `message` and `adapter_response` of `run_results.json`.
//! Does not know how anything was run.

use serde_json::{Map, Value, json};

use crate::manifest::{Node, ResourceType};
use crate::run::{NodeResult, Status};

/// The words of a node's result where they are the warehouse's: none for what failed or was left out, for a load, for a model that is
/// built in batches, and for one whose materialization in Jinja has said its own.
pub(super) fn message(node: &Node, result: &NodeResult, adapter: &str) -> Option<String> {
    let said = said(node, result, adapter)?;
    (!node.resource_type.is_test()).then_some(said.message)
}

/// `adapter_response`: dbt's keys, and those of Redstart (`rows` where a table holds others than were brought now, `rows_rejected`,
/// `rows_left_out`, `files`, `query_id`).
pub(super) fn response(node: &Node, result: &NodeResult, adapter: &str) -> Value {
    let mut response = Map::new();
    let in_batches = result.batches.is_some();
    let mut affected = result
        .filled
        .or(result.rows)
        .filter(|_| !in_batches)
        .map(Value::from);
    if let Some(said) = said(node, result, adapter) {
        response.insert("_message".to_owned(), Value::from(said.message));
        if let Some(code) = said.code {
            response.insert("code".to_owned(), Value::from(code));
        }
        affected = affected.or(said.affected);
    }
    let numbers = [
        ("rows_affected", affected),
        (
            "rows",
            result
                .rows
                .filter(|rows| in_batches || result.filled.is_some_and(|filled| filled != *rows))
                .map(Value::from),
        ),
        ("rows_rejected", result.set_aside.map(Value::from)),
        (
            "rows_left_out",
            (result.left_out > 0).then(|| Value::from(result.left_out)),
        ),
        ("files", result.files.map(Value::from)),
        ("query_id", result.query_id.map(Value::from)),
    ];
    let told = numbers
        .into_iter()
        .filter_map(|(key, number)| Some((key.to_owned(), number?)));
    response.extend(told);
    Value::Object(response)
}

/// What an adapter of dbt says.
struct Said {
    message: String,
    code: Option<&'static str>,
    affected: Option<Value>,
}

fn said(node: &Node, result: &NodeResult, adapter: &str) -> Option<Said> {
    let asked = matches!(result.status, Status::Pass | Status::Warn | Status::Fail)
        && node.resource_type.is_test();
    let built = result.status == Status::Success
        && result.batches.is_none()
        && node.config.in_jinja.is_none()
        && matches!(
            node.resource_type,
            ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot
        );
    if !asked && !built {
        return None;
    }
    let rows = result.filled.or(result.rows).unwrap_or(0);
    if node.resource_type == ResourceType::Seed {
        return Some(Said {
            message: format!("INSERT {rows}"),
            code: Some("INSERT"),
            affected: Some(json!(rows)),
        });
    }
    let one = || Some(json!(1));
    // No adapter knows how many rows a view has.
    let unknown = || Some(json!(-1));
    Some(match (adapter, asked) {
        ("postgres", true) => Said {
            message: "SELECT 1".to_owned(),
            code: Some("SELECT"),
            affected: one(),
        },
        ("postgres", false) => match last_word(result) {
            Word::View => Said {
                message: "CREATE VIEW".to_owned(),
                code: Some("CREATE VIEW"),
                affected: unknown(),
            },
            Word::Table => Said {
                message: format!("SELECT {rows}"),
                code: Some("SELECT"),
                affected: Some(json!(rows)),
            },
            Word::Rows(word) => Said {
                message: match word {
                    "INSERT" => format!("INSERT 0 {rows}"),
                    word => format!("{word} {rows}"),
                },
                code: Some(word),
                affected: Some(json!(rows)),
            },
        },
        ("redshift", asked) => Said {
            message: "SUCCESS".to_owned(),
            code: None,
            affected: if asked { one() } else { unknown() },
        },
        _ => Said {
            message: "OK".to_owned(),
            code: None,
            affected: None,
        },
    })
}

/// The statement that made a relation.
enum Word {
    View,
    Table,
    Rows(&'static str),
}

/// The last statement that made the relation, or changed its rows.
fn last_word(result: &NodeResult) -> Word {
    let begins = |statement: &str, words: &str| {
        let head = statement.trim_start().get(..words.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(words))
    };
    let word = |statement: &String| {
        let words = [
            ("create table", Word::Table),
            ("create temp", Word::Table),
            ("create view", Word::View),
            ("create or replace view", Word::View),
            ("insert", Word::Rows("INSERT")),
            ("merge", Word::Rows("MERGE")),
            ("update", Word::Rows("UPDATE")),
            ("delete", Word::Rows("DELETE")),
        ];
        let found = words
            .into_iter()
            .find(|(words, _)| begins(statement, words));
        found.map(|(_, word)| word)
    };
    let made = result.sent.iter().rev().find_map(word);
    made.unwrap_or(Word::Table)
}
