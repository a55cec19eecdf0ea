//! A small world for tests: two models, a source, variables, one answer for every query.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::world::{Answer, Question, RefCall, Reply, World};
use super::{ColumnValue, MacroFile, Macros, RelationValue, Rendered, TableValue, Template, Value};
use crate::diagnostic::{Diagnostic, Diagnostics, Level, Source, Span};
use crate::relation::{Relation, RelationKind};

/// What the tests let a template see.
#[derive(Default)]
pub struct TestWorld {
    pub dialect: &'static str,
    pub parsing: bool,
    pub globals: BTreeMap<&'static str, Value>,
    pub vars: BTreeMap<&'static str, Value>,
    pub config: Mutex<Vec<(String, Value)>>,
    pub logged: Mutex<Vec<String>>,
    pub asked: Mutex<Vec<String>>,
    pub warned: Mutex<Vec<Diagnostic>>,
}

impl TestWorld {
    /// The world in which most tests render.
    pub fn new() -> Self {
        let target = Value::from_pairs([
            ("schema", Value::from("dev")),
            ("name", Value::from("dev")),
            ("type", Value::from("redshift")),
        ]);
        Self {
            dialect: "redshift",
            globals: BTreeMap::from([
                ("target", target),
                ("this", relation("main", "here").into()),
                ("model", Value::from_pairs([("name", "here")])),
            ]),
            vars: BTreeMap::from([("start", Value::from("2024-01-01")), ("n", Value::from(3))]),
            ..Self::default()
        }
    }

    /// The same while the project is parsed.
    pub fn parsing() -> Self {
        Self {
            parsing: true,
            ..Self::new()
        }
    }
}

pub fn relation(schema: &str, name: &str) -> RelationValue {
    RelationValue::new(Relation::new(schema, name), Some(RelationKind::Table))
}

impl World for TestWorld {
    fn dialect(&self) -> &str {
        self.dialect
    }

    fn package(&self) -> &str {
        "shop"
    }

    fn execute(&self) -> bool {
        !self.parsing
    }

    fn global(&self, name: &str) -> Option<Value> {
        self.globals.get(name).cloned()
    }

    fn global_names(&self) -> Vec<String> {
        self.globals.keys().map(ToString::to_string).collect()
    }

    fn ref_(&self, call: &RefCall<'_>) -> Answer<RelationValue> {
        let names = ["orders", "customers"];
        if names.contains(&call.name) {
            let name = match &call.version {
                Some(version) => format!("{}_v{version}", call.name),
                None => call.name.to_string(),
            };
            return Ok(relation(call.package.unwrap_or("main"), &name));
        }
        Err(Box::new(
            Diagnostic::error("unknown-ref", format!("there is no model `{}`", call.name))
                .did_you_mean(call.name, names),
        ))
    }

    fn source(&self, source: &str, table: &str) -> Answer<RelationValue> {
        Ok(relation(source, table))
    }

    fn set_config(&self, settings: &[(String, Value)]) -> Answer<()> {
        self.config.lock().unwrap().extend_from_slice(settings);
        Ok(())
    }

    fn config(&self, key: &str) -> Answer<Option<Value>> {
        let settings = self.config.lock().unwrap();
        let found = settings.iter().rev().find(|(name, _)| name == key);
        Ok(found.map(|(_, value)| value.clone()))
    }

    fn var(&self, name: &str) -> Answer<Option<Value>> {
        Ok(self.vars.get(name).cloned())
    }

    fn env_var(&self, name: &str) -> Answer<Option<String>> {
        Ok((name == "HOME").then(|| "/home/ada".to_string()))
    }

    fn doc(&self, _: Option<&str>, name: &str) -> Answer<String> {
        Ok(format!("the docs of {name}"))
    }

    fn is_incremental(&self) -> bool {
        true
    }

    fn ask(&self, question: &Question<'_>) -> Answer<Reply> {
        Ok(match question {
            Question::Query { sql, .. } => {
                self.asked.lock().unwrap().push((*sql).to_string());
                Reply::Answer {
                    table: TableValue::new(
                        vec!["id".into(), "name".into()],
                        vec![
                            vec![Value::from(1), Value::from("ada")],
                            vec![Value::from(2), Value::from("grace")],
                        ],
                    ),
                    rows: Some(2),
                }
            }
            Question::Relation(relation) if relation.identifier == "missing" => Reply::Nothing,
            Question::Relation(wanted) => {
                Reply::Relation(relation(&wanted.schema, &wanted.identifier))
            }
            Question::Columns(_) => Reply::Columns(vec![
                ColumnValue::new("id", "integer"),
                ColumnValue::new("name", "character varying(20)"),
            ]),
            _ => Reply::Nothing,
        })
    }

