//! Every broken project in `tests/cases/errors/`: what is said about it, word for word.
//!
//! A case is a folder: the project's files, `output.snap` with what is expected, and `args`, whose last line is the command line.
//! Lines before it set the stage: `env NAME=value`, `link PATH TARGET`, `remove PATH`. The harness adds a `profiles.yml` where there is none.

use std::fs;
use std::path::Path;

use crate::output::Output;
use crate::project::TestProject;

#[test]
#[ignore = "the expected texts are accepted once the program reports them"]
fn a_broken_project_is_told_what_is_wrong_where_and_what_to_do() {
    let mut built = Vec::new();
    insta::glob!("../cases", "errors/*/args", |args| {
        let folder = args.parent().expect("a case folder");
        let output = run(folder);

        if !matches!(output.code, 1 | 2) {
            built.push(format!("{}\n{output}", folder.display()));
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.remove_input_file();
        settings.remove_snapshot_suffix();
        settings.bind(|| insta::assert_snapshot!("output", output));
    });
    assert!(
        built.is_empty(),
        "not taken for broken:\n{}",
        built.join("\n")
    );
}

fn run(folder: &Path) -> Output {
    let args = fs::read_to_string(folder.join("args")).expect("a readable args file");
    let mut lines = args.lines().collect::<Vec<_>>();
    let command = lines.pop().expect("a command line");
    let mut project = TestProject::copy_of(folder, &["args", "output.snap", "output.snap.new"]);
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
            "remove" => {
                fs::remove_file(project.path().join(rest)).expect("a file to remove");
                project
            }
            _ => panic!("{}: no set-up is called `{word}`", folder.display()),
        };
    }
    project.redstart(command)
}
