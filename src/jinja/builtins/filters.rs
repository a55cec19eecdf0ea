//! The environment: filters, tests, printing.
//!
//! In: nothing. Out: an [`Environment`] for every render.
//! Knows nothing of macros.

use std::sync::LazyLock;

use minijinja::value::{Kwargs, Rest, StringInput, ValueKind, ValueOrKwargs};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, Value};

use super::args::{Args, Function, what};
use super::data::{indented, json};
use crate::diagnostic::Diagnostic;
use crate::jinja::again;
use crate::jinja::error::{bad_call, raise};
use crate::jinja::prepare::syntax;
use crate::jinja::render::{MacroObject, in_state};
use crate::jinja::values::{List, methods, percent};

/// How deep calls may nest; a macro call costs about fifteen.
const DEPTH: usize = 6000;

/// The environment of all renders, and the names of its filters and tests.
pub fn environment() -> (Environment<'static>, Vec<String>) {
    let mut env = Environment::new();
    env.set_syntax(syntax());
    env.set_recursion_limit(DEPTH);
    env.set_undefined_behavior(UndefinedBehavior::Chainable);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_unknown_method_callback(unknown_method);
    env.set_formatter(|out, state, value| {
        let nameless = again::is_nameless(value);
        if (value.is_undefined() || nameless) && is_strict(state)? {
            // What was left out on purpose is undefined too, and prints as nothing.
            let printed = match nameless {
                true => print_undefined(&Value::UNDEFINED),
                false => print_undefined(value),
            };
            return match printed {
                Err(_) if in_state(state)?.render.again.passes_print() => Ok(()),
                printed => printed,
            };
        }
        if let Some(text) = far_float(value) {
            return Ok(out.write_str(&text)?);
        }
        minijinja::escape_formatter(out, state, value)
    });
    add_filters(&mut env);
    env.add_test("iterable", |value: &Value| {
        !value.is_none() && value.try_iter().is_ok()
    });
    env.add_test("callable", |value: &Value| {
        let objects = value.as_object();
        objects.is_some_and(|object| object.is::<MacroObject>() || object.is::<Function>())
            || value.kind() == ValueKind::Plain
    });
    env.add_test("sequence", |value: &Value| {
        matches!(
            value.kind(),
            ValueKind::Seq | ValueKind::Map | ValueKind::String
        )
    });
    (env, FILTERS.iter().map(ToString::to_string).collect())
}

/// A number that Python writes with an exponent, as Python writes it.
fn far_float(value: &Value) -> Option<String> {
    if value.kind() != ValueKind::Number || value.is_integer() {
        return None;
    }
    let number = f64::try_from(value.clone()).ok()?;
    let size = number.abs();
    if !number.is_finite() || size == 0.0 || (1e-4..1e16).contains(&size) {
        return None;
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e')?;
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    Some(format!("{digits}e{sign}{exponent:0>2}"))
}

/// What is undefined because an `if` had no `else` prints as nothing, and so does a parameter that a call left out; any other
/// undefined value is a mistake. Only a strict environment tells the two apart.
pub(super) fn print_undefined(value: &Value) -> Result<(), Error> {
    static STRICT: LazyLock<Environment<'static>> = LazyLock::new(|| {
        let mut env = Environment::empty();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env
    });
    STRICT.empty_state().format(value.clone()).map(|_| ())
}

/// The undefined value that prints as nothing.
pub fn left_out() -> Value {
    static LEFT_OUT: LazyLock<Value> = LazyLock::new(|| {
        let env = Environment::empty();
        env.compile_expression("1 if false")
            .and_then(|expression| expression.eval(()))
            .unwrap_or_default()
    });
    LEFT_OUT.clone()
}

