//! `dictionary.csv`: one line a column, for a spreadsheet.

use std::borrow::Cow;
use std::io;

use super::dictionary::{Column, Dictionary, Layer, Link, Table, Test};

const HEADER: [&str; 22] = [
    "layer",
    "table",
    "relation",
    "kind",
    "table_description",
    "grain",
    "rows",
    "last_built",
    "dist",
    "sort",
    "position",
    "column",
    "type",
    "nullable",
    "key",
    "references",
    "column_description",
    "personal_data",
    "tests",
    "table_tests",
    "upstream",
    "downstream",
];

/// The whole dictionary as CSV; a table without columns has one line.
pub fn csv(dictionary: &Dictionary) -> io::Result<String> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for layer in &dictionary.layers {
        for table in &layer.tables {
            if table.columns.is_empty() {
                writer.write_record(record(layer, table, None))?;
            }
            for at in 0..table.columns.len() {
                writer.write_record(record(layer, table, Some(at)))?;
            }
        }
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn record(layer: &Layer, table: &Table, at: Option<usize>) -> Vec<String> {
    let column = at.and_then(|at| table.columns.get(at));
    let of = |field: fn(&Column) -> String| column.map(field).unwrap_or_default();
    let cells = [
        layer.name.clone(),
        table.name.clone(),
        table.relation.clone(),
        table.kind.clone(),
        table.description.clone(),
        table.grain.clone().unwrap_or_default(),
        table.rows.map(|rows| rows.to_string()).unwrap_or_default(),
        table.last_built.clone().unwrap_or_default(),
        table.dist.clone().unwrap_or_default(),
        table.sort.clone().unwrap_or_default(),
        at.map(|at| (at + 1).to_string()).unwrap_or_default(),
        of(|column| column.name.clone()),
        of(|column| column.data_type.clone().unwrap_or_default()),
        of(|column| column.nullable.map(yes).unwrap_or_default().to_owned()),
        of(|column| key(column).to_owned()),
        of(references),
        of(|column| column.description.clone()),
        of(|column| yes(column.pii).to_owned()),
        of(|column| tests(&column.tests)),
        tests(&table.tests),
        links(&table.upstream),
        links(&table.downstream),
    ];
    cells
        .iter()
        .map(|cell| harmless(cell).into_owned())
        .collect()
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn key(column: &Column) -> &'static str {
    match column.key() {
        Some("primary key") => "primary",
        Some(key) => key,
        None => "",
    }
}

fn references(column: &Column) -> String {
    let references = column.references.iter();
    let shown = references.map(|it| format!("{}.{}", it.table.name, it.column));
    shown.collect::<Vec<_>>().join("; ")
}

fn links(links: &[Link]) -> String {
    let names: Vec<&str> = links.iter().map(|link| link.name.as_str()).collect();
    names.join("; ")
}

fn tests(tests: &[Test]) -> String {
    tests.iter().map(test).collect::<Vec<_>>().join("; ")
}

fn test(test: &Test) -> String {
    let status = test.status.as_deref().unwrap_or("not run");
    match &test.kept {
        Some(kept) => format!("{} ({status}), {}", test.label, kept.told()),
        None => format!("{} ({status})", test.label),
    }
}

/// A text that a spreadsheet would run as a formula is made plain text.
fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}
