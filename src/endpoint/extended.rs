//! The extended protocol: a prepared statement, its parameters, its portal.
//!
//! Parameters are put into the text as literals when they are bound, as DuckDB never sees the statement that was prepared.

use std::collections::BTreeMap;
use std::io;

use pgwire::messages::data::{NoData, ParameterDescription};
use pgwire::messages::extendedquery::{
    Bind, BindComplete, CloseComplete, Execute, Parse, ParseComplete, PortalSuspended,
};
use pgwire::messages::response::EmptyQueryResponse;
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};

use super::failure::Failure;
use super::session::{Answer, Broken, Session, Transaction};
use super::simple::format_of;
use super::words::{self, Words};
use super::{statement, types};
use crate::adapter::Table;
use crate::relation::Column;

/// What a session has prepared.
#[derive(Default)]
pub(super) struct Extended {
    statements: BTreeMap<String, Statement>,
    portals: BTreeMap<String, Portal>,
    /// After an error all is skipped until `Sync`.
    skipping: bool,
}

#[derive(Clone)]
struct Statement {
    text: String,
    types: Vec<u32>,
    /// The types of the answer's columns, where the client was told them.
    answer: Option<Vec<u32>>,
}

struct Portal {
    text: String,
    formats: Vec<i16>,
    /// As in [`Statement`]: what a client was told is what it gets.
    answer: Option<Vec<u32>>,
    /// Rows that are answered and not yet sent, and how many are sent.
    rows: Option<(Table, Option<String>, usize)>,
}

impl Session {
    /// Serves one message; false when the connection is to end.
    pub fn message(&mut self, message: PgWireFrontendMessage) -> io::Result<bool> {
        if let PgWireFrontendMessage::Sync(_) = message {
            self.extended.skipping = false;
            return self.ready().map(|()| true);
        }
        if let PgWireFrontendMessage::Flush(_) = message {
            return self.wire.flush().map(|()| true);
        }
        if self.extended.skipping {
            return Ok(true);
        }
        let done = match message {
            PgWireFrontendMessage::Parse(parse) => self.parse(parse),
            PgWireFrontendMessage::Bind(bind) => self.bind(bind),
            PgWireFrontendMessage::Describe(describe) => {
                let name = describe.name.unwrap_or_default();
                match describe.target_type {
                    // A server finds such mistakes when it parses, and keeps nothing.
                    b'S' => self.describe_statement(&name).inspect_err(|_| {
                        self.extended.statements.remove(&name);
                    }),
                    _ => self.describe_portal(&name),
                }
            }
            PgWireFrontendMessage::Execute(execute) => self.execute(&execute),
            PgWireFrontendMessage::Close(close) => {
                let name = close.name.unwrap_or_default();
                match close.target_type {
                    b'S' => drop(self.extended.statements.remove(&name)),
                    _ => drop(self.extended.portals.remove(&name)),
                }
                self.say(&PgWireBackendMessage::CloseComplete(CloseComplete::new()))
            }
            _ => Ok(()),
        };
        match done {
            Ok(()) => Ok(true),
            Err(Stop::Io(cause)) => Err(cause),
            Err(Stop::Broken(Broken::Gone)) => Ok(false),
            Err(Stop::Broken(Broken::Failed(failure))) => {
                self.extended.skipping = true;
                self.failed();
                self.refused(&failure, "", 0)?;
                Ok(!failure.fatal)
            }
        }
    }

    fn say(&mut self, message: &PgWireBackendMessage) -> Result<(), Stop> {
        Ok(self.wire.send(message)?)
    }

