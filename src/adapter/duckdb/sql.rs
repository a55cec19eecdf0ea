//! A typed statement as DuckDB says it; the user's SQL in it speaks DuckDB already.
//!
//! In: a [`Statement`]. Out: SQL for DuckDB, or a [`Refusal`]. Sends nothing.

use std::borrow::Cow;

use super::Config;
use super::types;
use crate::adapter::Refusal;
use crate::adapter::emulated::Fitted;
use crate::adapter::emulating;
use crate::adapter::statement::{ColumnDefinition, Statement, TableConstraint};
pub(super) use crate::adapter::wording::quote;
use crate::adapter::wording::{Wording, with_header};
use crate::relation::{Relation, RelationKind};

/// A string literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// How the statements of one target are said.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    config: &'a Config,
    /// Columns that a statement fills with values that are cut first, where Redshift is emulated.
    fitted: &'a [Fitted],
}

impl<'a> Words<'a> {
    /// The words of a target.
    pub(super) fn of(config: &'a Config) -> Self {
        Self {
            config,
            fitted: &[],
        }
    }

    /// The same for a statement that fills these columns.
    pub(super) fn fitting(self, fitted: &'a [Fitted]) -> Self {
        Self { fitted, ..self }
    }
}

impl Words<'_> {
    /// The statement in DuckDB's SQL, without a semicolon at the end.
    pub(super) fn sql(self, statement: &Statement) -> Result<Vec<String>, Refusal> {
        if let Statement::AddColumn { data_type, .. }
        | Statement::WidenColumn { data_type, .. }
        | Statement::ChangeColumnType { data_type, .. } = statement
            && self.config.emulates_redshift
        {
            emulating::duckdb_type(data_type)?;
        }
        let said = match statement {
            Statement::CreateSchema { database, schema } => {
                let database = database
                    .as_ref()
                    .map(|database| format!("{}.", self.quote(database)))
                    .unwrap_or_default();
                format!(
                    "create schema if not exists {database}{}",
                    self.quote(schema)
                )
            }
            Statement::CreateTableAs {
                relation,
                query,
                temporary,
                header,
                ..
            } => {
                let create = format!(
                    "create {} as (\n{query}\n)",
                    self.table(relation, *temporary)
                );
                return Ok(with_header(header.as_deref(), create));
            }
            Statement::CreateTable {
                relation,
                columns,
                constraints,
                temporary,
                ..
            } => return self.create_table(relation, columns, constraints, *temporary),
            Statement::CreateView {
                relation,
                query,
                header,
                bind,
            } => {
                let query = match self.config.emulates_redshift && !bind {
                    true => Cow::Owned(emulating::bound_late(query)),
                    false => Cow::Borrowed(query),
                };
                let create = format!("create view {} as (\n{query}\n)", self.name(relation));
                return Ok(with_header(header.as_deref(), create));
            }
            Statement::CreateMaterializedView { .. }
            | Statement::RefreshMaterializedView { .. } => return Err(no_materialized_views()),
            Statement::SetAutoRefresh { .. } | Statement::QueryGroup { .. } => {
                return Ok(Vec::new());
            }
            // DuckDB has none, so that nothing of the kind can be renamed, dropped or described.
            Statement::Rename { kind, .. }
            | Statement::Drop { kind, .. }
            | Statement::Comment { kind, .. }
                if *kind == RelationKind::MaterializedView =>
            {
                return Err(no_materialized_views());
            }
            Statement::Begin => "begin transaction".to_owned(),
            Statement::Load { into, rows, .. } => format!(
                "-- {} rows of {} are appended to {}",
                rows.count,
                rows.file.path,
                self.name(into)
            ),
            Statement::Copy(copy) => format!(
                "-- the files below {} are read and appended to {}",
                copy.from,
                self.name(&copy.into)
            ),
            Statement::Unload(unload) => {
                format!(
                    "-- the rows of this go to files below {}\n{}",
                    unload.prefix(),
                    unload.query
                )
            }
            Statement::Grant { privilege, .. } | Statement::Revoke { privilege, .. } => {
                return if self.config.emulates_redshift {
                    // DuckDB knows no users: dropped knowingly.
                    Ok(Vec::new())
                } else {
                    Err(Refusal::new(
                        "no-privileges",
                        format!("DuckDB has no privileges, so `{privilege}` cannot be granted"),
                    ))
                };
            }
            Statement::Merge {
                into,
                using,
                key,
                update,
                insert,
                predicates,
            } => return Ok(self.merge(into, using, key, update, insert, predicates)),
            Statement::ChangeColumnType {
                relation,
                name,
                data_type,
            } => format!(
                "alter table {} alter column {} {} {}",
                self.name(relation),
                self.quote(name),
                Self::NEW_TYPE,
                self.data_type(data_type)
            ),
            alike => return Ok(self.said_alike(alike).into_iter().collect()),
        };
        Ok(vec![said])
    }

    fn merge(
        self,
        into: &Relation,
        using: &Relation,
        key: &[String],
        update: &[String],
        insert: &[String],
        predicates: &[String],
    ) -> Vec<String> {
        // Conditions written for Redshift name the table itself, those written for DuckDB dbt's alias.
        let (target, into) = if self.config.emulates_redshift {
            (self.name(into), self.name(into))
        } else {
            let alias = "DBT_INTERNAL_DEST".to_owned();
            (alias.clone(), format!("{} as {alias}", self.name(into)))
        };
        let source = |column: &String| format!("DBT_INTERNAL_SOURCE.{}", self.quote(column));
        let given = |column: &String| self.fit(column, source(column));
        let mut conditions = key
            .iter()
            .map(|column| {
                let of_target = format!("{target}.{}", self.quote(column));
                let of_source = self.compared(source(column));
                format!("{} = {of_source}", self.compared(of_target))
            })
            .collect::<Vec<_>>();
        conditions.extend(predicates.iter().cloned());
        let set = update
            .iter()
            .map(|column| format!("{} = {}", self.quote(column), given(column)))
            .collect::<Vec<_>>()
            .join(", ");
        let matched = if set.is_empty() {
            String::new()
        } else {
            format!("\nwhen matched then update set {set}")
        };
        let using = format!("{} as DBT_INTERNAL_SOURCE", self.name(using));
        let on = conditions.join(" and ");
        let merge = format!(
            "merge into {into}\nusing {using}\non {on}{matched}\nwhen not matched then insert ({}) values ({})",
            self.list(insert),
            insert.iter().map(given).collect::<Vec<_>>().join(", ")
        );
        if self.config.emulates_redshift && !set.is_empty() {
            vec![
                emulating::refuse_several_matches(&target, &using, &on),
                merge,
            ]
        } else {
            vec![merge]
        }
    }

    /// The table, and before it the sequences of its identity columns.
    fn create_table(
        self,
        relation: &Relation,
        columns: &[ColumnDefinition],
        constraints: &[TableConstraint],
        temporary: bool,
    ) -> Result<Vec<String>, Refusal> {
        let mut said = Vec::new();
        let mut body = Vec::new();
        for column in columns {
            if let Some((seed, step)) = column.identity {
                let sequence = self.sequence(relation, &column.name, 0);
                said.push(create_sequence(&sequence, seed, step));
                body.push(format!(
                    "{} default nextval({})",
                    self.column(column)?,
                    literal(&sequence)
                ));
            } else {
                body.push(self.column(column)?);
            }
        }
        // On Redshift keys are information for its planner, and a load of doubled keys succeeds there.
        if !self.config.emulates_redshift {
            body.extend(
                constraints
                    .iter()
                    .map(|constraint| self.constraint(constraint)),
            );
        }
        said.push(format!(
            "create {} (\n  {}\n)",
            self.table(relation, temporary),
            body.join(",\n  ")
        ));
        Ok(said)
    }

    /// The name of the sequence behind an identity column; `turn` tells those of successive tables apart.
    pub(super) fn sequence(self, relation: &Relation, column: &str, turn: usize) -> String {
        let turn = if turn == 0 {
            String::new()
        } else {
            format!("_{turn}")
        };
        let identifier = format!("{}__{column}__identity{turn}", relation.identifier);
        self.name(&relation.with_identifier(identifier))
    }

    fn column(self, column: &ColumnDefinition) -> Result<String, Refusal> {
        let name = self.quote(&column.name);
        let mut words = vec![name.clone()];
        if self.config.emulates_redshift {
            let kind = emulating::duckdb_type(&column.data_type)?;
            words.push(kind.sql);
            words.extend(types::length_check(kind.redshift, &name));
        } else {
            words.push(column.data_type.clone());
            for (said, word) in [
                (column.primary_key, "primary key"),
                (column.unique, "unique"),
            ] {
                if said {
                    words.push(word.to_owned());
                }
            }
        }
        if column.not_null {
            words.push("not null".to_owned());
        }
        words.extend(
            column
                .default
                .as_ref()
                .map(|value| format!("default {}", self.default(column, value))),
        );
        Ok(words.join(" "))
    }

    /// The default of a column.
    fn default(self, column: &ColumnDefinition, value: &str) -> String {
        match emulating::duckdb_type(&column.data_type) {
            Ok(kind) if self.config.emulates_redshift => {
                emulating::default_value(kind.redshift, value.to_owned())
            }
            _ => value.to_owned(),
        }
    }

    /// A value of a column as it is stored.
    fn fit(self, column: &str, value: String) -> String {
        let mut fitted = self.fitted.iter();
        let found = fitted.find(|fitted| fitted.column.eq_ignore_ascii_case(column));
        found
            .and_then(|fitted| emulating::fit(&value, fitted.from, fitted.to))
            .unwrap_or(value)
    }

    /// `table name` or `temporary table name`.
    fn table(self, relation: &Relation, temporary: bool) -> String {
        if temporary {
            format!("temporary table {}", self.quote(&relation.identifier))
        } else {
            format!("table {}", self.name(relation))
        }
    }

    /// A relation's name with each part in quotes; an empty schema is that of a temporary table.
    pub(super) fn name(self, relation: &Relation) -> String {
        let mut parts = Vec::new();
        if !relation.schema.is_empty() {
            // `a.t` could mean the database or the schema `a` where both are there.
            let ambiguous = self.config.database.eq_ignore_ascii_case(&relation.schema);
            let database = relation
                .database
                .as_deref()
                .or(ambiguous.then_some(self.config.database.as_str()));
            parts.extend(database.map(|database| self.quote(database)));
            parts.push(self.quote(&relation.schema));
        }
        parts.push(self.quote(&relation.identifier));
        parts.join(".")
    }

    /// An identifier in quotes, folded as Redshift folds it where that is emulated.
    pub(super) fn quote(self, identifier: &str) -> String {
        if self.config.emulates_redshift {
            quote(&identifier.to_lowercase())
        } else {
            quote(identifier)
        }
    }
}

