//! The examples in `examples/`: each on its fixture on every warehouse, its README's tour as it is written, and on real data where that lies
//! beside the clone.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use redstart::endpoint::{Options, Server};

use crate::postgres;
use crate::project::{TestProject, real_data};

/// An example with its targets: `dev` on DuckDB, `ci` on the tests' PostgreSQL, `endpoint` on the stand-in for a cluster.
struct Example {
    project: TestProject,
    name: &'static str,
    _server: Server,
}

const TARGETS: [&str; 3] = ["dev", "ci", "endpoint"];

impl Example {
    /// With the files of a folder, or with its own.
    fn new(name: &'static str, data: Option<&Path>) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("examples")
            .join(name);
        let project = TestProject::example_of(&root);
        if let Some(data) = data {
            let folder = project.path().join("data");
            std::fs::remove_dir_all(&folder).expect("the fixture");
            std::fs::create_dir(&folder).expect("a folder");
            for file in std::fs::read_dir(data).expect("the data").flatten() {
                std::fs::copy(file.path(), folder.join(file.file_name())).expect("a copy");
            }
        }
        let server = Server::start(Options {
            s3: vec![(format!("s3://{name}/"), project.path().join("data"))],
            ..Options::default()
        })
        .expect("the endpoint starts");
        let postgres = postgres::server();
        // One of its own: tests of the same example run at the same time.
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let database = format!("redstart_{name}_{}_{number}", std::process::id());
        postgres::query(&format!(
            "create database {database} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'"
        ));
        let project = project
            .env("PGHOST", &postgres.host)
            .env("PGPORT", postgres.port.to_string())
            .env("PGUSER", &postgres.user)
            .env("PGPASSWORD", &postgres.password)
            .env("PGDATABASE", database)
            .env(
                "REDSTART_EMULATOR_PORT",
                server.address().port().to_string(),
            )
            .env("REDSHIFT_HOST", "not-asked")
            .env("REDSHIFT_USER", "nobody")
            .env("DBT_ENV_SECRET_REDSHIFT_PASSWORD", "no-one-asks");
        Self {
            project,
            name,
            _server: server,
        }
    }

    /// Builds on each target; no test may warn or fail.
    #[track_caller]
    fn build(&self) -> Vec<String> {
        let built = TARGETS.map(|target| {
            let built = self.project.redstart(&format!("build --target {target}"));
            let built = built.success().text();
            assert!(built.contains("ERROR=0"), "{built}");
            built
        });
        built.to_vec()
    }

    /// The rows of a query of the project, the same on each target.
    #[track_caller]
    fn rows(&self, sql: &str) -> String {
        self.same(sql, str::to_owned)
    }

    #[track_caller]
    fn same(&self, sql: &str, seen: impl Fn(&str) -> String) -> String {
        let shown = TARGETS.map(|target| {
            let show =
                format!("show --inline \"{sql}\" --limit -1 --output json --target {target}");
            seen(&self.project.redstart(&show).success().stdout)
        });
        assert_eq!(shown[0], shown[1], "duckdb and postgres");
        assert_eq!(shown[0], shown[2], "duckdb and the endpoint");
        shown[0].clone()
    }

    /// Everything in the relations of the project, the same on each target.
    #[track_caller]
    fn all(&self, relations: &[&str]) -> String {
        let all = relations.iter().map(|relation| {
            // Targets sort texts each in their own way.
            let sorted = |answer: &str| {
                let mut rows = lines(answer);
                rows.sort_unstable();
                rows.join("\n")
            };
            let sql = format!("select * from {{{{ ref('{relation}') }}}}");
            let rows = self.same(&sql, sorted);
            assert!(!rows.is_empty(), "{} {relation} has no rows", self.name);
            format!("{relation}\n{rows}\n")
        });
        all.collect()
    }
}

/// The rows of an answer in JSON.
fn lines(answer: &str) -> Vec<&str> {
    let lines = answer.lines().map(str::trim);
    let rows = lines.filter(|line| line.starts_with("{\""));
    rows.map(|row| row.trim_end_matches(',')).collect()
}

/// The commands of a README's tour, as it stands in the project.
fn tour(project: &TestProject, readme: &str) {
    let commands = steps(project, &project.read(readme));
    assert!(commands > 2, "{readme} has a tour");
}

