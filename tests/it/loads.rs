//! Loads that pick their files: what is new comes to what is there, on every warehouse alike.

use std::collections::BTreeSet;
use std::path::Path;

use insta::assert_snapshot;
use redstart::endpoint::{Options, Server};

use crate::output::Output;
use crate::postgres;
use crate::project::TestProject;

/// A target of each kind that reads `bucket/` of the project as `s3://lake/`.
pub struct Everywhere {
    pub project: TestProject,
    pub server: Server,
}

/// The targets' names.
pub const TARGETS: [&str; 3] = ["dev", "ci", "prod"];

impl Everywhere {
    /// The project with a profile for each; `schema` is its own in the database that tests share.
    pub fn new(schema: &str) -> Self {
        let project = TestProject::empty();
        std::fs::create_dir_all(project.path().join("bucket")).expect("a folder");
        let server = Server::start(Options {
            s3: vec![("s3://lake/".to_owned(), project.path().join("bucket"))],
            ..Options::default()
        })
        .expect("the endpoint starts");
        let port = server.address().port();
        let s3 = "s3: {'s3://lake/': bucket/}";
        postgres::server()
            .psql(&format!(
                "set client_min_messages = error; drop schema if exists {schema} cascade"
            ))
            .expect("an empty schema");
        let ci = postgres::profile(schema, &[("emulate", "redshift"), ("threads", "1")])
            .replace("    dev:", "    ci:");
        let profile = format!(
            "{ci}      {s3}
    dev: {{type: duckdb, path: project.duckdb, schema: {schema}, emulate: redshift, {s3}}}
    prod: {{type: redshift, host: 127.0.0.1, port: {port}, user: awsuser, password: unasked, dbname: dev, schema: {schema}, sslmode: disable, threads: 1, {s3}}}
"
        );
        Self {
            project: project.file("profiles.yml", profile),
            server,
        }
    }

    /// Runs on each target; all must say the same, which is given.
    #[track_caller]
    pub fn run(&self, arguments: &str) -> Output {
        let mut all: Vec<Output> = TARGETS
            .iter()
            .map(|target| {
                let flag = format!(" --target {target}");
                let mut output = self.project.redstart(&format!("{arguments}{flag}"));
                // Advice is said with the flags of the command.
                output.stdout = output.stdout.replace(&flag, "");
                output.stderr = output.stderr.replace(&flag, "");
                output
            })
            .collect();
        let told = |output: &Output| {
            let lines = output
                .stderr
                .lines()
                .filter(|line| !line.contains(" target "));
            lines.collect::<Vec<_>>().join("\n")
        };
        for other in &all[1..] {
            assert_eq!((all[0].code, told(&all[0])), (other.code, told(other)));
        }
        all.remove(0)
    }

    /// The rows of a query, the same on each target.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> String {
        let shown: BTreeSet<String> = TARGETS
            .iter()
            .map(|target| {
                let show = format!("show --inline \"{sql}\" --limit -1 --target {target}");
                self.project.redstart(&show).success().stdout
            })
            .collect();
        assert_eq!(shown.len(), 1, "{shown:#?}");
        shown.into_iter().next().unwrap_or_default()
    }

    /// The names in a schema that stand there only for a while, on any target.
    pub fn left_beside(&self, schema: &str) -> String {
        let in_file = self.project.query(&format!(
            "select table_name from information_schema.tables where table_schema = '{schema}' and strpos(table_name, '__rs_') > 0"
        ));
        let named = format!(
            "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = '{schema}' and strpos(relname, '__rs_') > 0 and relkind in ('r', 'v')"
        );
        let on_postgres = postgres::server().psql(&named).expect("names");
        let client = crate::endpoint::connect(&self.server, "awsuser", "").expect("a session");
        let on_the_endpoint = client.ask(&named);
        let all = [in_file, on_postgres, on_the_endpoint].join("\n");
        let left = all.lines().filter(|line| line.contains("__rs_"));
        left.collect::<Vec<_>>().join("\n")
    }
}

const SALES: &str = "sources:
  - name: raw
    schema: SCHEMA
    tables:
      - name: sales
        external: {location: 's3://lake/sales_*.csv', file_format: csv, load_mode: append, copy: {iam_role: default, ignoreheader: 1}}
        columns: [{name: id, data_type: integer}, {name: words, data_type: varchar(20)}]
";

fn sales(schema: &str) -> Everywhere {
    let everywhere = Everywhere::new(schema);
    everywhere
        .project
        .write("models/sources.yml", SALES.replace("SCHEMA", schema));
    everywhere
        .project
        .write("bucket/sales_1.csv", "id,words\n1,a\n2,b\n");
    everywhere
        .project
        .write("bucket/old_sales_1.csv", "id,words\n9,no\n");
    everywhere
}

