//! A relation in a template's hands: it prints as the dialect writes it, and answers `.schema`, `.include(…)` and so on.
//!
//! In: a [`Relation`] with its kind. Out: [`RelationValue`].
//! Does not know whether the relation exists.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use crate::relation::{Relation, RelationKind};

/// Which of the three parts of a name something holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The database.
    pub database: bool,
    /// The schema.
    pub schema: bool,
    /// The identifier.
    pub identifier: bool,
}

impl Parts {
    /// All three.
    pub const ALL: Self = Self {
        database: true,
        schema: true,
        identifier: true,
    };

    fn with(self, kwargs: &Kwargs) -> Result<Self, Error> {
        let part = |name: &str, now: bool| -> Result<bool, Error> {
            Ok(kwargs
                .get::<Option<Value>>(name)?
                .map_or(now, |value| value.is_true()))
        };
        Ok(Self {
            database: part("database", self.database)?,
            schema: part("schema", self.schema)?,
            identifier: part("identifier", self.identifier)?,
        })
    }

    fn value(self) -> Value {
        Value::from_pairs([
            ("database", Value::from(self.database)),
            ("schema", Value::from(self.schema)),
            ("identifier", Value::from(self.identifier)),
        ])
    }
}

/// What a name stands for, as far as a template cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unknown,
    Known(RelationKind),
    /// A common table expression that stands in for an ephemeral model.
    Cte,
}

/// A relation, printed as `"database"."schema"."identifier"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationValue {
    /// The name.
    pub relation: Relation,
    kind: Kind,
    schema: Option<String>,
    identifier: Option<String>,
    quoted: Parts,
    included: Parts,
    /// Which rows are read, innermost first: a condition, and the word in the alias of the query, where it needs one.
    narrowed: Vec<(String, Option<&'static str>)>,
    /// What is printed in the place of its name: files that DuckDB reads.
    location: Option<String>,
}

impl RelationValue {
    /// A relation whose parts are all quoted and printed.
    pub fn new(relation: Relation, kind: Option<RelationKind>) -> Self {
        Self {
            schema: Some(relation.schema.clone()),
            identifier: Some(relation.identifier.clone()),
            relation,
            kind: kind.map_or(Kind::Unknown, Kind::Known),
            quoted: Parts::ALL,
            included: Parts::ALL,
            narrowed: Vec::new(),
            location: None,
        }
    }

    /// The same relation, which is read from this place.
    #[must_use]
    pub fn located(mut self, location: Option<String>) -> Self {
        self.location = location;
        self
    }

    /// The same relation of which only some rows are read: it prints as a query in parentheses, where it needs one with dbt's alias.
    #[must_use]
    pub fn narrowed(mut self, condition: &str, alias: Option<&'static str>) -> Self {
        self.narrowed.push((condition.to_owned(), alias));
        self
    }

    /// The name of a common table expression: printed bare.
    pub fn cte(name: impl Into<String>) -> Self {
        let mut made = Self::new(Relation::new("", name), None);
        made.kind = Kind::Cte;
        made.schema = None;
        made.quoted.identifier = false;
        made
    }

    /// The same relation with some parts quoted.
    #[must_use]
    pub fn quoted(mut self, parts: Parts) -> Self {
        self.quoted = parts;
        self
    }

    /// Table or view, where it is known.
    pub fn kind(&self) -> Option<RelationKind> {
        match self.kind {
            Kind::Known(kind) => Some(kind),
            Kind::Unknown | Kind::Cte => None,
        }
    }

    /// From the keyword arguments of `api.Relation.create`.
    pub(crate) fn from_kwargs(kwargs: &Kwargs) -> Result<Self, Error> {
        let text = |name: &str| -> Result<Option<String>, Error> {
            let value = kwargs.get::<Option<Value>>(name)?;
            Ok(value
                .filter(|value| !value.is_none())
                .map(|value| value.to_string()))
        };
        let (schema, identifier) = (text("schema")?, text("identifier")?);
        let mut made = Self::new(
            Relation {
                database: text("database")?,
                schema: schema.clone().unwrap_or_default(),
                identifier: identifier.clone().unwrap_or_default(),
            },
            None,
        );
        made.schema = schema;
        made.identifier = identifier;
        if let Some(kind) = text("type")? {
            made.kind = kind_named(&kind)?;
        }
        if let Some(policy) = kwargs.get::<Option<Value>>("quote_policy")? {
            made.quoted = made.quoted.with(&parts_of(&policy)?)?;
        }
        if let Some(policy) = kwargs.get::<Option<Value>>("include_policy")? {
            made.included = made.included.with(&parts_of(&policy)?)?;
        }
        kwargs.assert_all_used()?;
        Ok(made)
    }

