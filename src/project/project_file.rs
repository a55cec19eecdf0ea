//! `dbt_project.yml`, or what holds without it.
//!
//! In: the project's folder. Out: [`ProjectFile`].

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::files;
use super::folders::{default_tests, folders, no_models, no_target};
use super::render::{YamlRenderer, has_jinja};
use super::yaml::{self, Spanned, Yaml, YamlValue};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

/// What `dbt_project.yml` says, Jinja rendered, defaults filled in.
#[derive(Clone, Debug)]
pub struct ProjectFile {
    /// The project's name.
    pub name: String,
    /// `version`.
    pub version: Option<String>,
    /// Folders by what they hold.
    pub paths: Paths,
    /// `target-path`.
    pub target_path: Option<String>,
    /// `packages-install-path`.
    pub packages_install_path: String,
    /// `clean-targets`.
    pub clean_targets: Option<Vec<String>>,
    /// `vars`.
    pub vars: Map<String, Value>,
    /// `models`, `seeds`, …: configuration by folder.
    pub configs: ConfigTrees,
    /// `on-run-start`.
    pub on_run_start: Vec<Spanned<String>>,
    /// `on-run-end`.
    pub on_run_end: Vec<Spanned<String>>,
    /// `dispatch`: macro namespace to its search order.
    pub dispatch: BTreeMap<String, Vec<String>>,
    /// `flags`.
    pub flags: Map<String, Value>,
    /// Where the value of each flag is written.
    pub flags_at: BTreeMap<String, Span>,
    /// `quoting`.
    pub quoting: Map<String, Value>,
    /// `query-comment`.
    pub query_comment: QueryComment,
    /// `require-dbt-version`.
    pub require_dbt_version: Option<Yaml>,
    /// `restrict-access`: whether other packages may read only what is public.
    pub restrict_access: bool,
    /// The file, if there is one.
    pub source: Option<Arc<Source>>,
}

impl ProjectFile {
    /// What is wrong inside of a flag, each at the first name that it tells, else at the flag.
    pub fn at_flag(&self, flag: &str, wrong: Diagnostics) -> Diagnostics {
        let at = |wrong: Diagnostic| {
            let name = wrong.message.split('`').nth(1).unwrap_or_default();
            let place = self.flags_at.get(flag).map(|flag| flag.of_word(name));
            wrong.at_some(place)
        };
        Diagnostics(wrong.into_iter().map(at).collect())
    }
}

/// What stands beside each statement that is sent, for whoever reads the log of the warehouse.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum QueryComment {
    /// Nothing.
    #[default]
    None,
    /// A template of the project.
    Own {
        /// The template; none means dbt's own.
        template: Option<Spanned<String>>,
        /// Whether it stands behind the statement.
        append: bool,
    },
}

/// Folders of a project, from its root.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Paths {
    pub models: Vec<String>,
    pub seeds: Vec<String>,
    pub snapshots: Vec<String>,
    pub macros: Vec<String>,
    pub tests: Vec<String>,
    pub analyses: Vec<String>,
    pub functions: Vec<String>,
    /// Where docs blocks are looked for besides the others; `None` means everywhere.
    pub docs: Option<Vec<String>>,
}

/// The configuration trees of the project file.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ConfigTrees {
    pub models: ConfigTree,
    pub seeds: ConfigTree,
    pub snapshots: ConfigTree,
    pub tests: ConfigTree,
    pub sources: ConfigTree,
    pub exposures: ConfigTree,
    pub unit_tests: ConfigTree,
}

/// Configuration by package and folder, as rendered and as written.
#[derive(Clone, Debug, Default)]
pub struct ConfigTree {
    /// Rendered; `None` where the file has no such key.
    pub rendered: Option<Yaml>,
    /// As written.
    pub raw: Option<Yaml>,
}

