//! A dict that all templates share, as a template sees it that is rendered ahead of its turn.
//!
//! In: a dict, and where it is noted why the template is late. Out: a dict that can be read. A change of it makes the template late, and so
//! does whatever tells what others may have put there by then: as with dbt, changes come in the order of the run.

use std::sync::{Arc, OnceLock};

use minijinja::value::{Enumerator, Object, ObjectRepr, Tuple};
use minijinja::{Error, State, Value};

use super::{Dict, List};
use crate::diagnostic::Diagnostic;
use crate::jinja::LATE;
use crate::jinja::error::raise;

/// Why a template is late, once it is.
pub type Lateness = Arc<OnceLock<String>>;

#[derive(Debug)]
struct Ahead {
    name: &'static str,
    dict: Value,
    /// Whether templates keep things of their own here: not in the dicts that it holds.
    shared: bool,
    late: Lateness,
}

/// The dict of this name as it is seen before the run.
pub fn ahead(name: &'static str, dict: Value, late: &Lateness) -> Value {
    Value::from_object(Ahead {
        name,
        dict,
        shared: true,
        late: Arc::clone(late),
    })
}

impl Ahead {
    fn changed(&self) -> Error {
        let reason = self
            .late
            .get_or_init(|| format!("its template changes `{}`", self.name));
        raise(Diagnostic::error(LATE, reason.as_str()))
    }

    /// Notes that the template asks for what others may have put here.
    fn asked(&self) {
        if self.shared {
            let asks = || format!("its template asks what others put into `{}`", self.name);
            self.late.get_or_init(asks);
        }
    }

    fn known(&self, key: &Value) -> Option<Value> {
        let found = self.dict.get_item(key).ok();
        let found = found.filter(|found| !found.is_undefined());
        if found.is_none() {
            self.asked();
        }
        found.map(|value| self.held(value))
    }

    /// A value in it: a dict cannot be changed either.
    fn held(&self, value: Value) -> Value {
        match value.downcast_object_ref::<Dict>() {
            Some(_) => Value::from_object(Self {
                name: self.name,
                dict: value,
                shared: false,
                late: Arc::clone(&self.late),
            }),
            None => value,
        }
    }
}

impl Object for Ahead {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.known(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.asked();
        let keys = self.dict.try_iter().into_iter().flatten();
        Enumerator::Values(keys.collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        self.asked();
        self.dict.len()
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "update" | "setdefault" | "pop" | "popitem" | "clear" => Err(self.changed()),
            "get" => {
                let found = args.first().and_then(|key| self.known(key));
                found.map_or_else(|| self.dict.call_method(state, method, args), Ok)
            }
            "values" | "items" => {
                self.asked();
                let keys = self.dict.try_iter()?;
                let held = keys.filter_map(|key| Some((self.known(&key)?, key)));
                let items = held.map(|(value, key)| match method {
                    "values" => value,
                    _ => Value::from(Tuple::from([key, value])),
                });
                Ok(List::of(items.collect()))
            }
            _ => {
                self.asked();
                self.dict.call_method(state, method, args)
            }
        }
    }
}
