//! The functions that ask the world: `ref`, `source`, `var` and their like.
//!
//! In: the arguments of a call. Out: the world's answer.
//! Does not know where the answers come from.

use minijinja::value::Tuple;
use minijinja::{Error, State, Value};

use super::args::{Args, Body, Group, what};
use super::filters::{is_strict, nothing_to_go_over};
use crate::diagnostic::Diagnostic;
use crate::jinja::error::{bad_call, raise};
use crate::jinja::render::{in_state, in_state_mut, leave_with, rendered_inside, speaks, world};
use crate::jinja::values::{Dict, List, Response, TableValue, own};
use crate::jinja::world::RefCall;
use crate::redact::SECRET_PREFIX;

/// The functions, by name.
pub const FUNCTIONS: &[(&str, Body)] = &[
    ("__list", list),
    ("__dict", dict),
    ("__own", keep),
    ("__each", each),
    ("ref", reference),
    ("source", source),
    ("env_var", env_var),
    ("doc", doc),
    ("is_incremental", is_incremental),
    ("return", give_back),
    ("log", log),
    ("print", print),
    ("dict", dict_function),
    ("store_result", store_result),
    ("store_raw_result", store_raw_result),
    ("load_result", load_result),
    ("try_or_compiler_error", try_or_compiler_error),
    ("render", render_text),
];

fn list(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let items = args.required("items")?;
    Ok(List::of(items.try_iter()?.collect()))
}

fn dict(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let pairs = args.required("pairs")?;
    Ok(Dict::of(crate::jinja::values::pairs_of(&pairs)?))
}

fn keep(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    Ok(own(args.required("value")?))
}

/// What a `for` goes over.
fn each(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    // `kwargs` of a macro arrive as keywords.
    let items = args.rest().pop().unwrap_or_else(|| args.kwargs().into());
    if items.is_none() && is_strict(state)? {
        return Err(nothing_to_go_over());
    }
    Ok(items)
}

/// `dict(pairs, key=value)`.
fn dict_function(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let mut pairs = match args.optional("pairs") {
        Some(pairs) => crate::jinja::values::pairs_of(&pairs)?,
        None => Vec::new(),
    };
    let keywords = args.keywords().into_iter();
    pairs.extend(keywords.map(|(name, value)| (Value::from(name), value)));
    Ok(Dict::of(pairs))
}

fn reference(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let names: Vec<String> = args
        .rest()
        .iter()
        .map(|name| match name.as_str() {
            Some(name) => Ok(name.to_string()),
            None => Err(bad_call(format!("`ref` wants text, not {}", what(name)))),
        })
        .collect::<Result<_, _>>()?;
    let keyword_package = args
        .keyword("package")
        .or_else(|| args.keyword("package_name"))
        .map(|package| package.to_string());
    let keyword_name = args
        .keyword("name")
        .or_else(|| args.keyword("model_name"))
        .map(|name| name.to_string());
    let version = args.keyword("v").or_else(|| args.keyword("version"));
    args.done()?;
    let (package, name) = match (names.as_slice(), &keyword_name) {
        ([name], None) => (None, name),
        ([package, name], None) => (Some(package), name),
        ([], Some(name)) => (None, name),
        _ => return Err(bad_call("`ref` takes a model, or a package and a model")),
    };
    let call = RefCall {
        package: package.or(keyword_package.as_ref()).map(String::as_str),
        name,
        version: version.filter(|version| !version.is_none()),
    };
    let relation = world(state)?.ref_(&call).map_err(raise)?;
    Ok(relation.into())
}

fn source(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let (source, table) = (args.text("source_name")?, args.text("table_name")?);
    args.done()?;
    let relation = world(state)?.source(&source, &table).map_err(raise)?;
    Ok(relation.into())
}

fn var(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let name = args.text("name")?;
    let default = args.optional("default");
    args.done()?;
    let given = world(state)?.var(&name).map_err(raise)?;
    // A variable may be a template itself: `"{{ ref('orders') }}"`.
    if let Some(template) = given.as_ref().and_then(Value::as_str)
        && (template.contains("{{") || template.contains("{%"))
    {
        return rendered_inside(state, template).map(Value::from);
    }
    match given.or(default) {
        Some(value) => Ok(own(value)),
        None if world(state)?.forgives() => Ok(Value::from(())),
        None => Err(raise(
            Diagnostic::error("undefined-var", format!("variable `{name}` has no value"))
                .did_you_mean(
                    &name,
                    world(state)?.var_names().iter().map(String::as_str),
                )
                .help(format!(
                    "set it under `vars:` in dbt_project.yml, pass `--vars '{name}: …'`, or give a default: `var('{name}', …)`"
                )),
        )),
    }
}