fn add_filters(env: &mut Environment<'static>) {
    env.add_filter("int", int);
    env.add_filter("length", length);
    env.add_filter("count", length);
    env.add_filter("float", float);
    env.add_filter("string", |state: &State<'_, '_>, value: Value| {
        far_float(&value).map_or_else(
            || minijinja::filters::string(state, &value),
            |text| Ok(Value::from(text)),
        )
    });
    env.add_filter("first", |value: &Value| {
        end_of(value, minijinja::filters::first)
    });
    env.add_filter("last", |value: &Value| {
        end_of(value, |value| minijinja::filters::last(value.clone()))
    });
    env.add_filter("items", |value: &Value| match value.is_undefined() {
        true => Ok(List::of(Vec::new())),
        false => minijinja::filters::items(value),
    });
    env.add_filter("replace", replace);
    env.add_filter("format", |text: &str, args: Rest<ValueOrKwargs>| {
        percent::fill(text, &args.into_values())
    });
    env.add_filter("__percent", |text: &str, value: &Value| {
        percent::percent(text, value)
    });
    env.add_filter("join", join);
    env.add_filter("indent", indent);
    env.add_filter("wordcount", |text: &Value| {
        text.to_string().split_whitespace().count()
    });
    env.add_filter(
        "tojson",
        |value: &Value, indent: Option<usize>, kwargs: Kwargs| {
            let indent = indent.or(kwargs.get("indent")?);
            kwargs.assert_all_used()?;
            // Jinja's own filter sorts the keys and escapes what HTML knows.
            let text = match indent {
                Some(width) => indented(value, width),
                None => json(value, true),
            };
            let text = text.ok_or_else(|| bad_call(format!("{} is no JSON", what(value))))?;
            let text = text.replace('<', "\\u003c").replace('>', "\\u003e");
            Ok::<_, Error>(text.replace('&', "\\u0026").replace('\'', "\\u0027"))
        },
    );
    env.add_filter("is_list", |value: &Value| value.kind() == ValueKind::Seq);
    env.add_filter("as_text", |state: &State, value: Value| {
        Ok::<_, Error>(if native(state)? {
            Value::from(value.to_string())
        } else {
            value
        })
    });
    env.add_filter("as_native", |state: &State, value: Value| {
        Ok::<_, Error>(if native(state)? {
            literal(value)
        } else {
            value
        })
    });
    env.add_filter("as_bool", |state: &State, value: Value| {
        typed(state, value, ValueKind::Bool, "a bool")
    });
    env.add_filter("as_number", |state: &State, value: Value| {
        typed(state, value, ValueKind::Number, "a number")
    });
    super::texts::add(env);
    env.add_filter(
        "list",
        |state: &State, value: Value| -> Result<Value, Error> {
            if value.is_none() && is_strict(state)? {
                return Err(nothing_to_go_over());
            }
            Ok(List::of(value.try_iter()?.collect()))
        },
    );
}

/// The names that a mistyped filter or test may have meant.
const FILTERS: &[&str] = &[
    "abs",
    "as_bool",
    "as_native",
    "as_number",
    "as_text",
    "attr",
    "batch",
    "bool",
    "boolean",
    "capitalize",
    "center",
    "count",
    "default",
    "defined",
    "dictsort",
    "divisibleby",
    "endingwith",
    "escape",
    "eq",
    "equalto",
    "even",
    "false",
    "filesizeformat",
    "first",
    "float",
    "forceescape",
    "format",
    "ge",
    "groupby",
    "gt",
    "in",
    "indent",
    "int",
    "integer",
    "is_list",
    "items",
    "iterable",
    "join",
    "last",
    "le",
    "length",
    "lines",
    "list",
    "lower",
    "lt",
    "map",
    "mapping",
    "max",
    "min",
    "ne",
    "none",
    "number",
    "odd",
    "pprint",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "sequence",
    "slice",
    "sort",
    "split",
    "startingwith",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "true",
    "truncate",
    "undefined",
    "unique",
    "upper",
    "urlencode",
    "wordcount",
    "wordwrap",
    "xmlattr",
];

/// Whether printing what is not defined is worth a word.
/// None is no list, as in Python.
pub(super) fn nothing_to_go_over() -> Error {
    bad_call("none cannot be gone over: it is no list")
}

/// Whether a node is rendered, and not only read: then what Python refuses is refused.
pub(super) fn is_strict(state: &State<'_, '_>) -> Result<bool, Error> {
    let render = &in_state(state)?.render;
    Ok(render.is_strict())
}

fn native(state: &State<'_, '_>) -> Result<bool, Error> {
    Ok(in_state(state)?.render.native)
}

/// The value that text spells in Python's words; anything else as it is.
fn literal(value: Value) -> Value {
    let Some(text) = value.as_str() else {
        return value;
    };
    let env = Environment::new();
    match env.compile_expression(text.trim()) {
        Ok(expression) if expression.undeclared_variables(false).is_empty() => {
            let read = expression.eval(()).unwrap_or_default();
            if read.is_undefined() { value } else { read }
        }
        _ => value,
    }
}

fn typed(state: &State<'_, '_>, value: Value, kind: ValueKind, name: &str) -> Result<Value, Error> {
    if !native(state)? {
        return Ok(value);
    }
    let read = literal(value.clone());
    if read.kind() == kind {
        return Ok(read);
    }
    // `target.type == 'redshift' | as_bool` filters the text alone, and compares it then; `target.type in [...] | as_bool` the list.
    if value.as_str().is_some() || value.kind() == ValueKind::Seq {
        return Ok(value);
    }
    Err(bad_call(format!("`{value}` is not {name}")))
}

/// As Jinja's own: what is undefined has no items.
fn length(value: &Value) -> Result<usize, Error> {
    if value.is_undefined() {
        return Ok(0);
    }
    minijinja::filters::length(value)
}

