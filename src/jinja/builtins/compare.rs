//! `<`, `<=`, `>` and `>=` as Python has them, which orders no text and number.
//!
//! In: two values. Out: whether the one stands before the other, or that they cannot be compared.
//! While a project is parsed, everything can: what is asked then is not there yet.

use minijinja::value::ValueKind;
use minijinja::{Error, State, Value};

use super::args::{Args, Body, what};
use crate::diagnostic::Diagnostic;
use crate::jinja::error::raise;
use crate::jinja::render::world;

/// What the operators become.
pub const OPERATORS: &[(&str, Body)] = &[
    ("__lt", |state, args| {
        compared(state, args, "<", |a, b| a < b)
    }),
    ("__le", |state, args| {
        compared(state, args, "<=", |a, b| a <= b)
    }),
    ("__gt", |state, args| {
        compared(state, args, ">", |a, b| a > b)
    }),
    ("__ge", |state, args| {
        compared(state, args, ">=", |a, b| a >= b)
    }),
];

fn compared(
    state: &mut State<'_, '_>,
    mut args: Args,
    sign: &str,
    holds: fn(&Value, &Value) -> bool,
) -> Result<Value, Error> {
    let (left, right) = (args.required("left")?, args.required("right")?);
    args.done()?;
    if world(state)?.execute() && !comparable(&left, &right) {
        let nothing = |value: &Value| value.is_undefined() || value.is_none();
        let help = match nothing(&left) || nothing(&right) {
            true => "look at the name; where it may be missing, write `… | default(0, true)`",
            false => "make both of one kind first: `… | int`, `… | string`, `… | list`",
        };
        let message = format!(
            "`{sign}` cannot compare {} with {}",
            named(&left),
            named(&right)
        );
        return Err(raise(Diagnostic::error("jinja-error", message).help(help)));
    }
    Ok(Value::from(holds(&number(left), &number(right))))
}

/// True is one and false zero.
fn number(value: Value) -> Value {
    match value.kind() {
        ValueKind::Bool => Value::from(i64::from(value.is_true())),
        _ => value,
    }
}

fn named(value: &Value) -> String {
    match value.is_tuple() {
        true => "a tuple".to_owned(),
        false => what(value),
    }
}

/// Whether Python would put the two in an order. What objects of ours do, they know themselves.
fn comparable(left: &Value, right: &Value) -> bool {
    let kind = |value: &Value| match value.kind() {
        // Nothing at all, and what has no order.
        ValueKind::Undefined | ValueKind::None | ValueKind::Map => Some(0),
        ValueKind::Bool | ValueKind::Number => Some(1),
        ValueKind::String => Some(2),
        ValueKind::Seq if value.is_tuple() => Some(3),
        ValueKind::Seq => Some(4),
        _ => None,
    };
    match (kind(left), kind(right)) {
        (Some(0), _) | (_, Some(0)) => false,
        (Some(left), Some(right)) => left == right,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::jinja::testing::{TestWorld, error, text, try_render};

    #[test]
    fn what_python_does_not_order_is_no_answer() {
        let all = [
            "{% set n = 'a' %}{{ n < 1 }}",
            "{% if none > 1 %}{% endif %}",
            "{% set c = {'a': 1} %}{{ 1 if c.f >= 1 else 2 }}",
            "{% set x = [1] <= (1,) %}",
            "{% for i in [1, 'a'] if i < 2 %}{% endfor %}",
            "{{ nope | int }}{{ nope | indent }}",
            "{{ none | join(',') }}",
        ];
        assert_snapshot!(all.map(|model| error("", model)).join(""), @"
        error[jinja-error]: `<` cannot compare a string with a number
          at models/m.sql:1:21 `n < 1`
          help: make both of one kind first: `… | int`, `… | string`, `… | list`
        error[jinja-error]: `>` cannot compare none with a number
          at models/m.sql:1:7 `none > 1`
          help: look at the name; where it may be missing, write `… | default(0, true)`
        error[jinja-error]: `>=` cannot compare an undefined value with a number
          at models/m.sql:1:31 `c.f >= 1`
          help: look at the name; where it may be missing, write `… | default(0, true)`
        error[jinja-error]: `<=` cannot compare a sequence with a tuple
          at models/m.sql:1:12 `[1] <= (1,)`
          help: make both of one kind first: `… | int`, `… | string`, `… | list`
        error[jinja-error]: `<` cannot compare a string with a number
          at models/m.sql:1:25 `i < 2`
          help: make both of one kind first: `… | int`, `… | string`, `… | list`
        error[jinja-error]: an undefined value cannot be converted
          at models/m.sql:1:11 `int`
          help: look at the name; where it may be missing, write `… | default(0)` first
        error[wrong-arguments]: none cannot be gone over: it is no list
          at models/m.sql:1:11 `join(',')`
        ");
    }

    #[test]
    fn what_has_an_order_is_compared_wherever_it_stands() {
        let model = "{% set xs = [3, 1 + 1, 4 - 3] %}{{ 1 < 2.5 }} {{ 'a' < 'b' and not 2 <= 1 }} {{ [1, 2] < [1, 3] }} {{ true > 0 }} \
            {{ 1 < 2 < 3 }} {{ 'big' if xs | length > 2 else 'small' }} {{ xs[0 if 1 > 2 else 1] > xs[2] }} \
            {% for x in xs if x >= 2 and x not in [3] %}{{ x }}{% endfor %} {{ {'k': 2 > 1, 'l': 1 > 2} }} \
            {{ namespace(a=1 < 2).a }} {{ -1 < (1 ~ '') | int }} {{ 2 is even == true }} {{ (1 if 3 > 2) }} {{ '%s' % 2 > '1' }}";
        assert_snapshot!(text("", model), @"True True True True True big True 2 {'k': True, 'l': False} True True True 1 True");
    }

    #[test]
    fn while_the_project_is_parsed_everything_can_be_compared() {
        let model = "{{ nope < 1 }}{{ nope | int }}";
        assert!(try_render("", model, TestWorld::parsing()).is_ok());
    }
}
