//! The schema in an Avro file, as far as COPY looks at it.
//!
//! In: its JSON. Out: types in a list, which name each other by their place in it: a type may hold itself.

use std::collections::HashMap;

use serde_json::Value;

/// A type's place in the list.
pub(super) type At = usize;

/// Every type of a file; the first is that of its records.
#[derive(Debug)]
pub(super) struct Schema {
    types: Vec<Kind>,
}

/// A type.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enum(Vec<String>),
    Array(At),
    Map(At),
    Union(Vec<At>),
    Record(Vec<(String, At)>),
}

impl Kind {
    /// Its name in a schema.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
            Self::Fixed(_) => "fixed",
            Self::Enum(_) => "enum",
            Self::Array(_) => "array",
            Self::Map(_) => "map",
            Self::Union(_) => "union",
            Self::Record(_) => "record",
        }
    }
}

impl Schema {
    /// Reads a schema; its outermost type is a record.
    pub(super) fn parse(json: &[u8]) -> Result<Self, String> {
        let json: Value = serde_json::from_slice(json).map_err(|cause| cause.to_string())?;
        let mut reader = Reader {
            types: Vec::new(),
            names: HashMap::new(),
        };
        let root = reader.read(&json, "")?;
        match reader.types.get(root) {
            Some(Kind::Record(_)) if root == 0 => Ok(Self {
                types: reader.types,
            }),
            _ => Err("its outermost type is no record".to_owned()),
        }
    }

    pub(super) fn kind(&self, at: At) -> &Kind {
        &self.types[at]
    }

    /// The fields of the records.
    pub(super) fn fields(&self) -> &[(String, At)] {
        match self.types.first() {
            Some(Kind::Record(fields)) => fields,
            _ => &[],
        }
    }
}

struct Reader {
    types: Vec<Kind>,
    /// Types that have names, by the whole of these.
    names: HashMap<String, At>,
}

impl Reader {
    fn add(&mut self, kind: Kind) -> At {
        self.types.push(kind);
        self.types.len() - 1
    }

    fn read(&mut self, json: &Value, namespace: &str) -> Result<At, String> {
        match json {
            Value::String(name) => self.named(name, namespace),
            Value::Array(branches) => {
                // Its own place comes before those of its branches, as for the others.
                let at = self.add(Kind::Null);
                let branches = branches
                    .iter()
                    .map(|branch| self.read(branch, namespace))
                    .collect::<Result<_, _>>()?;
                self.types[at] = Kind::Union(branches);
                Ok(at)
            }
            Value::Object(_) => self.object(json, namespace),
            _ => Err(format!("`{json}` is no type")),
        }
    }

    fn named(&mut self, name: &str, namespace: &str) -> Result<At, String> {
        let kind = match name {
            "null" => Kind::Null,
            "boolean" => Kind::Boolean,
            "int" => Kind::Int,
            "long" => Kind::Long,
            "float" => Kind::Float,
            "double" => Kind::Double,
            "bytes" => Kind::Bytes,
            "string" => Kind::String,
            _ => {
                let found = self.names.get(&full_name(name, namespace));
                let found = found.or_else(|| self.names.get(name));
                return found
                    .copied()
                    .ok_or_else(|| format!("there is no type `{name}`"));
            }
        };
        Ok(self.add(kind))
    }

