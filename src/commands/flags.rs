//! Flags of dbt that Redstart knows but has no use for, or does not support yet.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// A flag by its name; `--no-` before it is the same flag.
struct Flag {
    name: &'static str,
    takes_value: bool,
}

const fn switch(name: &'static str) -> Flag {
    Flag {
        name,
        takes_value: false,
    }
}

const fn with_value(name: &'static str) -> Flag {
    Flag {
        name,
        takes_value: true,
    }
}

/// They tune what Redstart does not have (a cache of relations, a log file, pickled parse results): nothing to do.
const WITHOUT_MEANING: &[Flag] = &[
    switch("cache-selected-only"),
    switch("log-cache-events"),
    switch("macro-debugging"),
    switch("partial-parse"),
    switch("partial-parse-file-diff"),
    switch("populate-cache"),
    switch("send-anonymous-usage-stats"),
    switch("show-all-deprecations"),
    switch("show-resource-report"),
    switch("static-parser"),
    switch("upload-to-artifacts-ingest-api"),
    switch("use-colors-file"),
    switch("use-experimental-parser"),
    switch("use-fast-test-edges"),
    switch("version-check"),
    with_value("log-file-max-bytes"),
    with_value("log-format-file"),
    with_value("log-level-file"),
    with_value("log-path"),
    with_value("partial-parse-file-path"),
    with_value("printer-width"),
    with_value("sqlparse"),
];

/// They would change what happens, so they are refused.
const UNSUPPORTED: &[Flag] = &[
    switch("defer"),
    switch("empty"),
    switch("export-saved-queries"),
    switch("favor-state"),
    switch("include-saved-query"),
    switch("single-threaded"),
    switch("warn-error"),
    with_value("defer-state"),
    with_value("event-time-end"),
    with_value("event-time-start"),
    with_value("record-timing-info"),
    with_value("sample"),
    with_value("state"),
    with_value("warn-error-options"),
];

/// What dbt does by default and so does Redstart: their opposites are refused.
const ALWAYS: [&str; 3] = [
    "clean-project-files-only",
    "inject-ephemeral-ctes",
    "introspect",
];

/// Adds the tables to a command, hidden from its help.
pub fn add(mut command: Command) -> Command {
    let hidden = |name: String| Arg::new(name.clone()).long(name).global(true).hide(true);
    for flag in WITHOUT_MEANING.iter().chain(UNSUPPORTED) {
        let name = flag.name.to_owned();
        command = if flag.takes_value {
            command.arg(hidden(name).action(ArgAction::Append))
        } else {
            command
                .arg(hidden(name).action(ArgAction::Count))
                .arg(hidden(no(flag.name)).action(ArgAction::Count))
        };
    }
    for name in ALWAYS {
        command = command
            .arg(hidden(name.to_owned()).action(ArgAction::Count))
            .arg(hidden(no(name)).action(ArgAction::Count));
    }
    command
}

/// The first flag given that is not supported.
pub fn unsupported(matches: &ArgMatches) -> Option<String> {
    let refused = UNSUPPORTED.iter().map(|flag| flag.name.to_owned());
    refused
        .chain(ALWAYS.map(no))
        .find(|name| matches.value_source(name) == Some(ValueSource::CommandLine))
}

fn no(name: &str) -> String {
    format!("no-{name}")
}
