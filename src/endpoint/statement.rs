//! What a statement is, and what answers it.
//!
//! In: one statement of a client, inside a transaction of DuckDB. Out: an [`Answer`]. Queries go through the translation or, where they
//! ask the catalog, through `leader`; what defines things goes to `ddl`.

use sqlparser::tokenizer::Token;

use super::failure::Failure;
use super::leader::{self, Facts};
use super::session::{Answer, Session, Transaction};
use super::words::Words;
use crate::adapter::emulating::{self, Work, literal};
use crate::adapter::{Adapter, Connection, Outcome, Prepared, Table, TableChange, UserSql, Value};
use crate::relation::{Column, NothingKnown};

/// Rows that one statement adds to the log of bad rows at most.
const AT_ONCE: usize = 1000;

/// Whether a statement answers rows.
pub(super) fn answers_rows(words: &Words) -> bool {
    match words.word(0).as_str() {
        "with" | "values" | "show" => true,
        "select" => words.find(1, "into").is_none(),
        _ => words.is(0, &Token::LParen),
    }
}

impl Session {
    /// Runs one statement.
    pub fn statement(&mut self, text: &str, words: &Words) -> Result<Answer, Failure> {
        if text.len() > 16 * 1024 * 1024 {
            return Err(Failure::new("54001", "Statement is too large.")
                .detail("Statement length limit is 16777216 bytes."));
        }
        let second = words.word(1);
        match (words.word(0).as_str(), second.as_str()) {
            ("select" | "with" | "values", _) | ("", _) if answers_rows(words) => {
                Ok(Answer::Rows(self.select(text)?, None))
            }
            ("show", _) => self.show(words),
            ("set", _) => self.set(words),
            ("reset", _) => self.reset(words),
            ("use", _) => self.use_database(words),
            ("insert" | "update" | "delete" | "merge" | "truncate", _) => self.change(text, words),
            ("copy", _) => self.copy(text),
            ("unload", _) => self.unload(words),
            ("vacuum", _) => self.tended(words, "VACUUM"),
            ("analyze" | "analyse", _) => self.tended(words, "ANALYZE"),
            ("lock", _) => self.lock(words),
            ("deallocate", _) => Ok(Answer::done("DEALLOCATE")),
            ("cancel", _) => self.cancel(words),
            ("explain", _) => {
                Err(Failure::not_emulated("`explain`")
                    .detail("there is no planner of a cluster here"))
            }
            ("grant" | "revoke", _) => self.grant(words),
            ("comment", _) => self.comment(words),
            ("create" | "drop" | "alter" | "refresh" | "select", _) => self.define(text, words),
            (first, _) => {
                self.translated(text)?;
                Ok(Answer::done(first.to_uppercase()))
            }
        }
    }

    /// `vacuum` and `analyze`: nothing to do, where the table is there.
    fn tended(&mut self, words: &Words, word: &str) -> Result<Answer, Failure> {
        let mut at = 1;
        while emulating::TENDING.contains(&words.word(at).as_str()) {
            at += 1;
        }
        let (parts, _) = words.name(at);
        let name = parts.join(".");
        if parts.is_empty() || leader::is_system(&name) || self.existing(&parts)?.is_some() {
            return Ok(Answer::done(word));
        }
        Err(Failure::new(
            "42P01",
            format!("relation \"{name}\" does not exist"),
        ))
    }

    /// `lock [table] a [, b …]`: waits until no other transaction has them.
    fn lock(&mut self, words: &Words) -> Result<Answer, Failure> {
        let mut at = if words.word(1) == "table" { 2 } else { 1 };
        loop {
            let (parts, next) = words.name(at);
            let Some(found) = self.existing(&parts)? else {
                return Err(Failure::new(
                    "42P01",
                    format!("Cannot find table \"{}\"", parts.join(".")),
                ));
            };
            self.wait_for_lock((found.schema, found.name))?;
            if next == words.len() {
                return Ok(Answer::done("LOCK TABLE"));
            }
            if !words.is(next, &Token::Comma) {
                return Err(Failure::syntax(words, next));
            }
            at = next + 1;
        }
    }

