//! A column in a template's hands: `.name`, `.dtype`, `.data_type`, `.is_string()` and so on.
//!
//! In: a [`Column`]. Out: [`ColumnValue`].
//! Does not know which relation it belongs to.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use crate::relation::Column;

/// A column with the parts of its type taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnValue {
    name: String,
    /// The type without its arguments.
    base: String,
    /// What stands in the parentheses of the type.
    arguments: Vec<u64>,
    /// The type as it was given.
    whole: String,
}

impl ColumnValue {
    /// A column of this name and type (`numeric(10,2)`).
    pub fn new(name: impl Into<String>, data_type: &str) -> Self {
        let (base, arguments) = match data_type.split_once('(') {
            Some((base, rest)) => {
                let (inner, after) = rest.split_once(')').unwrap_or((rest, ""));
                let numbers: Option<Vec<u64>> = inner
                    .split(',')
                    .map(|number| number.trim().parse().ok())
                    .collect();
                match numbers {
                    Some(numbers) => (format!("{}{after}", base.trim_end()), numbers),
                    None => (data_type.to_string(), Vec::new()),
                }
            }
            None => (data_type.to_string(), Vec::new()),
        };
        Self {
            name: name.into(),
            base,
            arguments,
            whole: data_type.to_string(),
        }
    }

    /// A column whose type is not taken apart, as dbt's adapter for DuckDB has it.
    pub fn unparsed(name: impl Into<String>, data_type: &str) -> Self {
        let mut made = Self {
            name: name.into(),
            base: data_type.to_string(),
            arguments: Vec::new(),
            whole: data_type.to_string(),
        };
        if made.is_string() {
            made.whole = "character varying(256)".to_string();
        }
        made
    }

    /// The name of the column.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type as it was given.
    pub fn data_type(&self) -> &str {
        &self.whole
    }

    /// From the arguments of `api.Column(name, dtype, char_size, numeric_precision, numeric_scale)`.
    pub(crate) fn from_parts(name: String, dtype: &str, sizes: [Option<u64>; 3]) -> Self {
        let [size, precision, scale] = sizes;
        let mut made = Self::new(name, dtype);
        if let Some(size) = size {
            made.arguments = vec![size];
        } else if let Some(precision) = precision {
            made.arguments = std::iter::once(precision).chain(scale).collect();
        }
        if made.is_string() {
            // As in dbt: text of unknown length is what Redshift makes of `text`.
            let size = made.arguments.first().copied().unwrap_or(256);
            made.whole = format!("character varying({size})");
            return made;
        }
        if made.arguments.is_empty() {
            return made;
        }
        let numbers: Vec<String> = made.arguments.iter().map(u64::to_string).collect();
        made.whole = format!("{}({})", made.base, numbers.join(","));
        made
    }

    fn is_one_of(&self, names: &[&str]) -> bool {
        names
            .iter()
            .any(|name| self.base.eq_ignore_ascii_case(name))
    }

    fn is_string(&self) -> bool {
        self.is_one_of(&[
            "text",
            "character varying",
            "character",
            "varchar",
            "char",
            "bpchar",
            "nvarchar",
        ])
    }

    fn is_integer(&self) -> bool {
        self.is_one_of(&[
            "smallint",
            "integer",
            "bigint",
            "int",
            "int2",
            "int4",
            "int8",
            "smallserial",
            "serial",
            "bigserial",
        ])
    }

    fn is_numeric(&self) -> bool {
        self.is_one_of(&["numeric", "decimal"])
    }

    fn is_float(&self) -> bool {
        self.is_one_of(&[
            "real",
            "float4",
            "float",
            "double precision",
            "float8",
            "double",
        ])
    }

    fn size(&self) -> Value {
        match self.arguments.first() {
            Some(size) if self.is_string() => Value::from(*size),
            _ if self.is_string() => Value::from(256),
            _ => Value::from(()),
        }
    }

    fn numeric(&self, at: usize) -> Value {
        match self.arguments.get(at) {
            Some(number) if !self.is_string() => Value::from(*number),
            _ => Value::from(()),
        }
    }
}

impl From<&Column> for ColumnValue {
    fn from(column: &Column) -> Self {
        Self::new(column.name.clone(), &column.data_type)
    }
}

impl From<ColumnValue> for Value {
    fn from(column: ColumnValue) -> Self {
        Value::from_object(column)
    }
}

impl Object for ColumnValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "name" | "column" => Value::from(&self.name),
            "quoted" => Value::from(format!("\"{}\"", self.name)),
            "dtype" => Value::from(&self.base),
            "data_type" => Value::from(&self.whole),
            "char_size" if self.arguments.is_empty() => Value::from(()),
            "char_size" => self.size(),
            "numeric_precision" => self.numeric(0),
            "numeric_scale" => self.numeric(1),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&[
            "column",
            "dtype",
            "char_size",
            "numeric_precision",
            "numeric_scale",
        ])
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Column {} ({})>", self.name, self.whole)
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let other = || args.first().and_then(Value::downcast_object_ref::<Self>);
        Ok(match method {
            "is_string" => Value::from(self.is_string()),
            "is_integer" => Value::from(self.is_integer()),
            "is_numeric" => Value::from(self.is_numeric()),
            "is_float" => Value::from(self.is_float()),
            "is_number" => Value::from(self.is_integer() || self.is_numeric() || self.is_float()),
            "string_size" if self.is_string() => self.size(),
            "string_size" => {
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    format!("column `{}` is not text, it has no string size", self.name),
                ));
            }
            "string_type" => Value::from(match args.first().and_then(Value::as_i64) {
                Some(size) => format!("character varying({size})"),
                None => "character varying".to_string(),
            }),
            "can_expand_to" => Value::from(other().is_some_and(|other| {
                self.is_string() && other.is_string() && other.size() > self.size()
            })),
            "literal" => Value::from(format!(
                "{}::{}",
                args.first().cloned().unwrap_or_default(),
                self.whole
            )),
            "get" => args
                .first()
                .and_then(|key| self.get_value(key))
                .unwrap_or(Value::from(())),
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_taken_apart() {
        let price = Arc::new(ColumnValue::new("price", "numeric(18, 2)"));
        assert_eq!(price.get_value(&"dtype".into()), Some("numeric".into()));
        assert_eq!(price.get_value(&"numeric_scale".into()), Some(2.into()));
        assert_eq!(
            price.get_value(&"data_type".into()),
            Some("numeric(18, 2)".into())
        );
        let stamp = Arc::new(ColumnValue::new("at", "timestamp without time zone"));
        assert_eq!(stamp.get_value(&"char_size".into()), Some(Value::from(())));
    }
}