    fn part(text: Option<&String>, included: bool, quoted: bool) -> Option<String> {
        let text = text.filter(|text| included && !text.is_empty())?;
        Some(if quoted {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.clone()
        })
    }

    fn type_name(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Unknown => None,
            Kind::Known(kind) => Some(kind.as_str()),
            Kind::Cte => Some("cte"),
        }
    }

    fn with_parts(&self, kwargs: &Kwargs) -> Result<Self, Error> {
        let mut new = self.clone();
        let text = |name: &str, now: Option<String>| -> Result<Option<String>, Error> {
            if !kwargs.has(name) {
                return Ok(now);
            }
            let value: Value = kwargs.get(name)?;
            Ok(match value.is_none() || value.is_undefined() {
                true => None,
                false => Some(value.to_string()),
            })
        };
        new.relation.database = text("database", new.relation.database)?;
        new.schema = text("schema", new.schema)?;
        new.identifier = text("identifier", new.identifier)?;
        new.relation.schema = new.schema.clone().unwrap_or_default();
        new.relation.identifier = new.identifier.clone().unwrap_or_default();
        Ok(new)
    }

    /// `incorporate(path={…}, type='view')`.
    fn incorporate(&self, kwargs: &Kwargs) -> Result<Self, Error> {
        let mut new = self.clone();
        if let Some(path) = kwargs.get::<Option<Value>>("path")? {
            new = new.with_parts(&parts_of(&path)?)?;
        }
        if let Some(kind) = kwargs.get::<Option<String>>("type")? {
            new.kind = kind_named(&kind)?;
        }
        Ok(new)
    }

    /// `information_schema('columns')`: the view of the relation's database.
    fn information_schema(&self, view: Option<&str>) -> Self {
        let mut new = Self::new(
            Relation {
                database: self.relation.database.clone(),
                schema: "INFORMATION_SCHEMA".to_string(),
                identifier: view.unwrap_or_default().to_string(),
            },
            None,
        );
        new.quoted.schema = false;
        new.quoted.identifier = false;
        new
    }
}

fn kind_named(name: &str) -> Result<Kind, Error> {
    Ok(match name {
        "table" | "external" => Kind::Known(RelationKind::Table),
        "view" => Kind::Known(RelationKind::View),
        "materialized_view" => Kind::Known(RelationKind::MaterializedView),
        "cte" | "ephemeral" => Kind::Cte,
        other => {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                format!("`{other}` is not a type of relation: table, view, materialized_view, cte"),
            ));
        }
    })
}

fn parts_of(map: &Value) -> Result<Kwargs, Error> {
    let mut pairs = Vec::new();
    for key in map.try_iter()? {
        let value = map.get_item(&key)?;
        pairs.push((key.to_string(), value));
    }
    Ok(pairs.into_iter().collect())
}

impl fmt::Display for RelationValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            Self::part(
                self.relation.database.as_ref(),
                self.included.database,
                self.quoted.database,
            ),
            Self::part(
                self.schema.as_ref(),
                self.included.schema,
                self.quoted.schema,
            ),
            Self::part(
                self.identifier.as_ref(),
                self.included.identifier,
                self.quoted.identifier,
            ),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let mut text = match &self.location {
            Some(location) => location.clone(),
            None => parts.join("."),
        };
        for (condition, alias) in &self.narrowed {
            text = format!("(select * from {text} where {condition})");
            if let Some(word) = alias {
                let name = self.identifier.as_deref().unwrap_or_default();
                text.push_str(&format!(" _dbt_{word}_subq_{name}"));
            }
        }
        f.write_str(&text)
    }
}

impl From<RelationValue> for Value {
    fn from(relation: RelationValue) -> Self {
        Value::from_object(relation)
    }
}

/// What a template can read of a relation, in the order it is listed.
const KEYS: &[&str] = &[
    "database",
    "schema",
    "identifier",
    "name",
    "type",
    "path",
    "quote_policy",
    "include_policy",
    "metadata",
    "is_table",
    "is_view",
    "is_cte",
    "is_materialized_view",
];

