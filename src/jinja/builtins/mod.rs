//! The functions and objects that every template can name.
//!
//! In: nothing. Out: a table from name to value, and the environment with filters and tests.
//! Knows the world only through the state of the render it is called in.

mod adapter;
mod args;
mod compare;
mod config;
mod constraints;
mod core;
mod data;
mod dates;
mod exceptions;
mod filters;
mod modules;
mod regex;
mod texts;
mod turns;
mod yaml;

use std::collections::BTreeMap;

use minijinja::Value;

use args::{Function, Group};
pub use dates::MomentValue;
pub use filters::{environment, left_out};

/// The version of dbt whose language this is, and whose artifacts are written.
pub const DBT_VERSION: &str = "1.11.0";

/// Everything a template can name wherever it stands.
pub fn all() -> BTreeMap<&'static str, Value> {
    let mut all: BTreeMap<&'static str, Value> = BTreeMap::new();
    let functions = core::FUNCTIONS.iter().chain(data::FUNCTIONS);
    let functions = functions.chain(turns::FUNCTIONS);
    let operators = dates::OPERATORS.iter().chain(compare::OPERATORS);
    for (name, body) in functions.chain(operators) {
        all.insert(name, Function::value(name, *body));
    }
    // `builtins` reaches what a project macro of the same name hides.
    let builtins = ["ref", "source"].map(|name| (name, all[name].clone()));
    let config = config::config();
    let builtins = builtins.into_iter().chain([("config", config.clone())]);
    all.insert("builtins", Value::from_pairs(builtins));
    all.insert("config", config);
    all.insert("var", core::variables());
    all.insert("exceptions", exceptions::exceptions());
    all.insert("validation", config::validation());
    all.insert("adapter", adapter::adapter());
    all.insert("api", adapter::api());
    all.insert("modules", modules::modules());
    all.insert("dbt_version", Value::from(DBT_VERSION));
    all.insert(
        "dbt_metadata_envs",
        Value::from_pairs::<[(Value, Value); 0], _, _>([]),
    );
    all
}

/// `builtins`, whose functions know the project as `builtins.ref.config`: packages look there for the versions of others.
pub fn of_project(project: &Value) -> Value {
    let named = |name: &'static str| {
        let found = core::FUNCTIONS.iter().find(|(known, _)| *known == name);
        let function = Group {
            name,
            attributes: vec![("config", project.clone())],
            methods: &[],
            call: found.map(|(_, body)| *body),
        };
        (name, Value::from(function))
    };
    Value::from_pairs([named("ref"), named("source"), ("config", config::config())])
}

/// A value with attributes.
fn group(name: &'static str, attributes: Vec<(&'static str, Value)>) -> Value {
    Group {
        name,
        attributes,
        methods: &[],
        call: None,
    }
    .into()
}
