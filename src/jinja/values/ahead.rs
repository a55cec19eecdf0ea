//! A dict that all templates share, as a template sees it that is rendered ahead of its turn.
//!
//! In: a dict. Out: one that can be read. What other templates may have put there by then makes the template late, and so does a change of
//! its own: as with dbt, changes come in the order of the run.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use crate::diagnostic::Diagnostic;
use crate::jinja::LATE;
use crate::jinja::error::raise;

#[derive(Debug)]
struct Ahead {
    name: &'static str,
    dict: Value,
}

/// The dict of this name as it is seen before the run.
pub fn ahead(name: &'static str, dict: Value) -> Value {
    Value::from_object(Ahead { name, dict })
}

impl Ahead {
    fn late(&self, does: &str) -> Error {
        let reason = format!("its template {does} `{}`", self.name);
        raise(Diagnostic::error(LATE, reason))
    }

    fn known(&self, key: &Value) -> Option<Value> {
        let found = self.dict.get_item(key).ok();
        found.filter(|found| !found.is_undefined())
    }
}

impl Object for Ahead {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let known = self.known(key);
        Some(known.unwrap_or_else(|| Value::from(self.late("reads what others put into"))))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let keys = self.dict.try_iter().into_iter().flatten();
        Enumerator::Values(keys.collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        self.dict.len()
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "update" | "setdefault" | "pop" | "popitem" | "clear" => Err(self.late("changes")),
            "get" if args.first().is_some_and(|key| self.known(key).is_none()) => {
                Err(self.late("reads what others put into"))
            }
            _ => self.dict.call_method(state, method, args),
        }
    }
}
