//! dbt's reference, name by name: `tests/cases/dbt_reference.txt` says what Redstart does with each, and this holds it.
//!
//! `INSTA_UPDATE=always cargo test --test it dbt_reference` writes `docs/dbt-reference.md` anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::output::Output;
use crate::project::TestProject;

const START: &str = "<!-- tables: written by tests/it/dbt_reference.rs -->";

/// What Redstart does with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Yes,
    Differs,
    NoEffect,
    Refused,
}

const STATES: [(&str, State); 4] = [
    ("yes", State::Yes),
    ("differs", State::Differs),
    ("no effect", State::NoEffect),
    ("refused", State::Refused),
];

/// One name of the reference.
struct Entry {
    name: String,
    probe: String,
    state: State,
    words: String,
}

/// The names of one kind, and how they are tried.
struct Section {
    title: String,
    how: String,
    entries: Vec<Entry>,
}

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn sections() -> Vec<Section> {
    let text = fs::read_to_string(file("tests/cases/dbt_reference.txt")).unwrap();
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(head) = line.strip_prefix("## ") {
            let (title, how) = head.trim_end_matches(']').rsplit_once(" [").unwrap();
            sections.push(Section {
                title: title.to_owned(),
                how: how.to_owned(),
                entries: Vec::new(),
            });
        } else if !line.starts_with('#') {
            let mut parts = line.split(" ;; ");
            let mut next = || parts.next().unwrap_or_default().to_owned();
            let (name, probe, state, words) = (next(), next(), next(), next());
            let known = STATES.iter().find(|(known, _)| *known == state);
            let (_, state) = known.unwrap_or_else(|| panic!("no state: {line}"));
            sections.last_mut().unwrap().entries.push(Entry {
                name,
                probe,
                state: *state,
                words,
            });
        }
    }
    sections
}

/// The sections that are tried in one way, with the rest of the word after it.
fn tried(how: &str) -> Vec<(String, Vec<Entry>)> {
    let all = sections().into_iter().filter_map(|section| {
        let (way, rest) = section.how.split_once(' ').unwrap_or((&section.how, ""));
        (way == how).then(|| (rest.to_owned(), section.entries))
    });
    let all: Vec<_> = all.collect();
    assert!(!all.is_empty(), "nothing is tried as `{how}`");
    all
}

/// A project with something for every selector and template to find.
fn shop() -> TestProject {
    TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nversion: 1.0.0\nprofile: project\n",
        )
        .file("models/other.sql", "select 1 as a")
        .file("models/docs.md", "{% docs shop %}words{% enddocs %}\n")
        .file(
            "models/shop.yml",
            "groups: [{name: money, owner: {name: us}}]\n\
             sources: [{name: raw, schema: main, tables: [{name: t}]}]\n\
             models: [{name: other, config: {tags: [x], group: money}, columns: [{name: a, data_tests: [unique]}]}]\n\
             exposures: [{name: dash, type: dashboard, owner: {name: us}, depends_on: [ref('other')]}]\n\
             unit_tests: [{name: adds, model: other, given: [], expect: {rows: [{a: 1}]}}]\n",
        )
}

/// The lines `name=answer` of a command's output.
fn answers(output: &Output) -> BTreeMap<String, String> {
    let lines = output.stdout.lines().filter_map(|line| {
        let (name, answer) = line.trim().strip_prefix("probe ")?.split_once('=')?;
        Some((name.to_owned(), answer.to_owned()))
    });
    lines.collect()
}

fn all_answer(entries: &[Entry], output: &Output) {
    assert_eq!(output.code, 0, "{output}");
    let answers = answers(output);
    for entry in entries {
        let answer = answers.get(&entry.name);
        let is_there = answer.is_some_and(|answer| !matches!(answer.as_str(), "" | "False"));
        let may_be_false = entry.probe.ends_with(')') || entry.probe == "flags.FULL_REFRESH";
        assert!(
            is_there || (may_be_false && answer.is_some()),
            "{}: {answer:?}\n{output}",
            entry.name
        );
    }
}

#[test]
fn templates_of_models_know_dbts_functions_and_variables() {
    for (_, entries) in tried("model") {
        let mut model = String::new();
        for entry in &entries {
            let _ = writeln!(model, "-- probe {}={{{{ {} }}}}", entry.name, entry.probe);
        }
        let project = shop().file("models/probe.sql", model + "select 1 as id");
        project.redstart("build -s other").success();
        let output = project.redstart("compile -s probe");
        let output = Output {
            stdout: output.stdout.replace("-- probe", "probe"),
            ..output
        };
        all_answer(&entries, &output);
    }
}

