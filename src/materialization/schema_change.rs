//! What an incremental model does once the columns of its new batch are known: the second half of its build, as data.
//!
//! In: [`SchemaChange`], made with the first half, and the columns of the temporary table. Out: the sections that remain.

use super::incremental::Batch;
use super::{Phase, Section, by_name, sections};
use crate::adapter::Statement;
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::config::OnSchemaChange;
use crate::relation::{Column, Relation};

/// The rest of an incremental build, waiting for the columns of [`SchemaChange::staging`].
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaChange {
    pub(super) batch: Batch,
    pub(super) policy: OnSchemaChange,
    pub(super) existing: Vec<Column>,
    pub(super) place: Option<Span>,
    pub(super) publish: Section,
    pub(super) clean: Section,
    /// What else is done before the transaction, outside of it.
    pub(super) before: Vec<Statement>,
    /// Whether tests are asked before the commit, which one statement alone would not have.
    pub(super) audited: bool,
}

impl SchemaChange {
    /// The relation whose columns decide.
    pub fn staging(&self) -> &Relation {
        &self.batch.from
    }

    /// What remains to be done when the batch has these columns.
    ///
    /// # Errors
    /// When the columns changed and `on_schema_change` does not allow it.
    pub fn sections(&self, batch: &[Column]) -> Result<Vec<Section>, Box<Diagnostic>> {
        let new = by_name(batch.iter().map(|column| column.name.as_str()));
        let old = by_name(self.existing.iter().map(|column| column.name.as_str()));
        let is_in = |names: &std::collections::BTreeMap<String, &str>, column: &Column| {
            names.contains_key(&column.name.to_lowercase())
        };
        let added: Vec<&Column> = batch.iter().filter(|c| !is_in(&old, c)).collect();
        let removed: Vec<&Column> = self.existing.iter().filter(|c| !is_in(&new, c)).collect();
        let retyped = self.retyped(batch);
        match self.policy {
            OnSchemaChange::Ignore if !removed.is_empty() => {
                return Err(self.changed(&[], &removed, &[]));
            }
            OnSchemaChange::Fail
                if !(added.is_empty() && removed.is_empty() && retyped.is_empty()) =>
            {
                return Err(self.changed(&added, &removed, &retyped));
            }
            // As in dbt, a column that is gone stays in the table where columns are only appended, and is NULL in the new rows.
            _ => {}
        }
        let follows = self.policy != OnSchemaChange::Ignore;
        let mut statements: Vec<Statement> = added
            .iter()
            .filter(|_| follows)
            .map(|column| Statement::AddColumn {
                relation: self.batch.into.clone(),
                name: column.name.clone(),
                data_type: column.data_type.clone(),
            })
            .collect();
        if self.policy == OnSchemaChange::SyncAllColumns {
            statements.extend(removed.iter().map(|column| Statement::DropColumn {
                relation: self.batch.into.clone(),
                name: column.name.clone(),
            }));
        }
        if self.policy == OnSchemaChange::SyncAllColumns {
            statements.extend(retyped.iter().map(|(name, _, data_type)| {
                Statement::ChangeColumnType {
                    relation: self.batch.into.clone(),
                    name: name.clone(),
                    data_type: data_type.clone(),
                }
            }));
        }
        // While changes are ignored, the table's own columns are filled.
        let filled = if follows { batch } else { &self.existing };
        let columns: Vec<String> = filled.iter().map(|column| column.name.clone()).collect();
        statements.extend(self.batch.apply(&columns));
        statements.extend(self.publish.statements.iter().cloned());
        // Before the transaction, in which Redshift does not take it; a column that is longer than it need be harms nobody.
        let mut before = self.before.clone();
        before.extend(widened(&self.batch.into, &self.existing, batch));
        let widen = Section {
            phase: Phase::Prepare,
            transaction: false,
            retryable: true,
            statements: before,
        };
        Ok(sections([
            widen,
            Section {
                transaction: statements.len() > 1 || self.audited,
                statements,
                ..self.publish.clone()
            },
            self.clean.clone(),
        ]))
    }

