//! `adapter` and `api`: dispatch, quoting, and the questions to the warehouse.
//!
//! In: the arguments of a call. Out: a macro, text, or the world's answer.
//! Does not know any warehouse.

use minijinja::value::Tuple;
use minijinja::{Error, State, Value};

use super::args::{Args, Body, Function, Group, what};
use super::group;
use crate::diagnostic::Diagnostic;
use crate::jinja::error::{bad_call, raise};
use crate::jinja::render::{BUILTIN_PACKAGE, Render, in_state, world};
use crate::jinja::values::{ColumnValue, List, RelationValue, TableValue};
use crate::jinja::world::{Question, Reply};
use crate::relation::Relation;

/// The object `adapter`.
pub fn adapter() -> Value {
    const METHODS: &[(&str, Body)] = &[
        ("dispatch", dispatch),
        ("type", |state, args| {
            args.done()?;
            Ok(Value::from(world(state)?.dialect()))
        }),
        ("quote", quote),
        ("quote_as_configured", quote_as_configured),
        ("quote_seed_column", quote),
        ("get_relation", get_relation),
        ("load_cached_relation", load_relation),
        ("load_relation", load_relation),
        ("get_columns_in_relation", get_columns),
        ("get_missing_columns", get_missing_columns),
        ("list_relations_without_caching", list_relations),
        ("list_relations", list_relations),
        ("check_schema_exists", check_schema_exists),
        ("create_schema", create_schema),
        ("drop_schema", drop_schema),
        ("drop_relation", drop_relation),
        ("truncate_relation", truncate_relation),
        ("rename_relation", rename_relation),
        ("execute", execute),
        ("convert_type", convert_type),
        // There is no cache of relations to keep: the world knows what exists.
        ("cache_added", |_, _| Ok(Value::from(""))),
        ("cache_dropped", |_, _| Ok(Value::from(""))),
        ("cache_renamed", |_, _| Ok(Value::from(""))),
    ];
    Group {
        name: "adapter",
        attributes: vec![
            ("Relation", relation_class()),
            ("Column", Function::value("Column", column)),
        ],
        methods: METHODS,
        call: None,
    }
    .into()
}

/// The object `api`.
pub fn api() -> Value {
    let column = Group {
        name: "Column",
        attributes: Vec::new(),
        methods: &[("create", column), ("translate_type", translate_type)],
        call: Some(column),
    };
    group(
        "api",
        vec![("Relation", relation_class()), ("Column", column.into())],
    )
}

fn relation_class() -> Value {
    Group {
        name: "Relation",
        attributes: Vec::new(),
        methods: &[("create", |_, mut args| {
            Ok(RelationValue::from_kwargs(&args.kwargs())?.into())
        })],
        call: None,
    }
    .into()
}

/// The dialects whose macros serve another, nearest first.
fn prefixes(dialect: &str) -> Vec<&str> {
    match dialect {
        "redshift" => vec!["redshift", "postgres", "default"],
        other => vec![other, "default"],
    }
}

fn dispatch(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let name = args.text("macro_name")?;
    let namespace = args.optional("macro_namespace");
    args.done()?;
    let namespace = namespace
        .filter(|namespace| !namespace.is_none())
        .map(|namespace| namespace.to_string());
    if let Some((package, name)) = name.split_once('.') {
        return Err(raise(
            Diagnostic::error(
                "dispatch",
                format!("`{package}.{name}` is not the name of a macro"),
            )
            .help(format!("write `adapter.dispatch('{name}', '{package}')`")),
        ));
    }
    let render = &in_state(state)?.render;
    dispatched(render, &name, namespace.as_deref())
}

