//! A dict that can change, as Python's: it keeps the order of its keys.
//!
//! In: pairs. Out: [`Dict`].
//! Two names for one dict see the same changes.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use indexmap::IndexMap;
use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, Tuple, from_args};
use minijinja::{Error, ErrorKind, State, Value};

use super::list::List;

/// A dict that can change.
#[derive(Debug, Default)]
pub struct Dict(RwLock<IndexMap<Value, Value>>);

impl Dict {
    /// A dict of these pairs; a later pair wins.
    pub fn of(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
        Value::from_object(Self(RwLock::new(pairs.into_iter().collect())))
    }

    fn read(&self) -> RwLockReadGuard<'_, IndexMap<Value, Value>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, IndexMap<Value, Value>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// `update(other)`, `update([(k, v)])`, `update(k=v)`.
    fn update(&self, args: &[Value]) -> Result<(), Error> {
        let mut pairs = Vec::new();
        for arg in args {
            pairs.extend(pairs_of(arg)?);
        }
        self.write().extend(pairs);
        Ok(())
    }
}

/// The pairs of a map, or of a sequence of pairs.
pub fn pairs_of(value: &Value) -> Result<Vec<(Value, Value)>, Error> {
    if value.is_kwargs() {
        let kwargs = Kwargs::try_from(value.clone())?;
        return kwargs
            .args()
            .map(|name| Ok((Value::from(name), kwargs.peek(name)?)))
            .collect();
    }
    if value.kind() == minijinja::value::ValueKind::Map {
        return value
            .try_iter()?
            .map(|key| Ok((key.clone(), value.get_item(&key)?)))
            .collect();
    }
    value
        .try_iter()?
        .map(|pair| Ok((pair.get_item_by_index(0)?, pair.get_item_by_index(1)?)))
        .collect()
}

impl Object for Dict {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.read().get(key).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.read().keys().cloned().collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.read().len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let none = Value::from(());
        match method {
            "get" => {
                let (key, default): (Value, Option<Value>) = from_args(args)?;
                let found = self.read().get(&key).cloned();
                Ok(found.or(default).unwrap_or(none))
            }
            "keys" => Ok(List::of(self.read().keys().cloned().collect())),
            "values" => Ok(List::of(self.read().values().cloned().collect())),
            "items" => {
                let pairs = self.read();
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| Value::from(Tuple::from([key.clone(), value.clone()])));
                Ok(List::of(pairs.collect()))
            }
            "update" => {
                self.update(args)?;
                Ok(none)
            }
            "setdefault" => {
                let (key, default): (Value, Option<Value>) = from_args(args)?;
                let mut dict = self.write();
                Ok(dict.entry(key).or_insert(default.unwrap_or(none)).clone())
            }
            "pop" => {
                let (key, default): (Value, Option<Value>) = from_args(args)?;
                let found = self.write().shift_remove(&key).or(default);
                found.ok_or_else(|| {
                    let detail = format!("the dict has no key `{key}`");
                    Error::new(ErrorKind::InvalidOperation, detail)
                })
            }
            "popitem" => match self.write().pop() {
                Some((key, value)) => Ok(Value::from(Tuple::from([key, value]))),
                None => Err(Error::new(ErrorKind::InvalidOperation, "the dict is empty")),
            },
            "clear" => {
                self.write().clear();
                Ok(none)
            }
            "copy" => {
                let copy = self.read().clone();
                Ok(Self::of(copy))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}
