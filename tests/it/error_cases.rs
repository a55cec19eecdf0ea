//! Every broken project in `tests/cases/errors/`: what is said about it, word for word.
//!
//! A case is a folder: the project's files, `output.snap` with what is expected, and `args`, whose last line is the command line.
//! Lines before it set the stage: `env NAME=value`, `link PATH TARGET`, `remove PATH`, `before COMMAND LINE` (which must succeed). The harness adds a `profiles.yml` where there is none.

use std::fs;
use std::path::Path;

use rayon::prelude::*;

use crate::output::Output;
use crate::project::{PROFILES, TestProject};

#[test]
fn a_broken_project_is_told_what_is_wrong_where_and_what_to_do() {
    let mut folders =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/errors"))
            .expect("the folder of the cases")
            .map(|entry| entry.expect("a readable folder").path())
            .collect::<Vec<_>>();
    folders.sort();
    let outputs = folders
        .par_iter()
        .map(|folder| run(folder))
        .collect::<Vec<_>>();

    let mut built = Vec::new();
    let mut helpless = Vec::new();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (folder, output) in folders.iter().zip(outputs) {
        if !matches!(output.code, 1 | 2) {
            built.push(format!("{}\n{output}", folder.display()));
        }
        helpless.extend(
            without_help(&output.text()).map(|words| format!("{}: {words}", folder.display())),
        );
        settings.set_snapshot_path(folder);
        settings.bind(|| insta::assert_snapshot!("output", output));
    }
    assert!(
        built.is_empty(),
        "not taken for broken:\n{}",
        built.join("\n")
    );
    assert!(
        helpless.is_empty(),
        "nothing says what to do:\n{}",
        helpless.join("\n")
    );
}

/// The first lines of the errors that end without a `help:`.
fn without_help(said: &str) -> impl Iterator<Item = String> {
    let mut errors: Vec<(String, bool)> = Vec::new();
    let mut open = false;
    for line in said.lines() {
        if line.starts_with("error[") || line.starts_with("warning[") {
            open = line.starts_with("error[");
            errors.extend(open.then(|| (line.to_owned(), false)));
        } else if open && line.trim_start_matches(['=', ' ']).starts_with("help: ") {
            errors.iter_mut().last().expect("an open error").1 = true;
        }
    }
    errors
        .into_iter()
        .filter_map(|(line, helped)| (!helped).then_some(line))
}

fn run(folder: &Path) -> Output {
    let args = fs::read_to_string(folder.join("args")).expect("a readable args file");
    let mut lines = args.lines().collect::<Vec<_>>();
    let command = lines.pop().expect("a command line");
    let mut project = TestProject::copy_of(folder, &["args", "output.snap", "output.snap.new"]);
    // One worker, so that the lines come in one order.
    if !folder.join("profiles.yml").exists() {
        project.write("profiles.yml", PROFILES.replace("threads: 2", "threads: 1"));
    }
    for line in lines {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        project = match word {
            "env" => {
                let (name, value) = rest.split_once('=').expect("env NAME=value");
                project.env(name, value)
            }
            #[cfg(unix)]
            "link" => {
                let (path, target) = rest.split_once(' ').expect("link PATH TARGET");
                project.link(path, target)
            }
            "before" => {
                project.redstart(rest).success();
                project
            }
            "remove" => {
                fs::remove_file(project.path().join(rest)).expect("a file to remove");
                project
            }
            _ => panic!("{}: no set-up is called `{word}`", folder.display()),
        };
    }
    project.redstart(command)
}
