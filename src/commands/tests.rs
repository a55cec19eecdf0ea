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
        "ls -s a b+ -m tag:c --output name",
        "ls --models a b+ tag:c --output=name",
    ] {
        let Command::Ls(args) = parsed(line)?.command else {
            return Err(line.to_owned());
        };
        assert_eq!(
            format!("{args:?}")
                .matches(r#"["a", "b+", "tag:c"]"#)
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