    fn parse(&mut self, parse: Parse) -> Result<(), Stop> {
        let parts = words::parts(&parse.query)?;
        let text = match parts.as_slice() {
            [] => String::new(),
            [one] => one.text.clone(),
            _ => {
                return Err(Failure::new(
                    "42601",
                    "cannot insert multiple commands into a prepared statement",
                )
                .into());
            }
        };
        let words = Words::new(&text);
        let ends = ["commit", "end", "rollback", "abort"].contains(&words.word(0).as_str());
        if self.transaction == Transaction::Failed && !ends && !text.is_empty() {
            return Err(Failure::aborted().into());
        }
        let count = words
            .placeholders()
            .iter()
            .map(|(number, _)| *number)
            .max()
            .unwrap_or(0);
        let mut types = parse.type_oids;
        types.resize(count.max(types.len()), 0);
        let name = parse.name.unwrap_or_default();
        if !name.is_empty() && self.extended.statements.contains_key(&name) {
            return Err(Failure::new(
                "42P05",
                format!("prepared statement \"{name}\" already exists"),
            )
            .into());
        }
        self.extended.statements.insert(
            name,
            Statement {
                text,
                types,
                answer: None,
            },
        );
        self.say(&PgWireBackendMessage::ParseComplete(ParseComplete::new()))
    }

    fn prepared(&self, name: &str) -> Result<Statement, Failure> {
        self.extended.statements.get(name).cloned().ok_or_else(|| {
            Failure::new(
                "26000",
                format!("prepared statement \"{name}\" does not exist"),
            )
        })
    }

    fn bind(&mut self, bind: Bind) -> Result<(), Stop> {
        let statement = self.prepared(&bind.statement_name.unwrap_or_default())?;
        if bind.parameters.len() < statement.types.len() {
            return Err(Failure::new(
                "08P01",
                format!(
                    "bind message supplies {} parameters, but prepared statement requires {}",
                    bind.parameters.len(),
                    statement.types.len()
                ),
            )
            .into());
        }
        let mut literals = Vec::new();
        for (number, parameter) in bind.parameters.iter().enumerate() {
            let format = format_of(&bind.parameter_format_codes, number);
            let oid = statement.types.get(number).copied().unwrap_or(0);
            literals.push(types::literal(parameter.as_deref(), format, oid)?);
        }
        self.extended.portals.insert(
            bind.portal_name.unwrap_or_default(),
            Portal {
                text: filled(&statement.text, &literals),
                formats: bind.result_column_format_codes,
                answer: statement.answer,
                rows: None,
            },
        );
        self.say(&PgWireBackendMessage::BindComplete(BindComplete::new()))
    }

    fn describe_statement(&mut self, name: &str) -> Result<(), Stop> {
        let statement = self.prepared(name)?;
        // A parameter whose type nobody has told is a text.
        let told = statement
            .types
            .iter()
            .map(|oid| if *oid == 0 { 1043 } else { *oid })
            .collect();
        self.say(&PgWireBackendMessage::ParameterDescription(
            ParameterDescription::new(told),
        ))?;
        let text = filled(&statement.text, &nulls(&statement.types, true)?);
        let words = Words::new(&text);
        if !statement::answers_rows(&words) || self.transaction == Transaction::Failed {
            return self.say(&PgWireBackendMessage::NoData(NoData::new()));
        }
        // A text where a number is wanted may be refused: then its type is left to the place.
        let table = match self.columns_of(&text) {
            Err(_) if statement.types.contains(&0) && self.transaction == Transaction::Idle => {
                self.columns_of(&filled(&statement.text, &nulls(&statement.types, false)?))?
            }
            told => told?,
        };
        if let Some(statement) = self.extended.statements.get_mut(name) {
            statement.answer = Some(types_of(&table));
        }
        Ok(self.describe(&table, &[])?)
    }

    /// The columns of a query's answer.
    fn columns_of(&mut self, text: &str) -> Result<Table, Failure> {
        let words = Words::new(text);
        let alone = self.transaction == Transaction::Idle;
        self.connection.resume();
        if alone {
            self.raw("begin transaction")?;
        }
        let table = self.shape(text, &words);
        if alone {
            let _ = self.raw("rollback");
        }
        table
    }