/// The first of `<prefix>__name` over the packages of the namespace, and in each over the prefixes of the dialect.
fn dispatched(render: &Render, name: &str, namespace: Option<&str>) -> Result<Value, Error> {
    let shared = &render.shared;
    let prefixes = prefixes(render.world.dialect());
    let order: Vec<&str> = match namespace {
        None => Vec::new(),
        Some(namespace) => match shared.dispatch.get(namespace) {
            Some(order) => order.iter().map(String::as_str).collect(),
            None if shared.packages.contains(namespace) => vec![&shared.root, namespace],
            None => {
                return Err(raise(
                    Diagnostic::error("dispatch", format!("there is no package `{namespace}`"))
                        .did_you_mean(namespace, shared.packages.iter().map(String::as_str)),
                ));
            }
        },
    };
    let candidate = |prefix: &str| format!("{prefix}__{name}");
    let found = if order.is_empty() {
        prefixes
            .iter()
            .find_map(|prefix| render.find(&candidate(prefix)))
    } else {
        order.iter().find_map(|package| {
            prefixes
                .iter()
                .find_map(|prefix| shared.find_in(package, &candidate(prefix)))
        })
    };
    found.map(|entry| entry.value.clone()).ok_or_else(|| {
        let tried: Vec<String> = prefixes
            .iter()
            .map(|prefix| format!("`{}`", candidate(prefix)))
            .collect();
        let place = match namespace {
            Some(BUILTIN_PACKAGE) | None => String::new(),
            Some(namespace) => format!(" in `{namespace}`"),
        };
        raise(
            Diagnostic::error(
                "undefined-macro",
                format!("no macro serves `{name}`{place}"),
            )
            .label(format!("looked for {}", tried.join(", "))),
        )
    })
}

fn quote(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let name = args.required("identifier")?;
    Ok(Value::from(format!("\"{name}\"")))
}

fn quote_as_configured(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let name = args.required("identifier")?;
    args.required("quote_key")?;
    args.done()?;
    Ok(Value::from(format!("\"{name}\"")))
}

fn execute(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let sql = args.required("sql")?.to_string();
    for name in ["auto_begin", "fetch", "limit"] {
        args.optional(name);
    }
    args.done()?;
    let none = Value::from(());
    let table = match ask(state, &Question::Query(&sql))? {
        Some(Reply::Table(table)) => table,
        _ => TableValue::default(),
    };
    Ok(Value::from(Tuple::from([none, table.into()])))
}

/// Asks the world; nothing while the project is parsed.
fn ask(state: &State<'_, '_>, question: &Question<'_>) -> Result<Option<Reply>, Error> {
    let world = world(state)?;
    if !world.execute() {
        return Ok(None);
    }
    world.ask(question).map(Some).map_err(raise)
}

fn relation_arg(args: &mut Args, name: &str) -> Result<RelationValue, Error> {
    let value = args.required(name)?;
    match value.downcast_object_ref::<RelationValue>() {
        Some(relation) => Ok(relation.clone()),
        None => Err(bad_call(format!(
            "expected a relation, not {}",
            what(&value)
        ))),
    }
}

fn get_relation(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let database = args.optional("database").filter(|it| !it.is_none());
    let schema = args.required("schema")?.to_string();
    let identifier = args.required("identifier")?.to_string();
    args.done()?;
    let relation = Relation {
        database: database.map(|database| database.to_string()),
        schema,
        identifier,
    };
    found(ask(state, &Question::Relation(&relation))?)
}

fn load_relation(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let relation = relation_arg(&mut args, "relation")?;
    args.done()?;
    found(ask(state, &Question::Relation(&relation.relation))?)
}

fn found(reply: Option<Reply>) -> Result<Value, Error> {
    Ok(match reply {
        Some(Reply::Relation(relation)) => relation.into(),
        _ => Value::from(()),
    })
}

fn columns_of(state: &State<'_, '_>, relation: &RelationValue) -> Result<Vec<ColumnValue>, Error> {
    match ask(state, &Question::Columns(&relation.relation))? {
        Some(Reply::Columns(columns)) => Ok(columns),
        _ => Ok(Vec::new()),
    }
}

fn get_columns(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    // While parsing, the relation may itself be unknown still.
    if !world(state)?.execute() {
        return Ok(List::of(Vec::new()));
    }
    let relation = relation_arg(&mut args, "relation")?;
    args.done()?;
    let columns = columns_of(state, &relation)?;
    Ok(List::of(columns.into_iter().map(Value::from).collect()))
}

fn get_missing_columns(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    if !world(state)?.execute() {
        return Ok(List::of(Vec::new()));
    }
    let from = relation_arg(&mut args, "from_relation")?;
    let to = relation_arg(&mut args, "to_relation")?;
    args.done()?;
    let there = columns_of(state, &to)?;
    let has = |name: &str| there.iter().any(|it| it.name().eq_ignore_ascii_case(name));
    let missing = columns_of(state, &from)?
        .into_iter()
        .filter(|column| !has(column.name()));
    Ok(List::of(missing.map(Value::from).collect()))
}