    /// Answers a query.
    fn select(&mut self, text: &str) -> Result<Table, Failure> {
        for (ends, pid) in leader::ends_sessions(text) {
            if ends {
                self.shared.terminate(pid);
            } else {
                self.shared.cancel(pid, None);
            }
        }
        self.query(text, None)
    }

    /// The columns of a statement's answer; its rows are not read.
    pub fn shape(&mut self, text: &str, words: &Words) -> Result<Table, Failure> {
        match words.word(0).as_str() {
            "show" => match self.show(words)? {
                Answer::Rows(table, _) => Ok(table),
                Answer::Done(_) => Ok(Table::default()),
            },
            _ => self.query(text, Some(0)),
        }
    }

    fn query(&mut self, text: &str, limit: Option<usize>) -> Result<Table, Failure> {
        self.bind_late()?;
        if let Some(sql) = leader::translate(text, &self.facts()?)? {
            let prepared = Prepared::sql(vec![sql]);
            if asks_log(text) {
                // The session's own transaction may be older than what is written now.
                let mut fresh = self.shared.warehouse.connect()?;
                self.tell_log(&mut *fresh)?;
                return Ok(fresh.query(&prepared, limit)?);
            }
            return Ok(self.connection.query(&prepared, limit)?);
        }
        let known = self.known(text)?;
        let prepared = self.shared.warehouse.prepare_query(text, &known)?;
        Ok(self.connection.query(&prepared, limit)?)
    }

    /// What a query of the catalog may ask of the session.
    pub fn facts(&mut self) -> Result<Facts, Failure> {
        Ok(Facts {
            user: self.user.clone(),
            database: self.shared.options.database.clone(),
            schema: self.current_schema()?,
            search_path: self.settings.search_path(),
            pid: self.pid,
            last_copy: self.last_copy,
            last_query: self.last_query,
            settings: self
                .settings
                .all()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        })
    }

    /// Writes the log into the catalog's tables.
    fn tell_log(&self, connection: &mut dyn Connection) -> Result<(), Failure> {
        let moment = |at: jiff::Timestamp| {
            literal(&at.to_zoned(jiff::tz::TimeZone::UTC).datetime().to_string())
        };
        // Only ever added to, so that sessions that ask at the same time do not get in each other's way.
        let (look, locks, waiting) = self.shared.locks.all();
        let mut held = vec![format!(
            "insert into __log.main.lock_log values ({look}, null, null, null, null, null, null)"
        )];
        let granted = locks.into_iter().map(|lock| ('t', lock));
        let waiting = waiting.into_iter().map(|lock| ('f', lock));
        held.extend(granted.chain(waiting).map(|(granted, lock)| {
            format!(
                "insert into __log.main.lock_log values ({look}, {}, {}, {}, {}, {}, '{granted}')",
                lock.pid,
                literal(&lock.user),
                literal(&lock.schema),
                literal(&lock.table),
                moment(lock.since)
            )
        }));
        held.extend(
            self.shared
                .sessions()
                .into_iter()
                .map(|(pid, user, since, running)| {
                    format!(
                        "insert into __log.main.session_log values ({look}, {pid}, {}, {}, {})",
                        literal(&user),
                        moment(since),
                        running.map_or("null".to_owned(), |text| literal(&text))
                    )
                }),
        );
        connection.execute(&Prepared::sql(held))?;
        for logged in self.shared.log.news() {
            let (sqlstate, error) = logged.error.clone().unzip();
            let null = |text: Option<String>| text.map_or("null".to_owned(), |text| literal(&text));
            let mut statements = vec![format!(
                "insert into __log.main.query_log values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
                logged.query,
                logged.pid,
                logged.xid,
                literal(&logged.user),
                literal(&logged.text),
                literal(&logged.label),
                moment(logged.started),
                moment(logged.ended),
                logged
                    .rows
                    .map_or("null".to_owned(), |rows| rows.to_string()),
                null(sqlstate),
                null(error),
                null(logged.loaded.as_ref().map(|(into, _)| into.clone())),
                logged
                    .loaded
                    .as_ref()
                    .map_or("null".to_owned(), |(_, files)| files.to_string())
            )];
            let bad = logged.load_errors.iter().map(|load| {
                format!(
                    "({}, {}, {}, {}, {}, {}, {}, {}, {}, 0)",
                    logged.query,
                    logged.pid,
                    literal(&load.file),
                    load.line,
                    null(load.column.clone()),
                    null(load.data_type.clone()),
                    literal(&load.raw_value),
                    literal(&load.reason),
                    moment(logged.started)
                )
            });
            let bad: Vec<String> = bad.collect();
            statements.extend(bad.chunks(AT_ONCE).map(|rows| {
                let rows = rows.join(", ");
                format!("insert into __log.main.load_error_log values {rows}")
            }));
            connection.execute(&Prepared::sql(statements))?;
        }
        Ok(())
    }

