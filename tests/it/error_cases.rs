//! Every broken project in `tests/cases/errors/`: what is said about it, word for word.
//!
//! A case is a folder: the project's files, `output.snap` with what is expected, and `args`, whose last line is the command line.
//! Lines before it set the stage: `env NAME=value`, `link PATH TARGET`, `remove PATH`. The harness adds a `profiles.yml` where there is none.

use std::fs;
use std::path::Path;

use rayon::prelude::*;

use crate::output::Output;
use crate::project::{PROFILES, TestProject};

/// Cases whose texts are still to be made better, with no accepted text yet.
const TO_DO: &[&str] = &[
    "command_unknown",
    "config_hook_fails",
    "config_merge_without_key",
    "config_unknown_dist_column",
    "config_unknown_sort_column",
    "config_unknown_strategy",
    "errors_in_several_files",
    "file_dangling_link",
    "flag_unknown",
    "flag_without_value",
    "jinja_adds_text_to_a_number",
    "jinja_endless_macro",
    "jinja_error_in_a_macro_of_a_macro",
    "jinja_undefined_attribute",
    "jinja_undefined_variable",
    "jinja_unknown_keyword",
    "jinja_unknown_tag",
    "jinja_var_missing",
    "load_bad_json",
    "load_bad_timeformat",
    "load_bad_value",
    "load_bucket_without_folder",
    "load_csv_with_too_many_fields",
    "load_jsonpaths_missing",
    "load_jsonpaths_of_another_length",
    "load_no_file",
    "load_null_in_a_not_null_column",
    "load_option_of_a_wrong_type",
    "load_sort_by_a_missing_column",
    "load_too_many_bad_rows",
    "load_unknown_type",
    "load_value_too_long",
    "output_unknown",
    "profile_database_in_no_folder",
    "profile_unknown_target",
    "profile_without_outputs",
    "ref_in_unknown_package",
    "seed_number_too_large",
    "seed_type_mismatch",
    "seed_type_of_a_missing_column",
    "seed_unknown_type",
    "show_nothing",
    "sql_bad_cast",
    "sql_column_twice",
    "sql_division_by_zero",
    "sql_empty_model",
    "sql_error_from_a_macro",
    "sql_group_by_missing",
    "sql_syntax",
    "sql_text_too_long",
    "sql_unclosed_text",
    "sql_unknown_column",
    "sql_unknown_column_of_an_alias",
    "sql_unknown_relation",
    "test_bad_error_if",
    "test_bad_where",
    "test_of_a_missing_column",
    "test_row_count_of_text",
    "test_unknown_argument",
    "threads_not_a_number",
    "threads_zero",
    "vars_not_a_mapping",
    "vars_not_yaml",
    "yaml_tab",
    "yaml_unclosed_quote",
    "yaml_unknown_alias",
];

#[test]
fn a_broken_project_is_told_what_is_wrong_where_and_what_to_do() {
    let mut folders =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/errors"))
            .expect("the folder of the cases")
            .map(|entry| entry.expect("a readable folder").path())
            .filter(|folder| !TO_DO.iter().any(|case| folder.ends_with(case)))
            .collect::<Vec<_>>();
    folders.sort();
    let outputs = folders
        .par_iter()
        .map(|folder| run(folder))
        .collect::<Vec<_>>();

    let mut built = Vec::new();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (folder, output) in folders.iter().zip(outputs) {
        if !matches!(output.code, 1 | 2) {
            built.push(format!("{}\n{output}", folder.display()));
        }
        settings.set_snapshot_path(folder);
        settings.bind(|| insta::assert_snapshot!("output", output));
    }
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
            "remove" => {
                fs::remove_file(project.path().join(rest)).expect("a file to remove");
                project
            }
            _ => panic!("{}: no set-up is called `{word}`", folder.display()),
        };
    }
    project.redstart(command)
}
