//! The command line as clap understands it. What commands do is tested with the real program.

use clap::Parser;

use super::*;

#[test]
fn the_command_line_is_well_formed() {
    command_line().debug_assert();
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

#[test]
fn what_would_change_the_result_is_refused_and_the_rest_of_dbts_flags_accepted()
-> Result<(), String> {
    let refused = |line: &str| {
        let words = std::iter::once("redstart").chain(line.split_whitespace());
        command_line()
            .try_get_matches_from(words)
            .map(|matches| flags::unsupported(&matches))
            .map_err(|error| error.to_string())
    };
    for line in [
        "build",
        "--no-partial-parse build --no-version-check --printer-width 80 --log-path logs",
        "build --no-defer --cache-selected-only --no-populate-cache --introspect",
        "--no-send-anonymous-usage-stats --no-send-anonymous-usage-stats run",
    ] {
        assert_eq!(refused(line)?, None, "{line}");
    }
    for (line, flag) in [
        ("build --defer --state old", "defer"),
        ("--state old build", "state"),
        ("compile --no-introspect", "no-introspect"),
    ] {
        assert_eq!(refused(line)?.as_deref(), Some(flag), "{line}");
    }
    Ok(())
}
