//! The answer of a query, as a template reads it: `.columns`, `.rows`, `.column_names`.
//!
//! In: names and rows. Out: [`TableValue`].
//! Knows nothing of connections.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Tuple, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};

use super::arguments::Given;
use super::{Dict, List};
use crate::jinja::render::{speaks, world};

/// Rows and named columns.
#[derive(Clone, Debug, Default)]
pub struct TableValue {
    columns: Arc<Vec<String>>,
    rows: Arc<Vec<Vec<Value>>>,
}

impl TableValue {
    /// A table of these columns and rows.
    pub fn new(columns: Vec<String>, rows: Vec<Vec<Value>>) -> Self {
        Self {
            columns: Arc::new(columns),
            rows: Arc::new(rows),
        }
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The rows.
    pub fn rows(&self) -> &[Vec<Value>] {
        &self.rows
    }

    fn row(&self, at: usize) -> Option<Value> {
        let row = self.rows.get(at)?;
        Some(Value::from_object(Row {
            names: Arc::clone(&self.columns),
            values: Arc::new(row.clone()),
        }))
    }

    fn column(&self, at: usize) -> Option<Value> {
        let name = self.columns.get(at)?.clone();
        let values = self
            .rows
            .iter()
            .map(|row| row.get(at).cloned().unwrap_or_default())
            .collect();
        Some(Value::from_object(Column { name, values, at }))
    }
}

/// What Python's tables give for many values: a tuple, which prints with parentheses.
fn tuple(values: impl Iterator<Item = Value>) -> Value {
    Value::from(Tuple::from(values.collect::<Vec<_>>()))
}

impl From<TableValue> for Value {
    fn from(table: TableValue) -> Self {
        Value::from_object(table)
    }
}

impl Object for TableValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(at) = key.as_usize() {
            return self.row(at);
        }
        match key.as_str()? {
            "columns" => Some(Value::from_object(Named {
                names: Arc::clone(&self.columns),
                values: (0..self.columns.len())
                    .filter_map(|at| self.column(at))
                    .collect(),
            })),
            "rows" => Some(tuple((0..self.rows.len()).filter_map(|at| self.row(at)))),
            "column_names" => Some(tuple(self.columns.iter().map(Value::from))),
            "column_types" => {
                let types = (0..self.columns.len()).map(|at| Value::from(self.type_of(at)));
                Some(tuple(types))
            }
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.rows.len())
    }

    /// As agate's: a table without rows is a table.
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let Some((_, parameters)) = METHODS.iter().find(|(name, _)| *name == method) else {
            return Err(Error::from(ErrorKind::UnknownMethod));
        };
        let given = Given::new(method, parameters, args)?;
        match method {
            // As in dbt these print, and give nothing.
            "print_table" | "print_csv" | "print_json" => {
                let shown = match method {
                    "print_csv" => self.csv(),
                    "print_json" => self.as_json(),
                    _ => self.drawn(
                        given.limit("max_rows", 20)?,
                        given.limit("max_columns", 6)?,
                        given.limit("max_column_width", 20)?,
                    ),
                };
                let world = world(state)?;
                if world.execute() && speaks(state)? {
                    world.log(shown.trim_end(), true);
                }
                Ok(Value::from(()))
            }
            "to_json" => Ok(Value::from(self.as_json())),
            "to_csv" => Ok(Value::from(self.csv())),
            "limit" => {
                let number = |name| given.number(name);
                let (start, stop) = match (number("start_or_stop")?, number("stop")?) {
                    (stop, None) if number("step")?.is_none() => (None, stop),
                    both => both,
                };
                let step = number("step")?.unwrap_or(1);
                let step = usize::try_from(step).ok().filter(|step| *step > 0);
                let step = step.ok_or_else(|| given.wrong("step", "a number from 1"))?;
                let place = |at: i64| {
                    let from_end = if at < 0 { self.rows.len() as i64 } else { 0 };
                    usize::try_from(at + from_end).unwrap_or(0)
                };
                let (start, stop) = (start.map_or(0, place), stop.map_or(usize::MAX, place));
                let rows = self.rows.iter().take(stop).skip(start).step_by(step);
                Ok(self.of_rows(rows.cloned()).into())
            }
            "where" => {
                let test = given.needed("test")?;
                let mut kept = Vec::new();
                for at in 0..self.rows.len() {
                    let row = self.row(at).unwrap_or_default();
                    if test.call(state, &[row])?.is_true() {
                        kept.push(self.rows[at].clone());
                    }
                }
                Ok(self.of_rows(kept.into_iter()).into())
            }
            "order_by" | "distinct" => {
                let keys = self.keys(given.value("key"))?;
                let of = |row: &Vec<Value>| -> Vec<Value> {
                    keys.iter()
                        .map(|&at| row.get(at).cloned().unwrap_or_default())
                        .collect()
                };
                let mut rows = self.rows.to_vec();
                if method == "distinct" {
                    let mut seen = std::collections::BTreeSet::new();
                    rows.retain(|row| seen.insert(of(row)));
                } else {
                    // Nulls come last, as in agate; rows of one key stay in their order, in reverse too.
                    let key = |row: &Vec<Value>| -> Vec<(bool, Value)> {
                        let values = of(row).into_iter();
                        values.map(|value| (value.is_none(), value)).collect()
                    };
                    match given.value("reverse").is_some_and(|it| it.is_true()) {
                        true => rows.sort_by_cached_key(|row| std::cmp::Reverse(key(row))),
                        false => rows.sort_by_cached_key(key),
                    }
                }
                Ok(self.of_rows(rows.into_iter()).into())
            }
            "select" => {
                given.needed("key")?;
                Ok(self.keep(&self.keys(given.value("key"))?).into())
            }
            "exclude" => {
                let key = given.needed("key")?;
                let names: Vec<Value> = match key.as_str() {
                    Some(_) => vec![key.clone()],
                    None => key.try_iter()?.collect(),
                };
                let named = |at: &usize| {
                    let name = self.columns[*at].as_str();
                    names.iter().any(|it| it.as_str() == Some(name))
                };
                let kept: Vec<usize> = (0..self.columns.len()).filter(|at| !named(at)).collect();
                Ok(self.keep(&kept).into())
            }
            "rename" => {
                let names = given.value("column_names").unwrap_or_default();
                let columns = self.columns.iter().enumerate().map(|(at, name)| {
                    let renamed = names
                        .get_item(&Value::from(name))
                        .ok()
                        .filter(|new| !new.is_undefined())
                        .or_else(|| names.get_item_by_index(at).ok())
                        .filter(|new| !new.is_undefined());
                    renamed.map_or_else(|| name.clone(), |new| new.to_string())
                });
                Ok(Self {
                    columns: Arc::new(columns.collect()),
                    rows: Arc::clone(&self.rows),
                }
                .into())
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// The methods of agate's tables that there are, each with the names of its arguments in order.
const METHODS: &[(&str, &[&str])] = &[
    (
        "print_table",
        &["max_rows", "max_columns", "max_column_width"],
    ),
    ("print_csv", &[]),
    ("print_json", &[]),
    ("to_json", &[]),
    ("to_csv", &[]),
    ("limit", &["start_or_stop", "stop", "step"]),
    ("where", &["test"]),
    ("order_by", &["key", "reverse"]),
    ("distinct", &["key"]),
    ("select", &["key"]),
    ("exclude", &["key"]),
    ("rename", &["column_names"]),
];

impl TableValue {
    fn of_rows(&self, rows: impl Iterator<Item = Vec<Value>>) -> Self {
        Self {
            columns: Arc::clone(&self.columns),
            rows: Arc::new(rows.collect()),
        }
    }

    /// The columns that a key names; all where it names none.
    fn keys(&self, key: Option<Value>) -> Result<Vec<usize>, Error> {
        let Some(key) = key.filter(|key| !key.is_none()) else {
            return Ok((0..self.columns.len()).collect());
        };
        let names: Vec<Value> = match key.as_str() {
            Some(_) => vec![key],
            None if key.as_usize().is_some() => vec![key],
            None => key.try_iter()?.collect(),
        };
        let at = |name: &Value| {
            let named = || {
                self.columns
                    .iter()
                    .position(|it| Some(it.as_str()) == name.as_str())
            };
            name.as_usize()
                .filter(|at| *at < self.columns.len())
                .or_else(named)
                .ok_or_else(|| {
                    Error::new(
                        ErrorKind::InvalidOperation,
                        format!("the table has no column `{name}`"),
                    )
                })
        };
        names.iter().map(at).collect()
    }

    /// What a column holds, in agate's words.
    fn type_of(&self, at: usize) -> &'static str {
        let values = self.rows.iter().filter_map(|row| row.get(at));
        let mut named = "Integer";
        for value in values.filter(|value| !value.is_none()) {
            match value.kind() {
                ValueKind::Bool => return "Boolean",
                ValueKind::Number if value.is_integer() => {}
                ValueKind::Number => named = "Number",
                ValueKind::String => return "Text",
                _ => return "DateTime",
            }
        }
        named
    }

    fn as_json(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            let cells = self.columns.iter().zip(row).map(|(name, value)| {
                let data = match value.kind() {
                    ValueKind::None | ValueKind::Bool | ValueKind::Number => {
                        serde_json::to_value(value).unwrap_or_default()
                    }
                    _ => serde_json::Value::from(value.to_string()),
                };
                (name.clone(), data)
            });
            serde_json::Value::Object(cells.collect())
        });
        serde_json::Value::Array(rows.collect()).to_string()
    }

    fn csv(&self) -> String {
        let cell = |text: String| {
            if text.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text
            }
        };
        let mut lines = vec![self.columns.iter().cloned().map(cell).collect::<Vec<_>>()];
        lines.extend(self.rows.iter().map(|row| {
            let text = |value: &Value| {
                if value.is_none() {
                    String::new()
                } else {
                    value.to_string()
                }
            };
            row.iter().map(|value| cell(text(value))).collect()
        }));
        let lines: Vec<String> = lines.iter().map(|cells| cells.join(",") + "\n").collect();
        lines.concat()
    }

    fn keep(&self, kept: &[usize]) -> Self {
        let pick = |row: &Vec<Value>| kept.iter().filter_map(|&at| row.get(at).cloned()).collect();
        Self::new(
            kept.iter().map(|&at| self.columns[at].clone()).collect(),
            self.rows.iter().map(pick).collect(),
        )
    }

    /// The table in text, as `print_table` shows it: at most some rows and columns, and cells of some letters.
    fn drawn(&self, rows: usize, columns: usize, width: usize) -> String {
        let short = |text: String| match text.chars().count() > width {
            true => text
                .chars()
                .take(width.saturating_sub(3))
                .chain("...".chars())
                .collect(),
            false => text,
        };
        let shown = |value: &Value| match value.is_none() {
            true => String::new(),
            false => short(value.to_string()),
        };
        let more = self.columns.len() > columns;
        let etc = || more.then(|| "...".to_owned());
        let names = self.columns.iter().take(columns);
        let mut lines: Vec<Vec<String>> = vec![names.cloned().map(short).chain(etc()).collect()];
        let cells = |row: &Vec<Value>| row.iter().take(columns).map(shown).chain(etc()).collect();
        lines.extend(self.rows.iter().take(rows).map(cells));
        if self.rows.len() > rows {
            lines.push(lines[0].iter().map(|_| "...".to_owned()).collect());
        }
        let widths: Vec<usize> = (0..lines[0].len())
            .map(|at| {
                lines
                    .iter()
                    .map(|cells| cells[at].chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let is_text = |at: usize| self.columns.len() > at && self.type_of(at) == "Text";
        let mut text = String::new();
        for (number, cells) in lines.iter().enumerate() {
            let padded: Vec<String> = cells
                .iter()
                .zip(&widths)
                .enumerate()
                .map(
                    |(at, (cell, width))| match is_text(at) || number == 0 && is_text(at) {
                        true => format!("{cell:<width$}"),
                        false => format!("{cell:>width$}"),
                    },
                )
                .collect();
            let _ = writeln!(text, "| {} |", padded.join(" | "));
            if number == 0 {
                let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
                let _ = writeln!(text, "| {} |", dashes.join(" | "));
            }
        }
        text
    }
}

/// One row: by index, by name, or iterated.
#[derive(Debug)]
struct Row {
    names: Arc<Vec<String>>,
    values: Arc<Vec<Value>>,
}

impl Object for Row {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(at) = key.as_usize() {
            return self.values.get(at).cloned();
        }
        let key = key.as_str()?;
        by_name(&self.names, &self.values, key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.values.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        named_method(&self.names, &self.values, method, args)
    }
}

/// The columns of a table: by index, by name, or iterated.
#[derive(Debug)]
struct Named {
    names: Arc<Vec<String>>,
    values: Vec<Value>,
}

impl Object for Named {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(at) = key.as_usize() {
            return self.values.get(at).cloned();
        }
        by_name(&self.names, &self.values, key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.values.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        named_method(&self.names, &self.values, method, args)
    }
}

/// Exact first; then without regard to case, because Redshift answers in lower case where other engines keep it.
fn by_name(names: &[String], values: &[Value], key: &str) -> Option<Value> {
    let at = names
        .iter()
        .position(|name| name == key)
        .or_else(|| names.iter().position(|name| name.eq_ignore_ascii_case(key)))?;
    values.get(at).cloned()
}

fn named_method(
    names: &[String],
    values: &[Value],
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    let keys = || names.iter().map(Value::from);
    match method {
        "keys" => Ok(tuple(keys())),
        "values" => Ok(tuple(values.iter().cloned())),
        "items" | "dict" => {
            let pairs = keys().zip(values.iter().cloned());
            Ok(match method {
                "items" => tuple(pairs.map(|(key, value)| tuple([key, value].into_iter()))),
                _ => Dict::of(pairs),
            })
        }
        "get" => {
            let found = args
                .first()
                .and_then(Value::as_str)
                .and_then(|key| by_name(names, values, key));
            Ok(found
                .or_else(|| args.get(1).cloned())
                .unwrap_or(Value::from(())))
        }
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

/// The type of a column: it prints its name, and makes data of a value of the column.
#[derive(Debug)]
struct CellType(&'static str);

impl Object for CellType {
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        if method != "jsonify" {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        let (value,): (Value,) = from_args(args)?;
        Ok(match value.as_object() {
            // A moment, as ISO writes it.
            Some(_) => Value::from(value.to_string().replacen(' ', "T", 1)),
            None => value,
        })
    }
}

/// One column of a table.
#[derive(Debug)]
struct Column {
    name: String,
    values: Vec<Value>,
    at: usize,
}

impl Object for Column {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(at) = key.as_usize() {
            return self.values.get(at).cloned();
        }
        match key.as_str()? {
            "name" => Some(Value::from(&self.name)),
            "index" => Some(Value::from(self.at)),
            "data_type" => {
                let rows = self
                    .values
                    .iter()
                    .map(|value| vec![value.clone()])
                    .collect();
                let table = TableValue::new(vec![self.name.clone()], rows);
                Some(Value::from_object(CellType(table.type_of(0))))
            }
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.values.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        let some = || self.values.iter().filter(|value| !value.is_none());
        match method {
            "values" => Ok(tuple(self.values.iter().cloned())),
            "values_without_nulls" => Ok(tuple(some().cloned())),
            "values_sorted" => {
                let mut sorted = self.values.clone();
                sorted.sort_by_key(|value| (value.is_none(), value.clone()));
                Ok(List::of(sorted))
            }
            "values_without_nulls_sorted" => {
                let mut sorted: Vec<Value> = some().cloned().collect();
                sorted.sort();
                Ok(List::of(sorted))
            }
            "values_distinct" => {
                let mut seen = std::collections::BTreeSet::new();
                let distinct = self.values.iter().filter(|value| seen.insert(*value));
                Ok(tuple(distinct.cloned()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}
