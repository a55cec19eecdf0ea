//! `adapter` and `api`: dispatch, quoting, and the questions to the warehouse.
//!
//! In: the arguments of a call. Out: a macro, text, or the world's answer.
//! Does not know any warehouse.

use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, State, Value};

use super::args::{Args, Body, Function, Group, what};
use super::{constraints, group};
use crate::diagnostic::Diagnostic;
use crate::jinja::error::{bad_call, raise};
use crate::jinja::render::{BUILTIN_PACKAGE, Render, in_state, world};
use crate::jinja::values::{ColumnValue, Dict, List, RelationValue, Response, TableValue};
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
        ("quote_seed_column", quote_seed_column),
        ("get_relation", get_relation),
        ("load_cached_relation", load_relation),
        ("load_relation", load_relation),
        ("get_columns_in_relation", get_columns),
        ("get_missing_columns", get_missing_columns),
        ("list_relations_without_caching", list_relations),
        ("list_relations", list_relations),
        ("check_schema_exists", check_schema_exists),
        ("already_exists", already_exists),
        ("create_schema", |state, args| {
            by_macro(state, "create_schema", args)
        }),
        ("drop_schema", |state, args| {
            by_macro(state, "drop_schema", args)
        }),
        ("drop_relation", |state, args| {
            by_macro(state, "drop_relation", args)
        }),
        ("truncate_relation", |state, args| {
            by_macro(state, "truncate_relation", args)
        }),
        ("rename_relation", |state, args| {
            by_macro(state, "rename_relation", args)
        }),
        ("__rename", |state, mut args| {
            let from = relation_arg(&mut args, "from_relation")?;
            let to = relation_arg(&mut args, "to_relation")?;
            let question = Question::Rename {
                from: &from,
                to: &to,
            };
            ask(state, &question)?;
            Ok(Value::from(""))
        }),
        ("expand_target_column_types", |state, args| {
            by_macro(state, "__expand_target_column_types", args)
        }),
        ("get_hard_deletes_behavior", |state, args| {
            by_macro(state, "__hard_deletes", args)
        }),
        ("valid_snapshot_target", |state, args| {
            by_macro(state, "__valid_snapshot_target", args)
        }),
        (
            "assert_valid_snapshot_target_given_strategy",
            |state, args| by_macro(state, "__valid_snapshot_target", args),
        ),
        ("get_column_schema_from_query", |state, args| {
            by_macro(state, "get_column_schema_from_query", args)
        }),
        ("get_incremental_strategy_macro", strategy_macro),
        ("valid_incremental_strategies", |state, args| {
            args.done()?;
            let names = strategies(world(state)?.dialect());
            Ok(List::of(names.map(Value::from).to_vec()))
        }),
        ("standardize_grants_dict", standardize_grants),
        ("render_raw_columns_constraints", constraints::of_columns),
        ("render_raw_model_constraints", constraints::of_model),
        ("parse_index", parse_index),
        ("date_function", |_, args| {
            args.done()?;
            Ok(Value::from("now()"))
        }),
        ("submit_python_job", |_, _| {
            Err(raise(Diagnostic::error(
                "not-supported",
                "Python models are not run",
            )))
        }),
        ("commit", commit),
        ("commit_if_has_connection", commit),
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
            ("behavior", behavior()),
            ("config", Value::from_pairs::<[(Value, Value); 0], _, _>([])),
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
        methods: &[
            ("create", column),
            ("translate_type", translate_type),
            ("string_type", string_type),
            ("numeric_type", numeric_type),
            ("from_description", column_from_description),
        ],
        call: Some(column),
    };
    group(
        "api",
        vec![("Relation", relation_class()), ("Column", column.into())],
    )
}

/// Changes of behaviour that dbt lets a project choose: none is chosen.
fn behavior() -> Value {
    const FLAGS: [&str; 3] = [
        "enable_truthy_nulls_equals_macro",
        "require_certificate_validation",
        "restrict_direct_pg_catalog_access",
    ];
    Value::from_pairs(FLAGS.map(|name| (name, Value::from(false))))
}

