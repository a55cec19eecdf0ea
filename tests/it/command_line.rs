//! The command line as a user meets it: help, versions, slips of the finger, and the commands that need no warehouse.

use insta::assert_snapshot;

use crate::project::TestProject;

#[test]
fn help_is_printed_on_standard_output() {
    let project = TestProject::empty();

    let output = project.redstart("help build").success();
    assert!(output.stdout.contains("Examples:"), "{output}");
    assert!(output.stderr.is_empty(), "{output}");
    assert_snapshot!(project.redstart("clean -h").success(), @"
    exit 0
    Remove the target folder and the other clean-targets of the project

    Usage: redstart clean [OPTIONS]

    Options:
      -h, --help  Print help (see more with '--help')

    Project options:
          --project-dir <FOLDER>   Folder of the project [default: the nearest with dbt_project.yml,
                                   from here upwards] [env: DBT_PROJECT_DIR]
          --profiles-dir <FOLDER>  Folder of profiles.yml [default: the project's folder, then ~/.dbt]
                                   [env: DBT_PROFILES_DIR]
          --profile <NAME>         Profile to use instead of the project's [env: DBT_PROFILE]
      -t, --target <NAME>          Target of the profile to build for [env: DBT_TARGET]
          --vars <YAML>            Variables as YAML, which win over those of dbt_project.yml: '{start:
                                   2018-11-01}'
          --threads <N>            How many nodes are built at a time
          --wait <TIME>            How long to wait for another build into the same schemas or DuckDB
                                   file: [time], 10m, 1h [default: for a schema as long as it takes, for a
                                   file not at all] [env: DBT_WAIT]
          --target-path <FOLDER>   Folder for compiled SQL, artifacts and documentation [default:
                                   target] [env: DBT_TARGET_PATH]

    Output options:
      -q, --quiet                Show errors only; what a command answers is still printed [env:
                                 DBT_QUIET]
          --log-format <FORMAT>  Lines for people, or one JSON object a line [env: DBT_LOG_FORMAT]
                                 [default: text] [possible values: text, json]
          --log-level <LEVEL>    The least that is shown [env: DBT_LOG_LEVEL] [default: info] [possible
                                 values: debug, info, warn, error, none]
      -d, --debug                Show everything, as --log-level debug [env: DBT_DEBUG]
          --no-color             No colours, as with the variable NO_COLOR

    Examples:
      redstart clean
      redstart clean --project-dir shop
    ");
}

#[test]
fn the_version_is_printed_by_each_of_its_flags() {
    let project = TestProject::empty();

    for flag in ["--version", "-V", "-v"] {
        assert_eq!(
            project.redstart(flag).success().stdout,
            "redstart [version]\n"
        );
    }
}

#[test]
fn what_is_asked_for_in_vain_is_told() {
    let project = TestProject::new().file("models/a.sql", "select 1 as id");
    assert_snapshot!(project.redstart("run --sample \"3 days\""), @"
    exit 0
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  OK    created sql view model main.a                           [[time]]

    warning[unfiltered-sample]: `--sample` leaves no rows out: nothing in the project has an `event_time`
     |
     = help: name the column that tells when a row happened: `config: {event_time: ordered_at}` of models, seeds and sources

    Finished 1 view model in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    --- stderr
    warning[unfiltered-sample]: `--sample` leaves no rows out: nothing in the project has an `event_time`
     |
     = help: name the column that tells when a row happened: `config: {event_time: ordered_at}` of models, seeds and sources

    1 warning
    ");
    let timed = project.file(
        "models/a.yml",
        "models: [{name: a, config: {event_time: id}}]\n",
    );
    let timed = timed.redstart("run --no-check --sample \"3 days\"");
    assert!(!timed.text().contains("unfiltered-sample"), "{timed}");
}

#[test]
fn a_mistyped_command_flag_or_value_gets_a_hint() {
    let project = TestProject::empty();

    assert_snapshot!(project.redstart("biuld"), @"
    exit 2
    error[unknown-command]: unrecognized subcommand 'biuld'

      help: a similar subcommand exists: 'build'

    Usage: redstart [OPTIONS] <COMMAND>

    help: for more, try '--help'.
    ");
    for (slip, meant) in [
        ("rnu", "run"),
        ("tset", "test"),
        ("sed", "seed"),
        ("sl", "ls"),
    ] {
        let output = project.redstart(slip);
        assert!(
            output.text().contains(&format!("exists: '{meant}'")),
            "{output}"
        );
    }
    assert_snapshot!(project.redstart("build --selct a"), @"
    exit 2
    error[unknown-flag]: unexpected argument '--selct' found

      help: a similar argument exists: '--select'

    Usage: redstart build --select <SELECTOR>...

    help: for more, try '--help'.
    ");
    assert_snapshot!(project.redstart("run --store-failures"), @"
    exit 2
    error[unknown-flag]: unexpected argument '--store-failures' found

      help: `--store-failures` is a flag of `test`, `build`

    Usage: redstart run [OPTIONS]

    help: for more, try '--help'.
    ");
    assert_snapshot!(project.redstart("ls --output jsn"), @"
    exit 2
    error[bad-flag]: invalid value 'jsn' for '--output <FORMAT>'
      [possible values: json, name, path, selector]

      help: a similar value exists: 'json'

    help: for more, try '--help'.
    ");
    assert_snapshot!(project.redstart("build --threads 0"), @"
    exit 2
    error[bad-flag]: invalid value '0' for '--threads <N>': a whole number from 1 is needed

    help: for more, try '--help'.
    ");
}

#[test]
fn what_dbt_has_and_redstart_does_not_is_named() {
    let project = TestProject::empty();

    assert_snapshot!(project.redstart("compile --no-inject-ephemeral-ctes"), @"
    exit 2
    error[unsupported-flag]: the flag `--no-inject-ephemeral-ctes` is not supported
     |
     = note: a query that reads an ephemeral model means nothing without it
     = help: leave it out

    1 error
    ");
}

#[test]
fn completions_are_a_script_alone_on_standard_output() {
    let project = TestProject::empty();

    for shell in ["bash", "zsh", "fish"] {
        let output = project.redstart(&format!("completions {shell}")).success();
        assert!(output.stdout.contains("full-refresh"), "{shell}");
        assert!(output.stderr.is_empty(), "{shell}: {output}");
    }
}

#[test]
fn init_writes_a_project_and_nothing_over_another() {
    let project = TestProject::empty();

    assert_snapshot!(project.redstart("init shop"), @r"
    exit 0
    shop is ready, with its profile in shop/profiles.yml. Next:

      cd shop
      redstart build
    ");
    let before = project.read("shop/dbt_project.yml");
    assert_snapshot!(project.redstart("init shop"), @r"
    exit 2
    error[already-exists]: `shop` is there already
     |
     = note: nothing is written over: [project]/shop
     = help: take another name, or remove it first

    1 error
    ");
    assert_eq!(project.read("shop/dbt_project.yml"), before);
    assert_snapshot!(project.redstart("init ../elsewhere"), @r"
    exit 2
    error[invalid-project-name]: `../elsewhere` cannot be the name of a project
     |
     = help: use letters, digits and _, with a letter first

    1 error
    ");
}

#[cfg(feature = "duckdb")]
#[test]
fn the_project_that_init_writes_builds_and_passes_at_once() {
    let project = TestProject::empty();
    project.redstart("init shop").success();

    let output = project.redstart("build --project-dir shop").success();
    assert!(
        output
            .stdout
            .contains("Done. PASS=17 WARN=0 ERROR=0 SKIP=0 TOTAL=17"),
        "{output}"
    );
    assert!(output.stderr.is_empty(), "{output}");
    assert!(project.path().join("shop/target/dictionary.md").exists());
    let shown = "select * from {{ ref('customer_orders') }} order by customer_id";
    assert_snapshot!(project.redstart(&format!("show --inline \"{shown}\" --project-dir shop")), @r"
    exit 0
    customer_id | customer_name | orders | amount | last_ordered_at
    ------------+---------------+--------+--------+--------------------
              1 | Ada           |      2 |  25.50 | 2024-02-14 18:05:00
              2 | Grace         |      1 |  99.99 | 2024-03-02 12:00:00
              3 | Edsger        |      0 |   0.00 | NULL
    ");
}

#[test]
fn clean_removes_what_is_named_and_nothing_that_was_written() {
    let project = TestProject::new()
        .file("models/a.sql", "select 1 as id")
        .file("target/manifest.json", "{}")
        .file("logs/dbt.log", "");

    assert_snapshot!(project.redstart("clean"), @r"
    exit 0
    removed target
    ");
    assert!(!project.path().join("target").exists());
    assert!(project.path().join("logs").exists());

    let project = project.file(
        "dbt_project.yml",
        "name: shop\nclean-targets: [logs, models, ../home]\n",
    );
    assert_snapshot!(project.redstart("clean"), @"
    exit 2
    error[clean-refused]: `models` is not removed: `models` holds files of the project
     --> dbt_project.yml:2:23
      |
    2 | clean-targets: [logs, models, ../home]
      |                       ^^^^^^
      |
      = help: name folders inside of the project under `clean-targets:`

    error[clean-refused]: `../home` is not removed: it is outside the project
     --> dbt_project.yml:2:31
      |
    2 | clean-targets: [logs, models, ../home]
      |                               ^^^^^^^
      |
      = help: name folders inside of the project under `clean-targets:`

    2 errors
    ");
    assert!(project.path().join("models/a.sql").exists());
    assert!(project.path().join("logs").exists());

    let project = project.file("dbt_project.yml", "name: shop\nclean-targets: [logs]\n");
    assert_snapshot!(project.redstart("--quiet clean"), @"exit 0");
    assert!(!project.path().join("logs").exists());
}

#[test]
fn a_limit_below_all_is_refused() {
    let project = TestProject::new();
    assert_snapshot!(project.redstart("show --inline 'select 1 as x' --limit -5"), @"
    exit 2
    error[bad-flag]: invalid value '-5' for '--limit <N>': a whole number is needed, or -1 for all rows

    help: for more, try '--help'.
    ");
    assert_snapshot!(project.redstart("show --inline 'select 1 as x' --limit -1"), @"
    exit 0
    x
    -
    1
    ");
}

#[test]
fn a_target_folder_that_cannot_be_made_is_named_before_anything_runs() {
    let project = TestProject::new()
        .file("models/a.sql", "select 1 as id")
        .file("taken", "");
    let output = project.redstart("build --target-path taken");
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stdout.is_empty(), "{output}");
    assert!(
        output
            .stderr
            .contains("error[target-folder]: cannot make the target folder `[project]/taken`")
            && output
                .stderr
                .contains("= help: name another one with --target-path"),
        "{output}"
    );
}

/// Not even the superuser makes a file there.
#[cfg(target_os = "linux")]
#[test]
fn a_target_folder_that_takes_no_file_is_named_before_anything_runs() {
    let project = TestProject::new().file("models/a.sql", "select 1 as id");
    let output = project.redstart("build --target-path /proc/self");
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stdout.is_empty(), "{output}");
    assert!(
        output
            .stderr
            .contains("error[target-folder]: cannot write into the target folder `/proc/self`"),
        "{output}"
    );
}

/// What a command prints to a terminal, as `script` of util-linux plays it.
#[cfg(target_os = "linux")]
fn on_a_terminal(project: &TestProject, arguments: &str, no_color: Option<&str>) -> String {
    let program = project.command("").get_program().to_owned();
    let line = format!("{} {arguments}", program.to_string_lossy());
    let mut command = std::process::Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .current_dir(project.path())
        .stdin(std::process::Stdio::null())
        .env("TERM", "xterm")
        .env_remove("CI");
    match no_color {
        Some(value) => command.env("NO_COLOR", value),
        None => command.env_remove("NO_COLOR"),
    };
    let output = command.output().expect("`script` plays a terminal");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_has_colours_unless_somebody_wants_none() {
    const COLOUR: &str = "\u{1b}[";
    let project = TestProject::new().file("models/a.sql", "select 1 as id");
    let found = on_a_terminal(&project, "compile -s nothing", None);
    assert!(found.contains(COLOUR), "{found}");
    let found = on_a_terminal(&project, "compile -s nothing", Some(""));
    assert!(found.contains(COLOUR), "{found}");
    for (arguments, variable) in [
        ("compile -s nothing", Some("1")),
        ("compile -s nothing --no-color", None),
        ("compile -s nothing --no-use-colors", None),
    ] {
        let found = on_a_terminal(&project, arguments, variable);
        assert!(
            found.contains("nothing") && !found.contains(COLOUR),
            "{found}"
        );
    }
    let found = on_a_terminal(&project, "compile -s nothing --use-colors", Some("1"));
    assert!(found.contains(COLOUR), "{found}");
}

#[cfg(unix)]
#[test]
fn a_terminal_shows_how_far_a_run_is_and_nothing_of_it_stays() {
    let project = TestProject::new()
        .file("models/first.sql", "select 1 as id")
        .file("models/second.sql", "select * from {{ ref('first') }}");
    let found = on_a_terminal(&project, "run --threads 1", Some("1"));
    let (before, after) = found.rsplit_once("Done. ").expect("a summary");
    for shown in ["0/2", "first", "created sql view model main.second"] {
        assert!(before.contains(shown), "{shown} in {found:?}");
    }
    // A bar is taken away by clearing its line.
    assert!(before.contains("\u{1b}[2K"), "{found:?}");
    assert!(!after.contains("/2"), "{found:?}");

    let plain = project.redstart("run --threads 1").text();
    assert!(!plain.contains("0/2"), "{plain}");
}