#[test]
fn a_file_is_loaded_once_however_often_the_load_runs() {
    let all = sales("loads_append");
    assert_snapshot!(all.run("load"), @"
    exit 0
    Running 1 node on 1 thread (target `dev.loads_append`)
    1 of 1  OK    loaded source table loads_append.sales                  [2 rows from 1 file in [time]]

    Finished 1 load in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    ");
    all.project.write("bucket/sales_2.csv", "id,words\n3,c\n");
    assert_snapshot!(all.run("load"), @"
    exit 0
    Running 1 node on 1 thread (target `dev.loads_append`)
    1 of 1  OK    loaded source table loads_append.sales                  [1 new row from 1 file, 3 in all in [time]]

    Finished 1 load in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    ");
    assert_snapshot!(all.run("load"), @"
    exit 0
    Running 1 node on 1 thread (target `dev.loads_append`)
    1 of 1  OK    loaded source table loads_append.sales                  [nothing new, 3 rows in [time]]

    Finished 1 load in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    ");
    assert_snapshot!(all.rows("select id, words from {{ source('raw', 'sales') }} order by id"), @"
    id | words
    ---+------
     1 | a
     2 | b
     3 | c
    ");
    assert_snapshot!(all.rows("select file, size, etag from loads_append.sales__loaded_files order by file"), @"
    file                  | size | etag
    ----------------------+------+---------------------------------
    s3://lake/sales_1.csv |   17 | 8594da05fa4fd833676794af00817da3
    s3://lake/sales_2.csv |   13 | 1c5e23184c7f75f160236a960d2c01ad
    ");
    assert_snapshot!(all.run("load --full-refresh"), @"
    exit 0
    Running 1 node on 1 thread (target `dev.loads_append`)
    1 of 1  OK    loaded source table loads_append.sales                  [3 rows from 2 files in [time]]

    Finished 1 load in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    ");
    assert_snapshot!(all.rows("select count(*) as rows_there from {{ source('raw', 'sales') }}"), @"
    rows_there
    ----------
             3
    ");
    assert_snapshot!(all.rows("select count(*) as files from loads_append.sales__loaded_files"), @"
    files
    -----
        2
    ");
}

/// On each target the load fails, and says this.
#[track_caller]
fn fails(all: &Everywhere, expected: &[&str]) {
    for target in TARGETS {
        let output = all.project.redstart(&format!("load --target {target}"));
        assert_eq!(output.code, 1, "{output}");
        for expected in expected {
            assert!(output.text().contains(expected), "{output}");
        }
    }
}

#[test]
fn what_cannot_be_added_is_refused_and_changes_nothing() {
    let all = sales("loads_refused");
    let rows = "select count(*) as n from {{ source('raw', 'sales') }}";
    all.run("load").success();
    all.project
        .write("bucket/sales_1.csv", "id,words\n1,a\n2,b\n4,d\n");
    fails(
        &all,
        &[
            "error[changed-file]: `s3://lake/sales_1.csv` has changed since it was loaded into `loads_refused.sales`",
            "`s3://lake/sales_1.csv` had 17 bytes and has 21",
        ],
    );
    all.project
        .write("bucket/sales_1.csv", "id,words\n1,a\n2,b\n");
    // The second file is bad: the first of this load is not kept either.
    all.project.write("bucket/sales_2.csv", "id,words\n3,c\n");
    all.project.write("bucket/sales_3.csv", "id,words\nx,c\n");
    fails(
        &all,
        &["error[load-error]: s3://lake/sales_3.csv:2: column `id` integer"],
    );
    assert!(all.rows(rows).contains('2'));
    std::fs::remove_file(all.project.path().join("bucket/sales_3.csv")).expect("removed");
    all.run("load").success();
    assert!(all.rows(rows).contains('3'));

    let more = SALES
        .replace("SCHEMA", "loads_refused")
        .replace("(20)}]", "(20)}, {name: day, data_type: date}]");
    all.project.write("models/sources.yml", more);
    fails(
        &all,
        &["error[columns-changed]: `loads_refused.sales` has no column `day`, which is declared"],
    );
    let other = SALES
        .replace("SCHEMA", "loads_refused")
        .replace("sales_*.csv", "sales_")
        .replace("name: sales", "name: other");
    all.project.write("models/sources.yml", other);
    all.project
        .write("bucket/sales_2.csv.old", "id,words\n3,c\n");
    fails(
        &all,
        &[
            "error[ambiguous-file]: `s3://lake/sales_2.csv.old` would be loaded along with `s3://lake/sales_2.csv`",
        ],
    );
}

#[test]
fn a_table_that_was_loaded_before_it_appended_is_not_added_to() {
    let all = sales("loads_before");
    let replaces = SALES
        .replace("SCHEMA", "loads_before")
        .replace("load_mode: append, ", "");
    all.project.write("models/sources.yml", replaces);
    assert_snapshot!(all.run("load"), @"
    exit 0
    Running 1 node on 1 thread (target `dev.loads_before`)
    1 of 1  OK    loaded source table loads_before.sales                  [2 rows from 1 file in [time]]

    Finished 1 load in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    ");
    all.project.write(
        "models/sources.yml",
        SALES.replace("SCHEMA", "loads_before"),
    );
    assert_snapshot!(all.run("load"), @"
    exit 1
    Running 1 node on 1 thread (target `dev.loads_before`)
    1 of 1  ERROR loading source table loads_before.sales                 [[time]]
          error[no-memory]: nothing tells which files `loads_before.sales` holds: `sales__loaded_files` is not there (models/sources.yml:5:15)

    error[no-memory]: nothing tells which files `loads_before.sales` holds: `sales__loaded_files` is not there
     --> models/sources.yml:5:15
      |
    5 |       - name: sales
      |               ^^^^^ was it loaded before it had `load_mode: append`?
      |
      = help: load all files anew: `redstart load --full-refresh --select source:raw.sales`

    Finished 1 load in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    ");
    all.run("load --full-refresh").success();
    assert_snapshot!(all.rows("select count(*) as rows_there from {{ source('raw', 'sales') }}"), @"
    rows_there
    ----------
             2
    ");
}

/// The files of a folder below the project, as one text.
pub fn everything_in(folder: &Path) -> String {
    let files = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok);
    let files = files.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            String::from_utf8_lossy(&std::fs::read(entry.path()).expect("a file")).into_owned()
        })
        .collect()
}

#[test]
fn rows_that_a_load_may_leave_out_are_told_everywhere() {
    let all = Everywhere::new("left_out");
    let columns = "columns: [{name: id, data_type: integer}, {name: who, data_type: varchar(5), meta: {pii: true}}, {name: until, data_type: timestamp}]";
    let external = "location: 's3://lake/guests_*.csv', file_format: csv";
    all.project.write(
        "models/sources.yml",
        format!(
            "sources:
  - name: raw
    schema: left_out
    tables:
      - name: some
        external: {{{external}, load_mode: append, copy: {{iam_role: default, max_error: 100}}}}
        {columns}
      - name: whole
        external: {{{external}, copy: {{iam_role: default, ignore_all_errors: true}}}}
        {columns}
"
        ),
    );
    all.project.write(
        "bucket/guests_1.csv",
        "1,ada,9999-12-31 23:59:59\nx,bob,2024-01-01 00:00:00\n3,someone,2024-01-01 00:00:00\n4,eve,yesterday\n",
    );
    let load = all.run("load --select source:raw.some");
    assert_snapshot!(load.text(), @r#"
    Running 1 node on 1 thread (target `dev.left_out`)
    1 of 1  OK    loaded source table left_out.some                       [1 row from 1 file, 3 rejected in [time]]
          warning[rows-left-out]: 3 rows left out of `source.project.raw.some` (models/sources.yml:5:15)

    warning[rows-left-out]: 3 rows left out of `source.project.raw.some`
     --> models/sources.yml:5:15
      |
    5 |       - name: some
      |               ^^^^
      |
      = note: s3://lake/guests_1.csv:2: column `id` integer: Invalid digit, Value 'x', Pos 0, Type: Integer ("x")
      = note: s3://lake/guests_1.csv:3: column `who` varchar(5): String length exceeds DDL length
      = note: s3://lake/guests_1.csv:4: column `until` timestamp: Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS] ("yesterday")
      = help: all of them are in [project]/target/load_errors/source.project.raw.some.csv

    Finished 1 load in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    "#);
    let results = all.project.read("target/run_results.json");
    let results: serde_json::Value = serde_json::from_str(&results).expect("JSON");
    let response = &results["results"][0]["adapter_response"];
    assert_eq!(response["rows_left_out"], 3, "{response}");
    let rows = all.rows("select id, until from {{ source('raw', 'some') }}");
    assert_snapshot!(rows, @"
    id | until
    ---+--------------------
     1 | 9999-12-31 23:59:59
    ");
    let whole = all.run("load --select source:raw.whole").success();
    let text = whole.text();
    assert!(
        text.contains("3 rejected")
            && text.contains("warning[rows-left-out]: 3 rows left out of `source.")
            && !text.contains("someone"),
        "{whole}"
    );
    // What is left out once is not told of a load without fault that comes later.
    all.project
        .write("bucket/guests_2.csv", "5,pam,2024-01-01 00:00:00\n");
    let more = all.run("load --select source:raw.some");
    assert!(!more.text().contains("rows-left-out"), "{more}");
}

#[test]
fn all_rows_that_a_load_does_not_take_are_in_a_file() {
    let all = Everywhere::new("bad_rows");
    let external = "location: 's3://lake/guests', file_format: csv";
    let columns = "columns: [{name: id, data_type: integer}, {name: who, data_type: varchar(5), meta: {pii: true}}]";
    all.project.write(
        "models/sources.yml",
        format!(
            "sources:
  - name: raw
    schema: bad_rows
    tables:
      - name: some
        external: {{{external}, copy: {{iam_role: default, max_error: 100}}}}
        {columns}
      - name: few
        external: {{{external}, copy: {{iam_role: default, max_error: 25}}}}
        {columns}
"
        ),
    );
    let rows = (0..30).map(|row| match row {
        3 => "3,somebody\n".to_owned(),
        29 => "29,ann\n".to_owned(),
        row => format!("{row}.5,ann\n"),
    });
    all.project
        .write("bucket/guests.csv", rows.collect::<String>());
    let told = |output: &Output| {
        let text = output.text();
        let told = text
            .lines()
            .filter(|line| line.contains("more") || line.contains("all of them"));
        told.collect::<Vec<_>>().join("\n")
    };
    let mut files = BTreeSet::new();
    for target in TARGETS {
        let load = format!("load --select source:raw.some --target {target}");
        let load = all.project.redstart(&load).success();
        assert!(
            load.text().contains("[1 row from 1 file, 29 rejected"),
            "{load}"
        );
        insta::allow_duplicates! {
            assert_snapshot!(told(&load), @"
            = note: and 24 more
            = help: all of them are in [project]/target/load_errors/source.project.raw.some.csv
            ");
        }
        files.insert(
            all.project
                .read("target/load_errors/source.project.raw.some.csv"),
        );
    }
    assert_eq!(files.len(), 1, "{files:?}");
    let file = files.into_iter().next().expect("a file");
    assert_eq!(file.lines().count(), 30);
    assert_snapshot!(file.lines().take(5).collect::<Vec<_>>().join("\n"), @r#"
    file,line,column,type,value,reason
    s3://lake/guests.csv,1,id,integer,0.5,"Invalid digit, Value '.', Pos 1, Type: Integer"
    s3://lake/guests.csv,2,id,integer,1.5,"Invalid digit, Value '.', Pos 1, Type: Integer"
    s3://lake/guests.csv,3,id,integer,2.5,"Invalid digit, Value '.', Pos 1, Type: Integer"
    s3://lake/guests.csv,4,who,varchar(5),(personal),String length exceeds DDL length
    "#);
    for target in TARGETS {
        let load = format!("load --select source:raw.few --target {target}");
        let failed = all.project.redstart(&load);
        assert_eq!(failed.code, 1, "{failed}");
        insta::allow_duplicates! {
            assert_snapshot!(told(&failed), @"
            = note: and 5 more rows
            = help: all of them are in [project]/target/load_errors/source.project.raw.few.csv
            ");
        }
    }
    let file = all
        .project
        .read("target/load_errors/source.project.raw.few.csv");
    assert_eq!(file.lines().count(), 26, "{file}");
    // Once all rows are taken there is no file.
    all.project.write("bucket/guests.csv", "1,ann\n");
    all.run("load").success();
    let left = std::fs::read_dir(all.project.path().join("target/load_errors")).expect("a folder");
    assert_eq!(left.count(), 0);
}

#[test]
fn a_load_tells_how_many_files_it_read() {
    let all = Everywhere::new("load_files");
    all.project.write(
        "models/sources.yml",
        "sources:
  - name: raw
    schema: load_files
    tables:
      - name: prefix
        external: {location: 's3://lake/day_', file_format: csv, copy: {iam_role: default}}
        columns: &columns [{name: id, data_type: integer}]
      - name: picked
        external: {location: 's3://lake/day_*.csv', file_format: csv, copy: {iam_role: default}}
        columns: *columns
      - name: manifest
        external: {location: 's3://lake/list.json', file_format: csv, copy: {iam_role: default, manifest: true}}
        columns: *columns
",
    );
    all.project.write("bucket/day_1.csv", "1\n");
    all.project.write("bucket/day_2.csv", "2\n3\n");
    all.project.write(
        "bucket/list.json",
        r#"{"entries": [{"url": "s3://lake/day_2.csv", "mandatory": true}]}"#,
    );
    for target in TARGETS {
        let load = format!("load --target {target}");
        let told = all.project.redstart(&load).success().text();
        // What takes longest is first.
        let lines = told
            .lines()
            .filter_map(|line| Some(line.split_once("table ")?.1));
        let lines: BTreeSet<&str> = lines.collect();
        insta::allow_duplicates! {
            assert_snapshot!(lines.into_iter().collect::<Vec<_>>().join("\n"), @"
            load_files.manifest                 [2 rows from 1 file in [time]]
            load_files.picked                   [3 rows from 2 files in [time]]
            load_files.prefix                   [3 rows from 2 files in [time]]
            ");
        }
        let results: serde_json::Value =
            serde_json::from_str(&all.project.read("target/run_results.json")).expect("JSON");
        let results = results["results"].as_array().expect("results");
        let files = results
            .iter()
            .filter_map(|result| result["adapter_response"]["files"].as_u64());
        assert_eq!(files.sum::<u64>(), 5, "{results:?}");
    }
}

#[test]
fn each_load_of_a_file_leaves_its_statements_and_columns_are_encoded_by_configuration() {
    let project = TestProject::new()
        .file("fixtures/a.csv", "1,x\n")
        .file("fixtures/b.csv", "2,y\n")
        .file(
            "models/sources.yml",
            "sources:
  - name: raw
    tables:
      - name: a
        config: {encode: {id: az64, V: zstd}}
        external: &from {location: 's3://lake/a.csv', file_format: csv, copy: {}}
        columns: &columns [{name: id, data_type: integer}, {name: v, data_type: varchar(9), config: {encode: lzo}}]
      - name: b
        external: {location: 's3://lake/b.csv', file_format: csv, copy: {}}
        columns: *columns
",
        )
        .file(
            "profiles.yml",
            crate::project::PROFILES.replace(
                "      emulate: redshift\n",
                "      emulate: redshift\n      s3: {'s3://lake/': fixtures/}\n",
            ),
        );
    project.redstart("load --quiet").success();
    let run = project.path().join("target/run/project/models/sources.yml");
    let mut files: Vec<String> = std::fs::read_dir(run)
        .expect("a folder")
        .map(|file| {
            file.expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    files.sort();
    assert_eq!(files, ["raw.a.sql", "raw.b.sql"]);
    let server = Server::start(Options {
        s3: vec![("s3://lake/".to_owned(), project.path().join("fixtures"))],
        ..Options::default()
    })
    .expect("the endpoint starts");
    project.write(
        "profiles.yml",
        format!(
            "project:\n  target: prod\n  outputs:\n    prod: {{type: redshift, host: 127.0.0.1, port: {}, user: awsuser, password: none, dbname: dev, schema: public, sslmode: disable}}\n",
            server.address().port()
        ),
    );
    project.redstart("load --quiet -s source:raw.a").success();
    let sent = project.read("target/run/project/models/sources.yml/raw.a.sql");
    assert!(
        sent.contains("integer encode az64") && sent.contains("(9) encode lzo"),
        "{sent}"
    );
    project.write(
        "models/model.yml",
        "models: [{name: m, config: {encode: {nope: zstd}}, columns: [{name: id}]}]\n",
    );
    project.write("models/m.sql", "select 1 as id");
    assert_snapshot!(project.redstart("parse"), @"
    exit 2
    error[bad-config]: `encode` names the column `nope`, which is not declared
     --> models/model.yml:1:37
      |
    1 | models: [{name: m, config: {encode: {nope: zstd}}, columns: [{name: id}]}]
      |                                     ^^^^^^^^^^^^
      |
      = help: declare the column under `columns:`, or look at its name

    warning[missing-role]: nothing says by whose right `COPY` reads the files of `a`
     --> models/sources.yml:6:79
      |
    6 |         external: &from {location: 's3://lake/a.csv', file_format: csv, copy: {}}
      |                                                                               ^^
      |
      = help: add `iam_role: default`, or the ARN of a role, to `copy`: a cluster refuses the load without

    warning[missing-role]: nothing says by whose right `COPY` reads the files of `b`
     --> models/sources.yml:9:73
      |
    9 |         external: {location: 's3://lake/b.csv', file_format: csv, copy: {}}
      |                                                                         ^^
      |
      = help: add `iam_role: default`, or the ARN of a role, to `copy`: a cluster refuses the load without

    1 error, 2 warnings
    ");
}