/// Runs the commands of a text, each with what it says below it; `…` stands for any lines.
pub fn steps(project: &TestProject, text: &str) -> usize {
    let mut commands = 0;
    for block in text.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for step in block.split("$ ").skip(1) {
            let (command, expected) = step.split_once('\n').unwrap_or((step, ""));
            commands += 1;
            let said = said(project, command);
            let mut rest = said.lines().map(str::trim);
            for line in expected.lines().map(str::trim) {
                if line.is_empty() || line == "…" {
                    continue;
                }
                assert!(
                    rest.any(|said| said == line),
                    "`{command}` does not say\n{line}\nbut\n{said}"
                );
            }
        }
    }
    commands
}

/// What a command of a text says; `|| true` lets it fail.
fn said(project: &TestProject, command: &str) -> String {
    if let Some(arguments) = command.strip_prefix("redstart ") {
        return match arguments.strip_suffix(" || true") {
            Some(arguments) => project.redstart(arguments).text(),
            None => project.redstart(arguments).success().text(),
        };
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(project.path());
    let output = shell.output().expect("a shell");
    assert!(output.status.success(), "{command}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The files of a recipe: blocks that begin with a comment of their name.
fn recipe(text: &str) -> TestProject {
    let mut project = TestProject::new();
    for block in text.split("\n```").collect::<Vec<_>>().chunks(2) {
        let Some((kind, body)) = block.get(1).and_then(|block| block.split_once('\n')) else {
            continue;
        };
        if kind == "console" {
            continue;
        }
        let (name, file) = body.split_once('\n').expect("a name");
        project = project.file(
            name.trim_start_matches(['#', '-', ' ']),
            format!("{file}\n"),
        );
    }
    project
}

#[test]
fn every_recipe_does_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/recipes.md")).expect("the recipes");
    let recipes: Vec<&str> = text.split("\n## ").skip(1).collect();
    assert_eq!(recipes.len(), 7);
    for text in recipes {
        assert!(steps(&recipe(text), text) > 0, "{text}");
    }
}

const CAFE: [&str; 9] = [
    "stg_transactions",
    "stg_items",
    "dim_branches",
    "dim_products",
    "dim_payment_methods",
    "fct_transactions",
    "fct_purchases",
    "best_products",
    "branch_sales",
];

#[test]
fn the_cafe_has_the_same_rows_everywhere_and_a_second_build_changes_nothing() {
    let cafe = Example::new("cafe", None);
    cafe.build();
    let first = cafe.all(&CAFE);
    assert_eq!(lines(&cafe.rows("select count(*) as purchases, sum(quantity) as sold, sum(quantity * price) as revenue from {{ ref('fct_purchases') }}")), [
        r#"{"purchases": 10, "sold": 13, "revenue": 27.50}"#,
    ]);
    assert_eq!(lines(&cafe.rows("select name, size, flavour, sold, revenue from {{ ref('best_products') }} order by sold desc, name, size limit 3")), [
        r#"{"name": "Latte", "size": "Large", "flavour": null, "sold": 3, "revenue": 7.35}"#,
        r#"{"name": "Smoothies", "size": "Regular", "flavour": "Berry Beautiful", "sold": 3, "revenue": 6.00}"#,
        r#"{"name": "Speciality Tea", "size": "Regular", "flavour": "English breakfast", "sold": 2, "revenue": 2.60}"#,
    ]);
    let again = cafe.build();
    assert_eq!(cafe.all(&CAFE), first);
    assert!(
        again
            .iter()
            .all(|said| said.contains("nothing new, 8 rows")),
        "{again:?}"
    );
}

#[test]
fn what_is_personal_in_the_cafe_ends_in_its_raw_table() {
    let cafe = Example::new("cafe", None);
    cafe.build();
    let hidden = cafe
        .rows("select * from {{ source('till', 'transactions') }} order by total_price limit 1");
    assert!(!hidden.contains("Example"), "{hidden}");
    for relation in CAFE {
        let rows = cafe.all(&[relation]);
        assert!(
            !rows.contains("Example") && !rows.contains("40000000000000"),
            "{relation}: {rows}"
        );
    }
    for folder in ["target", "logs"] {
        let written = crate::loads::everything_in(&cafe.project.path().join(folder));
        assert!(!written.is_empty());
        for personal in ["Ada Example", "Fay", "4000000000000010"] {
            assert!(!written.contains(personal), "{personal} in {folder}");
        }
    }
}

/// The files of some folders as a program on Windows writes them: every line end two bytes, also in quotes, and a byte order mark.
fn as_windows_writes(project: &TestProject, folders: &[&str]) {
    let mut changed = 0;
    for folder in folders {
        for file in std::fs::read_dir(project.path().join(folder)).expect("a folder") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "csv") {
                let text = std::fs::read_to_string(&path).expect("a text");
                let text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
                std::fs::write(&path, text).expect("a file");
                changed += 1;
            }
        }
    }
    assert!(changed > 0);
}

