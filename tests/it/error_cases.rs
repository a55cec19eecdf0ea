//! Every broken project in `tests/cases/errors/`: what is said about it, word for word.
//!
//! A case is a folder: the project's files, `args` with the command line to run (and `NAME=value` lines before it for the
//! environment), and `output.snap` with what is expected. A case without `profiles.yml` gets the harness's.

use std::fs;
use std::path::Path;

use crate::project::TestProject;

#[test]
#[ignore = "the expected texts are accepted once the program reports them"]
fn a_broken_project_is_told_what_is_wrong_where_and_what_to_do() {
    insta::glob!("../cases", "errors/*/args", |args| {
        let folder = args.parent().expect("a case folder");
        let output = run(folder);

        assert!(
            matches!(output.code, 1 | 2),
            "{}: a broken project must fail\n{output}",
            folder.display()
        );
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.remove_input_file();
        settings.remove_snapshot_suffix();
        settings.bind(|| insta::assert_snapshot!("output", output));
    });
}

fn run(folder: &Path) -> crate::output::Output {
    let args = fs::read_to_string(folder.join("args")).expect("a readable args file");
    let (command, environment) = args
        .trim()
        .rsplit_once('\n')
        .map_or((args.trim(), ""), |(env, command)| (command, env));
    let mut project = TestProject::copy_of(folder, &["args", "output.snap", "output.snap.new"]);
    if folder.join("no_profile").exists() {
        fs::remove_file(project.path().join("profiles.yml")).expect("the harness's profile");
        fs::remove_file(project.path().join("no_profile")).expect("the marker");
    }
    for line in environment.lines() {
        let (name, value) = line.split_once('=').expect("NAME=value");
        project = project.env(name, value);
    }
    project.redstart(command)
}
