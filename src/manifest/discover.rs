//! What a template reads: rendered once with `execute = false`, its `ref`, `source` and `config` calls written down.
//!
//! In: a node's template. Out: [`Found`].
//! Resolves no name: every `ref` answers with a relation that only looks like one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexSet;
use serde_json::{Map, Value};

use super::config::KnownMaterialization;
use super::in_jinja::InJinja;
use super::merge::{Layer, Setting};
use super::node::{RefCall, SourceCall};
use crate::diagnostic::Diagnostic;
use crate::jinja::{self, Answer, Macros, RelationValue, StaticCalls, Template, World};
use crate::project::render::{env_var, from_jinja, to_jinja};
use crate::project::{DocsBlock, Environment, Vars};
use crate::relation::Relation;

/// What is the same for every template of a project.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The project's name.
    pub project: String,
    /// The name of the package that the templates belong to.
    pub package: String,
    /// `target.type`.
    pub dialect: String,
    /// `target.schema`.
    pub schema: String,
    /// `var`.
    pub vars: Vars,
    /// `env_var`.
    pub environment: Environment,
    /// `target`, `flags`, `invocation_id`, ….
    pub globals: BTreeMap<String, jinja::Value>,
    /// The materializations there are.
    pub materializations: Vec<KnownMaterialization>,
    /// The materializations written in Jinja.
    pub in_jinja: InJinja,
    /// `doc`.
    pub docs: BTreeMap<String, DocsBlock>,
}

/// What a template was found to read and to say.
#[derive(Debug, Default)]
pub struct Found {
    /// `ref` calls in order, as often as they are called.
    pub refs: Vec<RefCall>,
    /// `source` calls in order, as often as they are called.
    pub sources: Vec<SourceCall>,
    /// Settings of `config` calls.
    pub config: Layer,
    /// `unique_id`s of the macros that the template calls, in the order of its calls.
    pub macros: IndexSet<String>,
    /// And of those that were called in them.
    pub called: BTreeSet<String>,
    /// What `exceptions.warn` said.
    pub warnings: Vec<Diagnostic>,
}

/// The parse-time world of one node.
pub struct ParseWorld {
    shared: Arc<Shared>,
    identity: Identity,
    found: Mutex<Found>,
    /// The macros that the template calls and that are nowhere: nothing is made of it, but what else it reads is found.
    missing: Mutex<BTreeSet<String>>,
}

/// What a template may know of its node before it is resolved.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// `model` in the template.
    pub model: Map<String, Value>,
    /// Configuration from the project file and the properties.
    pub config: Map<String, Value>,
    /// Where it is built, as far as that is known.
    pub schema: Option<String>,
}

impl ParseWorld {
    /// The world of a node.
    pub fn new(shared: &Arc<Shared>, identity: Identity) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::clone(shared),
            identity,
            found: Mutex::default(),
            missing: Mutex::default(),
        })
    }

    /// Renders a template in this world and takes what it read; the calls are looked up in the template's text.
    ///
    /// # Errors
    /// What is wrong in the template.
    pub fn discover(
        self: &Arc<Self>,
        macros: &Macros,
        template: &Template,
    ) -> Result<Found, Box<Diagnostic>> {
        if let Some(calls) = jinja::static_calls(macros, &self.shared.package, template) {
            return Ok(Found::literal(calls, template));
        }
        let world: Arc<dyn World> = Arc::clone(self) as Arc<dyn World>;
        let mut absent: Option<Box<Diagnostic>> = None;
        let rendered = loop {
            match macros.render(template, &world) {
                Ok(rendered) => break rendered,
                Err(wrong) => {
                    let missing = jinja::missing_macro(&wrong).map(str::to_owned);
                    let mut known = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
                    if !missing.is_some_and(|name| known.insert(name)) {
                        // What a missing macro would have given is no mistake of who takes it.
                        let taken = wrong.code == "wrong-arguments";
                        return Err(absent.filter(|_| taken).unwrap_or(wrong));
                    }
                    absent.get_or_insert(wrong);
                    *self.lock() = Found::default();
                }
            }
        };
        let mut found = std::mem::take(&mut *self.lock());
        // As dbt does: only what the template itself calls.
        found.macros.extend(rendered.macros_named);
        found.called = rendered.macros_called;
        let text = template.text();
        let own = macros.find(&self.shared.package, "is_incremental");
        if own.is_none() && find_word(text, "is_incremental") {
            found.macros.insert(IS_INCREMENTAL.to_owned());
        }
        found.locate(template);
        Ok(found)
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn relation(&self, name: &str) -> RelationValue {
        let schema = self
            .identity
            .schema
            .as_deref()
            .unwrap_or(&self.shared.schema);
        RelationValue::new(Relation::new(schema, name), None)
    }
}

