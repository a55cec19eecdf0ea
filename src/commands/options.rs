//! The flags that every command takes, before or after the command's name.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{BoolishValueParser, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args};

use crate::project;
use crate::report::{Again, Color, LogFormat, LogLevel};

/// Which project, profile and target are meant, and how the program talks.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Project options")]
pub struct Global {
    /// Folder of the project [default: the nearest with dbt_project.yml, from here upwards]
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        env = "DBT_PROJECT_DIR",
        hide_env_values = true
    )]
    pub project_dir: Option<PathBuf>,

    /// Folder of profiles.yml [default: the project's folder, then ~/.dbt]
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        env = "DBT_PROFILES_DIR",
        hide_env_values = true
    )]
    pub profiles_dir: Option<PathBuf>,

    /// Profile to use instead of the project's
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "DBT_PROFILE",
        hide_env_values = true
    )]
    pub profile: Option<String>,

    /// Target of the profile to build for
    #[arg(
        short,
        long,
        global = true,
        value_name = "NAME",
        env = "DBT_TARGET",
        hide_env_values = true
    )]
    pub target: Option<String>,

    /// Variables as YAML, which win over those of dbt_project.yml: '{start: 2018-11-01}'
    #[arg(long, global = true, value_name = "YAML")]
    pub vars: Option<String>,

    /// How many nodes are built at a time
    #[arg(long, global = true, value_name = "N", value_parser = at_least_one)]
    pub threads: Option<usize>,

    /// How long to wait for another build into the same schemas or DuckDB file: 90s, 10m, 1h [default: for a schema as long as it
    /// takes, for a file not at all]
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        env = "DBT_WAIT",
        hide_env_values = true,
        value_parser = time
    )]
    pub wait: Option<Duration>,

    /// Folder for compiled SQL, artifacts and documentation [default: target]
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        env = "DBT_TARGET_PATH",
        hide_env_values = true
    )]
    pub target_path: Option<PathBuf>,

    /// `--fail-fast` before the command's name; after it, it is the command's own
    #[arg(short = 'x', long = "fail-fast", hide = true)]
    pub fail_fast: bool,

    /// How the program talks.
    #[command(flatten)]
    pub output: Output,
}

/// How the program talks.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Output options")]
pub struct Output {
    /// Show errors only; what a command answers is still printed
    #[arg(short, long, global = true, env = "DBT_QUIET", hide_env_values = true, value_parser = BoolishValueParser::new(), overrides_with = "no_quiet")]
    pub quiet: bool,

    /// The opposite of --quiet, which may come from the environment
    #[arg(long, global = true, hide = true, overrides_with = "quiet")]
    pub no_quiet: bool,

    /// Lines for people, or one JSON object a line
    #[arg(long, global = true, value_name = "FORMAT", env = "DBT_LOG_FORMAT", hide_env_values = true, default_value = "text", value_parser = log_format(), ignore_case = true)]
    pub log_format: LogFormat,

    /// The least that is shown
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "DBT_LOG_LEVEL",
        hide_env_values = true,
        default_value = "info",
        value_enum,
        ignore_case = true
    )]
    pub log_level: LogLevel,

    /// Show everything, as --log-level debug
    #[arg(short, long, global = true, env = "DBT_DEBUG", hide_env_values = true, value_parser = BoolishValueParser::new(), overrides_with = "no_debug")]
    pub debug: bool,

    /// The opposite of --debug
    #[arg(long, global = true, hide = true, overrides_with = "debug")]
    pub no_debug: bool,

    /// No colours, as with the variable NO_COLOR
    #[arg(
        long,
        global = true,
        alias = "no-use-colors",
        overrides_with = "use_colors"
    )]
    pub no_color: bool,

    /// Colours, also where standard output is no terminal
    #[arg(long, global = true, hide = true, env = "DBT_USE_COLORS", num_args = 0, default_missing_value = "true", value_parser = BoolishValueParser::new(), overrides_with = "no_color")]
    pub use_colors: Option<bool>,
}

impl Global {
    /// What a command that is advised has to be called with to find the same project; what stands in the environment is found anyway.
    pub fn again(&self) -> Again {
        let said = |flag: &str, variable: &str, value: Option<&OsStr>| {
            let value = value.filter(|value| std::env::var_os(variable).as_deref() != Some(value));
            Some([flag.to_owned(), value?.to_str()?.to_owned()])
        };
        let folder = |flag, variable, folder: &Option<PathBuf>| {
            said(flag, variable, folder.as_deref().map(Path::as_os_str))
        };
        let choice = |flag, variable, choice: &Option<String>| {
            said(flag, variable, choice.as_deref().map(OsStr::new))
        };
        let folders = [
            folder("--project-dir", "DBT_PROJECT_DIR", &self.project_dir),
            folder("--profiles-dir", "DBT_PROFILES_DIR", &self.profiles_dir),
            folder("--target-path", "DBT_TARGET_PATH", &self.target_path),
        ];
        let choices = [
            choice("--profile", "DBT_PROFILE", &self.profile),
            choice("--target", "DBT_TARGET", &self.target),
            choice("--vars", "DBT_VARS", &self.vars),
        ];
        Again {
            folders: folders.into_iter().flatten().collect(),
            choices: choices.into_iter().flatten().collect(),
        }
    }

