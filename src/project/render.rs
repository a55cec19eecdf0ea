//! Jinja in YAML: `env_var`, `var` and `target`, with native types.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Map, Value};

use super::Environment;
use super::yaml::{Yaml, YamlValue};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::jinja::{self, Answer, Macros, MomentValue, Template, World};

/// Renders the values of YAML files.
///
/// The template language is started only when a file holds Jinja at all.
pub struct YamlRenderer {
    macros: OnceLock<Result<Macros, Diagnostics>>,
    project: String,
    world: Arc<YamlWorld>,
    asked: Arc<dyn World>,
}

impl YamlRenderer {
    /// A renderer that answers from these variables; `target` once it is known, `secrets` only where a secret may be read.
    pub fn new(
        project: &str,
        environment: &Environment,
        vars: Vars,
        target: Option<Value>,
        secrets: bool,
    ) -> Self {
        let world = Arc::new(YamlWorld {
            project: project.to_owned(),
            environment: environment.clone(),
            vars,
            target: target.as_ref().map(to_jinja),
            secrets,
            secrets_read: Mutex::default(),
        });
        Self {
            macros: OnceLock::new(),
            project: project.to_owned(),
            asked: Arc::clone(&world) as Arc<dyn World>,
            world,
        }
    }

    /// A node with every text rendered for which `wanted` says so; it sees the keys from the node down (`[]` for a list's item).
    pub fn render(
        &self,
        yaml: &Yaml,
        wanted: &dyn Fn(&[&str]) -> bool,
        problems: &mut Diagnostics,
    ) -> Yaml {
        if !has_jinja(yaml) {
            return yaml.clone();
        }
        self.walk(yaml, &mut Vec::new(), wanted, problems)
    }

    /// The secrets that were read so far.
    pub fn secrets_read(&self) -> Vec<String> {
        self.world
            .secrets_read
            .lock()
            .map_or_else(|_| Vec::new(), |read| read.clone())
    }

    fn walk<'y>(
        &self,
        yaml: &'y Yaml,
        path: &mut Vec<&'y str>,
        wanted: &dyn Fn(&[&str]) -> bool,
        problems: &mut Diagnostics,
    ) -> Yaml {
        let value = match &yaml.value {
            YamlValue::String(text) if is_jinja(text) && wanted(path) => {
                return match self.render_text(text, yaml) {
                    Ok(value) => Yaml::from_json(&value, &yaml.span),
                    Err(problem) => {
                        problems.push(*problem);
                        yaml.clone()
                    }
                };
            }
            YamlValue::Seq(items) => {
                path.push("[]");
                let items = items
                    .iter()
                    .map(|item| self.walk(item, path, wanted, problems))
                    .collect();
                path.pop();
                YamlValue::Seq(items)
            }
            YamlValue::Map(entries) => {
                let mut rendered = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    path.push(key.as_str().unwrap_or(""));
                    rendered.push((key.clone(), self.walk(value, path, wanted, problems)));
                    path.pop();
                }
                YamlValue::Map(rendered)
            }
            other => other.clone(),
        };
        Yaml {
            value,
            span: yaml.span.clone(),
        }
    }

    fn render_text(&self, text: &str, yaml: &Yaml) -> Result<Value, Box<Diagnostic>> {
        let macros = self
            .macros
            .get_or_init(|| Macros::load(&self.project, &[], &BTreeMap::new()))
            .as_ref()
            .map_err(|problems| {
                Box::new(problems.0.first().cloned().unwrap_or_else(|| {
                    Diagnostic::error("jinja", "the template language did not start")
                }))
            })?;
        let value = macros.render_value(&Template::scalar(text, &yaml.span), &self.asked)?;
        Ok(from_jinja(&value))
    }
}

/// A JSON value as a template sees it.
pub fn to_jinja(value: &Value) -> jinja::Value {
    jinja::Value::from(minijinja::value::Serde(value))
}

/// A template's value as JSON; what JSON cannot hold becomes its text.
pub fn from_jinja(value: &jinja::Value) -> Value {
    serde_json::to_value(value).unwrap_or_else(|_| Value::String(value.to_string()))
}

