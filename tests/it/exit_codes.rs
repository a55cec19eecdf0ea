//! What the program's end says to a script: dbt's exit codes. Each case was run through dbt-core 1.11.

use crate::project::{PROFILES, TestProject};

/// A project with one model, and the file that makes the case.
fn code(file: Option<(&str, &str)>, arguments: &str) -> i32 {
    let mut project = TestProject::new().file("models/a.sql", "select 1 as id");
    if let Some((path, text)) = file {
        project = project.file(path, text);
    }
    project.redstart(arguments).code
}

#[test]
fn what_keeps_a_command_from_its_work_is_2() {
    let cases: &[(&str, &str, &str)] = &[
        ("profiles.yml", "other: {}", "build"),
        ("profiles.yml", "project: [", "build"),
        ("dbt_project.yml", "name: [", "build"),
        ("dbt_project.yml", "name: project\nfoo: 1", "build"),
        ("models/schema.yml", "models: [", "build"),
        ("models/b.sql", "select {{ ref('nope') }}", "build"),
        ("models/b.sql", "select {{ ref('nope') }}", "parse"),
        ("models/b.sql", "select {{ ref('a') }", "build"),
        ("models/b.sql", "select {{ env_var('NOPE') }}", "build"),
        (
            "models/b.sql",
            "select {{ exceptions.raise_compiler_error('x') if execute }}",
            "compile",
        ),
    ];
    for (path, text, arguments) in cases {
        assert_eq!(code(Some((path, text)), arguments), 2, "{path}: {text}");
    }
    for arguments in [
        "build --profile nope",
        "build --target nope",
        "build --project-dir nope",
        "build --select nope:x",
        "build --select @a+",
        "build --vars 'a: ['",
        "build --vars a",
        "build --threads 0",
        "build --threads x",
        "build --nope",
        "nope",
        "show --inline 'select nope'",
    ] {
        assert_eq!(code(None, arguments), 2, "{arguments}");
    }
}

#[test]
fn a_warehouse_that_does_not_answer_is_2_and_for_debug_1() {
    let nowhere = PROFILES.replace("project.duckdb", "/dev/null/project.duckdb");
    let nowhere = Some(("profiles.yml", nowhere.as_str()));
    assert_eq!(code(nowhere, "build"), 2);
    assert_eq!(code(nowhere, "debug"), 1);
    assert_eq!(code(None, "debug --target nope"), 1);
}

#[cfg(feature = "duckdb")]
#[test]
fn a_node_that_fails_is_1() {
    for (path, text) in [
        ("models/b.sql", "select nope"),
        (
            "models/b.sql",
            "select {{ exceptions.raise_compiler_error('x') if execute }}",
        ),
        (
            "models/schema.yml",
            "models: [{name: a, data_tests: [{row_count: {arguments: {equals: 5}}}]}]",
        ),
        (
            "dbt_project.yml",
            "name: project\non-run-start: ['select nope']",
        ),
        (
            "dbt_project.yml",
            "name: project\non-run-end: ['select nope']",
        ),
    ] {
        assert_eq!(code(Some((path, text)), "build"), 1, "{path}: {text}");
    }
}

#[cfg(feature = "duckdb")]
#[test]
fn warnings_and_nothing_to_do_are_0() {
    let warning = "models: [{name: a, data_tests: [{row_count: {arguments: {equals: 5}, config: {severity: warn}}}]}]";
    let disabled = "{{ config(enabled=false) }} select 1 as id";
    assert_eq!(code(None, "build"), 0);
    assert_eq!(code(Some(("models/schema.yml", warning)), "build"), 0);
    assert_eq!(code(Some(("models/a.sql", disabled)), "build"), 0);
    for command in ["build", "show", "ls"] {
        assert_eq!(
            code(None, &format!("{command} --select nope")),
            0,
            "{command}"
        );
    }
}