fn relation_class() -> Value {
    Group {
        name: "Relation",
        attributes: Vec::new(),
        methods: &[
            ("create", |_, mut args| {
                Ok(RelationValue::from_kwargs(&args.kwargs())?.into())
            }),
            ("scd_args", scd_args),
        ],
        call: None,
    }
    .into()
}

/// What the key of a row of a history is made from: the keys of the row, and since when it is what it is.
fn scd_args(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let key = args.required("primary_key")?;
    let updated_at = args.required("updated_at")?;
    args.done()?;
    let mut parts = match key.kind() {
        ValueKind::Seq => key.try_iter()?.collect(),
        _ => vec![key],
    };
    parts.push(updated_at);
    Ok(List::of(parts))
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
            // As in dbt: a name of no package leaves the macro to be found like any other.
            None => Vec::new(),
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
        if let Some(namespace) =
            namespace.filter(|namespace| order.is_empty() && *namespace != BUILTIN_PACKAGE)
        {
            return raise(
                Diagnostic::error("dispatch", format!("there is no package `{namespace}`"))
                    .one_of(namespace, shared.packages.iter().map(String::as_str)),
            );
        }
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
            .label(format!("looked for {}", tried.join(", ")))
            .help(format!(
                "write `{}` in macros/, which serves every warehouse",
                candidate("default")
            )),
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
    let begin = args.flag("auto_begin", false);
    for name in ["fetch", "limit"] {
        args.optional(name);
    }
    args.done()?;
    let question = Question::Query { sql: &sql, begin };
    let (table, rows) = match ask(state, &question)? {
        Some(Reply::Answer { table, rows }) => (table, rows),
        _ => (TableValue::default(), None),
    };
    let response = Response::to(&sql, rows, world(state)?.dialect());
    Ok(Value::from(Tuple::from([response.into(), table.into()])))
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
    let database = args.required("database")?;
    let database = (!database.is_none()).then(|| database.to_string());
    let schema = args.required("schema")?.to_string();
    args.done()?;
    let question = Question::SchemaExists {
        database: database.as_deref(),
        schema: &schema,
    };
    let reply = ask(state, &question)?;
    Ok(Value::from(matches!(reply, Some(Reply::Bool(true)))))
}

/// What dbt does by a macro of the library, which a project may replace.
fn by_macro(state: &mut State<'_, '_>, name: &str, mut args: Args) -> Result<Value, Error> {
    if !world(state)?.execute() {
        return Ok(Value::from(""));
    }
    let entry = in_state(state)?
        .render
        .find(name)
        .map(|entry| entry.value.clone());
    let Some(entry) = entry else {
        return Err(bad_call(format!("there is no macro `{name}`")));
    };
    let mut given = args.rest();
    let keywords = args.kwargs();
    if keywords.args().next().is_some() {
        given.push(keywords.into());
    }
    entry.call(state, &given)
}

fn already_exists(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let schema = args.required("schema")?.to_string();
    let name = args.required("name")?.to_string();
    args.done()?;
    let relation = Relation::new(schema, name);
    let reply = ask(state, &Question::Relation(&relation))?;
    Ok(Value::from(matches!(reply, Some(Reply::Relation(_)))))
}

fn commit(state: &mut State<'_, '_>, args: Args) -> Result<Value, Error> {
    args.done()?;
    ask(state, &Question::Commit)?;
    Ok(Value::from(""))
}

/// The built-in strategies of incremental models.
fn strategies(dialect: &str) -> [&'static str; 4] {
    match dialect {
        "duckdb" => ["delete+insert", "append", "merge", "microbatch"],
        _ => ["append", "delete+insert", "merge", "microbatch"],
    }
}

/// The macro that makes the SQL of an incremental strategy: `get_incremental_<strategy>_sql`.
fn strategy_macro(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    args.required("model_context")?;
    let strategy = args.text("strategy")?;
    args.done()?;
    let world = world(state)?;
    if !world.execute() {
        return Ok(Value::from(()));
    }
    let builtin = [
        "append",
        "delete+insert",
        "merge",
        "insert_overwrite",
        "microbatch",
        "default",
    ];
    let known = strategies(world.dialect());
    if builtin.contains(&strategy.as_str())
        && strategy != "default"
        && !known.contains(&strategy.as_str())
    {
        return Err(raise(
            Diagnostic::error(
                "unknown-value",
                format!(
                    "the strategy `{strategy}` is not one of `{}`",
                    world.dialect()
                ),
            )
            .help(format!("use one of {}", known.join(", "))),
        ));
    }
    let name = format!("get_incremental_{}_sql", strategy.replace('+', "_"));
    let found = in_state(state)?
        .render
        .find(&name)
        .map(|entry| entry.value.clone());
    found.ok_or_else(|| {
        raise(
            Diagnostic::error(
                "undefined-macro",
                format!("no macro serves the incremental strategy `{strategy}`"),
            )
            .help(format!("write a macro `{name}(arg_dict)`")),
        )
    })
}