    /// `insert`, `update`, `delete`, `merge`, `truncate`.
    fn change(&mut self, text: &str, words: &Words) -> Result<Answer, Failure> {
        let rows = self.translated(text)?.rows.unwrap_or(0);
        Ok(Answer::done(match words.word(0).as_str() {
            "insert" => format!("INSERT 0 {rows}"),
            "truncate" => "TRUNCATE TABLE".to_owned(),
            first => format!("{} {rows}", first.to_uppercase()),
        }))
    }

    /// Runs a statement as the translation says it.
    pub fn translated(&mut self, text: &str) -> Result<Outcome, Failure> {
        self.translated_reading(text, text)
    }

    /// The same for a statement whose query alone can be asked what it reads.
    pub fn translated_reading(&mut self, text: &str, query: &str) -> Result<Outcome, Failure> {
        let known = self.known(query)?;
        let mut outcome = Outcome::default();
        for part in emulating::translate_statements(text, &known)? {
            let mut changes = Vec::new();
            let sql = match part.work {
                Work::Query(query) => vec![query.sql],
                Work::Change { sql, what } => {
                    changes.push(TableChange {
                        statement: 0,
                        range: what.place(0..sql.len()),
                        what,
                    });
                    vec![sql]
                }
                Work::Sql(sql) => sql,
                Work::CreateTableAs { create, query } => vec![format!("{create}\n{}", query.sql)],
                Work::Copy(_) | Work::Nothing => continue,
            };
            let last = sql.len().saturating_sub(1);
            let length = sql.last().map_or(0, String::len);
            let mut prepared = Prepared::sql(sql);
            prepared.changes = changes;
            prepared.source = Some(UserSql {
                text: text.to_owned(),
                statement: last,
                range: 0..length,
            });
            outcome = self.connection.execute(&prepared)?;
        }
        Ok(outcome)
    }

