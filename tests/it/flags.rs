//! dbt's flags as a user says them: on the command line, in the environment, in the project file.

use insta::assert_snapshot;

use crate::project::TestProject;

/// A project whose test warns.
fn warns(flags: &str) -> TestProject {
    TestProject::new()
        .file("dbt_project.yml", format!("name: project\nprofile: project\n{flags}"))
        .file("models/a.sql", "select 1 as id union all select 1")
        .file(
            "models/a.yml",
            "models: [{name: a, columns: [{name: id, data_tests: [{unique: {config: {severity: warn}}}]}]}]\n",
        )
}

fn counts(project: &TestProject, command: &str) -> String {
    let output = project.redstart(command);
    let done = output
        .stdout
        .lines()
        .rfind(|line| line.starts_with("Done."));
    format!("exit {}: {}", output.code, done.unwrap_or("stopped"))
}

#[test]
fn warn_error_is_said_by_flag_variable_or_project_and_the_nearer_word_wins() {
    let quiet = warns("");
    let passes = "exit 0: Done. PASS=1 WARN=1 ERROR=0 SKIP=0 TOTAL=2";
    let fails = "exit 1: Done. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2";
    assert_eq!(counts(&quiet, "build"), passes);
    assert_eq!(counts(&quiet, "build --warn-error"), fails);
    assert_eq!(counts(&quiet, "--warn-error build"), fails);

    let loud = warns("flags:\n  warn_error: true\n");
    assert_eq!(counts(&loud, "build"), fails);
    assert_eq!(counts(&loud, "build --no-warn-error"), passes);
    let loud = loud.env("DBT_WARN_ERROR", "false");
    assert_eq!(counts(&loud, "build"), passes);
    let loud = loud.env("DBT_ENGINE_WARN_ERROR", "1");
    assert_eq!(counts(&loud, "build"), fails);
    assert_eq!(counts(&loud, "build --no-warn-error"), passes);
    let empty = warns("").env("DBT_WARN_ERROR", "");
    assert_eq!(counts(&empty, "build"), passes);
}

