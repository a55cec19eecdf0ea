//! The commands that show the examples at work (`make demo-cafe` and its like), on each warehouse that they can be asked for.

use std::path::Path;
use std::process::Command;

use redstart::endpoint::{Options, Server};

use crate::postgres;
use crate::project::{TestProject, program};

/// What `ON` may say, and the target that it means.
const PLACES: [(&str, &str); 3] = [
    ("duckdb", "dev"),
    ("postgres", "ci"),
    ("emulator", "endpoint"),
];

/// A folder laid out as the repository is, with one of its examples, whose files lie elsewhere: `DATA` is to name them.
fn repository(name: &str) -> TestProject {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = TestProject::example_of(&root.join("examples").join(name));
    let project = TestProject::empty();
    std::fs::create_dir(project.path().join("examples")).expect("a folder");
    std::fs::rename(own.path(), project.path().join("examples").join(name)).expect("the example");
    let files = project.path().join("examples").join(name).join("data");
    std::fs::rename(files, project.path().join("files")).expect("the files");
    project.write(
        "scripts/demo_example",
        std::fs::read(root.join("scripts/demo_example")).expect("the script"),
    );
    let server = postgres::server();
    let database = format!("redstart_demo_{name}_{}", std::process::id());
    postgres::query(&format!(
        "create database {database} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'"
    ));
    project
        .env("PGHOST", &server.host)
        .env("PGPORT", server.port.to_string())
        .env("PGUSER", &server.user)
        .env("PGPASSWORD", &server.password)
        .env("PGDATABASE", database)
        .env("REDSHIFT_HOST", "not-asked")
        .env("REDSHIFT_USER", "nobody")
        .env("DBT_ENV_SECRET_REDSHIFT_PASSWORD", "no-one-asks")
}

/// Runs the script as the `Makefile` does; what it says.
fn demo(project: &TestProject, name: &str, place: &str) -> String {
    // With the environment of the program in a test, in which the script runs instead.
    let like = project.command("");
    let mut script = Command::new("bash");
    script
        .arg("scripts/demo_example")
        .args([name, "files"])
        .current_dir(project.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("REDSTART", program())
        .env("ON", place);
    for (key, value) in like.get_envs() {
        if let Some(value) = value {
            script.env(key, value);
        }
    }
    let output = script.output().expect("a shell");
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{name} on {place}: {said}");
    said
}

/// All rows of all nodes of the example on a target, sorted.
fn rows(
    project: &TestProject,
    name: &str,
    target: &str,
    emulator: &str,
) -> Vec<(String, Vec<String>)> {
    let lines = |arguments: &str| -> Vec<String> {
        let folders = format!("--project-dir examples/{name} --profiles-dir examples/{name}");
        let output = project
            .command(&format!("{arguments} {folders}"))
            .env("REDSTART_EMULATOR_PORT", emulator)
            .output()
            .expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments}: {said}");
        let lines = String::from_utf8_lossy(&output.stdout);
        lines.lines().map(str::to_owned).collect()
    };
    let nodes = lines("ls --resource-type model --resource-type seed --output name");
    let with_rows = nodes.into_iter().map(|node| {
        let mut rows = lines(&format!(
            "show --target {target} --inline \"select * from {{{{ ref('{node}') }}}}\" --output json --limit -1"
        ));
        for row in &mut rows {
            row.truncate(row.trim_end_matches(',').len());
        }
        rows.sort_unstable();
        (node, rows)
    });
    with_rows.collect()
}

fn the_same_rows_everywhere(name: &str) {
    let project = repository(name);
    let mut first = None;
    for (place, target) in PLACES {
        // Twice: a demo begins anew each time.
        for _ in 0..2 {
            let said = demo(&project, name, place);
            assert!(said.contains("ERROR=0"), "{said}");
            assert!(said.contains("\n  The tables  "), "{said}");
        }
        let file = project
            .path()
            .join(format!("examples/{name}/endpoint.duckdb"));
        let emulator = (place == "emulator").then(|| {
            Server::start(Options {
                file: Some(file),
                ..Options::default()
            })
            .expect("the emulator of the demo has ended")
        });
        let port = emulator
            .as_ref()
            .map_or(1, |server| server.address().port());
        let found = rows(&project, name, target, &port.to_string());
        assert!(found.len() > 4, "{name} has nodes: {found:?}");
        assert!(found.iter().all(|(_, rows)| rows.len() > 2), "{found:?}");
        match &first {
            None => first = Some(found),
            Some(first) => assert_eq!(&found, first, "{name} on {place} and on duckdb"),
        }
    }
}

#[test]
fn the_demo_of_the_cafe_has_the_same_rows_wherever_it_is_asked_for() {
    the_same_rows_everywhere("cafe");
}

#[test]
fn the_demo_of_the_hires_has_the_same_rows_wherever_it_is_asked_for() {
    the_same_rows_everywhere("hires");
}

#[test]
fn the_demo_of_the_ginventory_has_the_same_rows_wherever_it_is_asked_for() {
    the_same_rows_everywhere("ginventory");
}
