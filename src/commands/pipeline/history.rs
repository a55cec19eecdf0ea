//! The history of runs: a row a node and run in a table of the warehouse, where the target names one with `run_history`.
//!
//! A machine that keeps no `target/` of earlier runs knows from it how long nodes take and when they were built.

use std::fmt::Write;

use jiff::Timestamp;

use super::{Door, Prepared};
use crate::adapter::{self, Connection, ErrorClass, Statement, Table, Value};
use crate::artifacts::{LastResult, Previous, relation_name};
use crate::commands::{Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::manifest::ResourceType;
use crate::relation::{NothingKnown, Relation};
use crate::run::{NodeResult, RunResults};

/// The key of the target.
const KEY: &str = "run_history";

/// Rows of one statement.
const ROWS: usize = 200;

/// Its columns, and how a value of text becomes one of them.
const COLUMNS: [(&str, &str); 12] = [
    ("run_id", "varchar(36)"),
    ("command", "varchar(32)"),
    ("target", "varchar(128)"),
    ("unique_id", "varchar(1024)"),
    ("resource_type", "varchar(32)"),
    ("status", "varchar(32)"),
    ("n_rows", "bigint"),
    ("rows_rejected", "bigint"),
    ("failures", "bigint"),
    ("seconds", "double precision"),
    ("completed_at", "timestamp"),
    ("query_id", "bigint"),
];

/// The table that keeps what became of every node.
pub(super) struct History {
    table: Relation,
}

impl History {
    /// The table that the target names.
    ///
    /// # Errors
    /// A value that is no name of a table.
    pub(super) fn of(prepared: &Prepared) -> Result<Option<Self>, Stop> {
        let target = &prepared.project.target;
        let Some(said) = target.values.get(KEY) else {
            return Ok(None);
        };
        let name = said.value.as_str().unwrap_or_default();
        let mut parts: Vec<&str> = name.split('.').collect();
        if parts.len() == 1 {
            parts.insert(0, &target.schema);
        }
        let plain =
            |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
        match parts.as_slice() {
            [schema, table] if parts.iter().all(plain) => Ok(Some(Self {
                table: Relation::new(schema.to_lowercase(), table.to_lowercase()),
            })),
            _ => Err(Stop::refused(
                Diagnostic::error("bad-target-key", format!("`{KEY}` names a table"))
                    .at(said.span.clone())
                    .help(format!("write `{KEY}: schema.table`")),
            )),
        }
    }

    /// Adds what became of the nodes of a run. That it cannot be kept is told, and is no failure of the run.
    pub(super) fn keep(
        &self,
        session: &Session,
        prepared: &Prepared,
        door: &Door,
        results: &RunResults,
    ) {
        let rows: Vec<String> = results
            .results
            .iter()
            .filter_map(|result| self.row(session, prepared, result))
            .collect();
        if rows.is_empty() {
            return;
        }
        if let Err(error) = self.write(door, &rows) {
            let message = format!("this run is not in the history of runs, `{}`", self.table);
            let warning = Diagnostic::warning("no-run-history", message).note(error.message);
            session.terminal.diagnostics(&[warning]);
        }
    }

    fn write(&self, door: &Door, rows: &[String]) -> Result<(), adapter::Error> {
        // A session of its own: that of a run that was cancelled answers nothing more.
        let mut connection = door.adapter.connect()?;
        let columns = COLUMNS.map(|(name, data_type)| format!("{name} {data_type}"));
        let name = relation_name(&self.table);
        let schema = &self.table.schema;
        let there = connection.existing(std::slice::from_ref(schema))?;
        if there.get(&self.table).is_none() {
            send(
                door,
                &mut *connection,
                format!("create schema if not exists \"{schema}\""),
            )?;
            let create = format!("create table if not exists {name} ({})", columns.join(", "));
            send(door, &mut *connection, create)?;
        }
        let names = COLUMNS.map(|(name, _)| name).join(", ");
        for rows in rows.chunks(ROWS) {
            let insert = format!(
                "insert into {name} ({names})\n{}",
                rows.join("\nunion all ")
            );
            send(door, &mut *connection, insert)?;
        }
        Ok(())
    }

    /// A node's row as a query of values.
    fn row(&self, session: &Session, prepared: &Prepared, result: &NodeResult) -> Option<String> {
        let node = prepared.manifest.node(result.node);
        if node.resource_type == ResourceType::Operation {
            return None;
        }
        let timing = [result.compile, result.execute];
        let completed = timing.iter().flatten().map(|timing| timing.completed).max();
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let values: [Option<String>; 12] = [
            Some(session.invocation_id.clone()),
            Some(session.verb.to_owned()),
            Some(prepared.project.target.name.clone()),
            Some(node.unique_id.clone()),
            Some(node.resource_type.as_str().to_owned()),
            Some(result.status.as_str().to_owned()),
            number(result.rows),
            number(result.set_aside),
            number(result.failures),
            Some(format!("{:.3}", crate::artifacts::seconds(result))),
            completed.map(moment),
            result.query_id.map(|query| query.to_string()),
        ];
        let mut row = String::from("select ");
        for (place, (value, (_, data_type))) in values.iter().zip(COLUMNS).enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let value = value
                .as_ref()
                .map_or("null".to_owned(), |value| literal(value));
            // A text never fails to be written.
            let _ = write!(row, "{comma}cast({value} as {data_type})");
        }
        Some(row)
    }

    /// What the last run of every node was, by the table.
    ///
    /// # Errors
    /// What the warehouse answers; nothing where the table is not there yet.
    pub(super) fn last(&self, door: &Door) -> Result<Previous, adapter::Error> {
        let mut connection = door.adapter.connect()?;
        let there = connection.existing(std::slice::from_ref(&self.table.schema))?;
        if there.get(&self.table).is_none() {
            return Ok(Previous::default());
        }
        let query = format!(
            "select unique_id, status, n_rows, rows_rejected, failures, seconds, completed_at from (
  select *, row_number() over (partition by unique_id order by completed_at desc) as place
  from {}
  where status <> 'skipped'
) as runs
where place = 1",
            relation_name(&self.table)
        );
        let prepared = door.adapter.prepare_query(&query, &there);
        let prepared = prepared
            .map_err(|refusal| adapter::Error::new(ErrorClass::Internal, refusal.message))?;
        let table = connection.query(&prepared, None)?;
        Ok(previous(&table))
    }
}

fn previous(table: &Table) -> Previous {
    let number = |value: &Value| value.to_string().parse::<u64>().ok();
    let results = table.rows.iter().filter_map(|row| {
        let [id, status, rows, rejected, failures, seconds, completed] = row.as_slice() else {
            return None;
        };
        let completed: Option<jiff::civil::DateTime> = completed.to_string().parse().ok();
        let last = LastResult {
            status: status.to_string(),
            seconds: seconds.to_string().parse().ok()?,
            failures: number(failures),
            rows: number(rows),
            rejected: number(rejected),
            completed_at: completed.and_then(|at| {
                let zoned = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
                Some(zoned.timestamp())
            }),
            history: Vec::new(),
            told: None,
        };
        Some((id.to_string(), last))
    });
    Previous {
        results: results.collect(),
    }
}

fn send(door: &Door, connection: &mut dyn Connection, sql: String) -> Result<(), adapter::Error> {
    let statement = Statement::Raw { sql, origin: None };
    let prepared = door.adapter.prepare(&statement, &NothingKnown);
    let prepared =
        prepared.map_err(|refusal| adapter::Error::new(ErrorClass::Internal, refusal.message))?;
    connection.execute(&prepared).map(drop)
}

/// In UTC, as every warehouse reads it.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
