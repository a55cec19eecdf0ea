//! Jinja's `cycler` and `joiner`: what answers otherwise each time it is asked.
//!
//! In: the items, or what stands between others. Out: objects that count.
//! Knows nothing of a render.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use minijinja::value::{Enumerator, Object};
use minijinja::{Error, ErrorKind, State, Value};

use super::args::{Args, Body};
use crate::jinja::error::bad_call;

/// The functions that make them.
pub const FUNCTIONS: &[(&str, Body)] = &[("cycler", cycler), ("joiner", joiner)];

fn cycler(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let items = args.rest();
    args.done()?;
    if items.is_empty() {
        return Err(bad_call("`cycler` needs at least one item"));
    }
    let at = AtomicUsize::new(0);
    Ok(Value::from_object(Cycler { items, at }))
}

fn joiner(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let between = args.optional("sep").unwrap_or_else(|| Value::from(", "));
    args.done()?;
    let used = AtomicBool::new(false);
    Ok(Value::from_object(Joiner { between, used }))
}

#[derive(Debug)]
struct Cycler {
    items: Vec<Value>,
    at: AtomicUsize,
}

impl Cycler {
    fn item(&self, at: usize) -> Value {
        self.items[at % self.items.len()].clone()
    }
}

impl Object for Cycler {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str() == Some("current")).then(|| self.item(self.at.load(Ordering::Relaxed)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "next" => Ok(self.item(self.at.fetch_add(1, Ordering::Relaxed))),
            "reset" => {
                self.at.store(0, Ordering::Relaxed);
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

#[derive(Debug)]
struct Joiner {
    between: Value,
    used: AtomicBool,
}

impl Object for Joiner {
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        match self.used.swap(true, Ordering::Relaxed) {
            false => Ok(Value::from("")),
            true => Ok(self.between.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::jinja::testing::text;

    #[test]
    fn a_cycler_goes_round_and_a_joiner_begins_with_nothing() {
        let model = "{% set row = cycler('odd', 'even') %}{{ row.next() }} {{ row.next() }} {{ row.current }}{{ row.reset() or '' }}\
            {% set comma = joiner(',') %}{% for x in 'abc' %}{{ comma() }}{{ x }}{% endfor %}";
        assert_eq!(text("", model), "odd even odda,b,c");
    }
}
