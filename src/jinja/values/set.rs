//! A set, as Python's.
//!
//! In: values. Out: [`Set`].
//! Python's sets have no order of their own; these stand in the order of their values.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use minijinja::value::{Enumerator, Object, ObjectRepr, from_args};
use minijinja::{Error, ErrorKind, State, Value};

/// A set that can change.
#[derive(Debug, Default)]
pub struct Set(RwLock<BTreeSet<Value>>);

impl Set {
    /// A set of these values.
    pub fn of(values: impl IntoIterator<Item = Value>) -> Value {
        Value::from_object(Self(RwLock::new(values.into_iter().collect())))
    }

    fn values(&self) -> BTreeSet<Value> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn become_one_of(&self, values: BTreeSet<Value>) -> Value {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = values;
        Value::from(())
    }
}

impl Object for Set {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.values().into_iter().collect())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.values() {
            values if values.is_empty() => f.write_str("set()"),
            values => f.debug_set().entries(values).finish(),
        }
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let own = self.values();
        let others = || -> Result<BTreeSet<Value>, Error> {
            let mut all = BTreeSet::new();
            for arg in args {
                all.extend(arg.try_iter()?);
            }
            Ok(all)
        };
        let one = || from_args::<(Value,)>(args).map(|(value,)| BTreeSet::from([value]));
        Ok(match method {
            "add" => self.become_one_of(&own | &one()?),
            "discard" => self.become_one_of(&own - &one()?),
            "remove" if own.is_superset(&one()?) => self.become_one_of(&own - &one()?),
            "remove" => {
                let detail = "the set has no such value";
                return Err(Error::new(ErrorKind::InvalidOperation, detail));
            }
            "update" => self.become_one_of(&own | &others()?),
            "clear" => self.become_one_of(BTreeSet::new()),
            "copy" => Self::of(own),
            "union" => Self::of(&own | &others()?),
            "difference" => Self::of(&own - &others()?),
            "symmetric_difference" => Self::of(&own ^ &others()?),
            "intersection" => {
                let mut common = own;
                for arg in args {
                    common = &common & &arg.try_iter()?.collect();
                }
                Self::of(common)
            }
            "issubset" => own.is_subset(&others()?).into(),
            "issuperset" => own.is_superset(&others()?).into(),
            "isdisjoint" => own.is_disjoint(&others()?).into(),
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_prints_and_changes_as_in_python() {
        let mut env = minijinja::Environment::new();
        env.add_global("empty", Set::of([]));
        env.add_global("few", Set::of([2, 1, 2].map(Value::from)));
        let shown = |text: &str| env.render_str(text, ()).unwrap();
        assert_eq!(
            shown("{{ empty }} {{ few }} {{ [empty, few] }}"),
            "set() {1, 2} [set(), {1, 2}]"
        );
        assert_eq!(
            shown(
                "{% set _ = few.add(3) %}{{ few.difference([1]) }} {{ few.union([9], [0]) }} {{ few.intersection([3, 1], [3]) }} {{ few | length }} {{ 1 if 3 in few }}"
            ),
            "{2, 3} {0, 1, 2, 3, 9} {3} 3 1"
        );
        assert_eq!(
            shown("{{ 1 if few == few.copy() }} {{ 2 if few.issubset([1, 2, 3]) }}"),
            "1 2"
        );
    }
}