#[test]
fn windows_files_load_as_others_do() {
    let [plain, windows] = [(), ()].map(|()| Example::new("cafe", None));
    as_windows_writes(&windows.project, &["data"]);
    for cafe in [&plain, &windows] {
        cafe.build();
    }
    assert_eq!(windows.all(&CAFE), plain.all(&CAFE));
    let raw = "select * from {{ source('till', 'transactions') }} order by 1, 2, 3, 4, 5, 6, 7";
    assert_eq!(windows.rows(raw), plain.rows(raw));
}

#[test]
fn the_tour_of_the_cafe_is_as_its_readme_tells() {
    let cafe = Example::new("cafe", None);
    tour(&cafe.project, "README.md");
}

#[test]
fn the_real_tills_of_the_cafe_give_the_known_figures() {
    let Some(data) = real_data("cafe") else {
        return;
    };
    let cafe = Example::new("cafe", Some(&data));
    let figures = "select (select count(*) from {{ ref('fct_transactions') }}) as transactions, (select count(*) from {{ ref('fct_purchases') }}) as purchases, (select count(*) from {{ ref('dim_products') }}) as products, (select sum(total_price) from {{ ref('fct_transactions') }}) as revenue, (select max(n) from (select count(*) as n from {{ ref('fct_transactions') }} group by branch_id, paid_at) as minutes) as in_one_minute";
    cafe.build();
    assert_eq!(
        lines(&cafe.rows(figures)),
        [
            r#"{"transactions": 909, "purchases": 2257, "products": 40, "revenue": 5587.75, "in_one_minute": 2}"#,
        ]
    );
    let first = cafe.all(&CAFE);
    cafe.build();
    assert_eq!(cafe.all(&CAFE), first);
}

const HIRES: [&str; 3] = ["dim_departments", "dim_jobs", "fct_hires"];
const REJECTED: &str = "select id, rejected_columns, rejected_because from hires_warehouse.fct_hires__rejects order by id";