impl Object for RelationValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let text = |text: Option<&String>| text.map_or(Value::from(()), Value::from);
        Some(match key.as_str()? {
            "database" => text(self.relation.database.as_ref()),
            "schema" => text(self.schema.as_ref()),
            "identifier" | "name" | "table" => text(self.identifier.as_ref()),
            "type" => self.type_name().map_or(Value::from(()), Value::from),
            "path" => Value::from_pairs([
                ("database", text(self.relation.database.as_ref())),
                ("schema", text(self.schema.as_ref())),
                ("identifier", text(self.identifier.as_ref())),
            ]),
            "quote_policy" => self.quoted.value(),
            "include_policy" => self.included.value(),
            "metadata" => Value::from_pairs([("type", Value::from("RedstartRelation"))]),
            "is_table" => Value::from(self.kind == Kind::Known(RelationKind::Table)),
            "is_view" => Value::from(self.kind == Kind::Known(RelationKind::View)),
            "is_cte" => Value::from(self.kind == Kind::Cte),
            "is_materialized_view" => {
                Value::from(self.kind == Kind::Known(RelationKind::MaterializedView))
            }
            "can_be_renamed" | "can_be_replaced" => Value::from(matches!(
                self.kind,
                Kind::Known(RelationKind::Table | RelationKind::View)
            )),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(KEYS)
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn custom_cmp(
        self: &Arc<Self>,
        other: &minijinja::value::DynObject,
    ) -> Option<std::cmp::Ordering> {
        let other = other.downcast_ref::<Self>()?;
        Some((&self.relation, self.type_name(), self.to_string()).cmp(&(
            &other.relation,
            other.type_name(),
            other.to_string(),
        )))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let (args, kwargs): (&[Value], Kwargs) = match args.split_last() {
            Some((last, rest)) if last.is_kwargs() => (rest, Kwargs::try_from(last.clone())?),
            _ => (args, std::iter::empty::<(String, Value)>().collect()),
        };
        let new = (**self).clone();
        let first = args.first().and_then(Value::as_str);
        Ok(match method {
            "include" => Self {
                included: new.included.with(&kwargs)?,
                ..new
            }
            .into(),
            "quote" => Self {
                quoted: new.quoted.with(&kwargs)?,
                ..new
            }
            .into(),
            "replace_path" => new.with_parts(&kwargs)?.into(),
            "incorporate" => new.incorporate(&kwargs)?.into(),
            "without_identifier" => Self {
                included: Parts {
                    identifier: false,
                    ..new.included
                },
                ..new
            }
            .into(),
            "information_schema" => new.information_schema(first).into(),
            "information_schema_only" => {
                let mut only = new.information_schema(None);
                only.identifier = None;
                only.into()
            }
            "render" => Value::from(self.to_string()),
            "quoted" => Value::from(format!("\"{}\"", first.unwrap_or_default())),
            "matches" => {
                let wanted = new.with_parts(&kwargs)?;
                Value::from(
                    wanted.relation.key() == self.relation.key()
                        && wanted.relation.database == self.relation.database,
                )
            }
            "get" => {
                let found = first.and_then(|key| self.get_value(&Value::from(key)));
                found
                    .or_else(|| args.get(1).cloned())
                    .unwrap_or(Value::from(()))
            }
            "to_dict" => {
                let keys = KEYS.iter().copied();
                Value::from_pairs(keys.filter_map(|key| Some((key, self.get_value(&key.into())?))))
            }
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders() -> RelationValue {
        RelationValue::new(
            Relation {
                database: Some("dev".into()),
                ..Relation::new("marts", "orders")
            },
            Some(RelationKind::View),
        )
    }

    #[test]
    fn a_relation_prints_its_included_parts_quoted() {
        assert_eq!(orders().to_string(), r#""dev"."marts"."orders""#);
        assert_eq!(
            RelationValue::cte("__dbt__cte__a").to_string(),
            "__dbt__cte__a"
        );
    }

    #[test]
    fn a_template_reads_and_changes_a_relation() {
        let mut env = minijinja::Environment::new();
        env.add_global("r", Value::from(orders()));
        let render = |text: &str| env.render_str(text, ()).unwrap();
        assert_eq!(
            render("{{ r.include(database=false) }}"),
            r#""marts"."orders""#
        );
        assert_eq!(
            render("{{ r.quote(identifier=false).name }} {{ r.type }} {{ r.is_view }}"),
            "orders view True"
        );
        assert_eq!(
            render("{{ r.incorporate(path={'identifier': 'x'}, type='table') }}"),
            r#""dev"."marts"."x""#
        );
        assert_eq!(
            render("{{ r is mapping and r.metadata.type.endswith is undefined }}"),
            "True"
        );
        assert_eq!(render("{{ r == r.include(schema=true) }}"), "True");
    }
}
