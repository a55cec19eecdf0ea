//! Redshift's SQL on this server.
//!
//! In: a [`Statement`] or query in Redshift's dialect. Out: [`Prepared`] in PostgreSQL's SQL, or a [`Refusal`]; and a session made
//! ready for what such SQL calls. Names are folded as Redshift folds them, and keys dropped: there they are information alone.

use tokio_postgres::types::Type as PgType;

use super::error;
use super::session::Session;
use super::sql::{self, Of, literal, quote};
use crate::adapter::copy;
use crate::adapter::emulating::{Engine, catalog_type, postgres};
use crate::adapter::statement::Key;
use crate::adapter::wire::link::Link;
use crate::adapter::{Error, ErrorClass, Outcome, Prepared, Refusal, Statement, UserSql, emulated};
use crate::relation::{KnownColumn, KnownColumns, Relation};

/// The settings of every session. What a text means must not hang on the server's own settings.
const SETTINGS: &str = "set datestyle to 'ISO, MDY'; set timezone to 'UTC'; set standard_conforming_strings to on; set extra_float_digits to 1; set intervalstyle to 'postgres'";

/// Collations of the system that compare texts by their bytes, as Redshift does.
const BYTEWISE: [&str; 5] = ["C", "POSIX", "C.UTF-8", "C.utf8", "C.UTF8"];

/// What is known of the relations of a query.
fn tables(known: &dyn KnownColumns) -> emulated::Tables<'_> {
    emulated::Tables {
        known,
        engine: Engine::Postgres,
        database: None,
    }
}

/// The statement as it will be sent.
pub(super) fn prepare(
    statement: &Statement,
    known: &dyn KnownColumns,
) -> Result<Prepared, Refusal> {
    let tables = tables(known);
    if let Statement::Raw { sql, .. } = statement
        && emulated::only_copy(sql, &tables)?.is_some()
    {
        return Err(Refusal {
            code: "copy-in-sql",
            message: "COPY in a hook is not emulated on PostgreSQL yet".to_owned(),
            range: None,
            reason: None,
            help: Some("declare the load as a source with `external`".to_owned()),
        });
    }
    let translation = emulated::statement(statement, &tables)?;
    let (mut translated, mut columns) = (translation.statement, translation.columns);
    if let Statement::Copy(load) = &translated {
        copy::check(load, copy::Reads::Text)?;
    }
    if let Statement::CreateMaterializedView { query, .. } = &mut translated {
        let made = emulated::query(query, &tables)?;
        *query = made.sql;
        columns = made.columns;
    }
    if let Statement::Unload(unload) = &translated {
        super::unload::check(unload)?;
    }
    fold(&mut translated)?;
    let said = match retyped(&translated)? {
        Some(said) => said,
        None => sql::sql_as(&translated, Of::Redshift)?,
    };
    let source = statement.user_sql().and_then(|text| {
        let inside = translated.user_sql()?;
        let mut places = said.iter().map(|said| said.find(inside)).enumerate();
        let (statement, start) = places.find_map(|(number, at)| Some((number, at?)))?;
        Some(UserSql {
            text: text.to_owned(),
            statement,
            range: start..start + inside.len(),
        })
    });
    let work = matches!(
        translated,
        Statement::Load { .. }
            | Statement::Copy(_)
            | Statement::Unload(_)
            | Statement::Merge { .. }
            | Statement::CreateTableAs { .. }
    );
    Ok(Prepared {
        loads: None,
        sql: said,
        load: work.then_some(translated),
        source,
        columns,
        tables: Vec::new(),
        changes: Vec::new(),
        left: Vec::new(),
        alone: None,
        values_only: false,
    })
}

/// The query as it will be sent.
pub(super) fn prepare_query(query: &str, known: &dyn KnownColumns) -> Result<Prepared, Refusal> {
    let tables = tables(known);
    let translated = emulated::query(query, &tables)?;
    Ok(Prepared {
        loads: None,
        source: Some(UserSql {
            text: query.to_owned(),
            statement: 0,
            range: 0..translated.sql.len(),
        }),
        sql: vec![translated.sql],
        load: None,
        columns: translated.columns,
        tables: Vec::new(),
        changes: Vec::new(),
        left: Vec::new(),
        alone: None,
        values_only: false,
    })
}

