//! What runs Redstart by the clock: the files of `examples/ops/airflow`, parsed by Airflow itself and by astronomer-cosmos, which `make test`
//! fetches. Without them, a test says so.

use std::io::Write as _;
use std::process::Command;

use insta::assert_snapshot;

use crate::project::TestProject;

/// Prints each task of a file's only DAG with what it waits for and what it runs.
const TASKS: &str = r#"
import sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=sys.argv[1])
for path, error in bag.import_errors.items():
    sys.exit(f"{path}: {error}")
(dag,) = bag.dags.values()
print("---")
print(f"{dag.dag_id} {dag.schedule}")
for task in sorted(dag.tasks, key=lambda task: task.task_id):
    says = getattr(task, "bash_command", None)
    if not says:
        says = " ".join([task.dbt_executable_path, *task.base_cmd, "--models", str(task.select or task.models)])
    print(f"{task.task_id} <- {sorted(task.upstream_task_ids)}: {says}")
"#;

/// The tasks of one of the files, or none where nobody fetched Airflow.
fn tasks(project: &TestProject, file: &str) -> Option<String> {
    let Ok(python) = std::env::var("REDSTART_TEST_AIRFLOW") else {
        let told = "REDSTART_TEST_AIRFLOW is not set: nothing was parsed by Airflow; `make setup` for tests fetches it";
        let _ = writeln!(std::io::stderr(), "{told}");
        return None;
    };
    let text = std::fs::read_to_string(format!(
        "{}/examples/ops/airflow/{file}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .expect("the file");
    let path = project.path().display().to_string();
    project.write(format!("dags/{file}"), text.replace("/srv/shop", &path));
    let output = Command::new(python)
        .args(["-c", TASKS])
        .arg(project.path().join("dags").join(file))
        .current_dir(project.path())
        .env("AIRFLOW_HOME", project.path().join("airflow"))
        .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        .output()
        .expect("Python starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let told = String::from_utf8_lossy(&output.stdout);
    // What Airflow logs comes first.
    let (_, tasks) = told.split_once("---\n").expect("the tasks");
    Some(tasks.replace(&path, "[project]"))
}

#[test]
fn the_steps_of_github_are_commands_that_end_well() {
    let workflow = include_str!("../../examples/ops/github/redstart.yml");
    let project = shop();
    // A cluster is not to be had: what is sent to one is held elsewhere.
    let target = |name: &str| {
        format!(
            "    {name}: {{type: duckdb, path: {name}.duckdb, schema: main, emulate: redshift}}\n"
        )
    };
    let (dev, prod) = (target("dev"), target("prod"));
    project.write(
        "profiles.yml",
        format!("shop:\n  target: dev\n  outputs:\n{dev}{prod}"),
    );
    let said: Vec<&str> = workflow
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- run: "))
        .collect();
    let ours: Vec<&str> = said
        .iter()
        .filter_map(|line| line.strip_prefix("redstart "))
        .collect();
    assert_eq!(
        ours,
        ["check", "build --target dev", "build --target prod --audit"]
    );
    for command in ours {
        project.redstart(command).success();
    }
    // The tool is built as its own README says.
    let made = said
        .iter()
        .filter(|line| line.starts_with("make setup && cargo build --release"));
    assert_eq!(made.count(), 2);
}

fn shop() -> TestProject {
    TestProject::empty()
        .file("dbt_project.yml", "name: shop\nprofile: shop\n")
        .file(
            "profiles.yml",
            "shop:\n  target: prod\n  outputs:\n    prod: {type: duckdb, path: shop.duckdb, schema: main, emulate: redshift}\n",
        )
        .file("seeds/raw_orders.csv", "id\n1\n")
        .file("models/stg_orders.sql", "select id from {{ ref('raw_orders') }}")
        .file("models/fct_orders.sql", "select id from {{ ref('stg_orders') }}")
        .file(
            "models/schema.yml",
            "models:\n  - name: stg_orders\n    columns:\n      - {name: id, data_tests: [unique]}\n",
        )
}

#[test]
fn airflow_reads_the_project_as_two_tasks() {
    let project = shop();
    if let Some(tasks) = tasks(&project, "shop_daily.py") {
        assert_snapshot!(tasks, @"
        shop_daily 0 3 * * *
        build <- ['load']: cd [project] && redstart build --target prod --audit --exclude 'source:*'
        load <- []: cd [project] && redstart load --target prod
        ");
    }
}

#[test]
fn cosmos_makes_a_task_of_every_model_of_our_manifest() {
    let project = shop();
    project.redstart("parse").success();
    if let Some(tasks) = tasks(&project, "shop_cosmos.py") {
        assert_snapshot!(tasks, @"
        shop_models 0 3 * * *
        fct_orders_run <- ['stg_orders.test']: redstart run --models fqn:shop.fct_orders
        raw_orders_seed <- []: redstart seed --models fqn:shop.raw_orders
        stg_orders.run <- ['raw_orders_seed']: redstart run --models fqn:shop.stg_orders
        stg_orders.test <- ['stg_orders.run']: redstart test --models stg_orders
        ");
        for command in [
            "seed --models fqn:shop.raw_orders",
            "run --models fqn:shop.stg_orders",
            "test --models stg_orders",
            "run --models fqn:shop.fct_orders",
        ] {
            assert!(tasks.contains(command), "{command}");
            let output = project.redstart(command).success();
            assert!(output.text().contains("PASS=1 "), "{output}");
        }
    }
}
