//! What statements say alike on every warehouse that speaks SQL: an adapter states only its names, its literals and the few words that differ.
//!
//! In: a [`Statement`]. Out: its SQL, where all say it alike. Sends nothing.

use super::copy::StoredFile;
use super::statement::{Rows, Statement, TableConstraint};
use crate::relation::{Relation, RelationKind};

/// How one warehouse says what all of them say alike.
pub(super) trait Wording {
    /// What stands between a column and its new type in `alter table`.
    const NEW_TYPE: &'static str = "type";

    /// A text in quotes.
    fn literal(&self, text: &str) -> String;

    /// An identifier in quotes.
    fn quote(&self, identifier: &str) -> String {
        quote(identifier)
    }

    /// A relation's name with each part in quotes.
    fn name(&self, relation: &Relation) -> String {
        name(relation)
    }

    /// The word before a name in `drop`.
    fn kind(&self, kind: RelationKind) -> &'static str {
        match kind {
            RelationKind::Table => "table",
            RelationKind::View => "view",
            RelationKind::MaterializedView => "materialized view",
        }
    }

    /// The word before a name in `alter … rename`.
    fn renamed(&self, kind: RelationKind) -> &'static str {
        self.kind(kind)
    }

    /// The word before a name in `comment on`.
    fn described(&self, kind: RelationKind) -> &'static str {
        self.kind(kind)
    }

    /// A column of a key as it is compared.
    fn compared(&self, column: String) -> String {
        column
    }

    /// A type of a column that is added or changed.
    fn data_type(&self, data_type: &str) -> String {
        data_type.to_owned()
    }

    /// Who is granted something.
    fn grantee(&self, who: &str) -> String {
        self.quote(who)
    }

    /// All who are granted something, with commas between them.
    fn grantees(&self, all: &[String]) -> String {
        let all: Vec<String> = all.iter().map(|who| self.grantee(who)).collect();
        all.join(", ")
    }

    /// A column of the rows that a table is given, as its value is stored.
    fn given(&self, column: &str) -> String {
        self.quote(column)
    }

    /// A query whose rows fill these columns of a table, as they are stored.
    fn rows(&self, _columns: &[String], query: &str) -> String {
        query.to_owned()
    }

    /// Columns in quotes, with commas between them.
    fn list(&self, columns: &[String]) -> String {
        let columns: Vec<String> = columns.iter().map(|column| self.quote(column)).collect();
        columns.join(", ")
    }

    /// A constraint of a table.
    fn constraint(&self, constraint: &TableConstraint) -> String {
        match constraint {
            TableConstraint::PrimaryKey(columns) => format!("primary key ({})", self.list(columns)),
            TableConstraint::Unique(columns) => format!("unique ({})", self.list(columns)),
            TableConstraint::Written(text) => text.clone(),
            TableConstraint::ForeignKey {
                columns,
                to,
                to_columns,
            } => {
                let target = if to_columns.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", self.list(to_columns))
                };
                format!(
                    "foreign key ({}) references {}{target}",
                    self.list(columns),
                    self.name(to)
                )
            }
        }
    }

    /// The statement; nothing where each warehouse has words of its own.
    fn said_alike(&self, statement: &Statement) -> Option<String> {
        Some(match statement {
            Statement::CreateSchema { schema, .. } => {
                format!("create schema if not exists {}", self.quote(schema))
            }
            Statement::Rename { kind, from, to } => format!(
                "alter {} {} rename to {}",
                self.renamed(*kind),
                self.name(from),
                self.quote(to)
            ),
            Statement::Drop {
                kind,
                relation,
                if_exists,
            } => format!(
                "drop {} {}{}",
                self.kind(*kind),
                if *if_exists { "if exists " } else { "" },
                self.name(relation)
            ),
            Statement::Grant {
                relation,
                privilege,
                grantees,
            } => format!(
                "grant {privilege} on {} to {}",
                self.name(relation),
                self.grantees(grantees)
            ),
            Statement::Revoke {
                relation,
                privilege,
                grantees,
            } => format!(
                "revoke {privilege} on {} from {}",
                self.name(relation),
                self.grantees(grantees)
            ),
            Statement::Commit => "commit".to_owned(),
            Statement::Rollback => "rollback".to_owned(),
            Statement::Raw { sql, .. } => sql.clone(),
            Statement::LateHook { .. } => {
                "-- a post-hook that asks the warehouse: it is rendered when it is due".to_owned()
            }
            Statement::AddColumn {
                relation,
                name,
                data_type,
            } => format!(
                "alter table {} add column {} {}",
                self.name(relation),
                self.quote(name),
                self.data_type(data_type)
            ),
            Statement::DropColumn { relation, name } => format!(
                "alter table {} drop column {}",
                self.name(relation),
                self.quote(name)
            ),
            Statement::WidenColumn {
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
            Statement::Comment {
                kind,
                relation,
                column,
                text,
                ..
            } => self.comment(*kind, relation, column.as_deref(), text),
            of_rows => return self.of_rows(of_rows),
        })
    }

    /// A statement that changes rows.
    fn of_rows(&self, statement: &Statement) -> Option<String> {
        Some(match statement {
            Statement::Insert {
                into,
                columns,
                from,
            } => self.insert(into, columns, from),
            Statement::Empty { relation } => format!("delete from {}", self.name(relation)),
            Statement::DeleteByKey {
                from,
                using,
                key,
                predicates,
            } => {
                let more: String = predicates
                    .iter()
                    .map(|predicate| format!("\nand {predicate}"))
                    .collect();
                let compared = key
                    .iter()
                    .map(|key| self.compared(key.sql(|name| self.quote(name))));
                let key = compared.collect::<Vec<_>>().join(", ");
                format!(
                    "delete from {}\nwhere ({key}) in (\n  select {key} from {}\n){more}",
                    self.name(from),
                    self.name(using)
                )
            }
            Statement::CloseVersions {
                of,
                using,
                id,
                valid_to,
                current,
            } => close_versions(
                &self.name(of),
                &self.name(using),
                [&self.quote(id), &self.quote(valid_to)],
                current.as_deref(),
            ),
            Statement::Remember { into, files, at } => self.remember(into, files, at),
            _ => return None,
        })
    }

    /// Rows of a query or of another relation into a table.
    fn insert(&self, into: &Relation, columns: &[String], from: &Rows) -> String {
        let (target, all) = if columns.is_empty() {
            (self.name(into), "*".to_owned())
        } else {
            let given: Vec<String> = columns.iter().map(|column| self.given(column)).collect();
            (
                format!("{} ({})", self.name(into), self.list(columns)),
                given.join(", "),
            )
        };
        match from {
            Rows::Query(query) => {
                format!("insert into {target} (\n{}\n)", self.rows(columns, query))
            }
            Rows::Relation(from) => format!(
                "insert into {target} (\n  select {all} from {}\n)",
                self.name(from)
            ),
        }
    }

    /// The description of a relation or of one of its columns.
    fn comment(
        &self,
        kind: RelationKind,
        relation: &Relation,
        column: Option<&str>,
        text: &str,
    ) -> String {
        let (name, text) = (self.name(relation), self.literal(text));
        match column {
            Some(column) => format!("comment on column {name}.{} is {text}", self.quote(column)),
            None => format!("comment on {} {name} is {text}", self.described(kind)),
        }
    }

    /// The names of files that were loaded, into the table that remembers them.
    fn remember(&self, into: &Relation, files: &[StoredFile], at: &str) -> String {
        let rows = files.iter().map(|file| {
            format!(
                "  ({}, {}, {}, {})",
                self.literal(&file.url),
                file.size,
                self.literal(&file.etag),
                self.literal(at)
            )
        });
        format!(
            "insert into {} (\"file\", \"size\", \"etag\", \"loaded_at\") values\n{}",
            self.name(into),
            rows.collect::<Vec<_>>().join(",\n")
        )
    }
}

