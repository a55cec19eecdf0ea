//! `exceptions`: the errors that a template raises by name.
//!
//! In: the arguments of a call. Out: the error, said for people; a node among the arguments is told by its `unique_id`.

use minijinja::{Error, State, Value};

use super::args::{Args, Body, Group};
use crate::diagnostic::Diagnostic;
use crate::jinja::error::raise;
use crate::jinja::render::{speaks, world};

/// `exceptions.raise_compiler_error(…)` and its like.
pub fn exceptions() -> Value {
    const METHODS: &[(&str, Body)] = &[
        ("raise_compiler_error", |_, args| {
            raised(args, "compiler-error")
        }),
        ("raise_parsing_error", |_, args| {
            raised(args, "parsing-error")
        }),
        ("raise_fail_fast_error", |_, args| raised(args, "fail-fast")),
        ("raise_not_implemented", |_, args| {
            raised(args, "not-implemented")
        }),
        ("raise_database_error", |_, args| {
            raised(args, "database-error")
        }),
        ("raise_dependency_error", |_, args| {
            raised(args, "dependency-error")
        }),
        ("raise_cache_inconsistent", |_, args| {
            raised(args, "cache-inconsistent")
        }),
        ("raise_contract_error", |_, args| {
            told(
                args,
                "contract-error",
                &["yaml_columns", "sql_columns"],
                |it| {
                    format!(
                        "the columns of the contract are {}, those of the query {}",
                        it[0], it[1]
                    )
                },
            )
        }),
        ("raise_invalid_property_yml_version", |_, args| {
            told(args, "compiler-error", &["path", "issue"], |it| {
                format!("{}: {}", it[0], it[1])
            })
        }),
        ("relation_wrong_type", relation_wrong_type),
        ("missing_config", |_, args| {
            told(args, "missing-config", &["model", "name"], |it| {
                format!("`{}` needs the config `{}`, which is not set", it[0], it[1])
            })
        }),
        ("missing_materialization", missing_materialization),
        ("missing_relation", |_, args| {
            told(args, "missing-relation", &["relation"], |it| {
                format!("the relation {} is not there", it[0])
            })
        }),
        ("raise_ambiguous_alias", |_, args| {
            told(args, "ambiguous-alias", &["node_1", "node_2"], |it| {
                format!("`{}` and `{}` have one relation", it[0], it[1])
            })
        }),
        ("raise_ambiguous_catalog_match", |_, args| {
            let names = &["unique_id", "match_1", "match_2"];
            told(args, "ambiguous-catalog-match", names, |it| {
                format!("`{}` may be {} or {}", it[0], it[1], it[2])
            })
        }),
        ("raise_dataclass_not_dict", |_, args| {
            told(args, "compiler-error", &["obj"], |it| {
                format!("a mapping is needed, not {}", it[0])
            })
        }),
        ("raise_dep_not_found", |_, args| {
            let names = &["node", "node_description", "required_pkg"];
            told(args, "dependency-error", names, |it| {
                format!(
                    "`{}` needs the package `{}`, which is not installed",
                    it[0], it[2]
                )
            })
        }),
        ("raise_duplicate_patch_name", |_, args| {
            told(
                args,
                "duplicate-name",
                &["patch_1", "existing_patch_path"],
                |it| format!("`{}` is described twice, first in {}", it[0], it[1]),
            )
        }),
        ("raise_duplicate_resource_name", |_, args| {
            told(args, "duplicate-name", &["node_1", "node_2"], |it| {
                format!("`{}` and `{}` have one name", it[0], it[1])
            })
        }),
        ("column_type_missing", |_, args| {
            told(args, "contract-error", &["column_names"], |it| {
                format!("these columns have no `data_type`: {}", it[0])
            })
        }),
        ("warn", warn),
        ("warn_snapshot_timestamp_data_types", |state, args| {
            snapshot_types(state, args)
        }),
    ];
    Group {
        name: "exceptions",
        attributes: Vec::new(),
        methods: METHODS,
        call: None,
    }
    .into()
}

fn raised(args: Args, code: &'static str) -> Result<Value, Error> {
    told(args, code, &["msg"], |it| it[0].trim().to_owned())
}

/// Raises an error that is made of these arguments; more may be given, as dbt takes a node with most of them.
fn told(
    mut args: Args,
    code: &'static str,
    names: &[&str],
    message: impl Fn(&[String]) -> String,
) -> Result<Value, Error> {
    let mut texts = Vec::with_capacity(names.len());
    for name in names {
        texts.push(name_of(&args.required(name)?));
    }
    Err(raise(Diagnostic::error(code, message(&texts))))
}

/// What names a value: a node its `unique_id`, anything else itself.
fn name_of(value: &Value) -> String {
    let id = value.get_attr("unique_id").unwrap_or_default();
    id.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn missing_materialization(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let model = args.required("model")?;
    let adapter = args.required("adapter_type")?;
    let config = model.get_attr("config").unwrap_or_default();
    let wanted = config.get_attr("materialized").unwrap_or_default();
    Err(raise(Diagnostic::error(
        "missing-materialization",
        format!(
            "there is no materialization `{wanted}` for `{adapter}`, which `{}` asks for",
            name_of(&model)
        ),
    )))
}

fn relation_wrong_type(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let relation = args.required("relation")?;
    let expected = args.required("expected_type")?;
    let found = relation.get_attr("type")?;
    Err(raise(Diagnostic::error(
        "relation-type",
        format!("{relation} is a {found}, and a {expected} was expected"),
    )))
}

fn warn(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let message = args.required("msg")?.to_string();
    warned(state, message.trim())
}

fn snapshot_types(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let snapshot = args.required("snapshot_time_data_type")?;
    let updated = args.required("updated_at_data_type")?;
    warned(
        state,
        &format!("the times of the snapshot are {snapshot}, those of `updated_at` are {updated}"),
    )
}

fn warned(state: &State<'_, '_>, message: &str) -> Result<Value, Error> {
    if !speaks(state)? {
        return Ok(Value::from(""));
    }
    world(state)?
        .warn(Diagnostic::warning("template-warning", message))
        .map_err(|wrong| raise(*wrong))?;
    Ok(Value::from(""))
}
