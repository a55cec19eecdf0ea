//! Questions of a template to the warehouse: its queries and statements, and what is there, on the session of its turn.

use super::lock;
use super::world::NodeWorld;
use crate::adapter::{self, Connection, Statement, Table};
use crate::diagnostic::Diagnostic;
use crate::jinja::{
    Answer, ColumnValue, MomentValue, Question, RelationValue, Reply, TableValue, Value, World,
    late,
};
use crate::relation::{ExistingRelation, KnownColumn, KnownColumns, Relation, RelationKind};
use crate::sql::comments::from_first_word;

impl NodeWorld {
    /// Answers a question of the template.
    pub(super) fn answer(&self, question: &Question<'_>) -> Answer<Reply> {
        match question {
            Question::Query { sql, begin } => self.query(sql, *begin),
            Question::Commit => self.commit(),
            Question::Rename { from, to } => self.rename(from, to),
            Question::Relation(relation) => Ok(match self.find(relation)? {
                Some(found) => {
                    let relation = self.around.given.manifest.in_full(&found.relation);
                    Reply::Relation(RelationValue::new(relation, Some(found.kind)))
                }
                None => Reply::Nothing,
            }),
            Question::Columns(relation) => {
                let columns = match (self.known(relation), &self.turn) {
                    (Some(known), None) => {
                        known.map(|known| known.columns.clone()).unwrap_or_default()
                    }
                    _ => self.with_connection("adapter.get_columns_in_relation", |connection| {
                        connection.columns(relation)
                    })?,
                };
                let columns = columns
                    .into_iter()
                    .map(|column| match self.dialect() {
                        "duckdb" => ColumnValue::unparsed(column.name, &column.data_type),
                        _ => ColumnValue::new(column.name, &column.data_type),
                    })
                    .collect();
                Ok(Reply::Columns(columns))
            }
            Question::Relations { database, schema } => {
                self.is_own(*database)?;
                let schemas = [(*schema).to_owned()];
                let existing = self.with_connection("adapter.list_relations", |connection| {
                    connection.existing(&schemas)
                })?;
                let relations = existing
                    .in_schema(schema)
                    .map(|found| {
                        let relation = self.around.given.manifest.in_full(&found.relation);
                        RelationValue::new(relation, Some(found.kind))
                    })
                    .collect();
                Ok(Reply::Relations(relations))
            }
            Question::SchemaExists { database, schema } => {
                self.is_own(*database)?;
                let schemas = [(*schema).to_owned()];
                let existing = self
                    .with_connection("adapter.check_schema_exists", |connection| {
                        connection.existing(&schemas)
                    })?;
                Ok(Reply::Bool(existing.has_schema(schema)))
            }
        }
    }

    /// Refuses to tell what is in another database: nobody looks there.
    fn is_own(&self, database: Option<&str>) -> Answer<()> {
        let own = &self.around.given.manifest.database;
        let other = database.filter(|named| !named.is_empty() && !named.eq_ignore_ascii_case(own));
        let Some(other) = other else { return Ok(()) };
        Err(Box::new(
            Diagnostic::error(
                "other-database",
                format!(
                    "what the database `{other}` holds is not known here, only what `{own}` does"
                ),
            )
            .help("name its relations as sources: their columns can be asked"),
        ))
    }

    fn with_connection<T>(
        &self,
        what: &str,
        ask: impl FnOnce(&mut dyn Connection) -> Result<T, adapter::Error>,
    ) -> Answer<T> {
        let turn = self.turn.as_ref().ok_or_else(|| late(what))?;
        let mut connection = lock(&turn.connection);
        ask(connection.as_mut()).map_err(|mut error| {
            let mut message = format!("`{what}` failed");
            if error.is_about_values() {
                if let Some(fault) = &error.fault {
                    message.push_str(&format!(": {}", fault.message));
                }
                // What a template asks about is anyone's guess.
                let nodes = &self.around.given.manifest.nodes;
                if nodes.iter().any(|node| !node.personal_columns().is_empty()) {
                    error = error.without_data();
                }
            }
            let mut wrong = Diagnostic::error("database-error", message).note(error.message);
            wrong.help.extend(error.help);
            wrong.notes.extend(error.detail);
            Box::new(wrong)
        })
    }