    fn copy(&mut self, text: &str) -> Result<Answer, Failure> {
        let copy = emulating::parse_copy(text)?;
        let (schema, name) = self.existing_table(&copy.into.schema, &copy.into.identifier)?;
        let mut into = crate::relation::Relation::new(schema.clone(), name.clone());
        if schema == super::ddl::TEMPORARY {
            into.schema = String::new();
        }
        let columns = self.connection.columns(&into)?;
        let identities = self.identities(&schema, &name)?;
        let wanted: Vec<String> = copy
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        for name in &wanted {
            if !columns
                .iter()
                .any(|column| column.name.eq_ignore_ascii_case(name))
            {
                return Err(Failure::new(
                    "42703",
                    format!(
                        "column \"{name}\" of relation \"{}\" does not exist",
                        into.identifier
                    ),
                ));
            }
        }
        let chosen: Vec<&Column> = if wanted.is_empty() {
            columns
                .iter()
                .filter(|column| {
                    copy.explicit_ids || !identities.contains(&column.name.to_lowercase())
                })
                .collect()
        } else {
            wanted
                .iter()
                .filter_map(|name| {
                    columns
                        .iter()
                        .find(|column| column.name.eq_ignore_ascii_case(name))
                })
                .collect()
        };
        let mut load = copy;
        load.into = into;
        load.columns = chosen
            .iter()
            .map(|column| {
                let mut definition = crate::adapter::statement::ColumnDefinition::new(
                    column.name.clone(),
                    column.data_type.clone(),
                );
                definition.not_null = !column.nullable;
                definition
            })
            .collect();
        let table = load.into.identifier.clone();
        let statement = crate::adapter::Statement::Copy(Box::new(load));
        let prepared = self.shared.warehouse.prepare(&statement, &NothingKnown)?;
        let outcome = self.connection.execute(&prepared).map_err(|error| {
            let mut failure = Failure::from(error);
            if !failure.load_errors.is_empty() {
                failure.sqlstate = "XX000".to_owned();
                failure.message = format!(
                    "Load into table '{table}' failed.  Check 'stl_load_errors' system table for details."
                );
            }
            failure
        })?;
        let rows = outcome.rows.unwrap_or(0);
        self.last_copy = rows;
        self.loaded = outcome.files.map(|files| (table.clone(), files));
        let left_out = outcome.left_out.max(outcome.rejected.len() as u64);
        self.rejected = outcome.rejected;
        if left_out > 0 {
            self.notices.push((
                "INFO",
                format!(
                    "Load into table '{table}' completed, {left_out} record(s) could not be loaded.  Check 'stl_load_errors' system table for details."
                ),
            ));
        }
        self.notices.push((
            "INFO",
            format!("Load into table '{table}' completed, {rows} record(s) loaded successfully."),
        ));
        Ok(Answer::done("COPY"))
    }

    fn cancel(&mut self, words: &Words) -> Result<Answer, Failure> {
        let pid = words
            .token(1)
            .and_then(|token| token.to_string().parse().ok())
            .ok_or_else(|| Failure::new("42601", "`cancel` takes the number of a process"))?;
        self.shared.cancel(pid, None);
        Ok(Answer::done("CANCEL"))
    }

    fn use_database(&mut self, words: &Words) -> Result<Answer, Failure> {
        let (name, _) = words.name(1);
        let own = self.shared.options.database.to_lowercase();
        match name.as_slice() {
            [one] if *one == own => Ok(Answer::done("USE")),
            _ => Err(Failure::not_emulated("another database")
                .hint(format!("this emulator has one: {own}"))),
        }
    }

    /// `set x to y`, `set x = y`, `set session …`.
    fn set(&mut self, words: &Words) -> Result<Answer, Failure> {
        let mut at = 1;
        if matches!(words.word(at).as_str(), "session" | "local") && words.len() > at + 2 {
            if words.word(at) == "local" {
                return Err(
                    Failure::not_emulated("`set local`").detail("Redshift does not have it")
                );
            }
            at += 1;
        }
        if words.are(at, &["characteristics"]) || words.are(at, &["transaction"]) {
            return Ok(Answer::done("SET"));
        }
        if words.are(at, &["role"]) || words.are(at, &["authorization"]) {
            return Ok(Answer::done("SET"));
        }
        let (name, mut at) = if words.are(at, &["time", "zone"]) {
            ("timezone".to_owned(), at + 2)
        } else {
            let (parts, next) = words.name(at);
            (parts.join("."), next)
        };
        if words.word(at) == "to" || words.is(at, &Token::Eq) {
            at += 1;
        }
        let mut value = String::new();
        while at < words.len() {
            let said = match words.token(at) {
                Some(Token::Comma) => ", ".to_owned(),
                Some(Token::Word(word)) => word.value.clone(),
                Some(token) => words.text(at).unwrap_or_else(|| token.to_string()),
                None => String::new(),
            };
            value.push_str(&said);
            at += 1;
        }
        if name.is_empty() {
            return Err(Failure::new("42601", "`set` needs a parameter"));
        }
        self.settings.set(&name, &value)?;
        if name == "search_path" {
            self.apply_search_path()?;
        }
        Ok(Answer::done("SET"))
    }

    fn reset(&mut self, words: &Words) -> Result<Answer, Failure> {
        let name = words.word(1);
        if name == "use" || words.are(1, &["session", "authorization"]) || name == "role" {
            return Ok(Answer::done("RESET"));
        }
        self.settings.reset(&name)?;
        self.apply_search_path()?;
        Ok(Answer::done("RESET"))
    }

