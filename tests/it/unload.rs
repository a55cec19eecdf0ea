//! `unload`, as a command and after a build, and COPY in hooks.

use insta::assert_snapshot;
use redstart::endpoint::{Options, Server};

use crate::project::TestProject;

const PROFILES: &str = "\
project:
  target: dev
  outputs:
    dev: {type: duckdb, path: project.duckdb, schema: main, emulate: redshift, s3: {'s3://b/': files/}}
";

fn project() -> TestProject {
    TestProject::empty()
        .file("profiles.yml", PROFILES)
        .file(
            "models/orders.sql",
            "{{ config(materialized='table') }}\nselect 1 as id, 'a' as name union all select 2, 'b'",
        )
        .file("models/totals.sql", "select count(*) as orders from {{ ref('orders') }}")
}

#[test]
fn relations_go_to_files() {
    let project = project();
    project.redstart("build --quiet").success();
    assert_snapshot!(project.redstart("unload -s orders --to s3://b/out/orders_ --format csv --header --order-by id --manifest"), @"
    exit 0
    unload orders to s3://b/out/orders_
    unloaded orders: 2 rows to s3://b/out/orders_
    ");
    assert_snapshot!(project.read("files/out/orders_0000_part_00"), @"
    id,name
    1,a
    2,b
    ");
    assert_snapshot!(project.read("files/out/orders_manifest"), @r#"{"entries":[{"url":"s3://b/out/orders_0000_part_00","meta":{"content_length":16}}]}"#);
    assert_snapshot!(project.redstart("unload -s orders --to s3://b/out/orders_ --format csv"), @"
    exit 1
    unload orders to s3://b/out/orders_
    --- stderr
    error[unload-error]: `orders` could not be unloaded: Specified unload destination on S3 is not empty: `s3://b/out/orders_`
     |
     = help: choose another prefix, remove the files, or say `allow_overwrite` (files of the same name are replaced) or `clean_path` (all of them are removed first)

    1 error
    ");
    assert_snapshot!(project.redstart("unload -s orders totals --to s3://b/out/ --format csv"), @"
    exit 2
    error[several-unloads]: 2 nodes would go to the same files
     |
     = help: write `{name}` into `--to`: it stands for the node's name

    1 error
    ");
    assert_snapshot!(project.redstart("unload -s orders totals --to s3://b/all/{name}/ --format json"), @"
    exit 0
    unload orders to s3://b/all/orders/
    unloaded orders: 2 rows to s3://b/all/orders/
    unload totals to s3://b/all/totals/
    unloaded totals: 1 row to s3://b/all/totals/
    ");
    assert_snapshot!(project.read("files/all/totals/0000_part_00"), @r#"{"orders":2}"#);
    assert_snapshot!(project.redstart("unload -s orders --to s3://b --format parqet --header"), @"
    exit 2
    error[bad-unload-option]: `to` of `unload` is an `s3://bucket/prefix`, not `s3://b`
     |
     = help: change the value as the message says, or take the option out

    error[unknown-value]: `unload` cannot write `parqet`
     |
     = help: did you mean `parquet`?
     = help: write `parquet`, `csv`, `json` or `text` (with a delimiter)

    2 errors
    ");
}

#[test]
fn a_verbose_manifest_tells_columns_and_rows_and_a_file_each_partition() {
    let project = project();
    project.redstart("build --quiet").success();
    project
        .redstart("unload -s orders --to s3://b/whole/ --format csv --manifest-verbose --quiet")
        .success();
    assert_snapshot!(project.read("files/whole/manifest"), @r#"{"entries":[{"url":"s3://b/whole/0000_part_00","meta":{"content_length":8,"record_count":2}}],"schema":{"elements":[{"name":"id","type":{"base":"integer"}},{"name":"name","type":{"base":"character varying"}}]},"meta":{"content_length":8,"record_count":2},"author":{"name":"Redstart","version":"0.1.0"}}"#);
    project
        .redstart("unload -s orders --to s3://b/parts/ --format parquet --partition-by name --manifest-verbose --quiet")
        .success();
    assert_snapshot!(project.read("files/parts/manifest"), @r#"{"entries":[{"url":"s3://b/parts/name=a/0000_part_00.parquet","meta":{"content_length":194,"record_count":1}},{"url":"s3://b/parts/name=b/0000_part_00.parquet","meta":{"content_length":194,"record_count":1}}],"schema":{"elements":[{"name":"id","type":{"base":"integer"}},{"name":"name","type":{"base":"character varying"}}]},"meta":{"content_length":388,"record_count":2},"author":{"name":"Redstart","version":"0.1.0"}}"#);
}

#[test]
fn a_failed_copy_on_redshift_is_told_row_by_row() {
    let project = TestProject::empty()
        .file("files/in/events", "1|ada\nx|bob\n3|toolong\n")
        .file(
            "models/raw.yml",
            "sources:
  - name: raw
    schema: raw
    tables:
      - name: events
        external: {location: 's3://b/in/events', file_format: text, copy: {max_error: 2}}
        columns:
          - {name: id, data_type: integer}
          - {name: name, data_type: varchar(5), meta: {pii: true}}
",
        );
    let server = Server::start(Options {
        s3: vec![("s3://b/".to_owned(), project.path().join("files"))],
        ..Options::default()
    })
    .expect("the endpoint starts");
    let port = server.address().port();
    project.write(
        "profiles.yml",
        format!(
            "project:
  target: prod
  outputs:
    prod: {{type: redshift, host: 127.0.0.1, port: {port}, user: awsuser, password: none, dbname: dev, schema: public, sslmode: disable}}
"
        ),
    );
    assert_snapshot!(project.redstart("load --quiet"), @"
    exit 1
    1 of 1  ERROR loading source table raw.events                         [[time]]
          error[load-error]: s3://b/in/events:2: column `id` integer of `events`: Invalid digit, Value 'x', Pos 0, Type: Integer (models/raw.yml:8:20)
          error[load-error]: s3://b/in/events:3: column `name` varchar(5) of `events`: String length exceeds DDL length (models/raw.yml:9:20)
    error[load-error]: s3://b/in/events:2: column `id` integer of `events`: Invalid digit, Value 'x', Pos 0, Type: Integer
     --> models/raw.yml:8:20
      |
    8 |           - {name: id, data_type: integer}
      |                    ^^ declared here
      |
      = note: the value: x
      = help: mend the file, declare `id` as `varchar`, or leave bad rows out: `copy: {maxerror: 10}`

    error[load-error]: s3://b/in/events:3: column `name` varchar(5) of `events`: String length exceeds DDL length
     --> models/raw.yml:9:20
      |
    9 |           - {name: name, data_type: varchar(5), meta: {pii: true}}
      |                    ^^^^ declared here
      |
      = note: the value is personal and not shown
      = help: declare `name` longer, or cut its values as they come: `copy: {truncatecolumns: true}`
    ");
}

#[test]
fn a_model_goes_to_files_when_its_tests_pass() {
    let project = project().file(
        "models/models.yml",
        "models:
  - name: orders
    config:
      unload: {to: 's3://b/{name}_', format: csv, allow_overwrite: true}
    columns:
      - {name: id, data_tests: [unique]}
",
    );
    assert_snapshot!(project.redstart("build"), @"
    exit 0
    Running 3 nodes on 1 thread (target `dev.main`)
    1 of 3  OK    created sql table model main.orders                     [2 rows in [time]]
    2 of 3  PASS  test unique_orders_id                                   [[time]]
    3 of 3  OK    created sql view model main.totals                      [[time]]

    Finished 1 data test, 1 table model, 1 view model in [time]
    Done. PASS=3 WARN=0 ERROR=0 SKIP=0 TOTAL=3
    The data dictionary is in [project]/target/index.html
    unload orders to s3://b/orders_
    unloaded orders: 2 rows to s3://b/orders_
    ");
    assert_snapshot!(project.read("files/orders_0000_part_00"), @"
    1,a
    2,b
    ");
    project.write(
        "models/orders.sql",
        "{{ config(materialized='table') }}\nselect 1 as id, 'new' as name union all select 1, 'b'",
    );
    let output = project.redstart("build --quiet");
    assert!(output.text().contains("test-failed"), "{output}");
    assert_snapshot!(project.read("files/orders_0000_part_00"), @"
    1,a
    2,b
    ");
    let project = project.file(
        "models/models.yml",
        "models:
  - name: orders
    config:
      unload: {to: 's3://b/{name}_', format: parquet, heder: true, delimiter: ';'}
",
    );
    assert_snapshot!(project.redstart("build --quiet"), @"
    exit 2
    error[unknown-key]: `unload` has no key `heder`
     --> models/models.yml:4:55
      |
    4 |       unload: {to: 's3://b/{name}_', format: parquet, heder: true, delimiter: ';'}
      |                                                       ^^^^^
      |
      = help: did you mean `header`?

    error[bad-unload-option]: the option `delimiter` of `unload` does not go with `parquet`
     --> models/models.yml:4:68
      |
    4 |       unload: {to: 's3://b/{name}_', format: parquet, heder: true, delimiter: ';'}
      |                                                                    ^^^^^^^^^
      |
      = help: change the value as the message says, or take the option out

    2 errors
    ");
}

#[test]
fn a_copy_in_a_hook_loads_as_redshift_does() {
    let project = project()
        .file(
            "models/raw.sql",
            "{{ config(materialized='table', post_hook=[\"copy {{ this }} (id, name) from 's3://b/in/orders' iam_role default delimiter ';' ignoreheader 1 emptyasnull\"]) }}
select 1 as id, cast('a' as varchar(5)) as name",
        )
        .file("files/in/orders.csv", "id;name\n2;b\n3;\n");
    project.redstart("build -s raw --quiet").success();
    assert_snapshot!(project.query("select id, name from raw order by id"), @"
    id | name
    1 | a
    2 | b
    3 | NULL
    ");
    project.write("files/in/orders.csv", "id;name\n2;toolong\n");
    assert_snapshot!(project.redstart("build -s raw --quiet"), @r#"
    exit 1
    1 of 1  ERROR creating sql table model main.raw                       [[time]]
          error[load-error]: s3://b/in/orders.csv:2: column `name` character varying(5) of `raw`: String length exceeds DDL length (models/raw.sql:1:1)
    error[load-error]: s3://b/in/orders.csv:2: column `name` character varying(5) of `raw`: String length exceeds DDL length
     --> models/raw.sql:1:1
      |
    1 | {{ config(materialized='table', post_hook=["copy {{ this }} (id, name) from 's3://b/in/orders' iam_role default delimiter ';' ignoreheader 1 emptyasnull"]) }}
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ declared here
      |
      = note: the value: toolong
      = help: declare `name` longer, or cut its values as they come: `copy: {truncatecolumns: true}`
    "#);
    let project = project.file(
        "models/raw.sql",
        "{{ config(materialized='table', post_hook=[\"copy {{ this }} from 's3://b/in/orders' iam_role default format parquet\"]) }}\nselect 1 as id",
    );
    assert_snapshot!(project.redstart("build -s raw --quiet"), @r#"
    exit 1
    1 of 1  ERROR creating sql table model main.raw                       [[time]]
          error[database-error]: the database refused `raw` (models/raw.sql:1:45)
    error[database-error]: the database refused `raw`
     --> models/raw.sql:1:45
      |
    1 | {{ config(materialized='table', post_hook=["copy {{ this }} from 's3://b/in/orders' iam_role default format parquet"]) }}
      |                                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: the database said: file `s3://b/in/orders.csv` is not a Parquet file
      = help: say the format that the file has: `csv`, `json`, …
    "#);
}

#[test]
fn keys_in_a_load_are_seen_nowhere() {
    let load = |more: &str| {
        format!(
            "sources:
  - name: raw
    schema: main
    tables:
      - name: events
        external:
          location: 's3://b/in/events'
          file_format: csv
          copy: {{access_key_id: AKIAIOSFODNN7EXAMPLE, secret_access_key: wJalrXUtnFEMI{more}}}
        columns: [{{name: id, data_type: integer}}]
"
        )
    };
    let project = project()
        .file("models/raw.yml", load(""))
        .file("files/in/events", "1\n");
    assert_snapshot!(project.redstart("load"), @"
    exit 2
    error[key-in-project]: `access_key_id` puts a key into the project
     --> models/raw.yml:9:33
      |
    9 |           copy: {access_key_id: *****, secret_access_key: *****}
      |                                 ^^^^^^^^^^^^^^^^^^^^
      |
      = help: give a role instead: `iam_role: default` or its ARN
      = help: where there is no role, `allow_keys: true` lets keys stand here, from `env_var`; they are masked in all that is written

    error[key-in-project]: `secret_access_key` puts a key into the project
     --> models/raw.yml:9:74
      |
    9 |           copy: {access_key_id: *****, secret_access_key: *****}
      |                                                                          ^^^^^^^^^^^^^
      |
      = help: give a role instead: `iam_role: default` or its ARN
      = help: where there is no role, `allow_keys: true` lets keys stand here, from `env_var`; they are masked in all that is written

    2 errors
    ");
    project.write("models/raw.yml", load(", allow_keys: true"));
    let mut told = project.redstart("build").success().text();
    told += &project
        .redstart("compile --statements -s source:raw.events")
        .text();
    for entry in walkdir::WalkDir::new(project.path().join("target")) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            told += &String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap());
        }
    }
    assert!(told.contains("secret_access_key '*****'"), "{told}");
    assert!(!told.contains("AKIAIOSFODNN7EXAMPLE") && !told.contains("wJalrXUtnFEMI"));
}

#[test]
fn a_load_may_only_check_its_files() {
    let project = project()
        .file(
            "models/raw.yml",
            "sources:
  - name: raw
    schema: main
    tables:
      - name: events
        external: {location: 's3://b/in/events', file_format: text, copy: {noload: \"{{ var('check', false) }}\"}}
        columns: [{name: id, data_type: integer}]
",
        )
        .file("files/in/events", "1\n2\n");
    project.redstart("load --quiet").success();
    project.write("files/in/events", "3\n");
    project
        .redstart("load --quiet --vars '{check: true}'")
        .success();
    assert_snapshot!(project.query("select id from events order by id"), @"
    id
    1
    2
    ");
    project.write("files/in/events", "x\n");
    let output = project.redstart("load --quiet --vars '{check: true}'");
    assert!(
        output.text().contains("Invalid digit, Value 'x'"),
        "{output}"
    );
}