    /// What the project's loader needs to know, from a working folder.
    pub fn project(&self, here: &Path, environment: project::Environment) -> project::Options {
        project::Options {
            root: self.root(here),
            here: here.to_owned(),
            profiles_dir: self.profiles_dir.clone(),
            profile: self.profile.clone(),
            target: self.target.clone(),
            vars: self.vars.clone(),
            threads: self.threads,
            target_path: self.target_path.clone(),
            environment,
        }
    }

    /// The project's folder: as given, or the nearest one upwards with a `dbt_project.yml`, or the working folder.
    pub fn root(&self, here: &Path) -> PathBuf {
        match &self.project_dir {
            Some(folder) => here.join(folder),
            None => here
                .ancestors()
                .find(|folder| folder.join("dbt_project.yml").is_file())
                .unwrap_or(here)
                .to_owned(),
        }
    }
}

impl Output {
    /// When to use colours.
    pub fn color(&self) -> Color {
        match (self.no_color, self.use_colors) {
            (true, _) | (_, Some(false)) => Color::Never,
            (_, Some(true)) => Color::Always,
            _ => Color::Auto,
        }
    }

    /// The least that is shown.
    pub fn level(&self) -> LogLevel {
        if self.debug && !self.no_debug {
            LogLevel::Debug
        } else {
            self.log_level
        }
    }
}

/// A flag that is on by itself or by `DBT_FAIL_FAST`.
#[derive(Args, Clone, Debug)]
pub struct FailFast {
    /// Stop at the first failure
    #[arg(short = 'x', long, env = "DBT_FAIL_FAST", hide_env_values = true, value_parser = BoolishValueParser::new(), action = ArgAction::SetTrue, overrides_with = "no_fail_fast")]
    pub fail_fast: bool,

    /// The opposite of --fail-fast, which may come from the environment
    #[arg(long, hide = true, overrides_with = "fail_fast")]
    pub no_fail_fast: bool,
}

impl FailFast {
    /// Whether it was asked for, before or after the command's name.
    pub fn is_on(&self, global: &Global) -> bool {
        self.fail_fast || (global.fail_fast && !self.no_fail_fast)
    }
}

/// `--no-check`.
#[derive(Args, Clone, Debug)]
pub struct Checking {
    /// Do not look for what the database would refuse before the first statement
    #[arg(long, overrides_with = "check")]
    no_check: bool,

    /// Look first: the default
    #[arg(long, hide = true, overrides_with = "no_check")]
    check: bool,
}

impl Checking {
    /// Whether mistakes stop a run before its first statement.
    pub fn is_on(&self) -> bool {
        self.check || !self.no_check
    }
}

/// `--full-refresh`.
#[derive(Args, Clone, Debug)]
pub struct FullRefresh {
    /// Build incremental models and seeds anew instead of adding to them
    #[arg(short, long, env = "DBT_FULL_REFRESH", hide_env_values = true, value_parser = BoolishValueParser::new(), action = ArgAction::SetTrue)]
    pub full_refresh: bool,
}

/// `--audit`.
#[derive(Args, Clone, Debug)]
pub struct Audit {
    /// Show the rows of a node only once its tests have passed; else what was there stays
    #[arg(long)]
    pub audit: bool,
}

/// `--store-failures`.
#[derive(Args, Clone, Debug)]
pub struct StoreFailures {
    /// Keep the rows that fail a test in a table
    #[arg(long, env = "DBT_STORE_FAILURES", hide_env_values = true, value_parser = BoolishValueParser::new(), action = ArgAction::SetTrue)]
    pub store_failures: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("a whole number from 1 is needed".to_owned()),
    }
}

/// `10m`, `1h 30m`; a number alone is seconds.
fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is needed, such as `90s`, `10m` or `1h`".to_owned();
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let time: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(time).map_err(|_| wrong())
}

/// dbt's names: `default` is the text, and so is `debug`, whose additions `--log-level debug` shows.
fn log_format() -> impl TypedValueParser<Value = LogFormat> {
    PossibleValuesParser::new([
        clap::builder::PossibleValue::new("text"),
        clap::builder::PossibleValue::new("json"),
        clap::builder::PossibleValue::new("default").hide(true),
        clap::builder::PossibleValue::new("debug").hide(true),
    ])
    .map(|name| {
        if name.eq_ignore_ascii_case("json") {
            LogFormat::Json
        } else {
            LogFormat::Text
        }
    })
}