    /// Makes DuckDB look names up as the session does.
    pub fn apply_search_path(&mut self) -> Result<(), Failure> {
        let database = self.shared.options.database.clone();
        let there = self.schemas()?;
        let path: Vec<String> = self
            .settings
            .search_path()
            .into_iter()
            .filter(|schema| there.contains(schema))
            .collect();
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let list: Vec<String> = path
            .iter()
            .map(|schema| format!("{}.{}", quoted(&database), quoted(schema)))
            .collect();
        if !list.is_empty() {
            self.raw(&format!("set search_path = {}", literal(&list.join(","))))?;
        }
        self.raw(&format!(
            "set variable rs_search_path = {}",
            literal(&path.join(","))
        ))?;
        Ok(())
    }

    /// The schemas that exist.
    pub fn schemas(&mut self) -> Result<Vec<String>, Failure> {
        let rows = self.texts("select nspname from __pg.main.pg_namespace")?;
        Ok(rows
            .into_iter()
            .flatten()
            .map(|name| name.to_lowercase())
            .collect())
    }

    /// The schema in which a bare name is made.
    pub fn current_schema(&mut self) -> Result<String, Failure> {
        let there = self.schemas()?;
        Ok(self
            .settings
            .search_path()
            .into_iter()
            .find(|schema| there.contains(schema))
            .unwrap_or_default())
    }

    fn show(&mut self, words: &Words) -> Result<Answer, Failure> {
        let what = words.word(1);
        if matches!(
            what.as_str(),
            "schemas"
                | "tables"
                | "columns"
                | "databases"
                | "grants"
                | "view"
                | "table"
                | "procedures"
                | "functions"
                | "parameters"
                | "constraints"
        ) {
            return self.show_objects(words);
        }
        if what == "all" {
            let rows = self
                .settings
                .all()
                .map(|(name, value)| {
                    vec![Value::Text(name.to_owned()), Value::Text(value.to_owned())]
                })
                .collect();
            return Ok(Answer::Rows(
                texts_table(&["name", "setting"], rows),
                Some("SHOW".to_owned()),
            ));
        }
        let (parts, _) = words.name(1);
        let name = if words.are(1, &["time", "zone"]) {
            "timezone".to_owned()
        } else if words.are(1, &["transaction", "isolation", "level"]) {
            "transaction_isolation".to_owned()
        } else {
            parts.join(".")
        };
        let value = self.settings.show(&name)?.to_owned();
        Ok(Answer::Rows(
            texts_table(&[&name], vec![vec![Value::Text(value)]]),
            Some("SHOW".to_owned()),
        ))
    }

    /// Makes a new user known: whoever comes in without a password is one.
    pub fn know_user(&mut self) -> Result<(), Failure> {
        let name = literal(&self.user);
        let state = self.state();
        let known = self.texts(&format!(
            "select 1 from {state}.identities where kind = 'user' and name = {name}"
        ))?;
        if known.is_empty() {
            self.raw(&format!(
                "insert into {state}.identities select 'user', {name}, coalesce(max(id), 99) + 1, true, true, {name} from {state}.identities where kind = 'user'"
            ))?;
        }
        self.raw(&format!("set variable rs_user = {name}"))?;
        debug_assert_eq!(self.transaction, Transaction::Idle);
        Ok(())
    }
}

/// Whether a query asks for the log of statements and loads.
fn asks_log(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "stl_",
        "sys_",
        "svl_",
        "stv_",
        "svv_transactions",
        "pg_stat_activity",
    ]
    .iter()
    .any(|prefix| lower.contains(prefix))
}

/// Rows of texts.
pub(super) fn texts_table(names: &[&str], rows: Vec<Vec<Value>>) -> Table {
    Table {
        columns: names
            .iter()
            .map(|name| Column {
                name: (*name).to_owned(),
                data_type: "character varying(256)".to_owned(),
                nullable: true,
            })
            .collect(),
        rows,
        truncated: false,
    }
}
