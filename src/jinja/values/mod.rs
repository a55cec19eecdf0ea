//! The things that a template holds in its hands: relations, columns, tables, lists and dicts that change.
//!
//! In: nothing. Out: objects of the template language.
//! Knows nothing of who makes them.

mod ahead;
mod arguments;
mod column;
mod dict;
mod format;
mod list;
pub(super) mod methods;
pub(super) mod percent;
mod relation;
mod response;
mod set;
mod table;

pub use ahead::{Lateness, ahead};
pub use column::ColumnValue;
pub(super) use dict::{Dict, pairs_of};
pub(super) use list::List;
pub use relation::{Parts, RelationValue};
pub use response::Response;
pub(super) use set::Set;
pub use table::TableValue;

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Serde, Tuple, from_args};
use minijinja::{Error, ErrorKind, State, Value};

/// Data as lists and dicts that can change, all the way down.
pub fn changing(data: &serde_json::Value) -> Value {
    match data {
        serde_json::Value::Array(items) => List::of(items.iter().map(changing).collect()),
        serde_json::Value::Object(entries) => Dict::of(
            entries
                .iter()
                .map(|(key, value)| (Value::from(key.as_str()), changing(value))),
        ),
        plain => Value::from(Serde(plain)),
    }
}

/// The configuration of a node in `results`: as an object of dbt it answers none for what nobody has set.
#[derive(Debug)]
pub struct ConfigOfResult(serde_json::Map<String, serde_json::Value>);

impl From<serde_json::Map<String, serde_json::Value>> for ConfigOfResult {
    fn from(keys: serde_json::Map<String, serde_json::Value>) -> Self {
        Self(keys)
    }
}

impl Object for ConfigOfResult {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let found = self.0.get(key.as_str()?);
        Some(found.map_or_else(|| Value::from(()), |value| Value::from(Serde(value))))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(|key| Value::from(key.as_str())).collect())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        if method != "get" {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        let (key, default): (&str, Option<Value>) = from_args(args)?;
        let found = self.0.get(key).map(|value| Value::from(Serde(value)));
        Ok(found.or(default).unwrap_or_else(|| Value::from(())))
    }
}

/// A list or dict that can change, made from one that cannot; anything else as it is.
///
/// Only minijinja's own lists and maps are taken: our objects (a table, a relation) are what they are.
pub(super) fn own(value: Value) -> Value {
    let Some(object) = value.as_object() else {
        return value;
    };
    if object.is::<Tuple>() {
        return value;
    }
    let name = object.type_name();
    match object.repr() {
        _ if name.starts_with("redstart::") => value,
        ObjectRepr::Seq | ObjectRepr::Iterable => match value.try_iter() {
            Ok(items) => List::of(items.collect()),
            Err(_) => value,
        },
        ObjectRepr::Map
            if ["IndexMap", "BTreeMap", "Merge"]
                .iter()
                .any(|it| name.contains(it)) =>
        {
            match pairs_of(&value) {
                Ok(pairs) => Dict::of(pairs),
                Err(_) => value,
            }
        }
        _ => value,
    }
}