fn join(
    state: &mut State<'_, '_>,
    value: &Value,
    between: Option<StringInput<'_>>,
    attribute: Option<&str>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    if value.is_none() && is_strict(state)? {
        return Err(nothing_to_go_over());
    }
    minijinja::filters::join(state, value, between, attribute, kwargs)
}

/// `indent(width=4, first=false, blank=false)`.
fn indent(
    state: &State<'_, '_>,
    value: &Value,
    args: Rest<ValueOrKwargs>,
) -> Result<String, Error> {
    known(state, value)?;
    let mut args = Args::new("indent", &args.into_values())?;
    let width = args.optional("width").unwrap_or_else(|| Value::from(4));
    let (first, blank) = (args.flag("first", false), args.flag("blank", false));
    args.done()?;
    let before = match width.as_str() {
        Some(text) => text.to_owned(),
        None => " ".repeat(usize::try_from(width)?),
    };
    let text = value.to_string();
    let lines = text.split('\n').enumerate().map(|(at, line)| {
        let further = if at == 0 {
            first
        } else {
            blank || !line.is_empty()
        };
        if further {
            before.clone() + line
        } else {
            line.to_owned()
        }
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// The first or the last item: of nothing, nothing.
fn end_of(value: &Value, of: fn(&Value) -> Result<Value, Error>) -> Result<Value, Error> {
    match value.is_undefined() {
        true => Ok(left_out()),
        false => of(value),
    }
}

/// Jinja's `replace`: all of the old texts, or as many as `count` says; of what is no text, its words.
fn replace(text: &Value, args: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let mut args = Args::new("replace", &args.into_values())?;
    let (old, new) = (args.required("old")?, args.required("new")?);
    let count = args.optional("count").filter(|count| !count.is_none());
    let count = count.map(usize::try_from).transpose()?;
    args.done()?;
    let [text, old, new] = [text, &old, &new].map(Value::to_string);
    Ok(match count {
        None => text.replace(&old, &new),
        Some(count) => text.replacen(&old, &new, count),
    })
}

/// What is undefined has no number and no lines, and is a mistake where a node is rendered.
fn known(state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() && in_state(state)?.render.world.execute() {
        return Err(raise(
            Diagnostic::error("jinja-error", "an undefined value cannot be converted")
                .help("look at the name; where it may be missing, write `… | default(0)` first"),
        ));
    }
    Ok(())
}

/// Python's `int`, as Jinja's filter has it: what is no number gives the default.
fn int(
    state: &State<'_, '_>,
    value: &Value,
    default: Option<i64>,
    base: Option<u32>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    known(state, value)?;
    let default = match default {
        Some(default) => default,
        None => kwargs.get::<Option<i64>>("default")?.unwrap_or(0),
    };
    let base = match base {
        Some(base) => base,
        None => kwargs.get::<Option<u32>>("base")?.unwrap_or(10),
    };
    if !(2..=36).contains(&base) {
        return Err(bad_call(format!("no number is written to the base {base}")));
    }
    kwargs.assert_all_used()?;
    let read = match value.kind() {
        ValueKind::Bool => Some(Value::from(i64::from(value.is_true()))),
        ValueKind::Number if value.is_integer() => Some(value.clone()),
        ValueKind::Number => f64::try_from(value.clone()).ok().and_then(whole),
        _ => value.as_str().and_then(|text| {
            let text = text.trim().replace('_', "");
            let digits = match base {
                16 => text.trim_start_matches("0x"),
                8 => text.trim_start_matches("0o"),
                2 => text.trim_start_matches("0b"),
                _ => &text,
            };
            let exact = i128::from_str_radix(digits, base).ok().map(Value::from);
            exact.or_else(|| text.parse::<f64>().ok().and_then(whole))
        }),
    };
    Ok(read.unwrap_or_else(|| Value::from(default)))
}

/// The whole part of a float.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the line before it checks that the number fits"
)]
fn whole(number: f64) -> Option<Value> {
    let fits = number.is_finite() && number.abs() < 1e18;
    fits.then(|| Value::from(number.trunc() as i64))
}

fn float(state: &State<'_, '_>, value: &Value, default: Option<f64>) -> Result<Value, Error> {
    known(state, value)?;
    let read = match value.as_str() {
        Some(text) => text.trim().parse().ok(),
        None if value.kind() == ValueKind::Bool => Some(f64::from(u8::from(value.is_true()))),
        None => f64::try_from(value.clone()).ok(),
    };
    Ok(Value::from(read.or(default).unwrap_or(0.0)))
}

/// Python's methods; and while the project is parsed, a method of nothing gives nothing, as in dbt.
fn unknown_method(
    state: &mut State,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    if value.is_undefined() || value.is_none() {
        if !in_state(state)?.render.world.execute() {
            return Ok(Value::UNDEFINED);
        }
        if value.is_undefined() {
            return Err(Error::new(ErrorKind::UndefinedError, method.to_string()));
        }
    }
    methods::call(state, value, method, args)
}
