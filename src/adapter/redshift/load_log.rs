//! What the warehouse's own log says of a COPY: the rows that it could not take, and how many files it read.
//!
//! In: a session and its COPY. Out: [`LoadError`]s and a number; nothing where the log cannot be read: what the server said stands anyway.

use std::collections::HashMap;

use super::session::Session;
use super::sql::literal;
use crate::adapter::{Error, LoadError, Prepared, Value};

/// Asks for the number of a session.
const PROCESS: &str = "select pg_backend_pid()";

/// Rows of the log that are read at most after a failure.
const MOST: usize = 100;
/// Rows of the log that are read at most where they were left out: as many as `MAXERROR` may let pass.
pub(super) const MOST_LEFT_OUT: usize = 100_000;

/// Whether the words of the server point at the log: then its last entry of this session is about this load.
pub(super) fn are_logged(said: &str) -> bool {
    ["stl_load_errors", "sys_load_error_detail"]
        .iter()
        .any(|log| said.contains(log))
}

/// The rows that the last failed load of this session could not take.
pub(super) fn read(session: &Session) -> Vec<LoadError> {
    process(session).map_or_else(Vec::new, |pid| of_process(session, pid, MOST))
}

/// The number of a session, as the log knows it.
pub(super) fn process(session: &Session) -> Option<i64> {
    number(session, PROCESS)
}

/// The same within a transaction, in which a question that fails undoes all before it.
pub(super) fn process_within(session: &Session) -> Result<Option<i64>, Error> {
    let prepared = Prepared::sql(vec![PROCESS.to_owned()]);
    let table = super::query::run(session, &prepared, None)?;
    Ok(first_number(&table.rows))
}

/// The rows that the last load of a session that could not take all could not take; `session` may be another one.
pub(super) fn of_process(session: &Session, pid: i64, most: usize) -> Vec<LoadError> {
    // `sys_load_error_detail` is there on every kind of warehouse and has no values; `stl_load_errors` has them, but not on
    // serverless ones: <https://docs.aws.amazon.com/redshift/latest/dg/SYS_LOAD_ERROR_DETAIL.html>,
    // <https://docs.aws.amazon.com/redshift/latest/dg/r_STL_LOAD_ERRORS.html>.
    let detail = format!(
        "select trim(file_name), line_number, trim(column_name), trim(column_type), trim(column_length), '', trim(error_message) \
         from sys_load_error_detail \
         where query_id = (select max(query_id) from sys_load_error_detail where session_id = {pid}) \
         order by file_name, line_number limit {most}"
    );
    let values = format!(
        "select trim(filename), line_number, trim(colname), trim(type), trim(col_length), \
         case when trim(raw_field_value) = '' then trim(raw_line) else trim(raw_field_value) end, trim(err_reason) \
         from stl_load_errors \
         where query = (select max(query) from stl_load_errors where session = {pid}) \
         order by filename, line_number limit {most}"
    );
    let mut found = rows(session, &detail);
    let with_values = rows(session, &values);
    if found.is_empty() {
        return with_values;
    }
    let with_values = with_values.into_iter();
    let mut values: HashMap<_, _> = with_values
        .map(|row| ((row.file, row.line, row.column, row.reason), row.raw_value))
        .collect();
    for row in &mut found {
        let key = (
            row.file.clone(),
            row.line,
            row.column.clone(),
            row.reason.clone(),
        );
        if let Some(value) = values.remove(&key) {
            row.raw_value = value;
        }
    }
    found
}

/// How many files the last load of a session read, which went into this table:
/// <https://docs.aws.amazon.com/redshift/latest/dg/SYS_LOAD_HISTORY.html>.
pub(super) fn files(session: &Session, pid: i64, into: &str) -> Option<u64> {
    let files = number(
        session,
        &format!(
            "select source_file_count from sys_load_history \
             where session_id = {pid} and lower(trim(table_name)) = {} \
             order by query_id desc limit 1",
            literal(&into.to_lowercase())
        ),
    );
    files.and_then(|files| u64::try_from(files).ok())
}

/// A query of our own; nothing where it is refused, and the session is fit for the next one.
fn ask(session: &Session, sql: &str) -> Vec<Vec<Value>> {
    let prepared = Prepared::sql(vec![sql.to_owned()]);
    match super::query::run(session, &prepared, None) {
        Ok(table) => table.rows,
        Err(_) => {
            session.roll_back();
            Vec::new()
        }
    }
}

fn number(session: &Session, sql: &str) -> Option<i64> {
    first_number(&ask(session, sql))
}

fn first_number(rows: &[Vec<Value>]) -> Option<i64> {
    rows.first()?.first()?.to_string().parse().ok()
}

fn rows(session: &Session, sql: &str) -> Vec<LoadError> {
    let rows = ask(session, sql);
    rows.iter().filter_map(|row| error(row)).collect()
}

/// One row of either log.
fn error(row: &[Value]) -> Option<LoadError> {
    let [file, line, column, kind, length, value, reason] = row else {
        return None;
    };
    let said =
        |value: &Value| Some(value.to_string().trim().to_owned()).filter(|it| !it.is_empty());
    let data_type = said(kind).map(|kind| match said(length) {
        Some(length) if length != "0" && !kind.contains('(') => format!("{kind}({length})"),
        _ => kind,
    });
    Some(LoadError {
        file: file.to_string().trim().to_owned(),
        line: line.to_string().trim().parse().unwrap_or(0),
        column: said(column),
        data_type,
        raw_value: value.to_string(),
        reason: said(reason)?,
        place: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_log_is_told_with_its_type() {
        let row = |texts: [&str; 7]| texts.map(|text| Value::Text(text.to_owned())).to_vec();
        let read = error(&row([
            "s3://b/orders.csv ",
            "3",
            "name ",
            "varchar",
            "5 ",
            "toolong",
            "String length exceeds DDL length ",
        ]))
        .unwrap();
        assert_eq!(
            (read.file.as_str(), read.line, read.column.as_deref()),
            ("s3://b/orders.csv", 3, Some("name"))
        );
        assert_eq!(
            (
                read.data_type.as_deref(),
                read.raw_value.as_str(),
                read.reason.as_str()
            ),
            (
                Some("varchar(5)"),
                "toolong",
                "String length exceeds DDL length"
            )
        );
        let whole = error(&row([
            "s3://b/x",
            "1",
            "",
            "",
            "0",
            "a|b",
            "Delimiter not found",
        ]))
        .unwrap();
        assert_eq!((whole.column, whole.data_type), (None, None));
    }

    #[test]
    fn only_words_that_point_at_the_log_ask_for_it() {
        assert!(are_logged(
            "Load into table 'orders' failed.  Check 'stl_load_errors' system table for details."
        ));
        assert!(are_logged(
            "Load into table 'orders' failed. Check 'sys_load_error_detail' system table for details."
        ));
        assert!(!are_logged("S3ServiceException: Access Denied"));
    }
}
