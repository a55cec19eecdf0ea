//! A list that can change, as Python's.
//!
//! In: values. Out: [`List`].
//! Two names for one list see the same changes.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, from_args};
use minijinja::{Error, ErrorKind, State, Value};

/// A list that can change.
#[derive(Debug, Default)]
pub struct List(RwLock<Vec<Value>>);

impl List {
    /// A list of these values.
    pub fn of(values: Vec<Value>) -> Value {
        Value::from_object(Self(RwLock::new(values)))
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Value>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Value>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Python's index: counted from the end when negative.
fn index(at: i64, len: usize) -> usize {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let at = if at < 0 {
        (at + len).max(0)
    } else {
        at.min(len)
    };
    usize::try_from(at).unwrap_or(0)
}

fn error(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail.into())
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.read().get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.read().clone())
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
            "append" => {
                let (value,): (Value,) = from_args(args)?;
                self.write().push(value);
                Ok(none)
            }
            "extend" => {
                let (values,): (Value,) = from_args(args)?;
                let values: Vec<Value> = values.try_iter()?.collect();
                self.write().extend(values);
                Ok(none)
            }
            "insert" => {
                let (at, value): (i64, Value) = from_args(args)?;
                let mut list = self.write();
                let at = index(at, list.len());
                list.insert(at, value);
                Ok(none)
            }
            "pop" => {
                let (at,): (Option<i64>,) = from_args(args)?;
                let mut list = self.write();
                let at = index(at.unwrap_or(-1), list.len());
                if at >= list.len() {
                    return Err(error("pop from a list that has no such item"));
                }
                Ok(list.remove(at))
            }
            "remove" => {
                let (value,): (Value,) = from_args(args)?;
                let mut list = self.write();
                match list.iter().position(|it| *it == value) {
                    Some(at) => {
                        list.remove(at);
                        Ok(none)
                    }
                    None => Err(error(format!("`{value}` is not in the list"))),
                }
            }
            "clear" => {
                self.write().clear();
                Ok(none)
            }
            "reverse" => {
                self.write().reverse();
                Ok(none)
            }
            "sort" => {
                let (kwargs,): (Kwargs,) = from_args(args)?;
                let reverse = kwargs.get::<Option<bool>>("reverse")?.unwrap_or(false);
                kwargs.assert_all_used()?;
                let mut list = self.write();
                list.sort();
                if reverse {
                    list.reverse();
                }
                Ok(none)
            }
            "copy" => Ok(Self::of(self.read().clone())),
            "index" => {
                let (value,): (Value,) = from_args(args)?;
                let at = self.read().iter().position(|it| *it == value);
                at.map(Value::from)
                    .ok_or_else(|| error(format!("`{value}` is not in the list")))
            }
            "count" => {
                let (value,): (Value,) = from_args(args)?;
                Ok(Value::from(
                    self.read().iter().filter(|it| **it == value).count(),
                ))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}
