//! The answer of a query, as a template reads it: `.columns`, `.rows`, `.column_names`.
//!
//! In: names and rows. Out: [`TableValue`].
//! Knows nothing of connections.

use std::fmt::Write as _;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Tuple};
use minijinja::{Error, ErrorKind, State, Value};

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
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.rows.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "print_table" => Ok(Value::from(self.drawn())),
            "select" | "exclude" => {
                let wanted: Vec<String> = args
                    .iter()
                    .flat_map(|arg| match arg.as_str() {
                        Some(name) => vec![name.to_string()],
                        None => arg.try_iter().map_or_else(
                            |_| Vec::new(),
                            |names| names.map(|name| name.to_string()).collect(),
                        ),
                    })
                    .collect();
                Ok(self
                    .keep(|name| wanted.iter().any(|it| it == name) == (method == "select"))
                    .into())
            }
            "rename" => {
                let names = args.first().cloned().unwrap_or_default();
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

impl TableValue {
    fn keep(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|&at| wanted(&self.columns[at]))
            .collect();
        let pick = |row: &Vec<Value>| kept.iter().filter_map(|&at| row.get(at).cloned()).collect();
        Self::new(
            kept.iter().map(|&at| self.columns[at].clone()).collect(),
            self.rows.iter().map(pick).collect(),
        )
    }

    /// The table in text, as `print_table` shows it.
    fn drawn(&self) -> String {
        let mut text = format!("| {} |\n", self.columns.join(" | "));
        let dashes: Vec<String> = self
            .columns
            .iter()
            .map(|name| "-".repeat(name.len()))
            .collect();
        let _ = writeln!(text, "| {} |", dashes.join(" | "));
        for row in self.rows.iter() {
            let cells: Vec<String> = row.iter().map(Value::to_string).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
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
        "keys" => Ok(keys().collect()),
        "values" => Ok(tuple(values.iter().cloned())),
        "items" | "dict" => {
            let pairs = keys().zip(values.iter().cloned());
            Ok(match method {
                "items" => pairs
                    .map(|(key, value)| Value::from(vec![key, value]))
                    .collect(),
                _ => Value::from_pairs(pairs),
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
            "values_distinct" => {
                let mut seen = std::collections::BTreeSet::new();
                let distinct = self.values.iter().filter(|value| seen.insert(*value));
                Ok(tuple(distinct.cloned()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}