    /// Columns whose type is another one. As in dbt, a number with other digits has another type, and a text that is shorter than its
    /// column, or makes it grow, has not.
    fn retyped(&self, batch: &[Column]) -> Vec<(String, String, String)> {
        self.existing
            .iter()
            .filter_map(|old| {
                let new = batch
                    .iter()
                    .find(|new| new.name.eq_ignore_ascii_case(&old.name))?;
                is_retyped(old, new).then(|| {
                    (
                        old.name.clone(),
                        old.data_type.clone(),
                        new.data_type.clone(),
                    )
                })
            })
            .collect()
    }

    fn changed(
        &self,
        added: &[&Column],
        removed: &[&Column],
        retyped: &[(String, String, String)],
    ) -> Box<Diagnostic> {
        let mut diagnostic = Diagnostic::error(
            "schema-changed",
            format!("the columns of `{}` changed", self.batch.into),
        )
        .at_some(self.place.clone());
        for column in added {
            diagnostic = diagnostic.note(format!("new: `{}` {}", column.name, column.data_type));
        }
        for column in removed {
            diagnostic = diagnostic.note(format!("gone: `{}` {}", column.name, column.data_type));
        }
        for (name, old, new) in retyped {
            diagnostic = diagnostic.note(format!("`{name}` was {old}, is {new}"));
        }
        Box::new(
            diagnostic
                .help("let the table follow with `on_schema_change: append_new_columns` or `sync_all_columns`")
                .help("or make it anew with `--full-refresh`"),
        )
    }
}

/// Whether a column must be made anew to hold what comes into it.
fn is_retyped(old: &Column, new: &Column) -> bool {
    match (text(&old.data_type), text(&new.data_type)) {
        (Some((_, Some(held))), Some((_, Some(given)))) if given <= held => false,
        // It grows, in its place.
        (Some((true, Some(_))), Some((_, Some(_)))) => false,
        (Some((false, Some(_))), Some((_, Some(_)))) => true,
        _ => kind(&new.data_type) != kind(&old.data_type),
    }
}

/// Whether a type of texts is one of varying length, and how many bytes it holds, where that is known.
fn text(data_type: &str) -> Option<(bool, Option<u32>)> {
    let lower = data_type.to_lowercase();
    let (name, length) = lower.split_once('(').unwrap_or((&lower, ""));
    let varying = match name.trim() {
        "character varying" | "varchar" => true,
        "character" | "char" => false,
        _ => return None,
    };
    let length = length.strip_suffix(')').unwrap_or_default();
    Some((varying, length.trim().parse().ok()))
}

/// How many bytes a column of texts of varying length holds, where that is known.
pub(super) fn length(column: &Column) -> Option<u32> {
    match text(&column.data_type) {
        Some((true, length)) => length,
        _ => None,
    }
}

/// A type without what does not make it another one: its spelling, and the length of a text.
fn kind(data_type: &str) -> String {
    let lower = data_type.to_lowercase();
    let (name, digits) = lower.split_once('(').unwrap_or((&lower, ""));
    match name.trim() {
        name @ ("numeric" | "decimal") if digits.is_empty() => name.to_owned(),
        "numeric" | "decimal" => format!("numeric({}", digits.replace(' ', "")),
        name => name.to_owned(),
    }
}

/// Changes of the columns that must hold longer texts than they do.
pub(super) fn widened(of: &Relation, existing: &[Column], batch: &[Column]) -> Vec<Statement> {
    let longer = |old: &Column| {
        let new = batch
            .iter()
            .find(|new| new.name.eq_ignore_ascii_case(&old.name))?;
        let (_, given) = text(&new.data_type)?;
        (given? > length(old)?).then(|| Statement::WidenColumn {
            relation: of.clone(),
            name: old.name.clone(),
            data_type: format!("character varying({})", given.unwrap_or_default()),
        })
    };
    existing.iter().filter_map(longer).collect()
}
