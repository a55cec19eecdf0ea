//! The endpoint with the clients that people have: `psql`, Amazon's Python driver, dbt-redshift, and Redstart itself.

use std::process::{Command, Output};

use insta::assert_snapshot;
use redstart::endpoint::{Auth, Options, Server};

use crate::project::TestProject;

fn start(options: Options) -> Server {
    Server::start(options).expect("the endpoint starts")
}

pub fn both_streams(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The Python that has dbt-redshift; `make test` puts it where `REDSTART_TEST_DBT_REDSHIFT` points.
pub fn python() -> Option<String> {
    let python = std::env::var("REDSTART_TEST_DBT_REDSHIFT").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python)
        .args(["-c", "import dbt.adapters.redshift, redshift_connector"])
        .output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    skipped(&format!(
        "{python} has no dbt-redshift (`make test` installs it)"
    ));
    None
}

#[expect(clippy::print_stderr, reason = "a test says why it proves nothing")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

#[test]
fn redstarts_own_target_builds_the_example_with_the_rows_of_duckdb() {
    let project = TestProject::example();
    let server = start(Options {
        auth: Auth::Sha256,
        password: "Passw0rd".to_owned(),
        file: Some(project.path().join("cluster.duckdb")),
        s3: vec![("s3://sparkify/".to_owned(), project.path().join("fixtures"))],
        ..Options::default()
    });
    project.write(
        "profiles.yml",
        format!(
            "sparkify:
  target: dev
  outputs:
    dev: {{type: duckdb, path: sparkify.duckdb, schema: analytics, threads: 2, emulate: redshift, s3: {{'s3://sparkify/': fixtures/}}}}
    prod: {{type: redshift, host: 127.0.0.1, port: {}, user: awsuser, password: Passw0rd, dbname: dev, schema: analytics, threads: 2, sslmode: disable}}
",
            server.address().port()
        ),
    );
    project.redstart("build").success();
    // The second time tables are swapped and the incremental model adds to what is there.
    project.redstart("build --target prod").success();
    project.redstart("build --target prod").success();
    let copies = server
        .log()
        .iter()
        .filter(|logged| logged.text.trim_start().starts_with("copy "))
        .count();
    assert_eq!(copies, 4, "two loads, twice");
    drop(server);
    let tables = project.query_file(
        "sparkify.duckdb",
        "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('analytics', 'staging', 'warehouse') order by 1",
    );
    let tables: Vec<&str> = tables.lines().skip(1).collect();
    assert_eq!(tables.len(), 12, "{tables:?}");
    for table in tables {
        let rows = format!("select * from {table} order by all");
        let here = project.query_file("sparkify.duckdb", &rows);
        assert!(here.lines().count() > 1, "{table} is empty");
        assert_eq!(
            here,
            project.query_file("cluster.duckdb", &rows),
            "{table} differs"
        );
    }
}