#[test]
fn the_hires_that_are_wrong_stand_beside_the_others_with_the_reasons() {
    let hires = Example::new("hires", None);
    let built = hires.build();
    for said in &built {
        assert!(said.contains("7 rows, 5 rejected"), "{said}");
    }
    assert_eq!(
        lines(&hires.rows(REJECTED)),
        [
            r#"{"id": "10", "rejected_columns": "hired_at", "rejected_because": "hired_at is no timestamp"}"#,
            r#"{"id": "11", "rejected_columns": "department_id, hired_at", "rejected_because": "department_id is no integer; hired_at is no timestamp"}"#,
            r#"{"id": "12", "rejected_columns": "department_id", "rejected_because": "department_id is no integer"}"#,
            r#"{"id": "8", "rejected_columns": "job_id", "rejected_because": "job_id is null"}"#,
            r#"{"id": "9", "rejected_columns": "name", "rejected_because": "name is null"}"#,
        ]
    );
    assert_eq!(
        lines(&hires.rows(
            "select id, hired_at, department_id, job_id from {{ ref('fct_hires') }} order by id"
        )),
        [
            r#"{"id": 1, "hired_at": "2021-02-03 09:15:00", "department_id": 1, "job_id": 1}"#,
            r#"{"id": 2, "hired_at": "2021-05-30 05:43:46", "department_id": 2, "job_id": 3}"#,
            r#"{"id": 3, "hired_at": "2021-07-01 23:27:38", "department_id": 2, "job_id": 3}"#,
            r#"{"id": 4, "hired_at": "2021-10-01 13:04:21", "department_id": 2, "job_id": 4}"#,
            r#"{"id": 5, "hired_at": "2020-02-29 22:22:17", "department_id": 3, "job_id": 2}"#,
            r#"{"id": 6, "hired_at": "2021-11-10 22:22:17", "department_id": 2, "job_id": 3}"#,
            r#"{"id": 7, "hired_at": "2021-12-31 23:59:59", "department_id": 3, "job_id": 2}"#,
        ]
    );
    assert_eq!(
        lines(
            &hires.rows("select * from {{ ref('hires_department_job') }} order by department, job")
        ),
        [
            r#"{"department": "Research, and Development", "job": "VP Sales", "q1": 0, "q2": 0, "q3": 0, "q4": 1}"#,
            r#"{"department": "Sales", "job": "Recruiter", "q1": 1, "q2": 0, "q3": 0, "q4": 0}"#,
            r#"{"department": "Support", "job": "Engineer IV", "q1": 0, "q2": 1, "q3": 1, "q4": 1}"#,
            r#"{"department": "Support", "job": "Web Developer/Designer", "q1": 0, "q2": 0, "q3": 0, "q4": 1}"#,
        ]
    );
    assert_eq!(
        lines(&hires.rows("select * from {{ ref('departments_hired_above_mean') }}")),
        [r#"{"department_id": 2, "department": "Support", "hired": 4}"#,]
    );
    let first = hires.all(&HIRES) + &hires.rows(REJECTED);
    hires.build();
    assert_eq!(hires.all(&HIRES) + &hires.rows(REJECTED), first);
    let dictionary = hires.project.read("target/dictionary.md");
    assert!(
        dictionary.contains("- Rejected rows: 5 in `"),
        "{dictionary}"
    );
}

#[test]
fn windows_files_of_hires_load_as_others_do() {
    let [plain, windows] = [(), ()].map(|()| Example::new("hires", None));
    as_windows_writes(&windows.project, &["data"]);
    for hires in [&plain, &windows] {
        hires.build();
    }
    let all = |hires: &Example| {
        let marts = ["hires_department_job", "departments_hired_above_mean"];
        let raw = "select * from {{ source('uploads', 'hired_employees') }} order by id, name";
        hires.all(&HIRES) + &hires.all(&marts) + &hires.rows(REJECTED) + &hires.rows(raw)
    };
    assert_eq!(all(&windows), all(&plain));
}

#[test]
fn too_many_wrong_hires_leave_those_that_were_there() {
    let hires = Example::new("hires", None);
    hires.build();
    let first = hires.all(&HIRES) + &hires.rows(REJECTED);
    hires.project.write(
        "data/hired_employees.csv",
        "1,,x,1,1\n2,Bo,2021-05-30T05:43:46Z,2,3\n3,,,,\n",
    );
    for target in TARGETS {
        let failed = hires.project.redstart(&format!("build --target {target}"));
        assert_eq!(failed.code, 1, "{failed}");
        assert!(
            failed
                .text()
                .contains("2 of 3 rows of `fct_hires` are rejected, and 50% are allowed"),
            "{failed}"
        );
    }
    assert_eq!(hires.all(&HIRES) + &hires.rows(REJECTED), first);
}

#[test]
fn the_tour_of_the_hires_is_as_its_readme_tells() {
    let hires = Example::new("hires", None);
    tour(&hires.project, "README.md");
}

#[test]
fn the_real_hires_give_the_known_figures() {
    let Some(data) = real_data("hires") else {
        return;
    };
    let hires = Example::new("hires", Some(&data));
    let whole = std::fs::read_to_string(data.join("hired_employees.csv")).expect("the hires");
    // An upload has a thousand rows at most.
    let all = hires.project.redstart("build --target dev");
    assert_eq!(all.code, 1, "{all}");
    let upload: String = whole.split_inclusive('\n').take(1000).collect();
    hires.project.write("data/hired_employees.csv", upload);
    let figures = "select (select count(*) from {{ ref('fct_hires') }}) as good, (select count(*) from hires_warehouse.fct_hires__rejects) as bad";
    hires.build();
    assert_eq!(
        lines(&hires.rows(figures)),
        [r#"{"good": 967, "bad": 33}"#,]
    );
    hires.project.write("data/hired_employees.csv", whole);
    for target in TARGETS {
        hires
            .project
            .redstart(&format!(
                "build --target {target} --vars '{{most_rows: 2000}}'"
            ))
            .success();
    }
    assert_eq!(
        lines(&hires.rows(figures)),
        [r#"{"good": 1929, "bad": 70}"#,]
    );
    assert_eq!(lines(&hires.rows("select count(*) as rows_there, sum(q1) as q1, sum(q2) as q2, sum(q3) as q3, sum(q4) as q4 from {{ ref('hires_department_job') }}")), [
        r#"{"rows_there": 933, "q1": 249, "q2": 454, "q3": 453, "q4": 487}"#,
    ]);
    assert_eq!(lines(&hires.rows("select department, hired from {{ ref('departments_hired_above_mean') }} order by hired desc")), [
        r#"{"department": "Support", "hired": 216}"#,
        r#"{"department": "Engineering", "hired": 205}"#,
        r#"{"department": "Human Resources", "hired": 201}"#,
        r#"{"department": "Services", "hired": 200}"#,
        r#"{"department": "Business Development", "hired": 185}"#,
        r#"{"department": "Research and Development", "hired": 148}"#,
        r#"{"department": "Marketing", "hired": 142}"#,
    ]);
}

const GINVENTORY: [&str; 8] = [
    "stg_gins",
    "dim_countries",
    "dim_gins",
    "dim_tonics",
    "dim_garnishes",
    "bridge_gin_tonics",
    "bridge_gin_garnishes",
    "gins_by_country",
];

#[test]
fn the_gins_are_cleaned_alike_everywhere_and_a_second_build_changes_nothing() {
    let bar = Example::new("ginventory", None);
    for said in bar.build() {
        assert!(said.contains("WARN=4"), "{said}");
    }
    assert_eq!(lines(&bar.rows("select gin_id, name, country, alcohol, description from {{ ref('stg_gins') }} order by gin_id")), [
        r#"{"gin_id": 1, "name": "Harbour Dry", "country": "Germany", "alcohol": 43.00, "description": "Juniper first."}"#,
        r#"{"gin_id": 2, "name": "The \"Quiet\" One", "country": "Japan", "alcohol": 40.00, "description": "Two strengths; the first counts.\nThe second line of the same field."}"#,
        r#"{"gin_id": 3, "name": "Plum & Pine", "country": "United Kingdom", "alcohol": 37.50, "description": null}"#,
        r#"{"gin_id": 4, "name": "Old Mill; Batch 2", "country": "Netherlands", "alcohol": 45.50, "description": "A \"field\" with a ;\nand a line end"}"#,
        r#"{"gin_id": 5, "name": "Kelp", "country": "Korea, Republic of", "alcohol": null, "description": "Nobody knows."}"#,
        r#"{"gin_id": 6, "name": "Côte", "country": "France", "alcohol": 41.00, "description": "Élégant."}"#,
        r#"{"gin_id": 7, "name": "Ledger", "country": "United States", "alcohol": 47.00, "description": null}"#,
    ]);
    assert_eq!(
        lines(&bar.rows("select * from {{ ref('gins_by_country') }} order by country")),
        [
            r#"{"country": "France", "gins": 1, "tonics": 1, "garnishes": 2, "strongest": 41.00}"#,
            r#"{"country": "Germany", "gins": 1, "tonics": 2, "garnishes": 1, "strongest": 43.00}"#,
            r#"{"country": "Japan", "gins": 1, "tonics": 1, "garnishes": 1, "strongest": 40.00}"#,
            r#"{"country": "Korea, Republic of", "gins": 1, "tonics": 1, "garnishes": 0, "strongest": null}"#,
            r#"{"country": "Netherlands", "gins": 1, "tonics": 1, "garnishes": 1, "strongest": 45.50}"#,
            r#"{"country": "United Kingdom", "gins": 1, "tonics": 1, "garnishes": 0, "strongest": 37.50}"#,
            r#"{"country": "United States", "gins": 1, "tonics": 0, "garnishes": 0, "strongest": 47.00}"#,
        ]
    );
    let first = bar.all(&GINVENTORY);
    bar.build();
    assert_eq!(bar.all(&GINVENTORY), first);
}

#[test]
fn windows_files_of_the_bar_load_as_others_do() {
    let [plain, windows] = [(), ()].map(|()| Example::new("ginventory", None));
    as_windows_writes(&windows.project, &["data", "seeds"]);
    for bar in [&plain, &windows] {
        bar.build();
    }
    let seeds = ["countries", "country_corrections"];
    let all = |bar: &Example| bar.all(&GINVENTORY) + &bar.all(&seeds);
    assert_eq!(all(&windows), all(&plain));
}

#[test]
fn a_gin_of_no_country_stops_the_build() {
    let bar = Example::new("ginventory", None);
    let gins = bar.project.read("data/gins.csv");
    bar.project
        .write("data/gins.csv", gins + "8;Lost;Atlantis;40;\n");
    let failed = bar.project.redstart("build");
    assert_eq!(failed.code, 1, "{failed}");
    assert!(failed.text().contains("Atlantis"), "{failed}");
}

#[test]
fn the_whole_list_of_countries_takes_the_place_of_the_fixture() {
    let Some(data) = real_data("gin") else { return };
    let bar = Example::new("ginventory", None);
    let countries = std::fs::read(data.join("countries.csv")).expect("the countries");
    bar.project.write("seeds/countries.csv", countries);
    bar.build();
    assert_eq!(
        lines(&bar.rows("select count(*) as countries from {{ ref('dim_countries') }}")),
        [r#"{"countries": 243}"#,]
    );
    assert_eq!(
        lines(&bar.rows("select country, gins from {{ ref('gins_by_country') }} order by country")),
        [
            r#"{"country": "France", "gins": 1}"#,
            r#"{"country": "Germany", "gins": 1}"#,
            r#"{"country": "Japan", "gins": 1}"#,
            r#"{"country": "Korea, Republic of", "gins": 1}"#,
            r#"{"country": "Netherlands", "gins": 1}"#,
            r#"{"country": "United Kingdom", "gins": 1}"#,
            r#"{"country": "United States", "gins": 1}"#,
        ]
    );
}

#[test]
fn the_tour_of_the_ginventory_is_as_its_readme_tells() {
    let bar = Example::new("ginventory", None);
    tour(&bar.project, "README.md");
}

#[test]
fn the_script_of_the_night_builds_tries_again_and_tells_how_it_ended() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = TestProject::new().file("models/one.sql", "select 1 as id");
    let night = |deadline: &str| {
        let program = crate::project::program();
        let path = format!(
            "{}:{}",
            program.parent().expect("a folder").display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let mut command = Command::new("bash");
        command
            .arg(root.join("examples/ops/nightly.sh"))
            .env("PATH", path)
            .env("SHOP", project.path())
            .env("DEADLINE", deadline)
            .env("TARGET", "dev");
        let output = command.output().expect("a shell");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), told)
    };
    assert_eq!(night("10 minutes"), (Some(0), String::new()));
    assert!(project.query("select id from one").contains('1'));
    project.write("models/two.sql", "select 1 / 0 as id from nowhere");
    // Before the deadline, and after that of the day, which is that of tomorrow then.
    for (tries, deadline) in [(1, "10 minutes"), (2, "1 minute ago")] {
        let (code, told) = night(deadline);
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains("ended with 1"), "{told}");
        let log = project.read("build.log");
        let tried = |line: &&str| line.contains("Trying build again");
        assert_eq!(log.lines().filter(tried).count(), tries, "{log}");
    }
    let held = Command::new("flock")
        .args(["--no-fork", "build.lock", "sleep", "60"])
        .current_dir(project.path())
        .spawn();
    let mut held = held.expect("flock");
    let begun = std::time::Instant::now();
    let busy = loop {
        let (code, told) = night("10 minutes");
        if code == Some(2) || begun.elapsed().as_secs() > 30 {
            break told;
        }
    };
    held.kill().expect("to end it");
    held.wait().expect("its end");
    assert!(busy.contains("another build is at work"), "{busy}");
}