/// Whether a text holds Jinja.
pub fn is_jinja(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// Whether a value holds Jinja anywhere.
pub fn has_jinja(yaml: &Yaml) -> bool {
    match &yaml.value {
        YamlValue::String(text) => is_jinja(text),
        YamlValue::Seq(items) => items.iter().any(has_jinja),
        YamlValue::Map(entries) => entries.iter().any(|(_, value)| has_jinja(value)),
        _ => false,
    }
}

/// The variables that `var` sees.
#[derive(Clone, Debug, Default)]
pub struct Vars {
    /// `--vars`.
    pub command_line: Map<String, Value>,
    /// `vars:` of the project's own `dbt_project.yml`.
    pub project: Map<String, Value>,
    /// `vars:` of the packages' `dbt_project.yml`, by package.
    pub packages: BTreeMap<String, Map<String, Value>>,
}

impl Vars {
    /// A variable as a package sees it: of the command line; of the project, what it says for this package before what it says
    /// for all; then of the package's own file, in the same order.
    pub fn get(&self, package: &str, name: &str) -> Option<&Value> {
        self.layers(package).find_map(|layer| layer.get(name))
    }

    fn layers(&self, package: &str) -> impl Iterator<Item = &Map<String, Value>> + use<'_> {
        let scoped = |vars| -> Option<&Map<String, Value>> { Map::get(vars, package)?.as_object() };
        let own = self.packages.get(package);
        [
            Some(&self.command_line),
            scoped(&self.project),
            Some(&self.project),
            own.and_then(scoped),
            own,
        ]
        .into_iter()
        .flatten()
    }

    /// All names that a package sees.
    pub fn names(&self, package: &str) -> Vec<&str> {
        let mut names = self
            .layers(package)
            .flat_map(Map::keys)
            .map(String::as_str)
            .collect::<Vec<_>>();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The value of an environment variable for a template, secrets only where they may be read.
///
/// # Errors
/// When the variable is secret and may not be read here.
pub fn env_var(environment: &Environment, name: &str, secrets: bool) -> Answer<Option<String>> {
    if Environment::is_secret(name) && !secrets {
        return Err(Box::new(
            Diagnostic::error("secret-env-var", format!("the secret `{name}` cannot be read here"))
                .help("secret environment variables are for `profiles.yml` only; give another variable a name without `DBT_ENV_SECRET`"),
        ));
    }
    Ok(environment.get(name).map(str::to_owned))
}

struct YamlWorld {
    project: String,
    environment: Environment,
    vars: Vars,
    target: Option<jinja::Value>,
    secrets: bool,
    secrets_read: Mutex<Vec<String>>,
}

impl World for YamlWorld {
    fn dialect(&self) -> &str {
        "redshift"
    }

    fn package(&self) -> &str {
        &self.project
    }

    fn global(&self, name: &str) -> Option<jinja::Value> {
        match name {
            "target" => self.target.clone(),
            "project_name" => Some(jinja::Value::from(self.project.as_str())),
            "run_started_at" => {
                let started = self.environment.1.started.to_zoned(jiff::tz::TimeZone::UTC);
                Some(MomentValue::from(&started).into())
            }
            "invocation_id" => Some(jinja::Value::from(self.environment.1.id.as_str())),
            _ => None,
        }
    }

    fn global_names(&self) -> Vec<String> {
        ["target", "project_name", "run_started_at", "invocation_id"]
            .map(str::to_owned)
            .to_vec()
    }

    fn var(&self, name: &str) -> Answer<Option<jinja::Value>> {
        Ok(self.vars.get(&self.project, name).map(to_jinja))
    }

    fn var_names(&self) -> Vec<String> {
        let names = self.vars.names(&self.project);
        names.into_iter().map(str::to_owned).collect()
    }

    fn env_var(&self, name: &str) -> Answer<Option<String>> {
        let value = env_var(&self.environment, name, self.secrets)?;
        if let (true, Some(value), Ok(mut read)) = (
            Environment::is_secret(name),
            &value,
            self.secrets_read.lock(),
        ) {
            read.push(value.clone());
        }
        Ok(value)
    }
}