/// The `update` that ends the versions of a snapshot's rows.
fn close_versions(
    of: &str,
    using: &str,
    [id, valid_to]: [&str; 2],
    current: Option<&str>,
) -> String {
    let holds = match current {
        Some(current) => format!("({of}.{valid_to} = {current} or {of}.{valid_to} is null)"),
        None => format!("{of}.{valid_to} is null"),
    };
    format!(
        "update {of}\nset {valid_to} = DBT_INTERNAL_SOURCE.{valid_to}\nfrom {using} as DBT_INTERNAL_SOURCE\nwhere DBT_INTERNAL_SOURCE.{id} = {of}.{id}\n  and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')\n  and {holds}"
    )
}

/// An identifier in quotes.
pub(super) fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// A relation's name with each part in quotes; an empty schema is that of a temporary table, which has none to name.
pub(super) fn name(relation: &Relation) -> String {
    let mut parts = Vec::new();
    if !relation.is_temporary() {
        parts.extend(relation.database.as_deref().map(quote));
        parts.push(quote(&relation.schema));
    }
    parts.push(quote(&relation.identifier));
    parts.join(".")
}

/// `sql_header` and the statement it stands before.
pub(super) fn with_header(header: Option<&str>, statement: String) -> Vec<String> {
    header
        .map(str::trim)
        .filter(|header| !header.is_empty())
        .map(str::to_owned)
        .into_iter()
        .chain([statement])
        .collect()
}