    /// Runs SQL of the template: a query with its rows, or statements.
    fn query(&self, sql: &str, begin: bool) -> Answer<Reply> {
        let Some(turn) = &self.turn else {
            return Err(late("run_query"));
        };
        if begin && turn.acts() && !turn.is_open() {
            self.transaction(&Statement::Begin)?;
            turn.set_open(true);
        }
        let only = sql.trim().trim_end_matches(';').trim_end();
        if turn.acts() && !turn.is_open() && only.eq_ignore_ascii_case("commit") {
            // As on a server, where that is only a notice.
            return Ok(Reply::Answer {
                table: TableValue::default(),
                rows: None,
            });
        }
        turn.note(sql);
        let done = self.send(sql);
        match (&done, turn.acts()) {
            (Err(_), true) => turn.set_open(false),
            (Ok(_), true) => turn.watch(sql),
            _ => {}
        }
        done
    }

    fn transaction(&self, statement: &Statement) -> Answer<()> {
        let adapter = &self.around.given.adapter;
        let prepared = adapter.prepare(statement, &Now(self)).map_err(refused)?;
        self.with_connection("transaction", |connection| connection.execute(&prepared))?;
        Ok(())
    }

    /// Takes back what a template began and did not commit; tells whether there was anything.
    pub(super) fn roll_back(&self) -> Answer<bool> {
        let Some(turn) = self.turn.as_ref().filter(|turn| turn.is_open()) else {
            return Ok(false);
        };
        turn.set_open(false);
        self.transaction(&Statement::Raw {
            sql: "rollback".to_owned(),
            origin: None,
        })?;
        Ok(true)
    }

    /// Gives a relation another name, in the words of the warehouse for its kind.
    fn rename(&self, from: &RelationValue, to: &RelationValue) -> Answer<Reply> {
        let turn = self
            .turn
            .as_ref()
            .ok_or_else(|| late("adapter.rename_relation"))?;
        if turn.acts() && !turn.is_open() {
            self.transaction(&Statement::Begin)?;
            turn.set_open(true);
        }
        turn.note(&format!(
            "alter table {from} rename to {}",
            to.relation.identifier
        ));
        let renamed = self.transaction(&Statement::Rename {
            kind: from.kind().unwrap_or(RelationKind::Table),
            from: from.relation.clone(),
            to: to.relation.identifier.clone(),
        });
        if renamed.is_err() && turn.acts() {
            turn.set_open(false);
        }
        renamed.map(|()| Reply::Nothing)
    }

    fn commit(&self) -> Answer<Reply> {
        let turn = self.turn.as_ref().ok_or_else(|| late("adapter.commit"))?;
        if turn.acts() && turn.is_open() {
            self.transaction(&Statement::Commit)?;
            turn.set_open(false);
        }
        Ok(Reply::Nothing)
    }

    /// Sends what a template says in the parts that the warehouse takes; the last one answers.
    fn send(&self, sql: &str) -> Answer<Reply> {
        let parts = self.around.given.adapter.parts(sql);
        let mut answer = Reply::Nothing;
        for part in parts {
            answer = self.send_part(part.sql)?;
        }
        Ok(answer)
    }

    fn send_part(&self, sql: &str) -> Answer<Reply> {
        let adapter = &self.around.given.adapter;
        // What begins as a query is one, unless the warehouse knows better.
        let refusal = match is_query(sql).then(|| adapter.prepare_query(sql, &Now(self))) {
            Some(Ok(prepared)) => {
                let table = self
                    .with_connection("run_query", |connection| connection.query(&prepared, None))?;
                let rows = u64::try_from(table.rows.len()).ok();
                let table = table_value(table);
                return Ok(Reply::Answer { table, rows });
            }
            Some(Err(refusal)) => Some(refusal),
            None => None,
        };
        let raw = Statement::Raw {
            sql: sql.to_owned(),
            origin: None,
        };
        let prepared = adapter
            .prepare(&raw, &Now(self))
            .map_err(|other| refused(refusal.unwrap_or(other)))?;
        let outcome =
            self.with_connection("run_query", |connection| connection.execute(&prepared))?;
        Ok(Reply::Answer {
            table: TableValue::default(),
            rows: outcome.rows,
        })
    }