fn list_relations(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    if !world(state)?.execute() {
        return Ok(List::of(Vec::new()));
    }
    let first = args.required("schema_relation")?;
    let (database, schema) = match first.downcast_object_ref::<RelationValue>() {
        Some(relation) => (
            relation.relation.database.clone(),
            relation.relation.schema.clone(),
        ),
        None => (
            Some(first.to_string()),
            args.required("schema")?.to_string(),
        ),
    };
    args.done()?;
    let question = Question::Relations {
        database: database.as_deref(),
        schema: &schema,
    };
    Ok(match ask(state, &question)? {
        Some(Reply::Relations(relations)) => {
            List::of(relations.into_iter().map(Value::from).collect())
        }
        _ => List::of(Vec::new()),
    })
}

fn check_schema_exists(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    args.required("database")?;
    let schema = args.required("schema")?.to_string();
    args.done()?;
    let reply = ask(state, &Question::SchemaExists(&schema))?;
    Ok(Value::from(matches!(reply, Some(Reply::Bool(true)))))
}

fn create_schema(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let relation = relation_arg(&mut args, "relation")?;
    ask(state, &Question::CreateSchema(&relation.relation))?;
    Ok(Value::from(""))
}

fn drop_schema(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let relation = relation_arg(&mut args, "relation")?;
    ask(state, &Question::DropSchema(&relation.relation))?;
    Ok(Value::from(""))
}

fn drop_relation(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let relation = relation_arg(&mut args, "relation")?;
    ask(state, &Question::DropRelation(&relation))?;
    Ok(Value::from(""))
}

fn truncate_relation(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let relation = relation_arg(&mut args, "relation")?;
    ask(state, &Question::TruncateRelation(&relation))?;
    Ok(Value::from(""))
}

fn rename_relation(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let from = relation_arg(&mut args, "from_relation")?;
    let to = relation_arg(&mut args, "to_relation")?;
    let question = Question::RenameRelation {
        from: &from,
        to: &to,
    };
    ask(state, &question)?;
    Ok(Value::from(""))
}

/// The SQL type for the values of a column of a table that a query gave.
fn convert_type(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let table = args.required("agate_table")?;
    let at = args.required("col_idx")?.as_usize().unwrap_or(usize::MAX);
    args.done()?;
    let Some(table) = table.downcast_object_ref::<TableValue>() else {
        return Err(bad_call(format!("expected a table, not {}", what(&table))));
    };
    let values = table.rows().iter().filter_map(|row| row.get(at));
    let mut named = "text";
    for value in values.filter(|value| !value.is_none()) {
        named = match value.kind() {
            minijinja::value::ValueKind::Bool => "boolean",
            minijinja::value::ValueKind::Number if value.is_integer() && named != "float8" => {
                "integer"
            }
            minijinja::value::ValueKind::Number => "float8",
            _ => return Ok(Value::from("text")),
        };
    }
    Ok(Value::from(named))
}

/// `api.Column(column, dtype, char_size, numeric_precision, numeric_scale)`.
fn column(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let name = match args.keyword("name") {
        Some(name) => name.to_string(),
        None => args.required("column")?.to_string(),
    };
    let dtype = args
        .optional("dtype")
        .or_else(|| args.keyword("label_or_dtype"))
        .map_or_else(|| "text".to_string(), |dtype| dtype.to_string());
    let mut size = |name: &str| {
        let value = args.optional(name)?.as_i64()?;
        u64::try_from(value).ok()
    };
    let sizes = [
        size("char_size"),
        size("numeric_precision"),
        size("numeric_scale"),
    ];
    args.done()?;
    Ok(ColumnValue::from_parts(name, &dtype, sizes).into())
}

/// dbt's generic names of types in the words of the warehouse.
fn translate_type(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let named = args.text("dtype")?;
    args.done()?;
    let translated = match named.to_uppercase().as_str() {
        "STRING" => "TEXT",
        "TIMESTAMP" => "TIMESTAMP",
        "FLOAT" => "FLOAT",
        "INTEGER" => "INT",
        "BOOLEAN" => "BOOLEAN",
        _ => return Ok(Value::from(named)),
    };
    Ok(Value::from(translated))
}