/// Names in lower case, types in PostgreSQL's words.
fn fold(statement: &mut Statement) -> Result<(), Refusal> {
    match statement {
        Statement::CreateSchema { schema, .. } => lower(schema),
        Statement::CreateTableAs { relation, .. }
        | Statement::CreateView { relation, .. }
        | Statement::CreateMaterializedView { relation, .. }
        | Statement::RefreshMaterializedView { relation }
        | Statement::SetAutoRefresh { relation, .. } => {
            fold_relation(relation);
        }
        Statement::CreateTable {
            relation,
            columns,
            constraints,
            ..
        } => {
            fold_relation(relation);
            constraints.clear();
            for column in columns {
                lower(&mut column.name);
                column.data_type = postgres::column_type(&column.name, &column.data_type)?;
                column.primary_key = false;
                column.unique = false;
            }
        }
        Statement::Rename { from, to, .. } => {
            fold_relation(from);
            lower(to);
        }
        Statement::Drop { relation, .. }
        | Statement::Grant { relation, .. }
        | Statement::Revoke { relation, .. } => {
            fold_relation(relation);
        }
        Statement::Insert {
            into,
            columns,
            from,
        } => {
            fold_relation(into);
            columns.iter_mut().for_each(lower);
            if let crate::adapter::statement::Rows::Relation(from) = from {
                fold_relation(from);
            }
        }
        Statement::Empty { relation } => fold_relation(relation),
        Statement::DeleteByKey {
            from, using, key, ..
        } => {
            fold_relation(from);
            fold_relation(using);
            for part in key {
                if let Key::Column(name) = part {
                    lower(name);
                }
            }
        }
        Statement::Merge {
            into,
            using,
            key,
            update,
            insert,
            ..
        } => {
            fold_relation(into);
            fold_relation(using);
            for list in [key, update, insert] {
                list.iter_mut().for_each(lower);
            }
        }
        Statement::CloseVersions {
            of,
            using,
            id,
            valid_to,
            ..
        } => {
            fold_relation(of);
            fold_relation(using);
            lower(id);
            lower(valid_to);
        }
        Statement::Copy(copy) => {
            fold_relation(&mut copy.into);
            for column in &mut copy.columns {
                lower(&mut column.name);
            }
        }
        Statement::Remember { into, .. } => fold_relation(into),
        Statement::Load { into, columns, .. } => {
            fold_relation(into);
            for column in columns {
                lower(&mut column.name);
            }
        }
        Statement::AddColumn {
            relation,
            name,
            data_type,
        } => {
            fold_relation(relation);
            lower(name);
            *data_type = postgres::column_type(name, data_type)?;
        }
        Statement::DropColumn { relation, name }
        | Statement::WidenColumn { relation, name, .. }
        | Statement::ChangeColumnType { relation, name, .. } => {
            fold_relation(relation);
            lower(name);
        }
        Statement::Comment {
            relation, column, ..
        } => {
            fold_relation(relation);
            column.iter_mut().for_each(lower);
        }
        Statement::Begin
        | Statement::Commit
        | Statement::Rollback
        | Statement::QueryGroup { .. }
        | Statement::Unload(_)
        | Statement::Raw { .. }
        | Statement::LateHook { .. } => {}
    }
    Ok(())
}

/// A column with another type: the check of its old length goes, that of the new one comes.
fn retyped(statement: &Statement) -> Result<Option<Vec<String>>, Refusal> {
    let (relation, column, data_type, cast) = match statement {
        Statement::WidenColumn {
            relation,
            name,
            data_type,
        } => (relation, name, data_type, false),
        Statement::ChangeColumnType {
            relation,
            name,
            data_type,
        } => (relation, name, data_type, true),
        _ => return Ok(None),
    };
    let (table, column) = (sql::name(relation), quote(column));
    postgres::retyped(&table, &column, data_type, cast).map(Some)
}

fn fold_relation(relation: &mut Relation) {
    lower(&mut relation.schema);
    lower(&mut relation.identifier);
}

fn lower(name: &mut String) {
    *name = name.to_lowercase();
}

/// Makes a new session ready: its settings, and the functions that translated SQL calls.
///
/// # Errors
/// A database that compares texts otherwise than Redshift; a schema `__rs` that is missing and may not be made.
pub(super) fn begin(link: &Link) -> Result<(), Error> {
    link.text(SETTINGS)?;
    let found = link.texts::<4>(
        "select datcollate, coalesce(to_jsonb(d)->>'datlocprovider', 'c'), pg_catalog.pg_encoding_to_char(encoding),
           coalesce(pg_catalog.obj_description((select oid from pg_catalog.pg_namespace where nspname = '__rs'), 'pg_namespace'), '')
         from pg_catalog.pg_database d where datname = pg_catalog.current_database()",
    )?;
    let Some([collation, provider, encoding, version]) = found.into_iter().next() else {
        return Ok(());
    };
    // Since version 15 the collation may be ICU's, since 17 one of PostgreSQL's own, which go by code points.
    let bytewise = match provider.as_str() {
        "c" => BYTEWISE.contains(&collation.as_str()),
        provider => provider == "b",
    };
    if encoding != "UTF8" || !bytewise {
        let by = match provider.as_str() {
            "i" => "the rules of ICU".to_owned(),
            _ => format!("the collation `{collation}`"),
        };
        let mut refused = Error::new(
            ErrorClass::User,
            format!(
                "this database cannot stand in for Redshift: it compares texts by {by} in the encoding {encoding}, Redshift by the bytes of UTF-8"
            ),
        );
        refused.help = Some(
            "make one that can: create database … template template0 encoding 'UTF8' lc_collate 'C'"
                .to_owned(),
        );
        return Err(refused);
    }
    if version == postgres::prelude_version() {
        return Ok(());
    }
    install(link)
}

