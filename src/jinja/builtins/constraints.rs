//! Constraints as data, in the words of a `create table`.
//!
//! In: what a contract says of columns and of a model. Out: lists of text.
//! Does not know which of them a warehouse enforces.

use minijinja::{Error, State, Value};

use super::args::Args;
use crate::jinja::values::{List, pairs_of};

/// Columns as a `create table` declares them: name, type, constraints.
pub fn of_columns(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let columns = args.required("raw_columns")?;
    args.done()?;
    let mut declared = Vec::new();
    for (_, column) in pairs_of(&columns)? {
        let name = column.get_attr("name")?.to_string();
        let name = match column.get_attr("quote")?.is_true() {
            true => format!("\"{name}\""),
            false => name,
        };
        let mut text = format!("{name} {}", column.get_attr("data_type")?);
        for constraint in constraints(&column.get_attr("constraints")?)? {
            if let Some(words) = column_constraint(&constraint)? {
                text.push(' ');
                text.push_str(&words);
            }
        }
        declared.push(Value::from(text));
    }
    Ok(List::of(declared))
}

/// Constraints over several columns.
pub fn of_model(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let all = args.required("raw_constraints")?;
    args.done()?;
    let mut declared = Vec::new();
    for constraint in constraints(&all)? {
        if let Some(words) = model_constraint(&constraint)? {
            declared.push(Value::from(words));
        }
    }
    Ok(List::of(declared))
}

fn constraints(all: &Value) -> Result<Vec<Value>, Error> {
    match all.is_undefined() || all.is_none() {
        true => Ok(Vec::new()),
        false => Ok(all.try_iter()?.collect()),
    }
}

/// A key as text, where it is given.
fn text(constraint: &Value, key: &str) -> Result<Option<String>, Error> {
    let value = constraint.get_attr(key)?;
    let given = !value.is_undefined() && !value.is_none();
    Ok(given
        .then(|| value.to_string())
        .filter(|text| !text.is_empty()))
}

fn references(constraint: &Value) -> Result<Option<String>, Error> {
    let Some(to) = text(constraint, "to")? else {
        return text(constraint, "expression");
    };
    let columns = constraint.get_attr("to_columns")?;
    Ok(Some(format!("{to} ({})", list(&columns)?)))
}

fn list(columns: &Value) -> Result<String, Error> {
    let names: Vec<String> = constraints(columns)?.iter().map(Value::to_string).collect();
    Ok(names.join(", "))
}

fn column_constraint(constraint: &Value) -> Result<Option<String>, Error> {
    let expression = text(constraint, "expression")?;
    let after = expression
        .as_ref()
        .map_or_else(String::new, |it| format!(" {it}"));
    Ok(
        match text(constraint, "type")?.unwrap_or_default().as_str() {
            "check" => expression.map(|expression| format!("check ({expression})")),
            "not_null" => Some(format!("not null{after}")),
            "unique" => Some(format!("unique{after}")),
            "primary_key" => Some(format!("primary key{after}")),
            "foreign_key" => references(constraint)?.map(|to| format!("references {to}")),
            "custom" => expression,
            _ => None,
        },
    )
}

fn model_constraint(constraint: &Value) -> Result<Option<String>, Error> {
    let named =
        text(constraint, "name")?.map_or_else(String::new, |name| format!("constraint {name} "));
    let columns = list(&constraint.get_attr("columns")?)?;
    let expression = text(constraint, "expression")?;
    let after = expression
        .as_ref()
        .map_or_else(String::new, |it| format!(" {it}"));
    Ok(
        match text(constraint, "type")?.unwrap_or_default().as_str() {
            "check" => expression.map(|expression| format!("{named}check ({expression})")),
            "unique" => Some(format!("{named}unique{after} ({columns})")),
            "primary_key" => Some(format!("{named}primary key{after} ({columns})")),
            "foreign_key" => references(constraint)?
                .map(|to| format!("{named}foreign key ({columns}) references {to}")),
            "custom" => expression.map(|expression| format!("{named}{expression}")),
            _ => None,
        },
    )
}