impl Found {
    /// What a template with nothing but literal calls says.
    fn literal(calls: StaticCalls, template: &Template) -> Self {
        let mut found = Self::default();
        for call in calls.refs {
            found.refs.push(RefCall {
                package: call.package,
                name: call.name,
                version: call.version.as_ref().map(from_jinja),
                span: Some(call.span),
            });
        }
        for (source, table, span) in calls.sources {
            // dbt reads such templates without rendering them, and then tells each table once.
            let known = |call: &SourceCall| call.source == source && call.table == table;
            if found.sources.iter().any(known) {
                continue;
            }
            let span = Some(span);
            found.sources.push(SourceCall {
                source,
                table,
                span,
            });
        }
        for (key, value) in calls.config {
            let span = find_setting(template.text(), &key).map(|range| template.span(range));
            let value = from_jinja(&value);
            found.config.0.push(Setting { key, value, span });
        }
        found
    }

    /// Finds the places of calls with literal arguments.
    fn locate(&mut self, template: &Template) {
        let text = template.text();
        for call in &mut self.refs {
            call.span = find_call(text, "ref", &call.name).map(|range| template.span(range));
        }
        for call in &mut self.sources {
            call.span = find_call(text, "source", &call.table).map(|range| template.span(range));
        }
        for setting in &mut self.config.0 {
            setting.span = find_setting(text, &setting.key).map(|range| template.span(range));
        }
    }
}

/// dbt lists it among the macros that a template calls; here it is part of the language.
const IS_INCREMENTAL: &str = "macro.dbt.is_incremental";

/// Whether a word is called in a text.
fn find_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
            && text[at + word.len()..].trim_start().starts_with('(')
    })
}

/// The bytes of `function(… 'last' …)` up to the quoted name.
fn find_call(text: &str, function: &str, last: &str) -> Option<std::ops::Range<usize>> {
    let mut from = 0;
    while let Some(at) = text[from..].find(function).map(|at| from + at) {
        from = at + function.len();
        let word_before =
            text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        let rest = &text[from..];
        if word_before || !rest.trim_start().starts_with('(') {
            continue;
        }
        let call = rest.split_once(')').map_or(rest, |(call, _)| call);
        let quoted = ['\'', '"']
            .iter()
            .find_map(|quote| call.find(&format!("{quote}{last}{quote}")));
        if let Some(at_name) = quoted {
            let end = from + at_name + last.len() + 2;
            let close = text[end..].find(')').map_or(end, |close| end + close + 1);
            let end = if text[end..close].trim() == ")" {
                close
            } else {
                end
            };
            return Some(at..end);
        }
    }
    None
}

/// The bytes of a value in `config(… key=value …)`.
fn find_setting(text: &str, key: &str) -> Option<std::ops::Range<usize>> {
    let mut from = text.find("config(").or_else(|| text.find("config ("))?;
    while let Some(at) = text[from..].find(key).map(|at| from + at) {
        from = at + key.len();
        let word_before =
            text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        let rest = text[from..].trim_start_matches(['\'', '"', ' ']);
        if word_before || !rest.starts_with(['=', ':']) {
            continue;
        }
        let start = text.len() - rest[1..].trim_start().len();
        return Some(start..start + value_length(&text[start..]));
    }
    None
}

/// The length of an argument: up to the comma or bracket that ends it.
fn value_length(text: &str) -> usize {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}' | ',') if depth == 0 => return text[..at].trim_end().len(),
            (None, ')' | ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    text.trim_end().len()
}

impl World for ParseWorld {
    fn dialect(&self) -> &str {
        &self.shared.dialect
    }

    fn package(&self) -> &str {
        &self.shared.package
    }

    fn forgives(&self) -> bool {
        true
    }

    fn overridden(&self, package: Option<&str>, name: &str) -> Option<jinja::Value> {
        let missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        (package.is_none() && missing.contains(name)).then_some(jinja::Value::UNDEFINED)
    }