/// The first reading of the file: what must be known before the target is.
#[derive(Debug)]
pub struct Draft {
    document: Option<Yaml>,
    /// Keys that are written twice, of which the last value counts, and folders that are no good.
    pub warnings: Vec<Diagnostic>,
    source: Option<Arc<Source>>,
    /// The project's name.
    pub name: String,
    /// `profile`, its Jinja not rendered.
    pub profile: Option<Yaml>,
    /// `vars`.
    pub vars: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Shape {
    #[serde(rename = "name")]
    _name: Option<Yaml>,
    version: Option<Yaml>,
    config_version: Option<Spanned<i64>>,
    #[serde(rename = "profile")]
    _profile: Option<Yaml>,
    #[serde(rename = "project-root")]
    _project_root: Option<Yaml>,
    #[serde(alias = "source-paths")]
    model_paths: Option<Vec<String>>,
    #[serde(alias = "data-paths")]
    seed_paths: Option<Vec<String>>,
    test_paths: Option<Vec<String>>,
    analysis_paths: Option<Vec<String>>,
    macro_paths: Option<Vec<String>>,
    snapshot_paths: Option<Vec<String>>,
    function_paths: Option<Vec<String>>,
    docs_paths: Option<Vec<String>>,
    #[serde(rename = "asset-paths")]
    _asset_paths: Option<Yaml>,
    target_path: Option<String>,
    #[serde(rename = "log-path")]
    _log_path: Option<String>,
    packages_install_path: Option<String>,
    clean_targets: Option<Vec<String>>,
    #[serde(rename = "vars")]
    _vars: Option<Yaml>,
    #[serde(rename = "models")]
    _models: Option<Yaml>,
    #[serde(rename = "seeds")]
    _seeds: Option<Yaml>,
    #[serde(rename = "snapshots")]
    _snapshots: Option<Yaml>,
    #[serde(rename = "tests")]
    _tests: Option<Yaml>,
    #[serde(rename = "data_tests", alias = "data-tests")]
    _data_tests: Option<Yaml>,
    #[serde(rename = "sources")]
    _sources: Option<Yaml>,
    #[serde(rename = "exposures")]
    _exposures: Option<Yaml>,
    #[serde(rename = "analyses")]
    _analyses: Option<Yaml>,
    #[serde(rename = "unit_tests", alias = "unit-tests")]
    _unit_tests: Option<Yaml>,
    #[serde(rename = "metrics")]
    _metrics: Option<Yaml>,
    #[serde(rename = "semantic-models")]
    _semantic_models: Option<Yaml>,
    #[serde(rename = "saved-queries")]
    _saved_queries: Option<Yaml>,
    #[serde(rename = "functions")]
    _functions: Option<Yaml>,
    on_run_start: Option<Yaml>,
    on_run_end: Option<Yaml>,
    flags: Option<Yaml>,
    #[serde(default)]
    dispatch: Vec<Dispatch>,
    quoting: Option<Yaml>,
    #[serde(rename = "query-comment", default, deserialize_with = "present")]
    query_comment: Option<Yaml>,
    require_dbt_version: Option<Yaml>,
    #[serde(rename = "restrict-access")]
    restrict_access: Option<Spanned<bool>>,
    #[serde(rename = "dbt-cloud")]
    _dbt_cloud: Option<Yaml>,
    packages: Option<Yaml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dispatch {
    macro_namespace: String,
    search_order: Vec<String>,
}

impl Draft {
    /// Reads `dbt_project.yml`, if the folder has one; `prefix` goes before the file's name where it is shown.
    ///
    /// # Errors
    /// YAML that is none, a name that cannot be one.
    pub fn read(root: &Path, prefix: &str) -> Result<Self, Diagnostics> {
        let path = root.join("dbt_project.yml");
        if !path.exists() {
            return Ok(Self {
                document: None,
                warnings: Vec::new(),
                source: None,
                name: name_of_folder(root),
                profile: None,
                vars: Map::new(),
            });
        }
        let source = files::read(&path, &format!("{prefix}dbt_project.yml"))?;
        let mut warnings = Vec::new();
        let document = yaml::parse_forgiving(&source, &mut warnings)?;
        if !document.is_map() && !document.is_null() {
            return Err(document
                .expected("a mapping with keys such as `name:`")
                .into());
        }
        let mut wrong = Diagnostics::default();
        let name = match document.get("name").map(check_name) {
            Some(Ok(name)) => name,
            Some(Err(problem)) => {
                wrong.push(problem);
                name_of_folder(root)
            }
            None => name_of_folder(root),
        };
        let profile = document
            .get("profile")
            .filter(|profile| !profile.is_null())
            .cloned();
        let vars = match document.get("vars") {
            Some(vars) if vars.is_map() || vars.is_null() => vars.to_object(),
            Some(vars) => {
                wrong.push(vars.expected("a mapping of variables"));
                Map::new()
            }
            None => Map::new(),
        };
        if prefix.is_empty() {
            warnings.extend(no_models(root, &document));
            warnings.extend(no_target(&document));
        }
        let draft = Self {
            document: Some(document),
            warnings,
            source: Some(source),
            name,
            profile,
            vars,
        };
        if wrong.has_errors() {
            // Nothing can be rendered without these; what is wrong beside them is told all the same.
            wrong.extend(draft.mistakes());
            return Err(wrong);
        }
        Ok(draft)
    }

    /// What is wrong in the keys of the file that hold no Jinja: told beside a mistake for which the rest cannot be rendered.
    pub fn mistakes(&self) -> Diagnostics {
        let mut problems = Diagnostics::default();
        let Some(document) = &self.document else {
            return problems;
        };
        for entry in document.entries().iter().filter(|(_, it)| !has_jinja(it)) {
            check_entry(document, entry, &mut problems);
        }
        problems
    }

    /// The whole file, with what its Jinja renders to.
    ///
    /// # Errors
    /// Jinja that fails, unknown keys, values that do not fit.
    pub fn finish(self, root: &Path, renderer: &YamlRenderer) -> Result<ProjectFile, Diagnostics> {
        let Some(document) = self.document else {
            return Ok(self.without_file(root));
        };
        let mut problems = Diagnostics::default();
        let rendered = renderer.render(&document, &rendered_now, &mut problems);
        // Each key by itself first, so that what is wrong is told all at once.
        for entry in rendered.entries() {
            check_entry(&rendered, entry, &mut problems);
        }
        if problems.has_errors() {
            return Err(problems);
        }
        let shape = rendered.to::<Shape>()?;
        refuse_unsupported(&shape, &mut problems);
        let tree = |key: &str| ConfigTree {
            rendered: rendered.get(key).filter(|tree| !tree.is_null()).cloned(),
            raw: document.get(key).cloned(),
        };
        let tests = [tree("data_tests"), tree("data-tests"), tree("tests")];
        let configs = ConfigTrees {
            models: tree("models"),
            seeds: tree("seeds"),
            snapshots: tree("snapshots"),
            tests: tests
                .into_iter()
                .find(|tree| tree.rendered.is_some())
                .unwrap_or_default(),
            sources: tree("sources"),
            exposures: tree("exposures"),
            unit_tests: [tree("unit_tests"), tree("unit-tests")]
                .into_iter()
                .find(|tree| tree.rendered.is_some())
                .unwrap_or_default(),
        };
        let mut hooks = |hooks: Option<&Yaml>| hook_list(hooks, &mut problems);
        let on_run_start = hooks(shape.on_run_start.as_ref());
        let on_run_end = hooks(shape.on_run_end.as_ref());
        let file = ProjectFile {
            name: self.name,
            version: shape.version.as_ref().map(Yaml::key_text),
            paths: Paths {
                models: shape.model_paths.unwrap_or_else(|| folders("models")),
                seeds: shape.seed_paths.unwrap_or_else(|| folders("seeds")),
                snapshots: shape.snapshot_paths.unwrap_or_else(|| folders("snapshots")),
                macros: shape.macro_paths.unwrap_or_else(|| folders("macros")),
                tests: shape.test_paths.unwrap_or_else(|| default_tests(root)),
                analyses: shape.analysis_paths.unwrap_or_else(|| folders("analyses")),
                functions: shape.function_paths.unwrap_or_else(|| folders("functions")),
                docs: shape.docs_paths,
            },
            target_path: shape.target_path,
            packages_install_path: shape
                .packages_install_path
                .unwrap_or_else(|| "dbt_packages".to_owned()),
            clean_targets: shape.clean_targets,
            vars: self.vars,
            configs,
            on_run_start,
            on_run_end,
            dispatch: shape
                .dispatch
                .into_iter()
                .map(|dispatch| (dispatch.macro_namespace, dispatch.search_order))
                .collect(),
            flags_at: shape
                .flags
                .iter()
                .flat_map(|flags| flags.entries())
                .map(|(key, value)| (key.key_text(), value.span.clone()))
                .collect(),
            flags: shape
                .flags
                .as_ref()
                .map(Yaml::to_object)
                .unwrap_or_default(),
            quoting: shape
                .quoting
                .as_ref()
                .map(Yaml::to_object)
                .unwrap_or_default(),
            query_comment: query_comment(shape.query_comment.as_ref(), &mut problems),
            require_dbt_version: shape.require_dbt_version,
            restrict_access: shape
                .restrict_access
                .is_some_and(|restricts| restricts.value),
            source: self.source,
        };
        problems.or(file).map(|(file, _)| file)
    }

    fn without_file(self, root: &Path) -> ProjectFile {
        ProjectFile {
            name: self.name,
            version: None,
            paths: Paths {
                models: folders("models"),
                seeds: folders("seeds"),
                snapshots: folders("snapshots"),
                macros: folders("macros"),
                tests: default_tests(root),
                analyses: folders("analyses"),
                functions: folders("functions"),
                docs: None,
            },
            target_path: None,
            packages_install_path: "dbt_packages".to_owned(),
            clean_targets: None,
            vars: self.vars,
            configs: ConfigTrees::default(),
            on_run_start: Vec::new(),
            on_run_end: Vec::new(),
            dispatch: BTreeMap::new(),
            flags: Map::new(),
            flags_at: BTreeMap::new(),
            quoting: Map::new(),
            query_comment: QueryComment::None,
            require_dbt_version: None,
            restrict_access: false,
            source: None,
        }
    }
}

/// What is wrong with one key, whatever the others are.
fn check_entry(file: &Yaml, entry: &(Yaml, Yaml), problems: &mut Diagnostics) {
    let alone = Yaml {
        value: YamlValue::Map(vec![entry.clone()]),
        span: file.span.clone(),
    };
    problems.0.extend(alone.to::<Shape>().err());
    check_mapping(entry, problems);
}

/// What has to be a mapping, and the parts of `quoting`.
fn check_mapping((key, value): &(Yaml, Yaml), problems: &mut Diagnostics) {
    const OF_FOLDERS: [&str; 12] = [
        "models",
        "seeds",
        "snapshots",
        "tests",
        "data_tests",
        "data-tests",
        "sources",
        "exposures",
        "unit_tests",
        "unit-tests",
        "metrics",
        "functions",
    ];
    const PARTS: [&str; 4] = ["database", "schema", "identifier", "snowflake_ignore_case"];
    let name = key.as_str().unwrap_or_default();
    let wanted = match name {
        name if OF_FOLDERS.contains(&name) => "a mapping of folders and settings",
        "flags" => "a mapping of flags",
        "quoting" => "a mapping with `database`, `schema` and `identifier`",
        _ => return,
    };
    if !value.is_map() && !value.is_null() {
        problems.push(value.expected(wanted));
    }
    let parts = match name {
        "quoting" => value.entries(),
        _ => &[],
    };
    for (part, quoted) in parts {
        let name = part.key_text();
        if !PARTS.contains(&name.as_str()) {
            problems.push(
                Diagnostic::error("unknown-key", format!("`quoting` has no key `{name}`"))
                    .at(part.span.clone())
                    .one_of(&name, PARTS),
            );
        } else if !matches!(quoted.value, YamlValue::Bool(_) | YamlValue::Null) {
            problems.push(quoted.expected("`true` or `false`"));
        }
    }
}

/// Hooks wait for their node, variables and comments for their use.
fn rendered_now(path: &[&str]) -> bool {
    let first = path.first().copied().unwrap_or("");
    let is_hook = |key: &&str| {
        matches!(
            key.trim_start_matches(['+', ' ']),
            "pre-hook" | "post-hook" | "pre_hook" | "post_hook"
        )
    };
    !matches!(
        first,
        "on-run-start" | "on-run-end" | "query-comment" | "vars"
    ) && !path.iter().any(is_hook)
}

/// A value that is there, be it `null`.
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Yaml>, D::Error> {
    Yaml::deserialize(value).map(Some)
}

fn query_comment(said: Option<&Yaml>, problems: &mut Diagnostics) -> QueryComment {
    let Some(said) = said else {
        return QueryComment::None;
    };
    let template = |yaml: &Yaml| {
        let value = yaml.as_str()?.to_owned();
        let span = yaml.span.clone();
        Some(Spanned { value, span })
    };
    match &said.value {
        YamlValue::Null => QueryComment::None,
        YamlValue::String(text) if text.trim().is_empty() => QueryComment::None,
        YamlValue::String(_) => QueryComment::Own {
            template: template(said),
            append: false,
        },
        YamlValue::Map(_) => {
            for (key, _) in said.entries() {
                let known = ["comment", "append", "job-label"];
                let name = key.as_str().unwrap_or_default();
                if !known.contains(&name) {
                    problems.push(
                        Diagnostic::error(
                            "unknown-key",
                            format!("`query-comment` has no key `{name}`"),
                        )
                        .at(key.span.clone())
                        .one_of(name, known),
                    );
                }
            }
            QueryComment::Own {
                template: said.get("comment").and_then(template),
                append: matches!(
                    said.get("append").map(|append| &append.value),
                    Some(YamlValue::Bool(true))
                ),
            }
        }
        _ => {
            problems.push(said.expected("a text, or a mapping with `comment` and `append`"));
            QueryComment::None
        }
    }
}

fn hook_list(hooks: Option<&Yaml>, problems: &mut Diagnostics) -> Vec<Spanned<String>> {
    let items = match hooks.map(|hooks| &hooks.value) {
        None | Some(YamlValue::Null) => return Vec::new(),
        Some(YamlValue::Seq(items)) => items.iter().collect(),
        Some(_) => hooks.into_iter().collect::<Vec<_>>(),
    };
    let mut read = Vec::new();
    for item in items {
        match item.as_str() {
            Some(text) => read.push(Spanned {
                value: text.to_owned(),
                span: item.span.clone(),
            }),
            None => problems.push(item.expected("a text of SQL")),
        }
    }
    read
}

fn check_name(name: &Yaml) -> Result<String, Diagnostic> {
    let text = name
        .as_str()
        .ok_or_else(|| name.expected("the project's name"))?;
    let is_word = text
        .chars()
        .all(|character| character.is_alphanumeric() || character == '_');
    if !is_word || text.is_empty() || text.starts_with(|first: char| first.is_numeric()) {
        return Err(Diagnostic::error(
            "bad-project-name",
            format!("`{text}` cannot be the name of a project"),
        )
        .at(name.span.clone())
        .help("use letters, digits and `_`, starting with a letter"));
    }
    Ok(text.to_owned())
}

fn name_of_folder(root: &Path) -> String {
    let absolute = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let folder = absolute
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let name = folder
        .chars()
        .map(|character| {
            if character.is_alphanumeric() {
                character
            } else {
                '_'
            }
        })
        .collect::<String>();
    if name.is_empty() || name.starts_with(|first: char| first.is_numeric()) {
        format!("project_{name}")
    } else {
        name
    }
}

/// Whether dbt takes a text as the version of a project: two or three whole numbers, and behind three what semantic versions allow.
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let is_number = |number: &&str| {
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        digits && (number.len() == 1 || !number.starts_with('0'))
    };
    let whole = core.len() == text.len();
    numbers.iter().all(is_number)
        && (numbers.len() == 3 && (whole || text.len() > core.len() + 1)
            || numbers.len() == 2 && whole)
}

fn refuse_unsupported(shape: &Shape, problems: &mut Diagnostics) {
    if let Some(version) = shape.version.as_ref().filter(|version| !version.is_null())
        && !is_version(&version.key_text())
    {
        problems.push(
            Diagnostic::error(
                "bad-version",
                format!("`version: {}` is no version of a project", version.key_text()),
            )
            .at(version.span.clone())
            .help("write two or three whole numbers, such as `version: '1.0.0'`, or leave the key out"),
        );
    }
    if let Some(version) = shape
        .config_version
        .as_ref()
        .filter(|version| version.value != 2)
    {
        problems.push(
            Diagnostic::error(
                "not-supported",
                format!("`config-version: {}` is not supported", version.value),
            )
            .at(version.span.clone())
            .help("write `config-version: 2`, the only one since dbt 1.0"),
        );
    }
    if let Some(packages) = &shape.packages {
        problems.push(
            Diagnostic::error("unknown-key", "packages are not named in `dbt_project.yml`")
                .at(packages.span.clone())
                .help("move them to `packages.yml`"),
        );
    }
}