/// Makes the functions, or makes them anew, one session at a time and all or none.
fn install(link: &Link) -> Result<(), Error> {
    let script = format!(
        "begin; select pg_catalog.pg_advisory_xact_lock(hashtextextended('redstart functions', 0));\n{}\ncomment on schema __rs is {};\ncommit",
        postgres::PRELUDE,
        literal(&postgres::prelude_version())
    );
    link.count(&script).map(drop).map_err(|cause| {
        let mut failed = error::told(&cause);
        let _ = link.count("rollback");
        failed.message = format!("the functions that Redshift's SQL needs cannot be made in the schema `__rs`: {}", failed.message);
        failed.help = Some(
            "the user needs the privilege `create` on the database once, or must own the schema `__rs` (docs/postgres.md)"
                .to_owned(),
        );
        failed
    })
}

impl Session {
    /// Makes a table from a query, with the types that Redshift would give its columns: a decimal keeps its scale, a text its length.
    pub(super) fn create_table_as(
        &self,
        prepared: &Prepared,
        source: &UserSql,
    ) -> Result<Outcome, Error> {
        let sql = &prepared.sql[source.statement];
        let inside = &sql[source.range.clone()];
        let client = self.link.client()?;
        // Blanks stand for what comes before the query, so that the place of an error is the same.
        let alone = format!("{}{inside}", " ".repeat(source.range.start));
        let described = self
            .link
            .wait(client.prepare(&alone))
            .map_err(|cause| error::in_statement(&cause, prepared, source.statement, &alone, 0))?;
        let names: Vec<&str> = described
            .columns()
            .iter()
            .map(tokio_postgres::Column::name)
            .collect();
        emulated::refuse_doubles(&source.text, names.iter().copied()).map_err(|refusal| {
            let mut error = Error::new(ErrorClass::User, refusal.message);
            error.help = refusal.help;
            error
        })?;
        let kinds = described
            .columns()
            .iter()
            .map(tokio_postgres::Column::type_);
        let wanted = wanted(prepared.columns.as_deref(), kinds);
        let sent = match wanted.iter().all(Option::is_none) {
            true => sql.clone(),
            false => filled(&sql[..source.range.start], inside, &names, &wanted),
        };
        self.check_cancelled()?;
        let rows = self
            .link
            .count(&sent)
            .map_err(|cause| error::in_statement(&cause, prepared, source.statement, &sent, 0))?;
        Ok(Outcome {
            rows,
            ..Outcome::default()
        })
    }
}

/// A table that is made empty with the columns of the query, then typed, then filled: an insert refuses what does not fit, a cast
/// would cut it. The three go as one message, which is one transaction where none is open.
fn filled(head: &str, query: &str, names: &[&str], wanted: &[Option<String>]) -> String {
    let table = head
        .trim_start_matches("create ")
        .trim_end_matches("as (\n")
        .trim_end();
    let name = table
        .trim_start_matches("temporary ")
        .trim_start_matches("unlogged ")
        .trim_start_matches("table ");
    let mut actions = Vec::new();
    for (column, kind) in names.iter().zip(wanted) {
        let Some(kind) = kind else { continue };
        actions.push(format!("alter column {} type {kind}", quote(column)));
        let check = catalog_type(kind).and_then(|kind| postgres::length_check(column, kind));
        actions.extend(check.map(|check| format!("add {check}")));
    }
    format!(
        "{head}{query}\n) with no data;\nalter table {name} {};\ninsert into {name} (\n{query}\n)",
        actions.join(", ")
    )
}

/// The types that columns must be given, where PostgreSQL would forget them: a decimal's scale, a text's length.
fn wanted<'t>(
    columns: Option<&[KnownColumn]>,
    kinds: impl ExactSizeIterator<Item = &'t PgType>,
) -> Vec<Option<String>> {
    let known = columns.filter(|columns| columns.len() == kinds.len());
    kinds
        .enumerate()
        .map(|(at, kind)| {
            let declared = known?.get(at)?.data_type.as_deref()?;
            let arguments = declared.split_once('(')?.1;
            match *kind {
                PgType::NUMERIC if declared.starts_with("numeric(") => {
                    Some(format!("numeric({arguments}"))
                }
                PgType::TEXT | PgType::VARCHAR if declared.starts_with("character varying(") => {
                    Some(format!("varchar({arguments}"))
                }
                // A cast to `char` gives a text without blanks at its end.
                PgType::TEXT | PgType::VARCHAR | PgType::BPCHAR
                    if declared.starts_with("character(") =>
                {
                    Some(format!("char({arguments}"))
                }
                _ => None,
            }
        })
        .collect()
}