/// `var`, which is called and has a method.
pub fn variables() -> Value {
    Group {
        name: "var",
        attributes: Vec::new(),
        methods: &[("has_var", |state, mut args| {
            let name = args.text("name")?;
            args.done()?;
            let found = world(state)?.var(&name).map_err(raise)?;
            Ok(Value::from(found.is_some()))
        })],
        call: Some(var),
    }
    .into()
}

fn env_var(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let name = args.text("name")?;
    let default = args.optional("default");
    args.done()?;
    let value = world(state)?.env_var(&name).map_err(raise)?;
    match value.map(Value::from).or(default) {
        Some(value) => Ok(value),
        None => Err(raise(
            Diagnostic::error(
                "undefined-env-var",
                format!("environment variable `{name}` is not set"),
            )
            .help(match name.starts_with(SECRET_PREFIX) {
                // A default would stand in the file.
                true => format!("set it before the run: `export {name}=…`"),
                false => format!("set it, or give a default: `env_var('{name}', '…')`"),
            }),
        )),
    }
}

fn doc(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let first = args.text("name")?;
    let second = args.optional("name").map(|name| name.to_string());
    args.done()?;
    let text = match &second {
        Some(name) => world(state)?.doc(Some(&first), name),
        None => world(state)?.doc(None, &first),
    };
    Ok(Value::from(text.map_err(raise)?))
}

fn is_incremental(state: &mut State<'_, '_>, args: Args) -> Result<Value, Error> {
    args.done()?;
    let world = world(state)?;
    Ok(Value::from(world.execute() && world.is_incremental()))
}

fn give_back(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let value = args.optional("data").unwrap_or(Value::from(()));
    args.done()?;
    Err(leave_with(state, value))
}

fn log(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let message = args.required("msg")?;
    let info = args.flag("info", false);
    args.done()?;
    if speaks(state)? {
        world(state)?.log(&message.to_string(), info);
    }
    Ok(Value::from(""))
}

fn print(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let message = args.required("msg")?;
    args.done()?;
    let world = world(state)?;
    if world.execute() && speaks(state)? {
        world.print(&message.to_string());
    }
    Ok(Value::from(""))
}

/// `store_result(name, response, agate_table)`: what `load_result(name)` gives back.
fn store_result(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let name = args.text("name")?;
    let response = args.optional("response").unwrap_or(Value::from(()));
    let table = args.optional("agate_table").unwrap_or(Value::from(()));
    args.done()?;
    keep_result(state, name, response, table)
}

fn store_raw_result(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let name = args.text("name")?;
    let message = args.optional("message").unwrap_or(Value::from(()));
    let code = args.optional("code");
    let rows = args.optional("rows_affected");
    let table = args.optional("agate_table").unwrap_or(Value::from(()));
    args.done()?;
    let none = Value::from(());
    let code = code.unwrap_or_else(|| none.clone());
    let response = Response::of(message, code, rows.unwrap_or(none));
    keep_result(state, name, response.into(), table)
}

fn keep_result(
    state: &mut State<'_, '_>,
    name: String,
    response: Value,
    table: Value,
) -> Result<Value, Error> {
    let table = if table.is_none() {
        TableValue::default().into()
    } else {
        table
    };
    let data = table.downcast_object_ref::<TableValue>().map_or_else(
        || Value::from(()),
        |table| {
            let rows = table.rows().iter();
            List::of(
                rows.map(|row| Value::from(Tuple::from(row.clone())))
                    .collect(),
            )
        },
    );
    world(state)?.stored(&name, &response);
    let result = Value::from_pairs([("response", response), ("data", data), ("table", table)]);
    in_state_mut(state)?.results.insert(name, result);
    Ok(Value::from(""))
}

fn load_result(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let name = args.text("name")?;
    args.done()?;
    let results = &in_state(state)?.results;
    Ok(results.get(&name).cloned().unwrap_or(Value::from(())))
}

/// Calls a function, and says `message` when it fails.
fn try_or_compiler_error(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let message = args.required("message_if_exception")?;
    let function = args.required("func")?;
    let mut rest = args.rest();
    let keywords = args.kwargs();
    if keywords.args().next().is_some() {
        rest.push(keywords.into());
    }
    function
        .call(state, &rest)
        .map_err(|_| raise(Diagnostic::error("compiler-error", message.to_string())))
}

/// `render(text)`: text that is itself a template, such as a hook.
fn render_text(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let text = args.required("string")?.to_string();
    args.done()?;
    rendered_inside(state, &text).map(Value::from)
}