#[test]
fn warn_error_options_name_dbts_events() {
    let project = warns("");
    let only = |options: &str| counts(&project, &format!("build --warn-error-options '{options}'"));
    let passes = "exit 0: Done. PASS=1 WARN=1 ERROR=0 SKIP=0 TOTAL=2";
    assert_eq!(only("{error: all, warn: [LogTestResult]}"), passes);
    assert_eq!(only("{error: [NoNodesForSelectionCriteria]}"), passes);
    assert_eq!(
        only("{error: [LogTestResult]}"),
        "exit 1: Done. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2"
    );
    assert_snapshot!(project.redstart("build -s nope --warn-error"), @r"
    exit 2
    error[selector-matches-nothing]: the selection criterion `nope` does not match any enabled nodes
     --> --select:1:1
      |
    1 | nope
      | ^^^^
      |
      = note: a warning, which is an error by --warn-error or --warn-error-options
      = help: `redstart ls` lists what there is to select

    1 error
    ");
    assert_snapshot!(project.redstart("build --warn-error-options '{error: [LogTestResul]}'"), @r"
    exit 2
    error[bad-flag]: `LogTestResul` in `warn-error-options` is the name of no warning
     |
     = help: did you mean `LogTestResult`?

    1 error
    ");

    let in_file = warns("flags:\n  warn_error_options:\n    error: [LogTestResult]\n");
    assert_eq!(
        counts(&in_file, "build"),
        "exit 1: Done. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2"
    );
}

#[test]
fn flags_of_the_project_file_are_checked_at_their_place() {
    let project = warns(
        "flags:\n  printer_width: wide\n  indirect_selection: eagre\n  write_jsn: false\n  require_generic_test_arguments_property: 7\n  skip_nodes_if_on_run_start_fails: true\n",
    );
    assert_snapshot!(project.redstart("parse"), @"
    exit 2
    error[yaml-type]: expected a whole number, found the text `wide`
     --> dbt_project.yml:4:18
      |
    4 |   printer_width: wide
      |                  ^^^^
      |
      = help: write digits alone, without quotes or a unit

    error[yaml-type]: expected one of `eager`, `cautious`, `buildable`, `empty`, found the text `eagre`
     --> dbt_project.yml:5:23
      |
    5 |   indirect_selection: eagre
      |                       ^^^^^
      |
      = help: write one of `eager`, `cautious`, `buildable`, `empty` here, or take the key out
      = help: did you mean `eager`?

    warning[unknown-flag]: there is no flag `write_jsn`
     --> dbt_project.yml:6:3
      |
    6 |   write_jsn: false
      |   ^^^^^^^^^
      |
      = help: did you mean `write_json`?

    error[yaml-type]: expected `true` or `false`, found the number `7`
     --> dbt_project.yml:7:44
      |
    7 |   require_generic_test_arguments_property: 7
      |                                            ^
      |
      = help: write `true` or `false`, without quotes

    3 errors, 1 warning
    ");

    let project = warns(
        "flags:\n  write_json: false\n  use_colors: true\n  send_anonymous_usage_stats: false\n  full_refresh: true\n",
    );
    let output = project.redstart("parse");
    assert!(output.stdout.contains("no errors"), "{output}");
    assert!(
        output.stderr.contains("there is no flag `full_refresh`"),
        "{output}"
    );
    assert!(!project.path().join("target/manifest.json").exists());
    let output = project.redstart("parse --write-json");
    assert!(
        project.path().join("target/manifest.json").exists(),
        "{output}"
    );
}

#[test]
fn a_project_logs_to_a_file_as_whole_as_it_is_asked_to() {
    let project = warns("");
    project.redstart("build --quiet --no-use-colors").success();
    let log = project.read("logs/dbt.log");
    assert!(log.contains("============================== "), "{log}");
    assert!(log.contains("[info ] ["), "{log}");
    assert!(log.contains("[debug] ["), "{log}");
    assert!(log.contains("create"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");

    project
        .redstart("build --log-path elsewhere --log-level-file warn --log-format-file json")
        .success();
    let log = project.read("elsewhere/dbt.log");
    assert!(log.lines().count() > 0, "nothing is logged");
    for line in log.lines() {
        assert!(line.starts_with(r#"{"data":"#), "{line}");
        assert!(line.contains(r#""level":"warn""#), "{line}");
    }

    project
        .redstart("--log-level-file none --log-path nowhere build")
        .success();
    assert!(!project.path().join("nowhere").exists());
    // Without a project file the folder is left as it is.
    let plain = TestProject::new().file("models/a.sql", "select 1 as id");
    plain.redstart("build").success();
    assert!(!plain.path().join("logs").exists());
}

#[test]
fn secrets_are_not_in_the_log_file() {
    let project = warns("")
        .env("DBT_ENV_SECRET_WORD", "hunter2")
        .file(
            "macros/m.sql",
            "{% macro leak() %}{% do log('the word is hunter2', info=true) %}{% endmacro %}",
        )
        .file("models/b.sql", "{{ leak() }} select 1 as id");
    project.redstart("build").success();
    let log = project.read("logs/dbt.log");
    assert!(log.contains("the word is *****"), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn print_is_seen_by_whom_is_quiet_and_not_where_it_is_off() {
    let project = TestProject::new().file(
        "models/a.sql",
        "{% do print('printed') %}{% do log('logged', info=true) %}select 1 as id",
    );
    assert_eq!(project.redstart("build -q").stdout.trim(), "printed");
    let output = project.redstart("build --no-print");
    assert!(
        !output.stdout.contains("printed") && output.stdout.contains("logged"),
        "{output}"
    );
    let project = project.env("DBT_PRINT", "false");
    assert_eq!(project.redstart("build -q").stdout.trim(), "");
}

#[test]
fn what_changes_nothing_is_accepted_with_a_note() {
    let project = TestProject::new().file("models/a.sql", "select 1 as id");
    assert_snapshot!(project.redstart("parse --no-partial-parse --no-static-parser --record-timing-info times.prof"), @r"
    exit 0
    --partial-parse changes nothing here: a project is read whole each time
    --record-timing-info changes nothing here: there is no Python to profile; run_results.json has the times of each node
    --static-parser changes nothing here: there is one way to read a template
    project: 1 node, no errors
    ");
    let project = project.env("DBT_PARTIAL_PARSE", "false");
    assert_snapshot!(project.redstart("parse"), @r"
    exit 0
    project: 1 node, no errors
    ");
}

#[test]
fn a_project_for_another_dbt_stops_unless_the_check_is_off() {
    let project = warns("require-dbt-version: ['>=1.0.0', '<1.9.0']\n");
    assert_snapshot!(project.redstart("parse"), @r"
    exit 2
    error[dbt-version]: `project` is not for dbt 1.11.0, which is spoken here
     --> dbt_project.yml:3:22
      |
    3 | require-dbt-version: ['>=1.0.0', '<1.9.0']
      |                      ^^^^^^^^^^^^^^^^^^^^^
      |
      = help: take a version of it that is, or run again with --no-version-check

    1 error
    ");
    project.redstart("parse --no-version-check").success();
    project
        .env("DBT_VERSION_CHECK", "0")
        .redstart("parse")
        .success();
    warns("require-dbt-version: ['>=1.0.0', '<2.0.0']\n")
        .redstart("parse")
        .success();
}

#[test]
fn templates_see_the_flags_and_how_the_program_was_called() {
    let project = TestProject::new().file(
        "models/a.sql",
        "select '{{ flags.FULL_REFRESH }} {{ flags.WHICH }} {{ flags.PRINTER_WIDTH }} {{ flags.WARN_ERROR }} \
         {{ invocation_args_dict.full_refresh }} {{ invocation_args_dict.which }}' as said",
    );
    project.redstart("run -f --printer-width 120").success();
    assert_snapshot!(project.query("select said from a"), @r"
    said
    True run 120 False True run
    ");
    // In dbt they stand in a dict like any other: packages take out what cannot be written as JSON.
    let project = TestProject::new().file(
        "models/a.sql",
        "{% do invocation_args_dict.update({'mine': 1}) %}{% do invocation_args_dict.pop('which') %}\
         select '{{ invocation_args_dict.mine }} {{ 'which' in invocation_args_dict }}' as said",
    );
    project.redstart("run").success();
    assert_snapshot!(project.query("select said from a"), @r"
    said
    1 False
    ");
}

#[test]
fn a_failed_start_hook_stops_what_follows_where_the_project_says_so() {
    let stops = |flags: &str| {
        TestProject::new()
            .file(
                "dbt_project.yml",
                format!("name: project\nprofile: project\non-run-start: select nope\n{flags}"),
            )
            .file("models/a.sql", "select 1 as id")
    };
    assert_eq!(
        counts(&stops(""), "run"),
        "exit 1: Done. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2"
    );
    assert_eq!(
        counts(
            &stops("flags: {skip_nodes_if_on_run_start_fails: true}\n"),
            "run"
        ),
        "exit 1: Done. PASS=0 WARN=0 ERROR=1 SKIP=1 TOTAL=2"
    );
}