#[test]
fn psql_describes_what_is_there() {
    let server = start(Options::default());
    let psql = ["/usr/lib/postgresql/15/bin/psql", "psql"]
        .into_iter()
        .find(|psql| Command::new(psql).arg("--version").output().is_ok());
    let Some(psql) = psql else {
        skipped("there is no psql");
        return;
    };
    let mut command = Command::new(psql);
    command
        .args(["-X", "-h", "127.0.0.1", "-U", "awsuser", "-d", "dev", "-p"])
        .arg(server.address().port().to_string())
        .env_clear();
    for ask in [
        "create table t (id int not null primary key distkey, name varchar(10) encode zstd)",
        "create view v as select * from t",
        "insert into t values (1, 'a')",
        "\\d",
        "\\d t",
        "select * from v",
        "select nope from t",
    ] {
        command.args(["-c", ask]);
    }
    let output = command.output().expect("psql runs");
    assert_snapshot!(both_streams(&output), @r#"
    CREATE TABLE
    CREATE VIEW
    INSERT 0 1
            List of relations
     Schema | Name | Type  |  Owner  
    --------+------+-------+---------
     public | t    | table | awsuser
     public | v    | view  | awsuser
    (2 rows)

                            Table "public.t"
     Column |         Type          | Collation | Nullable | Default 
    --------+-----------------------+-----------+----------+---------
     id     | integer               |           | not null | 
     name   | character varying(10) |           |          | 

     id | name 
    ----+------
      1 | a
    (1 row)

    ERROR:  column "nope" does not exist
    LINE 1: select nope from t
                   ^
    "#);
}

const DRIVER: &str = r#"
import sys, redshift_connector
def session(password):
    return redshift_connector.connect(host="127.0.0.1", port=int(sys.argv[1]), database="dev", user="awsuser", password=password, ssl=False)
try:
    session("wrong")
except Exception as error:
    print(error)
connection = session("Passw0rd")
cursor = connection.cursor()
cursor.execute("create table t (id int, name varchar(20), amount decimal(10, 2), at timestamp, day date, is_new boolean)")
cursor.execute("insert into t values (%s, %s, %s, '2024-01-02 03:04:05', '2024-01-31', %s)", (7, "it's \\ here", "1.50", True))
connection.commit()
cursor.execute("select * from t where id = %s", (7,))
print(cursor.fetchall())
print([column[0] for column in cursor.description])
try:
    cursor.execute("select 1; select 2")
except Exception as error:
    print(error.args[0]["M"])
connection.rollback()
print(cursor.get_columns(tablename_pattern="t")[0][3:6])
print([column[3:7] for column in cursor.get_columns(schema_pattern="public", tablename_pattern="t")])
print(cursor.get_catalogs(), cursor.get_procedures(), cursor.get_tables(schema_pattern="public")[0][:4])
"#;

/// Values of parameters and answers in the binary format, and what comes after mistakes.
const BINARY: &str = r#"
import sys, datetime, decimal, redshift_connector
connection = redshift_connector.connect(host="127.0.0.1", port=int(sys.argv[1]), database="dev", user="awsuser", password="x", ssl=False)
def ask(*statement):
    cursor = connection.cursor()
    try:
        cursor.execute(*statement)
        print(cursor.fetchall())
    except Exception as error:
        print(error.args[0]["C"], error.args[0]["M"])
ask("select %s, %s, %s, %s", (1, -3, 100000, 10**12))
ask("select %s, %s, %s", (decimal.Decimal("1.25"), 1.5, datetime.date(2024, 1, 31)))
ask("select %s + 1, %s || '!', %s", (41, "it's", None))
ask("select timetz '01:02:03+02', interval '1 day 2 hours', interval '1 year 2 months'")
ask("select nosuch")
ask("select 1")
connection.rollback()
ask("select 2")
ask("select st_point(1, 2)")
connection.rollback()
ask("select 3")
"#;

#[test]
fn amazons_driver_gets_the_values_that_it_sent_and_goes_on_after_mistakes() {
    let Some(python) = python() else { return };
    let server = start(Options::default());
    let output = Command::new(python)
        .args(["-c", BINARY, &server.address().port().to_string()])
        .output()
        .expect("Python runs");
    assert_snapshot!(both_streams(&output), @r#"
    ([1, -3, 100000, 1000000000000],)
    ([Decimal('1.25'), 1.5, datetime.date(2024, 1, 31)],)
    ([42, "it's!", None],)
    ([datetime.time(23, 2, 3, tzinfo=datetime.timezone.utc), datetime.timedelta(days=1, seconds=7200), <Interval 14 months 0 days 0 microseconds>],)
    42703 column "nosuch" does not exist
    25P02 current transaction is aborted, commands ignored until end of transaction block
    ([2],)
    0A000 the function `st_point` is not emulated
    ([3],)
    "#);
}

#[test]
fn amazons_driver_logs_in_with_a_sha_256_password() {
    let Some(python) = python() else { return };
    let server = start(Options {
        auth: Auth::Sha256,
        password: "Passw0rd".to_owned(),
        ..Options::default()
    });
    let output = Command::new(python)
        .args(["-c", DRIVER, &server.address().port().to_string()])
        .output()
        .expect("Python runs");
    assert_snapshot!(both_streams(&output), @r#"
    {'S': 'FATAL', 'C': '28000', 'M': 'password authentication failed for user "awsuser"'}
    ([7, "it's \\ here", Decimal('1.50'), datetime.datetime(2024, 1, 2, 3, 4, 5), datetime.date(2024, 1, 31), True],)
    ['id', 'name', 'amount', 'at', 'day', 'is_new']
    cannot insert multiple commands into a prepared statement
    ['id', 4, 'int4']
    [['id', 4, 'int4', 10], ['name', 12, 'varchar', 20], ['amount', 2, 'numeric', 10], ['at', 93, 'timestamp', 29], ['day', 91, 'date', 13], ['is_new', -7, 'bool', 1]]
    (['dev'],) () ['dev', 'public', 't', 'TABLE']
    "#);
}

fn dbt_project(port: u16) -> TestProject {
    TestProject::empty()
        .file(
            "dbt_project.yml",
            "name: small\nversion: '1.0'\nprofile: small\nflags: {send_anonymous_usage_stats: false}\nmodels: {small: {+persist_docs: {relation: true, columns: true}}}\n",
        )
        .file(
            "profiles.yml",
            format!("small: {{target: dev, outputs: {{dev: {{type: redshift, host: 127.0.0.1, port: {port}, user: awsuser, password: x, dbname: dev, schema: analytics, threads: 2, sslmode: disable}}}}}}\n"),
        )
        .file("seeds/raw_orders.csv", "id,customer,amount\n1,ann,10.5\n2,bob,20\n3,ann,7.25\n")
        .file(
            "models/orders.sql",
            "{{ config(materialized='table', dist='customer', sort=['id']) }} select id, customer, amount from {{ ref('raw_orders') }}",
        )
        .file(
            "models/customers.sql",
            "{{ config(materialized='view') }} select customer, count(*) as orders from {{ ref('orders') }} group by 1",
        )
        .file(
            "models/late.sql",
            "{{ config(materialized='view', bind=False) }} select * from {{ ref('orders') }}",
        )
        .file(
            "models/merged.sql",
            "{{ config(materialized='incremental', unique_key='id', incremental_strategy='merge', grants={'select': ['reader']}) }} select id, customer from {{ ref('orders') }}",
        )
        .file(
            "models/replaced.sql",
            "{{ config(materialized='incremental', unique_key='id') }} select id, amount from {{ ref('orders') }}",
        )
        .file(
            "models/stored.sql",
            "{{ config(materialized='materialized_view', dist='even', auto_refresh=False) }} select id, amount from {{ ref('orders') }}",
        )
        .file(
            "models/schema.yml",
            "models:\n  - name: orders\n    description: All orders\n    columns: [{name: id, description: The number, data_tests: [unique, not_null]}]\n",
        )
}

const CATALOG: &str = r#"
import json, sys
nodes = json.load(open(sys.argv[1] + "/target/catalog.json"))["nodes"]
for name in sorted(nodes):
    node = nodes[name]
    stats = {key: node["stats"][key]["value"] for key in ("diststyle", "sortkey1") if key in node["stats"]}
    print(name, node["metadata"]["type"], node["metadata"]["comment"], [column["type"] for column in node["columns"].values()], stats)
"#;

#[test]
fn dbt_redshift_builds_a_project_twice_and_its_catalog() {
    let Some(python) = python() else { return };
    let server = start(Options::default());
    let project = dbt_project(server.address().port());
    let dbt = |arguments: &[&str]| {
        let output = Command::new(&python)
            .args(["-m", "dbt.cli.main"])
            .args(arguments)
            .current_dir(project.path())
            .env("DBT_PROFILES_DIR", project.path())
            .output()
            .expect("dbt runs");
        assert!(output.status.success(), "{}", both_streams(&output));
    };
    let reader = r#"import sys, redshift_connector
connection = redshift_connector.connect(host="127.0.0.1", port=int(sys.argv[1]), database="dev", user="awsuser", password="x", ssl=False)
connection.cursor().execute("create user reader password 'Abcdefg1'")
connection.commit()
"#;
    let made = Command::new(&python)
        .args(["-c", reader, &server.address().port().to_string()])
        .output()
        .expect("Python runs");
    assert!(made.status.success(), "{}", both_streams(&made));
    dbt(&["build"]);
    dbt(&["build"]);
    dbt(&["docs", "generate"]);
    let catalog = Command::new(&python)
        .args(["-c", CATALOG, &project.path().to_string_lossy()])
        .output()
        .expect("Python runs");
    assert_snapshot!(both_streams(&catalog), @"
    model.small.customers VIEW None ['character varying(256)', 'bigint'] {}
    model.small.late VIEW None ['integer', 'character varying(256)', 'double precision'] {}
    model.small.merged BASE TABLE None ['integer', 'character varying(3)'] {'diststyle': 'AUTO(ALL)', 'sortkey1': 'AUTO(SORTKEY)'}
    model.small.orders BASE TABLE All orders ['integer', 'character varying(3)', 'double precision'] {'diststyle': 'KEY(customer)', 'sortkey1': 'id'}
    model.small.replaced BASE TABLE None ['integer', 'double precision'] {'diststyle': 'AUTO(ALL)', 'sortkey1': 'AUTO(SORTKEY)'}
    model.small.stored MATERIALIZED VIEW None ['integer', 'double precision'] {'diststyle': 'EVEN', 'sortkey1': 'AUTO(SORTKEY)'}
    seed.small.raw_orders BASE TABLE None ['integer', 'character varying(3)', 'double precision'] {'diststyle': 'AUTO(ALL)', 'sortkey1': 'AUTO(SORTKEY)'}
    ");
}
