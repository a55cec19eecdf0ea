//! Where a node stands in the warehouse: `generate_schema_name` and its like, as dbt has them or as the project overrides them.
//!
//! In: a node's configuration. Out: its alias and relation.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::config::Config;
use super::discover::{Identity, ParseWorld, Shared};
use crate::diagnostic::{Diagnostic, Span};
use crate::jinja::{self, Macros, World};
use crate::project::Target;
use crate::project::render::{from_jinja, to_jinja};
use crate::relation::Relation;

/// The most bytes of a name on Redshift: <https://docs.aws.amazon.com/redshift/latest/dg/r_names.html>.
const LONGEST: usize = 127;

/// Names nodes, by macro where the project has its own.
pub struct Names<'a> {
    macros: &'a Macros,
    shared: Arc<Shared>,
    target: &'a Target,
    quoting: &'a Map<String, Value>,
    alias_macro: bool,
    schema_macro: bool,
    database_macro: bool,
}

/// The alias of a node and where it stands.
pub struct Place {
    /// Its name in the warehouse.
    pub alias: String,
    /// The whole of it.
    pub relation: Relation,
}

impl<'a> Names<'a> {
    /// Looks which of the macros the project overrides, or else the package whose nodes are named (dbt's order).
    pub fn new(
        macros: &'a Macros,
        shared: &Arc<Shared>,
        target: &'a Target,
        quoting: &'a Map<String, Value>,
    ) -> Self {
        let overridden_in = |package: &str, name: &str| {
            let forms = [
                name.to_owned(),
                format!("{}__{name}", target.dialect()),
                format!("default__{name}"),
            ];
            forms.iter().any(|form| {
                macros
                    .find(package, form)
                    .is_some_and(|found| found.package != "dbt")
            })
        };
        let macros_of = |package: &str| {
            [
                "generate_alias_name",
                "generate_schema_name",
                "generate_database_name",
            ]
            .map(|name| overridden_in(package, name))
        };
        let of_project = macros_of(&shared.project);
        let mut shared = Arc::clone(shared);
        let [alias_macro, schema_macro, database_macro] = if of_project.contains(&true) {
            if shared.package != shared.project {
                shared = Arc::new(Shared {
                    package: shared.project.clone(),
                    ..Shared::clone(&shared)
                });
            }
            of_project
        } else {
            macros_of(&shared.package)
        };
        Self {
            macros,
            shared,
            target,
            quoting,
            alias_macro,
            schema_macro,
            database_macro,
        }
    }

    /// The place of a node.
    ///
    /// # Errors
    /// What a macro of the project says.
    pub fn place(
        &self,
        name: &str,
        model: &Map<String, Value>,
        config: &Config,
        at: &Span,
    ) -> Result<Place, Box<Diagnostic>> {
        let call = |macro_name: &str, custom: Option<&str>| {
            self.call(macro_name, custom, name, model, config, at)
        };
        let alias = match &config.alias {
            alias if self.alias_macro => call("generate_alias_name", alias.as_deref())?,
            // As in dbt's macro, an empty one is none.
            Some(alias) if !alias.trim().is_empty() => alias.trim().to_owned(),
            _ => name.to_owned(),
        };
        // As in dbt, what a snapshot names its target is taken as it is.
        let target = |key: &str| config.values.get(key).and_then(Value::as_str);
        let schema = match &config.schema {
            _ if let Some(schema) = target("target_schema") => schema.to_owned(),
            schema if self.schema_macro => call("generate_schema_name", schema.as_deref())?,
            Some(schema) => format!("{}_{}", self.target.schema, schema.trim()),
            None => self.target.schema.clone(),
        };
        let database = match &config.database {
            _ if let Some(database) = target("target_database") => database.to_owned(),
            database if self.database_macro => call("generate_database_name", database.as_deref())?,
            Some(database) => database.trim().to_owned(),
            None => self.target.database.clone(),
        };
        for (what, given) in [("alias", &alias), ("schema", &schema)] {
            if given.is_empty() {
                let message = format!("`{name}` gets an empty {what}");
                let macro_name = format!("generate_{what}_name");
                let custom = match what {
                    "alias" if self.alias_macro => Some(&config.alias),
                    "schema" if self.schema_macro => Some(&config.schema),
                    _ => None,
                };
                let undefined = custom.and_then(|custom| {
                    let (args, world) = self.ready(custom.as_deref(), name, model, config);
                    self.macros.undefined_in(&macro_name, &args, &world, at)
                });
                return Err(match undefined {
                    Some(wrong) => Box::new(wrong.note(format!("so {message}"))),
                    None => Box::new(
                        Diagnostic::error("empty-name", message)
                            .at(at.clone())
                            .help(format!("look at `{what}` in its configuration, and at the macro `{macro_name}`")),
                    ),
                });
            }
            if given.len() > LONGEST && self.target.dialect() == "redshift" {
                let place = config.origins.get(what).unwrap_or(at);
                return Err(Box::new(
                    Diagnostic::error(
                        "name-too-long",
                        format!(
                            "the {what} of `{name}` takes {} bytes, and a name on Redshift has at most {LONGEST}",
                            given.len()
                        ),
                    )
                    .at(place.clone())
                    .help(format!("give it a shorter `{what}`")),
                ));
            }
        }
        let relation = Relation {
            database: (database != self.target.database).then_some(database),
            ..Relation::new(schema, alias.clone())
        };
        let relation = self.folded(relation, &[config.values.get("quoting")]);
        Ok(Place { alias, relation })
    }

    /// A relation as PostgreSQL calls it where `quoting` leaves parts of its name without quotes: there they fold to lower case.
    /// Redshift and DuckDB take names in any case, with quotes or without. The last of `own` that speaks of a part decides.
    pub fn folded(&self, mut relation: Relation, own: &[Option<&Value>]) -> Relation {
        if self.target.dialect() != "postgres" {
            return relation;
        }
        let is_quoted = |part: &str| {
            let mut levels = own.iter().rev().flatten();
            let said = levels.find_map(|quoting| quoting.get(part)?.as_bool());
            said.or_else(|| self.quoting.get(part)?.as_bool())
                .unwrap_or(true)
        };
        for (part, name) in [
            ("schema", &mut relation.schema),
            ("identifier", &mut relation.identifier),
        ] {
            if !is_quoted(part) {
                *name = name.to_lowercase();
            }
        }
        relation
    }

    fn call(
        &self,
        macro_name: &str,
        custom: Option<&str>,
        name: &str,
        model: &Map<String, Value>,
        config: &Config,
        at: &Span,
    ) -> Result<String, Box<Diagnostic>> {
        let (args, world) = self.ready(custom, name, model, config);
        let value = self.macros.call(macro_name, &args, &[], &world, at)?;
        Ok(match from_jinja(&value) {
            Value::String(text) => text.trim().to_owned(),
            Value::Null => String::new(),
            other => other.to_string(),
        })
    }

    /// The arguments of such a macro, and what it sees.
    fn ready(
        &self,
        custom: Option<&str>,
        name: &str,
        model: &Map<String, Value>,
        config: &Config,
    ) -> ([jinja::Value; 2], Arc<dyn World>) {
        let mut node = model.clone();
        node.insert("config".to_owned(), Value::Object(config.values.to_map()));
        let node_value = to_jinja(&Value::Object(node.clone()));
        let identity = Identity {
            name: name.to_owned(),
            model: node,
            config: config.values.to_map(),
            schema: None,
        };
        let custom = custom.map_or_else(|| jinja::Value::from(()), jinja::Value::from);
        (
            [custom, node_value],
            ParseWorld::new(&self.shared, identity),
        )
    }
}
