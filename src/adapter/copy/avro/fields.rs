//! Which fields of a file fill which columns, decided by the file's schema before any record is read.
//!
//! The manual says what becomes of numbers, texts, enums and of `null` in a union. What it leaves open (how bytes, floats in a text, and unions
//! inside of other values are spelled) is refused by name, because every answer here would be a guess.

use super::bytes::Bytes;
use super::schema::{At, Kind, Schema};
use super::value::Value;
use super::{Broken, Error, user};
use crate::adapter::copy::Column;
use crate::adapter::copy::json_paths::{Path, Step};
use crate::adapter::emulating::Type;

/// What each field of the records is for.
pub(super) struct Fields<'p> {
    wanted: Vec<Vec<Wanted<'p>>>,
}

struct Wanted<'p> {
    column: usize,
    /// The way from the field to its value.
    steps: &'p [Step],
    as_json: bool,
}

/// Why a field cannot fill a column.
#[derive(Debug)]
pub(super) struct Unfit {
    field: String,
    kind: &'static str,
    column: String,
    declared: String,
    why: &'static str,
    help: Option<&'static str>,
}

impl Unfit {
    pub(super) fn in_file(self, url: &str) -> Error {
        let mut error = user(format!(
            "`{url}`: the field `{}` of type `{}` cannot be loaded into the column `{}` of type `{}`: {}",
            self.field, self.kind, self.column, self.declared, self.why
        ));
        error.help = self.help.map(str::to_owned);
        error
    }
}

impl<'p> Fields<'p> {
    pub(super) fn new(
        schema: &Schema,
        columns: &[Column],
        how: &str,
        paths: Option<&'p [Path]>,
    ) -> Result<Self, Unfit> {
        let mut wanted: Vec<Vec<Wanted<'p>>> = Vec::new();
        wanted.resize_with(schema.fields().len(), Vec::new);
        let ignore_case = how == "auto ignorecase";
        for (number, column) in columns.iter().enumerate() {
            // Column names are lower case on Redshift.
            let name = column.name.to_lowercase();
            let is_field = |field: &str| match paths {
                Some(paths) => paths[number].first_member() == Some(field),
                None if ignore_case => field.to_lowercase() == name,
                None => field == name,
            };
            let found = schema
                .fields()
                .iter()
                .position(|(field, _)| is_field(field));
            let Some(field) = found else { continue };
            let steps = paths.map_or(&[][..], |paths| paths[number].behind_first());
            let (name, kind) = &schema.fields()[field];
            let unfit = |at: At, why, help| Unfit {
                field: name.clone(),
                kind: schema.kind(at).word(),
                column: column.name.clone(),
                declared: column.declared.clone(),
                why,
                help,
            };
            let Some(kind) =
                along(schema, *kind, steps).map_err(|(at, why)| unfit(at, why, None))?
            else {
                continue;
            };
            // PostgreSQL's own types of JSON take what Redshift's SUPER takes.
            let as_json = column.kind == Type::Super;
            let loose = column.kind == Type::Varchar(u32::MAX);
            fits(schema, kind, column.kind, as_json || loose)
                .map_err(|(at, why, help)| unfit(at, why, help))?;
            wanted[field].push(Wanted {
                column: number,
                steps,
                as_json,
            });
        }
        Ok(Self { wanted })
    }

    /// Reads one record into the fields of its row.
    pub(super) fn read(
        &self,
        schema: &Schema,
        bytes: &mut Bytes<'_>,
        cells: &mut [Option<Vec<u8>>],
    ) -> Result<(), Broken> {
        cells.fill(None);
        for ((_, kind), wanted) in schema.fields().iter().zip(&self.wanted) {
            let value = Value::read(schema, *kind, bytes)?;
            for wanted in wanted {
                if let Some(found) = follow(&value, wanted.steps) {
                    cells[wanted.column] = found.field(wanted.as_json);
                }
            }
        }
        Ok(())
    }
}

