//! Every flag of dbt 1.11 that all commands take or that artifacts tell, by name: what it holds, where else it may be said.

/// What a flag holds, and what it is by default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// `--x` and `--no-x`.
    Switch(bool),
    /// A whole number.
    Number(i64),
    /// One of some words.
    Choice(&'static [&'static str], &'static str),
    /// Any text; none by default.
    Text,
    /// Several words.
    Words,
    /// A mapping in YAML.
    Mapping,
}

/// A flag of dbt.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The environment variable beside it, where that is not declared with the flag's argument.
    pub variable: Option<&'static str>,
    /// Whether `flags:` of the project file may say it.
    pub in_project: bool,
    /// Who declares the argument.
    pub role: Role,
}

/// What a flag does here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A command or the global options declare it.
    Declared,
    /// It works, and is declared by the table: dbt knows it, few need it, so help does not show it.
    Hidden,
    /// It changes nothing here, for this reason.
    Idle(&'static str),
    /// It is refused when it is given, for this reason.
    Refused(&'static str),
}

impl Flag {
    /// The name with `_`, as in `flags:`, in artifacts, and as the argument's id.
    pub fn key(&self) -> String {
        self.name.replace('-', "_")
    }

    /// The id of the argument that says the opposite.
    pub fn opposite(&self) -> String {
        match self.name {
            "use-colors" => "no_color".to_owned(),
            _ => format!("no_{}", self.key()),
        }
    }

    const fn variable(mut self, name: &'static str) -> Self {
        self.variable = Some(name);
        self
    }

    const fn in_project(mut self) -> Self {
        self.in_project = true;
        self
    }

    const fn hidden(mut self) -> Self {
        self.role = Role::Hidden;
        self
    }

    const fn idle(mut self, why: &'static str) -> Self {
        self.role = Role::Idle(why);
        self
    }

    const fn refused(mut self, why: &'static str) -> Self {
        self.role = Role::Refused(why);
        self
    }
}

const fn flag(name: &'static str, kind: Kind) -> Flag {
    Flag {
        name,
        kind,
        variable: None,
        in_project: false,
        role: Role::Declared,
    }
}

const fn switch(name: &'static str) -> Flag {
    flag(name, Kind::Switch(false))
}

const fn default_on(name: &'static str) -> Flag {
    flag(name, Kind::Switch(true))
}

const FORMATS: &[&str] = &["text", "debug", "json", "default"];
const LEVELS: &[&str] = &["debug", "info", "warn", "error", "none"];
const INDIRECT: &[&str] = &["eager", "cautious", "buildable", "empty"];

const NO_CACHE: &str = "what stands in the warehouse is read at once, by schema";
const NO_PARTIAL: &str = "a project is read whole each time";
const NO_PARSER: &str = "there is one way to read a template";
const NO_USAGE: &str = "nothing is sent to anyone";
const NO_CLOUD: &str = "dbt Cloud is not asked";
const NO_DEPRECATIONS: &str = "each warning is told with its place anyway";
const NO_METRICFLOW: &str = "saved queries of MetricFlow are not run, as in dbt Core";
const NO_PROFILER: &str =
    "there is no Python to profile; run_results.json has the times of each node";
const NO_SQLPARSE: &str = "SQL is read by a parser of our own";

/// The flags, in the order of their names.
pub const FLAGS: &[Flag] = &[
    switch("cache-selected-only")
        .variable("DBT_CACHE_SELECTED_ONLY")
        .in_project()
        .idle(NO_CACHE),
    default_on("clean-project-files-only")
        .variable("DBT_CLEAN_PROJECT_FILES_ONLY")
        .refused("a folder outside the project is never removed"),
    switch("debug").in_project(),
    switch("defer"),
    flag("defer-state", Kind::Text),
    switch("empty").variable("DBT_EMPTY").hidden(),
    flag("event-time-end", Kind::Text)
        .variable("DBT_EVENT_TIME_END")
        .hidden(),
    flag("event-time-start", Kind::Text)
        .variable("DBT_EVENT_TIME_START")
        .hidden(),
    flag("exclude", Kind::Words),
    switch("export-saved-queries")
        .variable("DBT_EXPORT_SAVED_QUERIES")
        .idle(NO_METRICFLOW),
    switch("fail-fast").in_project(),
    switch("favor-state"),
    switch("full-refresh"),
    switch("include-saved-query")
        .variable("DBT_INCLUDE_SAVED_QUERY")
        .idle(NO_METRICFLOW),
    flag("indirect-selection", Kind::Choice(INDIRECT, "eager")).in_project(),
    default_on("inject-ephemeral-ctes")
        .refused("a query that reads an ephemeral model means nothing without it"),
    default_on("introspect").variable("DBT_INTROSPECT").hidden(),
    switch("log-cache-events")
        .variable("DBT_LOG_CACHE_EVENTS")
        .idle(NO_CACHE),
    flag("log-file-max-bytes", Kind::Number(10 * 1024 * 1024))
        .variable("DBT_LOG_FILE_MAX_BYTES")
        .hidden(),
    flag("log-format", Kind::Choice(FORMATS, "default")).in_project(),
    flag("log-format-file", Kind::Choice(FORMATS, "debug"))
        .variable("DBT_LOG_FORMAT_FILE")
        .in_project()
        .hidden(),
    flag("log-level", Kind::Choice(LEVELS, "info")).in_project(),
    flag("log-level-file", Kind::Choice(LEVELS, "debug"))
        .variable("DBT_LOG_LEVEL_FILE")
        .in_project()
        .hidden(),
    flag("log-path", Kind::Text)
        .variable("DBT_LOG_PATH")
        .hidden(),
    switch("macro-debugging")
        .variable("DBT_MACRO_DEBUGGING")
        .idle("a mistake in a macro is told with its line and the calls to it"),
    default_on("partial-parse")
        .variable("DBT_PARTIAL_PARSE")
        .in_project()
        .idle(NO_PARTIAL),
    default_on("partial-parse-file-diff")
        .variable("DBT_PARTIAL_PARSE_FILE_DIFF")
        .idle(NO_PARTIAL),
    flag("partial-parse-file-path", Kind::Text)
        .variable("DBT_PARTIAL_PARSE_FILE_PATH")
        .idle(NO_PARTIAL),
    default_on("populate-cache")
        .variable("DBT_POPULATE_CACHE")
        .in_project()
        .idle(NO_CACHE),
    default_on("print").variable("DBT_PRINT").hidden(),
    flag("printer-width", Kind::Number(80))
        .variable("DBT_PRINTER_WIDTH")
        .in_project()
        .hidden(),
    flag("profile", Kind::Text),
    flag("profiles-dir", Kind::Text),
    flag("project-dir", Kind::Text),
    switch("quiet"),
    flag("record-timing-info", Kind::Text).idle(NO_PROFILER),
    flag("sample", Kind::Text).variable("DBT_SAMPLE").hidden(),
    flag("select", Kind::Words),
    flag("selector", Kind::Text),
    default_on("send-anonymous-usage-stats")
        .variable("DBT_SEND_ANONYMOUS_USAGE_STATS")
        .in_project()
        .idle(NO_USAGE),
    switch("show"),
    switch("show-all-deprecations").idle(NO_DEPRECATIONS),
    switch("show-resource-report")
        .variable("DBT_SHOW_RESOURCE_REPORT")
        .idle(NO_PROFILER),
    switch("single-threaded")
        .variable("DBT_SINGLE_THREADED")
        .hidden(),
    flag("sqlparse", Kind::Text)
        .variable("DBT_ENGINE_SQLPARSE")
        .idle(NO_SQLPARSE),
    flag("state", Kind::Text),
    default_on("static-parser")
        .variable("DBT_STATIC_PARSER")
        .in_project()
        .idle(NO_PARSER),
    switch("store-failures"),
    flag("target", Kind::Text),
    flag("target-path", Kind::Text),
    flag("threads", Kind::Text),
    switch("upload-to-artifacts-ingest-api")
        .variable("DBT_UPLOAD_TO_ARTIFACTS_INGEST_API")
        .idle(NO_CLOUD),
    default_on("use-colors").in_project(),
    default_on("use-colors-file")
        .variable("DBT_USE_COLORS_FILE")
        .in_project()
        .hidden(),
    switch("use-experimental-parser")
        .variable("DBT_USE_EXPERIMENTAL_PARSER")
        .in_project()
        .idle(NO_PARSER),
    switch("use-fast-test-edges")
        .variable("DBT_USE_FAST_TEST_EDGES")
        .idle("the graph is always made that way"),
    flag("vars", Kind::Mapping),
    default_on("version-check")
        .variable("DBT_VERSION_CHECK")
        .in_project()
        .hidden(),
    switch("warn-error")
        .variable("DBT_WARN_ERROR")
        .in_project()
        .hidden(),
    flag("warn-error-options", Kind::Mapping)
        .variable("DBT_WARN_ERROR_OPTIONS")
        .in_project()
        .hidden(),
    default_on("write-json")
        .variable("DBT_WRITE_JSON")
        .in_project()
        .hidden(),
];

/// The flags of `flags:` by which dbt brings in a change of behaviour, with what they are by default.
pub const BEHAVIOURS: &[(&str, bool)] = &[
    ("require_all_warnings_handled_by_warn_error", false),
    (
        "require_batched_execution_for_custom_microbatch_strategy",
        false,
    ),
    ("require_event_names_in_deprecations", false),
    (
        "require_explicit_package_overrides_for_builtin_materializations",
        true,
    ),
    ("require_generic_test_arguments_property", true),
    ("require_nested_cumulative_type_params", false),
    ("require_ref_searches_node_package_before_root", false),
    ("require_resource_names_without_spaces", true),
    ("require_unique_project_resource_names", false),
    ("require_yaml_configuration_for_mf_time_spines", false),
    ("skip_nodes_if_on_run_start_fails", false),
    ("source_freshness_run_project_hooks", true),
    ("state_modified_compare_more_unrendered_values", false),
    ("state_modified_compare_vars", false),
    ("validate_macro_args", false),
];

/// Flags of behaviour that dbt's adapters bring, which projects may say too.
pub const OF_ADAPTERS: &[&str] = &[
    "enable_iceberg_materializations",
    "enable_truthy_nulls_equals_macro",
    "redshift_skip_autocommit_transaction_statements",
    "redshift_use_show_apis",
    "require_certificate_validation",
    "restrict_direct_pg_catalog_access",
    "use_info_schema_for_columns",
    "use_user_folder_for_python",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_the_order_of_names() {
        assert!(FLAGS.is_sorted_by_key(|flag| flag.name));
        assert!(BEHAVIOURS.is_sorted());
    }
}
