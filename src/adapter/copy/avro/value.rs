//! A value of an Avro record, read by its type.

use serde_json::{Map, Number, Value as Json};

use super::Broken;
use super::bytes::Bytes;
use super::schema::{At, Kind, Schema};

/// How deep values may lie in each other.
const DEEPEST: usize = 100;

/// A value. What a load refuses, bytes, is only passed over.
#[derive(Debug, PartialEq)]
pub(super) enum Value<'b> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'b [u8]),
    /// The name of an enum's value.
    Symbol(String),
    Bytes,
    Array(Vec<Value<'b>>),
    /// The members of a record or a map.
    Members(Vec<(String, Value<'b>)>),
}

impl<'b> Value<'b> {
    /// Reads a value of a type.
    pub(super) fn read(schema: &Schema, at: At, bytes: &mut Bytes<'b>) -> Result<Self, Broken> {
        Self::deeper(schema, at, bytes, 0)
    }

    fn deeper(
        schema: &Schema,
        at: At,
        bytes: &mut Bytes<'b>,
        depth: usize,
    ) -> Result<Self, Broken> {
        if depth > DEEPEST {
            return Err(Broken("values lie in each other more than 100 deep"));
        }
        Ok(match schema.kind(at) {
            Kind::Null => Self::Null,
            Kind::Boolean => match bytes.array()? {
                [0] => Self::Bool(false),
                [1] => Self::Bool(true),
                _ => return Err(Broken("a boolean is neither true nor false")),
            },
            Kind::Int | Kind::Long => Self::Int(bytes.long()?),
            Kind::Float => Self::Float(f32::from_le_bytes(bytes.array()?).into()),
            Kind::Double => Self::Float(f64::from_le_bytes(bytes.array()?)),
            Kind::Bytes => {
                bytes.long_bytes()?;
                Self::Bytes
            }
            Kind::String => Self::Text(bytes.long_bytes()?),
            Kind::Fixed(size) => {
                bytes.take(*size)?;
                Self::Bytes
            }
            Kind::Enum(symbols) => {
                let symbol = usize::try_from(bytes.long()?).ok();
                let symbol = symbol.and_then(|number| symbols.get(number));
                Self::Symbol(symbol.ok_or(Broken("an enum has no such value"))?.clone())
            }
            Kind::Array(inside) => {
                let mut items = Vec::new();
                each_item(bytes, |bytes| {
                    items.push(Self::deeper(schema, *inside, bytes, depth + 1)?);
                    Ok(())
                })?;
                Self::Array(items)
            }
            Kind::Map(inside) => {
                let mut members = Vec::new();
                each_item(bytes, |bytes| {
                    let key = String::from_utf8_lossy(bytes.long_bytes()?).into_owned();
                    members.push((key, Self::deeper(schema, *inside, bytes, depth + 1)?));
                    Ok(())
                })?;
                Self::Members(members)
            }
            Kind::Union(branches) => {
                let branch = usize::try_from(bytes.long()?).ok();
                let branch = branch.and_then(|number| branches.get(number));
                let branch = *branch.ok_or(Broken("a union has no such branch"))?;
                Self::deeper(schema, branch, bytes, depth + 1)?
            }
            Kind::Record(fields) => {
                let members = fields.iter().map(|(name, kind)| {
                    let value = Self::deeper(schema, *kind, bytes, depth + 1)?;
                    Ok((name.clone(), value))
                });
                Self::Members(members.collect::<Result<_, _>>()?)
            }
        })
    }

    /// The value as a field of a load; for a column that holds JSON, as JSON. NULL is none.
    pub(super) fn field(&self, as_json: bool) -> Option<Vec<u8>> {
        match self {
            Self::Null | Self::Bytes => None,
            value if as_json => serde_json::to_vec(&value.json()).ok(),
            Self::Bool(value) => Some(value.to_string().into_bytes()),
            Self::Int(value) => Some(value.to_string().into_bytes()),
            Self::Float(value) => Some(value.to_string().into_bytes()),
            Self::Text(text) => Some(text.to_vec()),
            Self::Symbol(name) => Some(name.clone().into_bytes()),
            Self::Array(_) | Self::Members(_) => serde_json::to_vec(&self.json()).ok(),
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Null | Self::Bytes => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(value) => Json::from(*value),
            Self::Float(value) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
            Self::Text(text) => Json::String(String::from_utf8_lossy(text).into_owned()),
            Self::Symbol(name) => Json::String(name.clone()),
            Self::Array(items) => Json::Array(items.iter().map(Self::json).collect()),
            Self::Members(members) => {
                let members = members
                    .iter()
                    .map(|(name, value)| (name.clone(), value.json()));
                Json::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}

/// Reads the items of an array or a map: blocks of some, each behind its count, until one of none.
fn each_item<'b>(
    bytes: &mut Bytes<'b>,
    mut item: impl FnMut(&mut Bytes<'b>) -> Result<(), Broken>,
) -> Result<(), Broken> {
    loop {
        let count = bytes.long()?;
        if count == 0 {
            return Ok(());
        }
        if count < 0 {
            // The length of the block, for those who pass over it.
            bytes.long()?;
        }
        for _ in 0..count.unsigned_abs() {
            // Items of no bytes could be counted for ever.
            if bytes.is_empty() {
                return Err(Broken("a record ends too early"));
            }
            item(bytes)?;
        }
    }
}