/// The type that a path leads to; none where it leads to nothing.
fn along(schema: &Schema, from: At, steps: &[Step]) -> Result<Option<At>, (At, &'static str)> {
    let mut here = from;
    for step in steps {
        here = match (step, schema.kind(here)) {
            (Step::Member(name), Kind::Record(fields)) => {
                match fields.iter().find(|(field, _)| field == name) {
                    Some((_, kind)) => *kind,
                    None => return Ok(None),
                }
            }
            (Step::Member(_), Kind::Map(inside)) | (Step::Element(_), Kind::Array(inside)) => {
                *inside
            }
            (_, Kind::Union(_)) => {
                return Err((
                    here,
                    "how a path of Redshift leads through a union is not documented",
                ));
            }
            (Step::Member(_), _) => return Err((here, "a path names a member of what has none")),
            (Step::Element(_), _) => {
                return Err((here, "a path names an element of what has none"));
            }
        };
    }
    Ok(Some(here))
}

fn follow<'v, 'b>(from: &'v Value<'b>, steps: &[Step]) -> Option<&'v Value<'b>> {
    let mut here = from;
    for step in steps {
        here = match (step, here) {
            (Step::Member(name), Value::Members(members)) => {
                let found = members.iter().find(|(member, _)| member == name);
                &found?.1
            }
            (Step::Element(number), Value::Array(items)) => items.get(*number)?,
            _ => return None,
        };
    }
    Some(here)
}

type Why = (At, &'static str, Option<&'static str>);

/// Whether values of a type can fill a column.
fn fits(schema: &Schema, at: At, column: Type, holds_json: bool) -> Result<(), Why> {
    const SUPER: &str =
        "declare the column as `super`, or reach what you need of it with a JSONPaths file";
    match schema.kind(at) {
        Kind::Null => Ok(()),
        Kind::Int | Kind::Long | Kind::String | Kind::Enum(_) => Ok(()),
        Kind::Boolean if column == Type::Bool || holds_json => Ok(()),
        Kind::Boolean => Err((
            at,
            "how Redshift spells a boolean there is not documented",
            Some("declare the column as `boolean`, and cast in a model"),
        )),
        Kind::Float | Kind::Double
            if holds_json || matches!(column, Type::Float4 | Type::Float8 | Type::Decimal(..)) =>
        {
            Ok(())
        }
        Kind::Float | Kind::Double => Err((
            at,
            "how Redshift spells a float there is not documented",
            Some("declare the column as `double precision`, and cast in a model"),
        )),
        Kind::Bytes | Kind::Fixed(_) => Err((
            at,
            "how Redshift spells its bytes is not documented",
            Some("write it as a string"),
        )),
        Kind::Union(branches) => {
            branches
                .iter()
                .try_for_each(|branch| match schema.kind(*branch) {
                    Kind::Array(_) | Kind::Map(_) | Kind::Record(_) => Err((
                        at,
                        "how Redshift spells a union of other values is not documented",
                        Some("write the field without the union"),
                    )),
                    _ => fits(schema, *branch, column, holds_json),
                })
        }
        Kind::Array(_) | Kind::Map(_) | Kind::Record(_) if !holds_json => Err((
            at,
            "how Redshift spells its JSON is not documented",
            Some(SUPER),
        )),
        Kind::Array(_) | Kind::Map(_) | Kind::Record(_) => nested(schema, at, &mut Vec::new()),
    }
}

/// Whether everything in a value has one spelling in JSON. `seen` holds types that are looked at already: a type may hold itself.
fn nested(schema: &Schema, at: At, seen: &mut Vec<At>) -> Result<(), Why> {
    if seen.contains(&at) {
        return Ok(());
    }
    seen.push(at);
    match schema.kind(at) {
        Kind::Bytes | Kind::Fixed(_) => Err((
            at,
            "how Redshift spells bytes inside of other values is not documented",
            Some("reach the other values with a JSONPaths file"),
        )),
        Kind::Union(_) => Err((
            at,
            "how Redshift spells a union inside of other values is not documented",
            Some("reach the other values with a JSONPaths file"),
        )),
        Kind::Array(inside) | Kind::Map(inside) => nested(schema, *inside, seen),
        Kind::Record(fields) => fields
            .iter()
            .try_for_each(|(_, field)| nested(schema, *field, seen)),
        _ => Ok(()),
    }
}
