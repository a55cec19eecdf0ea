//! What to do about a row that a load or a seed cannot take, and about statements that were not tried again.
//!
//! In: the row and why it was left, or what the warehouse said. Out: a sentence for the `help` of its error.

use crate::adapter::{Error, ErrorClass, Fault, LoadError, Statement};
use crate::manifest::Node;
use crate::plan::{Order, Section};

/// What there is to say of a section that is not tried again: what nobody knows after a connection was lost, and why it was tried once.
pub(super) fn of_section(
    mut error: Error,
    section: &Section,
    order: Option<&Order>,
    name: &str,
) -> Error {
    const NOT_TWICE: &str = "what hooks do is not tried twice by itself";
    let committing = order.is_some_and(|order| order.statement == Statement::Commit);
    match error.class {
        ErrorClass::ConnectionLost if error.help.is_none() => {
            error.help = Some(match (section.retryable, section.is_transaction()) {
                (true, _) => "whether the last statement was done is not known: run it again, which begins with what is there".to_owned(),
                (false, true) if !committing => format!("its transaction was not committed, so nothing of it was kept: run it again; {NOT_TWICE}"),
                (false, true) => format!("whether the commit was done is not known: look first whether the hooks did their work, for another run does it once more; {NOT_TWICE}"),
                (false, false) => format!("whether the last statement was done is not known: look whether it did its work before you run it again; {NOT_TWICE}"),
            });
        }
        ErrorClass::Retryable { .. } if !section.retryable => {
            error.fault = Some(Fault {
                code: "concurrent-change",
                message: format!("somebody else changed what `{name}` needs"),
                name: None,
                candidates: Vec::new(),
                of: &[],
            });
            error
                .help
                .get_or_insert_with(|| format!("run it again: {NOT_TWICE}"));
        }
        _ => {}
    }
    error
}

/// For a row of a staged load, by the reason that Redshift gives.
pub(super) fn of_row(row: &LoadError) -> String {
    let column = row.column.as_deref().unwrap_or("it");
    let says = |words: &str| row.reason.contains(words);
    if row.line == 1 && row.raw_value.trim().eq_ignore_ascii_case(column) {
        return "the first line seems to be the header: leave it out with `copy: {ignoreheader: 1}`"
            .to_owned();
    }
    if says("exceeds DDL length") || says("too long") {
        return format!(
            "declare `{column}` longer, or cut its values as they come: `copy: {{truncatecolumns: true}}`"
        );
    }
    if says("not-null field") {
        return format!("mend the file, or take `not_null` of `{column}` away");
    }
    if says("Extra column") {
        return "say how the fields are parted (`delimiter`, `quote`), or declare the columns that are missing".to_owned();
    }
    if says("Delimiter not found") {
        return "name the sign that parts the fields (`copy: {delimiter: \";\"}`); if it is right, mend the line, or fill what is missing at its end with NULL: `copy: {fillrecord: true}`".to_owned();
    }
    if says("date") || says("time") {
        return format!(
            "name the form of the values (`dateformat`, `timeformat`), or declare `{column}` as `varchar`"
        );
    }
    if row.column.is_some() {
        return format!(
            "mend the file, declare `{column}` as `varchar`, or leave bad rows out: `copy: {{maxerror: 10}}`"
        );
    }
    "mend the line, or leave bad rows out: `copy: {maxerror: 10}`".to_owned()
}

/// For a load that could not begin, by the words of what failed.
pub(super) fn of_load(message: &str) -> &'static str {
    let says = |words: &str| message.contains(words);
    if says("Number of jsonpaths") {
        return "write one path for each column, in the order of `columns:`";
    }
    if says("S3 prefix") {
        return "look at `location`, and at the folder that `s3:` of the target maps it to";
    }
    if says("cannot read") {
        return "look at the name of the file, and at the folder that `s3:` of the target maps it to";
    }
    if says("manifest") {
        return "write `{\"entries\": [{\"url\": \"s3://…\", \"mandatory\": true}]}`";
    }
    "look at `location` and at the options under `copy:`"
}

/// For a cell of a seed, whose type was declared or found.
pub(super) fn of_cell(seed: &Node, row: &LoadError) -> String {
    let too_long = ["exceeds DDL length", "too long"];
    match &row.column {
        Some(column) if too_long.iter().any(|words| row.reason.contains(words)) => format!(
            "mend the cell, or declare the column longer: `column_types: {{{column}: varchar(65535)}}` in the config of `{}`",
            seed.name
        ),
        Some(column) => format!(
            "mend the cell, or give the column a type that takes it: `column_types: {{{column}: varchar}}` in the config of `{}`",
            seed.name
        ),
        None => "mend the line".to_owned(),
    }
}
