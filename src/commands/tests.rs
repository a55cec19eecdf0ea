//! The command line as clap understands it. What commands do is tested with the real program.

use clap::Parser;

use super::*;

#[test]
fn the_command_line_is_well_formed() {
    command_line().debug_assert();
}

#[test]
fn the_help_of_every_command_has_examples() {
    fn without_examples(command: &clap::Command, name: &str, found: &mut Vec<String>) {
        let help = command.get_after_help().map(ToString::to_string);
        if !help.unwrap_or_default().starts_with("Examples:\n") {
            found.push(name.to_owned());
        }
        for below in command.get_subcommands() {
            without_examples(below, &format!("{name} {}", below.get_name()), found);
        }
    }
    let mut found = Vec::new();
    without_examples(&command_line(), "redstart", &mut found);
    assert_eq!(found, [""; 0]);
}

fn parsed(line: &str) -> Result<Cli, String> {
    let words = std::iter::once("redstart").chain(line.split_whitespace());
    Cli::try_parse_from(words).map_err(|error| error.to_string())
}

#[test]
fn global_flags_stand_before_or_after_the_command() -> Result<(), String> {
    for line in [
        "--quiet -t prod --threads 3 build",
        "build --quiet -t prod --threads 3",
        "-q build -t dev --target prod --threads=3",
    ] {
        let global = parsed(line)?.global;
        assert!(global.output.quiet, "{line}");
        assert_eq!(global.target.as_deref(), Some("prod"), "{line}");
        assert_eq!(global.threads, Some(3), "{line}");
    }
    Ok(())
}

#[test]
fn select_takes_several_values_and_may_be_repeated() -> Result<(), String> {
    for line in [
        "ls --select a b+ --select tag:c --output name",
        "ls -s a b+ tag:c --output=name",
        "ls --output name -s a -s b+ -s tag:c",
    ] {
        let Command::Ls(args) = parsed(line)?.command else {
            return Err(line.to_owned());
        };
        assert_eq!(
            format!("{args:?}")
                .matches(r#"select: ["a", "b+", "tag:c"]"#)
                .count(),
            1,
            "{line}"
        );
    }
    Ok(())
}

#[test]
fn the_last_of_two_opposites_wins() -> Result<(), String> {
    assert!(!parsed("build -q --no-quiet")?.global.output.quiet);
    assert!(parsed("build --no-quiet -q")?.global.output.quiet);
    use crate::report::Color;
    assert_eq!(
        parsed("build --use-colors --no-use-colors")?
            .global
            .output
            .color(),
        Color::Never
    );
    assert_eq!(
        parsed("build --no-color --use-colors")?
            .global
            .output
            .color(),
        Color::Always
    );
    Ok(())
}

#[test]
fn an_older_name_of_select_selects_too() -> Result<(), String> {
    let Command::Build(args) = parsed("build -s a -m b --models c")?.command else {
        return Err("build".to_owned());
    };
    assert!(format!("{args:?}").contains(r#"select: ["a"], models: ["b", "c"]"#));
    Ok(())
}

fn flags_of(line: &str) -> Result<Flags, String> {
    let words = std::iter::once("redstart").chain(line.split_whitespace());
    let matches = command_line().try_get_matches_from(words);
    let matches = matches.map_err(|error| error.to_string())?;
    Flags::read(&matches, &ProjectFlags::default()).map_err(|wrong| wrong.message)
}

#[test]
fn every_flag_of_dbt_is_known_and_what_changes_nothing_says_so() -> Result<(), String> {
    let flags = flags_of(
        "--no-partial-parse build --no-version-check --printer-width 80 --log-path logs --cache-selected-only \
         --no-populate-cache --introspect --no-send-anonymous-usage-stats --no-send-anonymous-usage-stats",
    )?;
    assert_eq!(flags.text("log_path"), Some("logs"));
    assert!(!flags.is("version_check"));
    assert!(!flags.is("partial_parse"));
    assert!(flags.is("cache_selected_only"));
    let idle = flags.idle();
    assert_eq!(idle.len(), 4, "{idle:?}");
    assert_eq!(
        idle[1],
        "--partial-parse changes nothing here: a project is read whole each time"
    );
    Ok(())
}

#[test]
fn a_flag_that_would_change_the_result_otherwise_is_refused() {
    let refused = flags_of("compile --no-inject-ephemeral-ctes").unwrap_err();
    assert_eq!(
        refused,
        "the flag `--no-inject-ephemeral-ctes` is not supported"
    );
    let both = flags_of("build --warn-error --warn-error-options {error:all}");
    assert!(both.is_err());
}