#[test]
fn operations_know_dbts_macros_and_the_methods_of_adapter() {
    for (_, entries) in tried("operation") {
        let mut text = "{% macro probes() %}\n".to_owned();
        for entry in &entries {
            let _ = writeln!(
                text,
                "{{{{ print('probe {}=' ~ ({}) | string | replace('\\n', ' ')) }}}}",
                entry.name.replace('\'', ""),
                entry.probe
            );
        }
        let project = shop().file("macros/probes.sql", text + "{% endmacro %}\n");
        project.redstart("run -s other").success();
        all_answer(&entries, &project.redstart("run-operation probes"));
    }
}

#[test]
fn every_command_of_dbt_is_there() {
    for (_, entries) in tried("command") {
        for entry in &entries {
            let output = shop().redstart(&format!("help {}", entry.probe));
            assert_eq!(output.code, 0, "{}: {output}", entry.name);
        }
    }
}

#[test]
fn every_flag_of_dbt_is_taken_or_refused_by_name() {
    let project = shop();
    let said = |entries: &[Entry], state: State| -> Vec<String> {
        let wanted = entries.iter().filter(|entry| entry.state == state);
        wanted.map(|entry| entry.probe.clone()).collect()
    };
    for (command, entries) in tried("flag") {
        let all: Vec<&str> = entries.iter().map(|entry| entry.probe.as_str()).collect();
        let output = project.redstart(&format!("{command} {} --help", all.join(" ")));
        assert_eq!(output.code, 0, "{output}");
        let idle = said(&entries, State::NoEffect);
        let output = project.redstart(
            &format!(
                "{command} --exclude-resource-type model --log-level info {}",
                idle.join(" ")
            )
            .replace("parse --exclude-resource-type model", "parse"),
        );
        for flag in &idle {
            let name = flag.split(' ').next().unwrap_or_default();
            let name = name.replacen("--no-", "--", 1);
            let noted = format!("{output}").contains(&format!("{name} changes nothing here"));
            assert!(noted, "no note of {flag}: {output}");
        }
    }
    for (_, entries) in tried("flags") {
        for entry in &entries {
            if entry.state == State::Refused {
                let output = project.redstart(&entry.probe);
                assert_eq!(output.code, 2, "{}: {output}", entry.name);
            } else {
                let output = project.redstart(&format!("{} --help", entry.probe));
                assert_eq!(output.code, 0, "{}: {output}", entry.name);
            }
        }
    }
}

#[test]
fn every_selector_method_of_dbt_is_known() {
    let project = shop();
    project
        .redstart("build --target-path before --exclude source:raw")
        .success();
    let measured = r#"{"metadata": {}, "results": [], "elapsed_time": 0.0}"#;
    project.write("before/sources.json", measured);
    project.write("target/sources.json", measured);
    for (_, entries) in tried("selector") {
        let (refused, known): (Vec<&Entry>, Vec<&Entry>) = entries
            .iter()
            .partition(|entry| entry.state == State::Refused);
        let all: Vec<&str> = known.iter().map(|entry| entry.probe.as_str()).collect();
        let output = project.redstart(&format!("ls --state before -s {}", all.join(" ")));
        assert_eq!(output.code, 0, "{output}");
        for entry in refused {
            let output = project.redstart(&format!("ls -s {}", entry.probe));
            assert_eq!(output.code, 2, "{}: {output}", entry.name);
        }
    }
}

/// What is said of each file, by the file's stem: the first lines of the diagnostics that point into it.
fn told_by_file(output: &Output) -> BTreeMap<String, Vec<String>> {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut head = String::new();
    for line in format!("{output}").lines() {
        if line.starts_with("error[") || line.starts_with("warning[") {
            line.clone_into(&mut head);
        } else if let Some(place) = line.trim().strip_prefix("--> ") {
            let file = place.split(':').next().unwrap_or_default();
            let stem = Path::new(file).file_stem().unwrap_or_default();
            let stem = stem.to_string_lossy().into_owned();
            told.entry(stem).or_default().push(head.clone());
        }
    }
    told
}

/// Parses a project in which each entry has files of its own, and holds each to its state.
fn parsed(project: &TestProject, entries: &[(String, Entry)]) {
    let output = project.redstart("parse");
    let told = told_by_file(&output);
    for (stem, entry) in entries {
        let heads = told.get(stem).map(Vec::as_slice).unwrap_or_default();
        let has = |word: &str| heads.iter().any(|head| head.contains(word));
        let wrong = match entry.state {
            State::Refused => !has("not-supported"),
            _ => heads.iter().any(|head| head.starts_with("error")) || has("unknown-"),
        };
        assert!(!wrong, "{}: {heads:?}\n{output}", entry.name);
    }
}

