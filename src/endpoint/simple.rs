//! The simple protocol: a text of one or more statements, one transaction.

use std::io;

use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::{DataRow, RowDescription};
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};

use bytes::{BufMut, BytesMut};

use super::failure::Failure;
use super::session::{Answer, Broken, Session};
use super::types;
use super::words;
use crate::adapter::{Table, Value};

impl Session {
    /// Runs a text of statements; false when the connection is to end.
    pub fn simple(&mut self, text: &str) -> io::Result<bool> {
        let parts = match words::parts(text) {
            Ok(parts) => parts,
            Err(failure) => {
                self.refused(&failure, text, 0)?;
                return self.ready().map(|()| true);
            }
        };
        if parts.is_empty() {
            self.wire.send(&PgWireBackendMessage::EmptyQueryResponse(
                EmptyQueryResponse::new(),
            ))?;
        }
        if parts.len() > 1
            && let Err(failure) = self.begin_message()
        {
            self.refused(&failure, text, 0)?;
            return self.ready().map(|()| true);
        }
        for part in &parts {
            match self.run(&part.text) {
                Ok(answer) => {
                    self.send_notices()?;
                    self.send_answer(&answer)?;
                }
                Err(Broken::Failed(failure)) => {
                    self.refused(&failure, text, part.start)?;
                    if failure.fatal {
                        self.wire.flush()?;
                        return Ok(false);
                    }
                    return self.ready().map(|()| true);
                }
                Err(Broken::Gone) => return Ok(false),
            }
        }
        if let Err(failure) = self.end_message() {
            self.refused(&failure, text, 0)?;
        }
        self.ready().map(|()| true)
    }

    /// Sends an error.
    pub fn refused(&mut self, failure: &Failure, text: &str, start: usize) -> io::Result<()> {
        self.send_notices()?;
        self.wire.send(&failure.response(text, start))
    }

    fn send_answer(&mut self, answer: &Answer) -> io::Result<()> {
        match answer {
            Answer::Rows(table, tag) => {
                self.describe(table, &[])?;
                for row in &table.rows {
                    self.send_row(row, None)?;
                }
                let tag = tag
                    .clone()
                    .unwrap_or_else(|| format!("SELECT {}", table.rows.len()));
                self.complete(tag)
            }
            Answer::Done(tag) => self.complete(tag.clone()),
        }
    }

    /// Tells that a statement is done.
    pub fn complete(&mut self, tag: String) -> io::Result<()> {
        self.wire.send(&PgWireBackendMessage::CommandComplete(
            CommandComplete::new(tag),
        ))
    }

    /// Describes the columns of an answer.
    pub fn describe(&mut self, table: &Table, formats: &[i16]) -> io::Result<()> {
        let fields = table
            .columns
            .iter()
            .enumerate()
            .map(|(number, column)| types::field(column, format_of(formats, number)))
            .collect();
        self.wire
            .send(&PgWireBackendMessage::RowDescription(RowDescription::new(
                fields,
            )))
    }

    /// Sends a row as text.
    pub fn send_row(
        &mut self,
        row: &[Value],
        bytes: Option<Vec<Option<Vec<u8>>>>,
    ) -> io::Result<()> {
        let cells = bytes.unwrap_or_else(|| {
            row.iter()
                .map(|value| types::text(value).map(String::into_bytes))
                .collect()
        });
        let mut data = BytesMut::new();
        for cell in &cells {
            match cell {
                None => data.put_i32(-1),
                Some(bytes) => {
                    data.put_i32(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
                    data.put_slice(bytes);
                }
            }
        }
        let count = i16::try_from(cells.len()).unwrap_or(i16::MAX);
        self.wire
            .send(&PgWireBackendMessage::DataRow(DataRow::new(data, count)))
    }
}

/// The format of a column: none said means text, one said means that one for all.
pub(super) fn format_of(formats: &[i16], column: usize) -> i16 {
    match formats {
        [] => 0,
        [all] => *all,
        _ => formats.get(column).copied().unwrap_or(0),
    }
}