    fn global(&self, name: &str) -> Option<jinja::Value> {
        match name {
            "this" => Some(jinja::Value::from_object(
                self.relation(&self.identity.name),
            )),
            "model" => Some(to_jinja(&Value::Object(self.identity.model.clone()))),
            "schema" => Some(jinja::Value::from(self.shared.schema.as_str())),
            // A template may change its own.
            "invocation_args_dict" => {
                let shared = self.shared.globals.get(name)?;
                Some(jinja::changing(&crate::project::render::from_jinja(shared)))
            }
            _ => self.shared.globals.get(name).cloned(),
        }
    }

    fn global_names(&self) -> Vec<String> {
        let own = ["this", "model", "schema"].map(str::to_owned);
        own.into_iter()
            .chain(self.shared.globals.keys().cloned())
            .collect()
    }

    fn ref_(&self, call: &jinja::RefCall<'_>) -> Answer<RelationValue> {
        let seen = RefCall {
            package: call.package.map(str::to_owned),
            name: call.name.to_owned(),
            version: call.version.as_ref().map(from_jinja),
            span: None,
        };
        self.lock().refs.push(seen);
        Ok(self.relation(call.name))
    }

    fn source(&self, source: &str, table: &str) -> Answer<RelationValue> {
        let seen = SourceCall {
            source: source.to_owned(),
            table: table.to_owned(),
            span: None,
        };
        self.lock().sources.push(seen);
        Ok(RelationValue::new(Relation::new(source, table), None))
    }

    fn set_config(&self, settings: &[(String, jinja::Value)]) -> Answer<()> {
        let mut found = self.lock();
        for (key, value) in settings {
            found.config.0.push(Setting {
                key: key.clone(),
                value: from_jinja(value),
                span: None,
            });
        }
        Ok(())
    }

    fn config(&self, key: &str) -> Answer<Option<jinja::Value>> {
        let found = self.lock();
        let said = found
            .config
            .0
            .iter()
            .rev()
            .find(|setting| setting.key == key);
        Ok(said
            .map(|setting| &setting.value)
            .or_else(|| self.identity.config.get(key))
            .filter(|value| !value.is_null())
            .map(to_jinja))
    }

    fn var(&self, name: &str) -> Answer<Option<jinja::Value>> {
        Ok(self
            .shared
            .vars
            .get(&self.shared.package, name)
            .map(to_jinja))
    }

    fn var_names(&self) -> Vec<String> {
        let names = self.shared.vars.names(&self.shared.package);
        names.into_iter().map(str::to_owned).collect()
    }

    fn env_var(&self, name: &str) -> Answer<Option<String>> {
        env_var(&self.shared.environment, name, false)
    }

    fn doc(&self, package: Option<&str>, name: &str) -> Answer<String> {
        let name = match package {
            Some(package) => format!("{package}.{name}"),
            None => name.to_owned(),
        };
        match self.shared.docs.get(&name) {
            Some(block) => Ok(block.text.clone()),
            None => Err(Box::new(unknown_doc(&self.shared.docs, &name))),
        }
    }

    fn warn(&self, warning: Diagnostic) -> Answer<()> {
        self.lock().warnings.push(warning);
        Ok(())
    }
}

/// The error that a docs block is missing.
pub fn unknown_doc(docs: &BTreeMap<String, DocsBlock>, name: &str) -> Diagnostic {
    Diagnostic::error(
        "unknown-docs-block",
        format!("there is no docs block `{name}`"),
    )
    .did_you_mean(name, docs.keys().map(String::as_str))
    .help(format!(
        "write `{{% docs {name} %}} … {{% enddocs %}}` in a Markdown file beside the models"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_calls_and_settings_are_found_in_the_text() {
        let text = "{{ config(materialized = 'table', sort=['a', 'b'], alias=\"x\") }}\nselect * from {{ xref('a') }} {{ ref(\"pkg\", 'orders') }} join {{ source('raw', 'events') }}";
        let shown = |range: Option<std::ops::Range<usize>>| range.map(|range| &text[range]);
        assert_eq!(shown(find_setting(text, "materialized")), Some("'table'"));
        assert_eq!(shown(find_setting(text, "sort")), Some("['a', 'b']"));
        assert_eq!(shown(find_setting(text, "alias")), Some("\"x\""));
        assert_eq!(shown(find_setting(text, "tags")), None);
        assert_eq!(
            shown(find_call(text, "ref", "orders")),
            Some("ref(\"pkg\", 'orders')")
        );
        assert_eq!(shown(find_call(text, "ref", "a")), None);
        assert_eq!(
            shown(find_call(text, "source", "events")),
            Some("source('raw', 'events')")
        );
    }
}
