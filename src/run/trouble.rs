//! What a warehouse answers, brought home: a diagnostic on the line of the model, the words of the database kept as they are.

use crate::adapter::{Error, ErrorClass, LoadError, Statement};
use crate::compile::Sql;
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::node::{Column, Node};
use crate::plan::{Planner, home, place_of};

/// Load errors that are told one by one; the rest is a number.
const MOST_LOAD_ERRORS: usize = 20;

/// An error and what is known about where it happened.
pub(super) struct Story<'a> {
    pub(super) planner: &'a Planner<'a>,
    pub(super) node: &'a Node,
    pub(super) sql: Option<&'a Sql>,
    pub(super) statement: Option<&'a Statement>,
    /// The query that was sent, where it was no statement.
    pub(super) text: Option<&'a str>,
}

impl Story<'_> {
    /// The diagnostics: one for the error, or one for each row that a load could not take.
    pub(super) fn told(&self, mut error: Error) -> Vec<Diagnostic> {
        let rows = std::mem::take(&mut error.load_errors);
        if rows.is_empty() {
            return vec![self.of_database(error)];
        }
        let mut told: Vec<Diagnostic> = rows
            .iter()
            .take(MOST_LOAD_ERRORS)
            .map(|row| self.of_row(row))
            .collect();
        if let Some(last) = told.last_mut() {
            if rows.len() > MOST_LOAD_ERRORS {
                let rest = rows.len() - MOST_LOAD_ERRORS;
                last.notes.push(format!("and {rest} more rows"));
            }
            last.help.extend(error.help);
        }
        told
    }

    fn of_database(&self, error: Error) -> Diagnostic {
        let name = &self.node.name;
        let (code, message) = match error.class {
            ErrorClass::ConnectionLost => (
                "connection-lost",
                format!("the connection was lost at `{name}`"),
            ),
            ErrorClass::Retryable { .. } => (
                "concurrent-change",
                format!("somebody else kept changing what `{name}` needs"),
            ),
            _ => ("database-error", format!("the database refused `{name}`")),
        };
        let mut diagnostic = Diagnostic::error(code, message).at_some(self.place(&error));
        diagnostic.notes.push(match &error.sqlstate {
            Some(state) => format!("the database said ({state}): {}", error.message),
            None => format!("the database said: {}", error.message),
        });
        diagnostic.notes.extend(error.detail);
        diagnostic.help.extend(error.help);
        diagnostic.help.extend(self.not_built(&error.message));
        diagnostic
    }

    /// What the node reads, was not there when the run began, and is not part of the run, where the database speaks of it.
    fn not_built(&self, message: &str) -> Option<String> {
        let message = message.to_lowercase();
        let planner = self.planner;
        let missing = self.node.depends_on.iter().find(|id| {
            let relation = planner.manifest.node(**id).relation.as_ref();
            !planner.selected.contains(id)
                && relation.is_some_and(|relation| {
                    planner.existing.get(relation).is_none()
                        && message.contains(&relation.identifier.to_lowercase())
                })
        })?;
        Some(format!(
            "`{}` is not there yet: build it first, or with this: `--select +{}`",
            planner.manifest.node(*missing).name,
            self.node.name
        ))
    }

    /// Where the user wrote what went wrong.
    fn place(&self, error: &Error) -> Option<Span> {
        if let Some(Statement::Raw {
            origin: Some(origin),
            ..
        }) = self.statement
        {
            return Some(origin.clone());
        }
        let text = self
            .text
            .or_else(|| self.statement.and_then(Statement::user_sql));
        let at = self.sql.and_then(|sql| {
            let range = home(error.range.clone(), text?, &sql.text)?;
            sql.map.span(range)
        });
        at.or_else(|| place_of(self.node))
    }

    fn of_row(&self, row: &LoadError) -> Diagnostic {
        let column = row.column.as_ref().and_then(|name| {
            let named = |(key, _): &(&String, &Column)| key.eq_ignore_ascii_case(name);
            self.node
                .columns
                .iter()
                .find(named)
                .map(|(_, column)| column)
        });
        let what = match (&row.column, &row.data_type) {
            (Some(column), Some(data_type)) => format!("column `{column}` {data_type} of "),
            (Some(column), None) => format!("column `{column}` of "),
            _ => String::new(),
        };
        let personal = match (&row.column, column) {
            (Some(_), Some(column)) => column.is_pii(),
            (Some(_), None) => false,
            // Without a column the value may be a whole line.
            (None, _) => self.node.columns.values().any(Column::is_pii),
        };
        let value = if personal {
            "the value is personal and not shown".to_owned()
        } else {
            format!("the value: {:?}", row.raw_value)
        };
        let declared = column
            .and_then(|column| column.declared_at.clone())
            .or_else(|| self.node.declared_at.clone())
            .or_else(|| place_of(self.node));
        // The line of a seed is shown only where no cell of it is personal.
        if let Some(place) = &row.place
            && !self.node.columns.values().any(Column::is_pii)
        {
            let message = format!("a cell does not fit {what}`{}`", self.node.name);
            let diagnostic = Diagnostic::error("load-error", message)
                .at(place.clone())
                .label(row.reason.clone());
            return match declared {
                Some(declared) => diagnostic.related("declared here", declared),
                None => diagnostic,
            };
        }
        Diagnostic::error(
            "load-error",
            format!(
                "{}:{}: {what}`{}`: {}",
                row.file, row.line, self.node.name, row.reason
            ),
        )
        .at_some(declared)
        .label("declared here")
        .note(value)
    }
}
