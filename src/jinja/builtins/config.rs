//! `config` and `validation`.
//!
//! In: the arguments of a call. Out: the world's answer, or the error that the template raises.
//! Does not know which settings there are.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ValueKind};
use minijinja::{Error, State, Value};

use super::args::{Args, Body, Group, what};
use super::filters::print_undefined;
use crate::diagnostic::Diagnostic;
use crate::jinja::error::{bad_call, raise};
use crate::jinja::render::{in_state, world};
use crate::jinja::values::pairs_of;

/// `config(…)` and its methods.
pub fn config() -> Value {
    const METHODS: &[(&str, Body)] = &[
        ("get", get),
        ("require", require),
        ("meta_get", meta_get),
        ("set", set),
        ("persist_relation_docs", |state, args| {
            persists(state, args, "relation")
        }),
        ("persist_column_docs", |state, args| {
            persists(state, args, "columns")
        }),
    ];
    Group {
        name: "config",
        attributes: Vec::new(),
        methods: METHODS,
        call: Some(declare),
    }
    .into()
}

/// `config(materialized='table')` or `config({'materialized': 'table'})`.
fn declare(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let mut settings = Vec::new();
    if let Some(map) = args.rest().first() {
        if map.kind() != ValueKind::Map {
            return Err(bad_call(format!(
                "`config` takes settings by name or one mapping, not {}",
                what(map)
            )));
        }
        for (key, value) in pairs_of(map)? {
            settings.push((key.to_string(), value));
        }
    }
    settings.extend(args.keywords());
    args.done()?;
    // As in dbt, where it is read: while the project is parsed. What an `if` without `else` leaves out is no mistake, and what a value
    // lacks that dbt knows already may be none.
    let render = Arc::clone(&in_state(state)?.render);
    let told = !render.world.execute() && render.asked_for_unknown();
    for (key, value) in &settings {
        if told && value.is_undefined() && print_undefined(value).is_err() {
            return Err(raise(
                Diagnostic::error("bad-config", format!("`{key}` is given a name that has no value"))
                    .help(format!("a text stands in quotes: `{key}='…'`; a variable needs a value first: `{{% set … %}}`, `var('…')`")),
            ));
        }
    }
    world(state)?.set_config(&settings).map_err(raise)?;
    Ok(Value::from(""))
}

fn read(state: &State<'_, '_>, key: &str) -> Result<Option<Value>, Error> {
    let world = world(state)?;
    // While the project is parsed the config is not settled: dbt answers with nothing then.
    if !world.execute() {
        return Ok(None);
    }
    world.config(key).map_err(raise)
}

/// Calls a validator, where one is given.
fn validated(
    state: &mut State<'_, '_>,
    validator: Option<Value>,
    value: Value,
) -> Result<Value, Error> {
    if let Some(validator) = validator.filter(|validator| !validator.is_none()) {
        validator.call(state, std::slice::from_ref(&value))?;
    }
    Ok(value)
}

fn get(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let key = args.text("name")?;
    let default = args.optional("default");
    let validator = args.optional("validator");
    args.done()?;
    if !world(state)?.execute() {
        return Ok(Value::from(""));
    }
    match read(state, &key)?.filter(|value| !value.is_undefined()) {
        Some(value) => validated(state, validator, value),
        None => Ok(default.unwrap_or(Value::from(()))),
    }
}

fn require(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let key = args.text("name")?;
    let validator = args.optional("validator");
    args.done()?;
    match read(state, &key)? {
        Some(value) => validated(state, validator, value),
        None if !world(state)?.execute() => Ok(Value::from("")),
        None => Err(raise(Diagnostic::error(
            "missing-config",
            format!("the config `{key}` is required here and not set"),
        )
        .help(format!(
            "set it: `{{{{ config({key}=…) }}}}` in the file, or under `config:` of its properties"
        )))),
    }
}

/// A key of the `meta` config.
fn meta_get(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let key = args.text("name")?;
    let default = args.optional("default").unwrap_or(Value::from(()));
    args.done()?;
    let meta = read(state, "meta")?.unwrap_or_default();
    let found = meta.get_attr(&key).unwrap_or_default();
    Ok(if found.is_undefined() { default } else { found })
}

fn set(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let key = args.text("name")?;
    let value = args.required("value")?;
    args.done()?;
    world(state)?.set_config(&[(key, value)]).map_err(raise)?;
    Ok(Value::from(""))
}

fn persists(state: &mut State<'_, '_>, args: Args, part: &str) -> Result<Value, Error> {
    args.done()?;
    let docs = read(state, "persist_docs")?.unwrap_or_default();
    let found = docs.get_attr(part).unwrap_or_default();
    Ok(Value::from(found.is_true()))
}

/// `validation.any[…]`: which values a config may have.
pub fn validation() -> Value {
    super::group("validation", vec![("any", Value::from_object(AnyOf(None)))])
}

/// A validator: `None` until it is told what is allowed.
#[derive(Debug)]
struct AnyOf(Option<Value>);

impl Object for AnyOf {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(Value::from_object(Self(Some(key.clone()))))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let value = args.first().cloned().unwrap_or_default();
        let Some(allowed) = &self.0 else {
            return Err(bad_call(
                "`validation.any` needs the allowed values in brackets",
            ));
        };
        let allowed: Vec<Value> = if allowed.is_tuple() {
            allowed.try_iter()?.collect()
        } else {
            vec![allowed.clone()]
        };
        // An undefined one is a type (`basestring`), which allows any text.
        let fits = allowed
            .iter()
            .any(|it| *it == value || (it.is_undefined() && value.as_str().is_some()));
        if fits {
            return Ok(Value::from(()));
        }
        let names: Vec<String> = allowed.iter().map(|it| format!("`{it}`")).collect();
        Err(raise(Diagnostic::error(
            "wrong-config",
            format!("`{value}` is not one of {}", names.join(", ")),
        )))
    }
}
