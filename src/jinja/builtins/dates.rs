//! Dates and times as Python's `datetime` has them, on jiff.
//!
//! In: numbers, text, formats. Out: moments, dates, spans of time, zones.
//! Knows nothing of a render.

use minijinja::{Error, State, Value};

use super::args::{Args, Body};

/// What `+` and `-` become in templates that do arithmetic with dates.
pub const OPERATORS: &[(&str, Body)] = &[("__add", add), ("__sub", subtract)];

fn add(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let (left, right) = (args.required("left")?, args.required("right")?);
    plain("+", left, right)
}

fn subtract(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let (left, right) = (args.required("left")?, args.required("right")?);
    plain("-", left, right)
}

/// minijinja's own operator.
fn plain(operator: &str, left: Value, right: Value) -> Result<Value, Error> {
    let env = minijinja::Environment::empty();
    let both = Value::from_pairs([("a", left), ("b", right)]);
    env.compile_expression_owned(format!("a {operator} b"))?
        .eval(both)
}