    fn log(&self, message: &str, _: bool) {
        self.logged.lock().unwrap().push(message.to_string());
    }

    fn warn(&self, warning: Diagnostic) -> Answer<()> {
        self.logged.lock().unwrap().push(warning.to_string());
        self.warned.lock().unwrap().push(warning);
        Ok(())
    }
}

/// The macros of a project `shop` with one file.
pub fn macros(text: &str) -> Result<Macros, Diagnostics> {
    let file = MacroFile {
        package: "shop".into(),
        source: Source::new("macros/m.sql", text),
    };
    Macros::load("shop", &[file], &BTreeMap::new())
}

/// Renders a model with the macros of a file.
pub fn try_render(
    macros_text: &str,
    model: &str,
    world: TestWorld,
) -> Result<Rendered, Box<Diagnostic>> {
    let macros = macros(macros_text).map_err(|found| found.0[0].clone())?;
    let world: Arc<dyn World> = Arc::new(world);
    macros.render(&Template::file(&Source::new("models/m.sql", model)), &world)
}

/// The text of a model.
pub fn text(macros_text: &str, model: &str) -> String {
    match try_render(macros_text, model, TestWorld::new()) {
        Ok(rendered) => rendered.text,
        Err(diagnostic) => panic!("{}", drawn(&diagnostic)),
    }
}

/// The error of a model, or else its last warning, drawn.
pub fn error(macros_text: &str, model: &str) -> String {
    let world = Arc::new(TestWorld::new());
    let asked: Arc<dyn World> = Arc::clone(&world) as Arc<dyn World>;
    let macros = match macros(macros_text) {
        Ok(macros) => macros,
        Err(found) => return drawn(&found.0[0]),
    };
    let template = Template::file(&Source::new("models/m.sql", model));
    match macros.render(&template, &asked) {
        Ok(rendered) => match world.warned.lock().unwrap().last() {
            Some(warning) => drawn(warning),
            None => panic!("no error, but {:?}", rendered.text),
        },
        Err(diagnostic) => drawn(&diagnostic),
    }
}

/// Everything that is wrong in a template, and what it made the world say.
pub fn all_errors(macros_text: &str, model: &str) -> String {
    let world = Arc::new(TestWorld::new());
    let asked: Arc<dyn World> = Arc::clone(&world) as Arc<dyn World>;
    let template = Template::file(&Source::new("models/m.sql", model));
    let done = macros(macros_text).unwrap().render(&template, &asked);
    let (text, told) = match done {
        Ok(rendered) => (rendered.text, Vec::new()),
        Err(wrong) => (String::new(), wrong.apart()),
    };
    let told = told.iter().map(|wrong| {
        let place = wrong.span.as_ref().map(Span::place).unwrap_or_default();
        let level = match wrong.level {
            Level::Warning => "warning",
            _ => "error",
        };
        format!("{place} {level}: {}\n", wrong.message)
    });
    let told: String = told.collect();
    let logged = world.logged.lock().unwrap().join(", ");
    format!("{told}text: {text}\nlogged: {logged}")
}

/// A diagnostic in text: the message, the words under each span.
pub fn drawn(diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.level {
        Level::Warning => "warning",
        _ => "error",
    };
    let mut text = format!("{level}[{}]: {}\n", diagnostic.code, diagnostic.message);
    let mut place = |what: &str, span: &Span| {
        text.push_str(&format!("  {what}{} `{}`\n", span.place(), span.text()));
    };
    if let Some(span) = &diagnostic.span {
        place("at ", span);
    }
    for (what, span) in &diagnostic.related {
        place(&format!("{what}: "), span);
    }
    for (what, lines) in [("note", &diagnostic.notes), ("help", &diagnostic.help)] {
        for line in lines {
            text.push_str(&format!("  {what}: {line}\n"));
        }
    }
    if let Some(label) = &diagnostic.label {
        text.push_str(&format!("  label: {label}\n"));
    }
    text
}