    fn describe_portal(&mut self, name: &str) -> Result<(), Stop> {
        let Some(portal) = self.extended.portals.get(name) else {
            return Err(no_portal(name).into());
        };
        let (text, formats) = (portal.text.clone(), portal.formats.clone());
        if !statement::answers_rows(&Words::new(&text)) {
            return self.say(&PgWireBackendMessage::NoData(NoData::new()));
        }
        let table = self.columns_of(&text)?;
        if let Some(portal) = self.extended.portals.get_mut(name) {
            portal.answer = Some(types_of(&table));
        }
        Ok(self.describe(&table, &formats)?)
    }

    fn execute(&mut self, execute: &Execute) -> Result<(), Stop> {
        let name = execute.name.clone().unwrap_or_default();
        let Some(mut portal) = self.extended.portals.remove(&name) else {
            return Err(no_portal(&name).into());
        };
        if portal.text.is_empty() {
            return self.say(&PgWireBackendMessage::EmptyQueryResponse(
                EmptyQueryResponse::new(),
            ));
        }
        let (table, tag, mut sent) = match portal.rows.take() {
            Some(rows) => rows,
            None => match self.run(&portal.text) {
                Ok(Answer::Rows(table, tag)) => (table, tag, 0),
                Ok(Answer::Done(tag)) => {
                    self.send_notices()?;
                    return Ok(self.complete(tag)?);
                }
                Err(broken) => return Err(Stop::Broken(broken)),
            },
        };
        self.send_notices()?;
        let most = usize::try_from(execute.max_rows).unwrap_or(0);
        let end = match most {
            0 => table.rows.len(),
            most => table.rows.len().min(sent + most),
        };
        let told = portal
            .answer
            .clone()
            .filter(|told| told.len() == table.columns.len())
            .unwrap_or_else(|| types_of(&table));
        for row in &table.rows[sent..end] {
            let cells = row
                .iter()
                .enumerate()
                .map(|(number, value)| match format_of(&portal.formats, number) {
                    0 => Ok(types::text(value).map(String::into_bytes)),
                    _ => types::binary(value, told[number]),
                })
                .collect::<Result<Vec<_>, Failure>>()?;
            self.send_row(row, Some(cells))?;
        }
        sent = end;
        if sent < table.rows.len() {
            portal.rows = Some((table, tag, sent));
            self.extended.portals.insert(name, portal);
            return self.say(&PgWireBackendMessage::PortalSuspended(
                PortalSuspended::new(),
            ));
        }
        let tag = tag.unwrap_or_else(|| format!("SELECT {}", table.rows.len()));
        Ok(self.complete(tag)?)
    }
}

/// Why a message was not served.
enum Stop {
    Io(io::Error),
    Broken(Broken),
}

impl From<io::Error> for Stop {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Broken(Broken::Failed(failure))
    }
}

/// NULLs in the place of parameters. One whose type nobody has told is a text, or whatever its place makes of it.
fn nulls(oids: &[u32], texts: bool) -> Result<Vec<String>, Failure> {
    const TEXTS: [u32; 5] = [25, 1043, 1042, 705, 19];
    oids.iter()
        .map(|oid| match oid {
            oid if TEXTS.contains(oid) || (*oid == 0 && texts) => {
                Ok("cast(null as varchar(65535))".to_owned())
            }
            // A number's literal tells its digits; a NULL has none.
            1700 => Ok("cast(null as decimal(38, 10))".to_owned()),
            oid => types::literal(None, 0, *oid),
        })
        .collect()
}

/// The types of an answer's columns.
fn types_of(table: &Table) -> Vec<u32> {
    let of = |column: &Column| types::of(&column.data_type).oid;
    table.columns.iter().map(of).collect()
}

fn no_portal(name: &str) -> Failure {
    Failure::new("34000", format!("portal \"{name}\" does not exist"))
}

/// The text with its parameters in their places.
fn filled(text: &str, literals: &[String]) -> String {
    let mut filled = text.to_owned();
    for (number, range) in Words::new(text).placeholders().into_iter().rev() {
        if let Some(literal) = number.checked_sub(1).and_then(|at| literals.get(at)) {
            filled.replace_range(range, literal);
        }
    }
    filled
}