    fn object(&mut self, json: &Value, namespace: &str) -> Result<At, String> {
        let text = |key: &str| json.get(key).and_then(Value::as_str);
        let kind = match json.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            // A type may be written in the place of its name.
            Some(inner) => return self.read(inner, namespace),
            None => return Err("a type does not say what it is".to_owned()),
        };
        if !matches!(kind, "record" | "error" | "enum" | "fixed") {
            return match kind {
                "array" | "map" => self.container(json, kind, namespace),
                _ => self.named(kind, namespace),
            };
        }
        let name = text("name").ok_or_else(|| format!("a type `{kind}` has no name"))?;
        let namespace = match name.rsplit_once('.') {
            Some((namespace, _)) => namespace,
            None => text("namespace").unwrap_or(namespace),
        };
        let at = self.add(Kind::Null);
        self.names.insert(full_name(name, namespace), at);
        self.types[at] = match kind {
            "enum" => Kind::Enum(symbols(json)?),
            "fixed" => {
                let size = json.get("size").and_then(Value::as_u64);
                let size = size.and_then(|size| usize::try_from(size).ok());
                Kind::Fixed(size.ok_or("a type `fixed` has no size")?)
            }
            _ => Kind::Record(self.record(json, namespace)?),
        };
        Ok(at)
    }

    fn container(&mut self, json: &Value, kind: &str, namespace: &str) -> Result<At, String> {
        let key = if kind == "array" { "items" } else { "values" };
        let inside = json
            .get(key)
            .ok_or_else(|| format!("a type `{kind}` has no `{key}`"))?;
        let at = self.add(Kind::Null);
        let inside = self.read(inside, namespace)?;
        self.types[at] = match kind {
            "array" => Kind::Array(inside),
            _ => Kind::Map(inside),
        };
        Ok(at)
    }

    fn record(&mut self, json: &Value, namespace: &str) -> Result<Vec<(String, At)>, String> {
        let fields = json.get("fields").and_then(Value::as_array);
        let fields = fields.ok_or("a record has no fields")?;
        fields
            .iter()
            .map(|field| {
                let name = field.get("name").and_then(Value::as_str);
                let name = name.ok_or("a field has no name")?;
                let kind = field
                    .get("type")
                    .ok_or_else(|| format!("the field `{name}` has no type"))?;
                Ok((name.to_owned(), self.read(kind, namespace)?))
            })
            .collect()
    }
}

fn symbols(json: &Value) -> Result<Vec<String>, String> {
    let symbols = json.get("symbols").and_then(Value::as_array);
    let symbols = symbols.and_then(|symbols| {
        let texts = symbols
            .iter()
            .map(|symbol| symbol.as_str().map(str::to_owned));
        texts.collect()
    });
    symbols.ok_or_else(|| "a type `enum` has no symbols".to_owned())
}

fn full_name(name: &str, namespace: &str) -> String {
    if namespace.is_empty() || name.contains('.') {
        name.to_owned()
    } else {
        format!("{namespace}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_may_hold_itself_and_be_named_from_its_namespace() {
        let schema = Schema::parse(
            br#"{"type": "record", "name": "a.b.Node", "fields": [
                {"name": "value", "type": {"type": "long", "logicalType": "timestamp-millis"}},
                {"name": "next", "type": ["null", "Node"]},
                {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["X", "Y"]}},
                {"name": "others", "type": {"type": "map", "values": {"type": "array", "items": "a.b.Kind"}}}
            ]}"#,
        )
        .unwrap();
        let kinds: Vec<&Kind> = schema
            .fields()
            .iter()
            .map(|(_, at)| schema.kind(*at))
            .collect();
        assert_eq!(*kinds[0], Kind::Long);
        let Kind::Union(branches) = kinds[1] else {
            panic!("{kinds:?}")
        };
        assert_eq!((schema.kind(branches[0]), branches[1]), (&Kind::Null, 0));
        assert_eq!(kinds[2].word(), "enum");
        assert_eq!(kinds[3].word(), "map");
    }

    #[test]
    fn what_is_no_schema_of_records_is_told() {
        for (json, expected) in [
            ("\"string\"", "its outermost type is no record"),
            ("[\"null\"]", "its outermost type is no record"),
            (
                "{\"type\": \"record\", \"name\": \"r\"}",
                "a record has no fields",
            ),
            (
                "{\"type\": \"record\", \"name\": \"r\", \"fields\": [{\"name\": \"a\", \"type\": \"nope\"}]}",
                "there is no type `nope`",
            ),
            (
                "{\"type\": \"fixed\", \"name\": \"f\"}",
                "a type `fixed` has no size",
            ),
            ("1", "`1` is no type"),
        ] {
            assert_eq!(
                Schema::parse(json.as_bytes()).unwrap_err(),
                expected,
                "{json}"
            );
        }
        assert!(Schema::parse(b"{").is_err());
    }
}