/// One entry of the config `indexes`, as an index of PostgreSQL.
fn parse_index(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let index = args.required("raw_index")?;
    args.done()?;
    if index.is_none() {
        return Ok(index);
    }
    let get = |name: &str| index.get_attr(name).unwrap_or_default();
    if get("columns").try_iter().is_err() {
        return Err(bad_call("an index needs a list of `columns`"));
    }
    Ok(Value::from_pairs([
        ("columns", get("columns")),
        ("unique", Value::from(get("unique").is_true())),
        (
            "type",
            Some(get("type"))
                .filter(|it| !it.is_undefined())
                .unwrap_or(Value::from(())),
        ),
    ]))
}

/// Rows of grantees and privileges as a dict from privilege to grantees.
fn standardize_grants(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    if !world(state)?.execute() {
        return Ok(Value::from(""));
    }
    let table = args.required("grants_table")?;
    args.done()?;
    let Some(table) = table.downcast_object_ref::<TableValue>() else {
        return Err(bad_call(format!("expected a table, not {}", what(&table))));
    };
    let at = |name: &str| {
        table
            .columns()
            .iter()
            .position(|it| it.eq_ignore_ascii_case(name))
    };
    let (Some(grantee), Some(privilege)) = (at("grantee"), at("privilege_type")) else {
        return Err(bad_call(
            "the table has no columns `grantee` and `privilege_type`",
        ));
    };
    let mut grants: Vec<(Value, Vec<Value>)> = Vec::new();
    for row in table.rows() {
        match grants.iter_mut().find(|(name, _)| *name == row[privilege]) {
            Some((_, grantees)) => grantees.push(row[grantee].clone()),
            None => grants.push((row[privilege].clone(), vec![row[grantee].clone()])),
        }
    }
    let grants = grants.into_iter();
    Ok(Dict::of(
        grants.map(|(name, grantees)| (name, List::of(grantees))),
    ))
}

fn quote_seed_column(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let name = args.required("column")?;
    let quoted = args.optional("quote_config");
    args.done()?;
    let bare = quoted.is_some_and(|quoted| !quoted.is_none() && !quoted.is_true());
    Ok(Value::from(if bare {
        name.to_string()
    } else {
        format!("\"{name}\"")
    }))
}

/// The SQL type for the values of a column of a table that a query gave.
fn convert_type(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    if !world(state)?.execute() {
        return Ok(Value::from(""));
    }
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
            minijinja::value::ValueKind::String => return Ok(Value::from("text")),
            // A day prints without a time.
            _ if value.to_string().contains(':') => "timestamp without time zone",
            _ => "date",
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

fn column_from_description(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let name = args.text("name")?;
    let data_type = args.text("raw_data_type")?;
    args.done()?;
    Ok(ColumnValue::new(name, &data_type).into())
}

fn string_type(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let size = args.required("size")?;
    args.done()?;
    Ok(Value::from(format!("character varying({size})")))
}

fn numeric_type(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let named = args.text("dtype")?;
    let (precision, scale) = (args.required("precision")?, args.required("scale")?);
    args.done()?;
    Ok(Value::from(match precision.is_none() || scale.is_none() {
        true => named,
        false => format!("{named}({precision},{scale})"),
    }))
}

/// dbt's generic names of types in the words of the warehouse: its adapters for these know one name only.
fn translate_type(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let named = args.text("dtype")?;
    args.done()?;
    let translated = match named.eq_ignore_ascii_case("string") {
        true => "TEXT".to_owned(),
        false => named,
    };
    Ok(Value::from(translated))
}