    fn find(&self, relation: &Relation) -> Answer<Option<ExistingRelation>> {
        if let Some(known) = self.known(relation)
            && self.turn.is_none()
        {
            return Ok(known.cloned());
        }
        if relation.is_outside(&self.around.given.manifest.database) {
            // Of those only the columns can be asked.
            let columns = self.with_connection("adapter.get_relation", |connection| {
                connection.columns(relation)
            })?;
            return Ok((!columns.is_empty()).then(|| ExistingRelation {
                relation: relation.clone(),
                kind: RelationKind::Table,
                columns,
                dependents: Vec::new(),
                made: None,
            }));
        }
        let schemas = [relation.schema.clone()];
        self.with_connection("adapter.get_relation", |connection| {
            Ok(connection.existing(&schemas)?.get(relation).cloned())
        })
    }
}

/// The columns of relations as they are at this moment: a query of a template runs at once.
struct Now<'a>(&'a NodeWorld);

impl KnownColumns for Now<'_> {
    fn columns(&self, relation: &Relation) -> Option<Vec<KnownColumn>> {
        if self.0.turn.is_none() || !self.0.around.given.adapter.wants_columns() {
            return None;
        }
        let ask = |connection: &mut dyn Connection| connection.columns(relation);
        let columns = self.0.with_connection("columns", ask).ok()?;
        (!columns.is_empty()).then(|| columns.iter().map(KnownColumn::from).collect())
    }

    fn identities(&self, relation: &Relation) -> Vec<String> {
        if self.0.turn.is_none() || !self.0.around.given.adapter.wants_columns() {
            return Vec::new();
        }
        let ask = |connection: &mut dyn Connection| Ok(connection.identities(relation));
        self.0.with_connection("columns", ask).unwrap_or_default()
    }
}

fn table_value(table: Table) -> TableValue {
    let (names, types): (Vec<String>, Vec<String>) = table
        .columns
        .into_iter()
        .map(|column| (column.name, column.data_type.to_lowercase()))
        .unzip();
    let rows = table.rows.into_iter().map(|row| {
        let cells = row.into_iter().zip(&types);
        cells.map(|(value, of)| cell_value(value, of)).collect()
    });
    TableValue::new(names, rows.collect())
}

fn cell_value(value: adapter::Value, data_type: &str) -> Value {
    match value {
        adapter::Value::Null => Value::from(()),
        adapter::Value::Bool(value) => Value::from(value),
        adapter::Value::Int(value) => Value::from(value),
        adapter::Value::Float(value) => Value::from(value),
        adapter::Value::Decimal(text) => decimal(text),
        // As in dbt, a day or a time is one of Python's.
        adapter::Value::Text(text) if is_moment(data_type) => {
            MomentValue::read(&text, data_type == "date").unwrap_or_else(|| Value::from(text))
        }
        adapter::Value::Text(text) => Value::from(text),
    }
}

fn is_moment(data_type: &str) -> bool {
    data_type == "date" || data_type.starts_with("timestamp")
}

/// A decimal as a number where a float holds it; otherwise its digits, of which none is lost.
fn decimal(text: String) -> Value {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if !text.contains('.')
        && let Ok(whole) = text.parse::<i128>()
    {
        return Value::from(whole);
    }
    match text.parse::<f64>() {
        Ok(number) if digits <= 15 => Value::from(number),
        _ => Value::from(text),
    }
}

fn refused(refusal: adapter::Refusal) -> Box<Diagnostic> {
    let mut wrong = Diagnostic::error(refusal.code, refusal.message);
    wrong.label = refusal.reason;
    wrong.help.extend(refusal.help);
    Box::new(wrong)
}

/// Whether SQL begins as a query does; anything else gives no rows that a template could want.
fn is_query(sql: &str) -> bool {
    let word: String = from_first_word(sql)
        .trim_start_matches(['(', ' ', '\n', '\t'])
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    let word = word.to_ascii_lowercase();
    !matches!(
        word.as_str(),
        "create"
            | "insert"
            | "update"
            | "delete"
            | "drop"
            | "alter"
            | "merge"
            | "begin"
            | "commit"
            | "start"
            | "end"
            | "rollback"
            | "abort"
            | "grant"
            | "revoke"
            | "comment"
            | "truncate"
            | "copy"
            | "vacuum"
            | "analyze"
            | "set"
            | "lock"
            | "unload"
            | "use"
            | "attach"
            | "load"
            | "install"
    )
}