impl Wording for Words<'_> {
    const NEW_TYPE: &'static str = "set data type";

    fn given(&self, column: &str) -> String {
        self.fit(column, self.quote(column))
    }

    fn rows(&self, columns: &[String], query: &str) -> String {
        if self.fitted.is_empty() || columns.is_empty() {
            return query.to_owned();
        }
        let given: Vec<String> = columns.iter().map(|column| self.given(column)).collect();
        format!(
            "select {} from (\n{query}\n) as __rs_rows({})",
            given.join(", "),
            self.list(columns)
        )
    }

    fn literal(&self, text: &str) -> String {
        literal(text)
    }

    fn quote(&self, identifier: &str) -> String {
        Words::quote(*self, identifier)
    }

    fn name(&self, relation: &Relation) -> String {
        Words::name(*self, relation)
    }

    /// On Redshift without the trailing blanks of a text.
    fn compared(&self, column: String) -> String {
        if self.config.emulates_redshift {
            format!("{}.key({column})", emulating::PRELUDE)
        } else {
            column
        }
    }

    fn data_type(&self, data_type: &str) -> String {
        let emulated = self.config.emulates_redshift.then_some(data_type);
        let kind = emulated.and_then(|data_type| emulating::duckdb_type(data_type).ok());
        kind.map_or_else(|| data_type.to_owned(), |kind| kind.sql)
    }
}

/// The sequence of an `IDENTITY(seed, step)`.
pub(super) fn create_sequence(name: &str, seed: i64, step: i64) -> String {
    format!(
        "create sequence {name} start {seed} increment {step} minvalue {} maxvalue {}",
        i64::MIN,
        i64::MAX
    )
}

fn no_materialized_views() -> Refusal {
    let mut refused = Refusal::new("no-materialized-views", "DuckDB has no materialized views");
    refused.help = Some("use `materialized: table`".to_owned());
    refused
}

#[cfg(test)]
#[path = "sql_tests.rs"]
mod tests;
