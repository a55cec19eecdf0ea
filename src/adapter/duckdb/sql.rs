//! A typed statement as DuckDB says it; the user's SQL in it speaks DuckDB already.
//!
//! In: a [`Statement`]. Out: SQL for DuckDB, or a [`Refusal`]. Sends nothing.

use super::Config;
use super::types;
use crate::adapter::Refusal;
use crate::adapter::emulating;
use crate::adapter::statement::{
    ColumnDefinition, Rows, Statement, TableConstraint, close_versions, remember,
};
use crate::relation::{Relation, RelationKind};

/// An identifier in quotes.
pub(super) fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// A string literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// How the statements of one target are said.
#[derive(Clone, Copy)]
pub(super) struct Words<'a>(pub &'a Config);

impl Words<'_> {
    /// The statement in DuckDB's SQL, without a semicolon at the end.
    pub(super) fn sql(self, statement: &Statement) -> Result<Vec<String>, Refusal> {
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
                ..
            } => {
                let create = format!("create view {} as (\n{query}\n)", self.name(relation));
                return Ok(with_header(header.as_deref(), create));
            }
            Statement::CreateMaterializedView { .. }
            | Statement::RefreshMaterializedView { .. } => return Err(no_materialized_views()),
            Statement::SetAutoRefresh { .. } | Statement::QueryGroup { .. } => {
                return Ok(Vec::new());
            }
            Statement::Rename { kind, from, to } => format!(
                "alter {} {} rename to {}",
                kind_word(*kind)?,
                self.name(from),
                self.quote(to)
            ),
            Statement::Drop {
                kind,
                relation,
                if_exists,
            } => format!(
                "drop {} {}{}",
                kind_word(*kind)?,
                if *if_exists { "if exists " } else { "" },
                self.name(relation)
            ),
            Statement::Begin => "begin transaction".to_owned(),
            Statement::Commit => "commit".to_owned(),
            Statement::Raw { sql, .. } => sql.clone(),
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
            Statement::Grant { privilege, .. } => {
                return if self.0.emulates_redshift {
                    // DuckDB knows no users: dropped knowingly.
                    Ok(Vec::new())
                } else {
                    Err(refusal(
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
            change => self.change(change)?,
        };
        Ok(vec![said])
    }

    /// Statements that change the rows, the columns or the description of what is there.
    fn change(self, statement: &Statement) -> Result<String, Refusal> {
        Ok(match statement {
            Statement::Insert {
                into,
                columns,
                from,
            } => {
                let list = self.list(columns);
                let (target, all) = if columns.is_empty() {
                    (self.name(into), "*")
                } else {
                    (format!("{} ({list})", self.name(into)), list.as_str())
                };
                match from {
                    Rows::Query(query) => format!("insert into {target} (\n{query}\n)"),
                    Rows::Relation(from) => format!(
                        "insert into {target} (\n  select {all} from {}\n)",
                        self.name(from)
                    ),
                }
            }
            Statement::DeleteByKey {
                from,
                using,
                key,
                predicates,
            } => {
                let more = predicates
                    .iter()
                    .map(|predicate| format!("\nand {predicate}"))
                    .collect::<String>();
                let key = key
                    .iter()
                    .map(|column| self.compared(self.quote(column)))
                    .collect::<Vec<_>>()
                    .join(", ");
                format!(
                    "delete from {}\nwhere ({key}) in (\n  select {key} from {}\n){more}",
                    self.name(from),
                    self.name(using),
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
            Statement::Remember { into, files, at } => {
                remember(&self.name(into), files, at, literal)
            }
            Statement::AddColumn {
                relation,
                name,
                data_type,
            } => format!(
                "alter table {} add column {} {}",
                self.name(relation),
                self.quote(name),
                self.added_type(data_type)?
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
            }
            | Statement::ChangeColumnType {
                relation,
                name,
                data_type,
            } => format!(
                "alter table {} alter column {} set data type {}",
                self.name(relation),
                self.quote(name),
                self.added_type(data_type)?
            ),
            Statement::Comment {
                kind,
                relation,
                column,
                text,
            } => match column {
                Some(column) => format!(
                    "comment on column {}.{} is {}",
                    self.name(relation),
                    self.quote(column),
                    literal(text)
                ),
                None => format!(
                    "comment on {} {} is {}",
                    kind_word(*kind)?,
                    self.name(relation),
                    literal(text)
                ),
            },
            // Every other statement is said by `sql`, which sends only these here.
            _ => String::new(),
        })
    }

    /// A column of a key as it is compared: on Redshift without the trailing blanks of a text.
    fn compared(self, column: String) -> String {
        if self.0.emulates_redshift {
            format!("{}.key({column})", emulating::PRELUDE)
        } else {
            column
        }
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
        let (target, into) = if self.0.emulates_redshift {
            (self.name(into), self.name(into))
        } else {
            let alias = "DBT_INTERNAL_DEST".to_owned();
            (alias.clone(), format!("{} as {alias}", self.name(into)))
        };
        let source = |column: &String| format!("DBT_INTERNAL_SOURCE.{}", self.quote(column));
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
            .map(|column| format!("{} = {}", self.quote(column), source(column)))
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
            insert.iter().map(source).collect::<Vec<_>>().join(", ")
        );
        if self.0.emulates_redshift && !set.is_empty() {
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
        if !self.0.emulates_redshift {
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
        if self.0.emulates_redshift {
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
                .map(|value| format!("default {value}")),
        );
        Ok(words.join(" "))
    }

    fn constraint(self, constraint: &TableConstraint) -> String {
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

    fn added_type(self, data_type: &str) -> Result<String, Refusal> {
        if !self.0.emulates_redshift {
            return Ok(data_type.to_owned());
        }
        Ok(emulating::duckdb_type(data_type)?.sql)
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
            let ambiguous = self.0.database.eq_ignore_ascii_case(&relation.schema);
            let database = relation
                .database
                .as_deref()
                .or(ambiguous.then_some(self.0.database.as_str()));
            parts.extend(database.map(|database| self.quote(database)));
            parts.push(self.quote(&relation.schema));
        }
        parts.push(self.quote(&relation.identifier));
        parts.join(".")
    }

    /// An identifier in quotes, folded as Redshift folds it where that is emulated.
    pub(super) fn quote(self, identifier: &str) -> String {
        if self.0.emulates_redshift {
            quote(&identifier.to_lowercase())
        } else {
            quote(identifier)
        }
    }

    fn list(self, columns: &[String]) -> String {
        columns
            .iter()
            .map(|column| self.quote(column))
            .collect::<Vec<_>>()
            .join(", ")
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

/// A refusal without a place.
pub(super) fn refusal(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal {
        code,
        message: message.into(),
        range: None,
        reason: None,
        help: None,
    }
}

fn with_header(header: Option<&str>, statement: String) -> Vec<String> {
    header
        .map(str::trim)
        .filter(|header| !header.is_empty())
        .map(str::to_owned)
        .into_iter()
        .chain([statement])
        .collect()
}

fn kind_word(kind: RelationKind) -> Result<&'static str, Refusal> {
    match kind {
        RelationKind::Table => Ok("table"),
        RelationKind::View => Ok("view"),
        RelationKind::MaterializedView => Err(no_materialized_views()),
    }
}

fn no_materialized_views() -> Refusal {
    let mut refused = refusal("no-materialized-views", "DuckDB has no materialized views");
    refused.help = Some("use `materialized: table`".to_owned());
    refused
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::copy::Folders;
    use crate::adapter::redshift::tests::statements;

    fn said(emulates_redshift: bool) -> String {
        let config = Config {
            path: None,
            database: "sales".to_owned(),
            emulates_redshift,
            settings: Vec::new(),
            s3: Folders::default(),
        };
        statements()
            .iter()
            .map(|statement| match Words(&config).sql(statement) {
                Ok(said) => said.join("\n;\n"),
                Err(refusal) => format!("refused: {}", refusal.message),
            })
            .collect::<Vec<_>>()
            .join("\n---\n")
    }

    #[test]
    fn every_statement_has_its_words_where_redshift_is_emulated() {
        insta::assert_snapshot!(said(true), @r#"
        create schema if not exists "sales"
        ---
        create table "dev"."sales"."orders" as (
        select 1 as id -- one
        )
        ---
        create table "sales"."sales"."a" as (
        select 1 as id -- one
        )
        ---
        create table "sales"."sales"."a" as (
        select 1 as id -- one
        )
        ---
        set query_group to 'x';
        ;
        create temporary table "orders__tmp" as (
        select 1 as id -- one
        )
        ---
        create sequence "sales"."sales"."orders__id__identity" start 0 increment 1 minvalue -9223372036854775808 maxvalue 9223372036854775807
        ;
        create table "sales"."sales"."orders" (
          "id" BIGINT not null default nextval('"sales"."sales"."orders__id__identity"'),
          "weird "" name" VARCHAR check (strlen("weird "" name") <= 20),
          "amount" DECIMAL(10, 2) default 0.00
        )
        ---
        create view "sales"."sales"."v" as (
        select 1 as id
        )
        ---
        create view "sales"."sales"."v" as (
        select 1 as id
        )
        ---
        alter view "sales"."sales"."v" rename to "w"
        ---
        drop table if exists "sales"."sales"."orders"
        ---
        drop view "sales"."sales"."v"
        ---
        insert into "sales"."sales"."orders" ("id", "amount") (
          select "id", "amount" from "orders__tmp"
        )
        ---
        insert into "sales"."sales"."orders" (
        select 1
        )
        ---
        delete from "sales"."sales"."orders"
        where (__rs.key("id"), __rs.key("day")) in (
          select __rs.key("id"), __rs.key("day") from "orders__tmp"
        )
        and day > '2024-01-01'
        ---
        SELECT error('Found multiple matches to update the same tuple') FROM (SELECT 1 FROM "sales"."sales"."orders" JOIN "orders__tmp" as DBT_INTERNAL_SOURCE ON __rs.key("sales"."sales"."orders"."id") = __rs.key(DBT_INTERNAL_SOURCE."id") and __rs.key("sales"."sales"."orders"."day") = __rs.key(DBT_INTERNAL_SOURCE."day") and DBT_INTERNAL_SOURCE.day > '2024-01-01' GROUP BY "sales"."sales"."orders".rowid HAVING count(*) > 1 LIMIT 1)
        ;
        merge into "sales"."sales"."orders"
        using "orders__tmp" as DBT_INTERNAL_SOURCE
        on __rs.key("sales"."sales"."orders"."id") = __rs.key(DBT_INTERNAL_SOURCE."id") and __rs.key("sales"."sales"."orders"."day") = __rs.key(DBT_INTERNAL_SOURCE."day") and DBT_INTERNAL_SOURCE.day > '2024-01-01'
        when matched then update set "amount" = DBT_INTERNAL_SOURCE."amount"
        when not matched then insert ("id", "day", "amount") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount")
        ---
        merge into "sales"."sales"."orders"
        using "orders__tmp" as DBT_INTERNAL_SOURCE
        on __rs.key("sales"."sales"."orders"."id") = __rs.key(DBT_INTERNAL_SOURCE."id") and __rs.key("sales"."sales"."orders"."day") = __rs.key(DBT_INTERNAL_SOURCE."day") and DBT_INTERNAL_SOURCE.day > '2024-01-01'
        when not matched then insert ("id", "day", "amount") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount")
        ---
        -- 2 rows of seeds/seed.csv are appended to "sales"."sales"."seed"
        ---
        alter table "sales"."sales"."orders" add column "note" VARCHAR
        ---
        alter table "sales"."sales"."orders" drop column "note"
        ---
        refused: DuckDB has no materialized views
        ---
        refused: DuckDB has no materialized views
        ---

        ---
        alter table "sales"."sales"."orders" alter column "note" set data type VARCHAR
        ---
        alter table "sales"."sales"."orders" alter column "note" set data type BIGINT
        ---

        ---

        ---
        comment on view "sales"."sales"."v" is 'it''s \ fine'
        ---
        comment on column "sales"."sales"."v"."id" is 'it''s \ fine'
        ---

        ---
        begin transaction
        ---
        commit
        ---
        vacuum; analyze
        ---
        -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."sales"."orders"
        "#);
    }

    #[test]
    fn every_statement_has_its_words_in_plain_duckdb() {
        insta::assert_snapshot!(said(false), @r#"
        create schema if not exists "Sales"
        ---
        create table "dev"."Sales"."orders" as (
        select 1 as id -- one
        )
        ---
        create table "sales"."Sales"."a" as (
        select 1 as id -- one
        )
        ---
        create table "sales"."Sales"."a" as (
        select 1 as id -- one
        )
        ---
        set query_group to 'x';
        ;
        create temporary table "orders__tmp" as (
        select 1 as id -- one
        )
        ---
        create sequence "sales"."Sales"."orders__id__identity" start 0 increment 1 minvalue -9223372036854775808 maxvalue 9223372036854775807
        ;
        create table "sales"."Sales"."orders" (
          "id" bigint primary key not null default nextval('"sales"."Sales"."orders__id__identity"'),
          "Weird "" name" varchar(20) unique,
          "amount" decimal(10,2) default 0.00,
          primary key ("id"),
          unique ("id", "amount"),
          foreign key ("id") references "sales"."Sales"."parents" ("id")
        )
        ---
        create view "sales"."Sales"."v" as (
        select 1 as id
        )
        ---
        create view "sales"."Sales"."v" as (
        select 1 as id
        )
        ---
        alter view "sales"."Sales"."v" rename to "w"
        ---
        drop table if exists "sales"."Sales"."orders"
        ---
        drop view "sales"."Sales"."v"
        ---
        insert into "sales"."Sales"."orders" ("id", "amount") (
          select "id", "amount" from "orders__tmp"
        )
        ---
        insert into "sales"."Sales"."orders" (
        select 1
        )
        ---
        delete from "sales"."Sales"."orders"
        where ("id", "day") in (
          select "id", "day" from "orders__tmp"
        )
        and day > '2024-01-01'
        ---
        merge into "sales"."Sales"."orders" as DBT_INTERNAL_DEST
        using "orders__tmp" as DBT_INTERNAL_SOURCE
        on DBT_INTERNAL_DEST."id" = DBT_INTERNAL_SOURCE."id" and DBT_INTERNAL_DEST."day" = DBT_INTERNAL_SOURCE."day" and DBT_INTERNAL_SOURCE.day > '2024-01-01'
        when matched then update set "amount" = DBT_INTERNAL_SOURCE."amount"
        when not matched then insert ("id", "day", "amount") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount")
        ---
        merge into "sales"."Sales"."orders" as DBT_INTERNAL_DEST
        using "orders__tmp" as DBT_INTERNAL_SOURCE
        on DBT_INTERNAL_DEST."id" = DBT_INTERNAL_SOURCE."id" and DBT_INTERNAL_DEST."day" = DBT_INTERNAL_SOURCE."day" and DBT_INTERNAL_SOURCE.day > '2024-01-01'
        when not matched then insert ("id", "day", "amount") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount")
        ---
        -- 2 rows of seeds/seed.csv are appended to "sales"."Sales"."seed"
        ---
        alter table "sales"."Sales"."orders" add column "note" varchar(9)
        ---
        alter table "sales"."Sales"."orders" drop column "note"
        ---
        refused: DuckDB has no materialized views
        ---
        refused: DuckDB has no materialized views
        ---

        ---
        alter table "sales"."Sales"."orders" alter column "note" set data type character varying(300)
        ---
        alter table "sales"."Sales"."orders" alter column "note" set data type bigint
        ---

        ---

        ---
        comment on view "sales"."Sales"."v" is 'it''s \ fine'
        ---
        comment on column "sales"."Sales"."v"."id" is 'it''s \ fine'
        ---
        refused: DuckDB has no privileges, so `select` cannot be granted
        ---
        begin transaction
        ---
        commit
        ---
        vacuum; analyze
        ---
        -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
        ---
        -- the files below s3://b/it's are read and appended to "sales"."Sales"."orders"
        "#);
    }
}