/// A project with the YAML of each entry in a file of its own.
fn each(entries: Vec<Entry>, mut files: impl FnMut(&str, &Entry) -> Vec<(String, String)>) {
    let mut project = shop();
    let mut named = Vec::new();
    for (number, entry) in entries.into_iter().enumerate() {
        let stem = format!("probe_{number}");
        for (path, text) in files(&stem, &entry) {
            project = project.file(path, text);
        }
        named.push((stem, entry));
    }
    parsed(&project, &named);
}

#[test]
fn every_configuration_of_dbt_is_read() {
    for (kind, entries) in tried("config") {
        each(entries, |stem, entry| {
            let config = &entry.probe;
            let yaml = match kind.as_str() {
                "models" => format!(
                    "models: [{{name: {stem}, config: {{materialized: incremental, {config}}}, columns: [{{name: id}}]}}]\n"
                ),
                "seeds" => format!("seeds: [{{name: {stem}, config: {{{config}}}}}]\n"),
                "snapshots" => format!(
                    "snapshots: [{{name: {stem}, relation: ref('other'), config: {{strategy: timestamp, updated_at: a, unique_key: a, {config}}}}}]\n"
                ),
                "tests" => format!(
                    "models: [{{name: {stem}, columns: [{{name: id, data_tests: [{{unique: {{config: {{{config}}}}}}}]}}]}}]\n"
                ),
                other => panic!("no such kind: {other}"),
            };
            let mut files = vec![(format!("models/{stem}.yml"), once(&yaml, config))];
            match kind.as_str() {
                "seeds" => files.push((format!("seeds/{stem}.csv"), "a\n1\n".to_owned())),
                "snapshots" => {}
                _ => files.push((format!("models/{stem}.sql"), "select 1 as id".to_owned())),
            }
            files
        });
    }
}

/// The settings that stand beside a probe, without the one that the probe says itself.
fn once(yaml: &str, config: &str) -> String {
    let key = config.split(':').next().unwrap_or_default();
    let beside = [
        "materialized: incremental",
        "strategy: timestamp",
        "updated_at: a",
        "unique_key: a",
    ];
    beside
        .iter()
        .filter(|beside| beside.split(':').next() == Some(key))
        .fold(yaml.to_owned(), |yaml, beside| {
            yaml.replacen(&format!("{beside}, "), "", 1)
        })
}

#[test]
fn every_property_of_dbt_is_read() {
    for (kind, entries) in tried("property") {
        each(entries, |stem, entry| {
            let property = entry.probe.replace("probe", stem);
            let yaml = match kind.as_str() {
                "models" => format!("models: [{{name: {stem}, {property}}}]\n"),
                _ if property.starts_with("tables") => {
                    format!("sources: [{{name: {stem}, {property}}}]\n")
                }
                _ => format!("sources: [{{name: {stem}, tables: [{{name: t}}], {property}}}]\n"),
            };
            vec![
                (format!("models/{stem}.sql"), "select 1 as a".to_owned()),
                (format!("models/{stem}.yml"), yaml),
            ]
        });
    }
    for (_, entries) in tried("document") {
        each(entries, |stem, entry| {
            let called = format!("{{% macro {stem}(x) %}}{{% endmacro %}}");
            let document = entry.probe.replace("probe_macro", stem);
            vec![
                (format!("macros/{stem}.sql"), called),
                (format!("models/{stem}.yml"), document + "\n"),
            ]
        });
    }
}

#[test]
fn every_key_of_the_project_file_is_read() {
    for (_, entries) in tried("project") {
        let keys: String = entries
            .iter()
            .map(|entry| format!("{}\n", entry.probe))
            .collect();
        let own = format!("name: shop\nprofile: project\n{keys}");
        let output = shop().file("dbt_project.yml", own).redstart("parse");
        let told = format!("{output}");
        assert!(output.code == 0 && !told.contains("unknown-"), "{output}");
    }
}

fn tables() -> String {
    let mut text = String::new();
    for section in sections() {
        let _ = write!(text, "\n## {}\n\n| | | |\n|---|---|---|\n", section.title);
        for entry in section.entries {
            let state = STATES.iter().find(|(_, state)| *state == entry.state);
            let state = state.map_or("", |(word, _)| word);
            let (name, words) = (entry.name.replace('|', "\\|"), entry.words);
            let _ = writeln!(text, "| `{name}` | {state} | {words} |");
        }
    }
    text
}

#[test]
fn the_page_of_dbts_reference_says_what_is_held() {
    let page = file("docs/dbt-reference.md");
    let text = fs::read_to_string(&page).unwrap();
    let (head, _) = text.split_once(START).unwrap();
    let made = format!("{head}{START}\n{}", tables());
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&page, &made).unwrap();
        return;
    }
    assert!(
        text == made,
        "docs/dbt-reference.md is old: INSTA_UPDATE=always writes it anew"
    );
}
