//! Projects on a real PostgreSQL: a private server, started once by this test binary and gone with it.
//!
//! `REDSTART_TEST_POSTGRES_URL` (`postgres://user:password@host:port/database`) names another one, `REDSTART_TEST_POSTGRES_BIN` the
//! folder of another version's programs; every test works in schemas of its own.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::project::TestProject;

const PASSWORD: &str = "cat-and-9-lives";

/// Where the server listens.
pub struct Server {
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: String,
    pub database: String,
    /// The folder of the certificates, on a server of our own.
    folder: Option<PathBuf>,
    /// Ends the server when it dies with this process: it waits for the end of its standard input.
    _watch: Option<Child>,
}

pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| match std::env::var("REDSTART_TEST_POSTGRES_URL") {
        Ok(url) => {
            Server::of_url(&url).expect("a URL such as postgres://user:password@host:5432/database")
        }
        Err(_) => Server::start(),
    })
}

impl Server {
    fn of_url(url: &str) -> Option<Self> {
        let rest = url.split_once("://")?.1;
        let (login, place) = rest.rsplit_once('@')?;
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (address, database) = place.split_once('/')?;
        let (host, port) = address.split_once(':').unwrap_or((address, "5432"));
        Some(Self {
            host: host.to_owned(),
            port: port.parse().ok()?,
            user: user.to_owned(),
            password: password.to_owned(),
            database: database.to_owned(),
            folder: None,
            _watch: None,
        })
    }

    /// A server in a temporary folder, as an ordinary user when the tests run as root.
    fn start() -> Self {
        let home = tempfile::Builder::new()
            .prefix("redstart-pg")
            .tempdir()
            .expect("a temporary folder")
            .keep();
        let as_user = ordinary_user();
        fs::write(home.join("password"), PASSWORD).expect("a file");
        certificates(&home);
        if let Some((user, group)) = as_user {
            for entry in walkdir::WalkDir::new(&home) {
                chown(entry.expect("a file").path(), Some(user), Some(group)).expect("a new owner");
            }
        }
        let command = |program: &Path| {
            let mut command = Command::new(program);
            if let Some((user, group)) = as_user {
                command.uid(user).gid(group);
            }
            command.current_dir(&home).env_remove("PGDATA");
            command
        };
        let made = command(&binary("initdb"))
            .args([
                "-D",
                "data",
                "-U",
                "redstart",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .args([
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--pwfile=password",
            ])
            .output()
            .expect("initdb starts");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nfsync = off\n\
             ssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\nssl_ca_file = '{}'\nlog_min_messages = fatal\n",
            home.display(),
            home.join("server.pem").display(),
            home.join("server.key").display(),
            home.join("ca.pem").display()
        );
        let rules = home.join("data/pg_hba.conf");
        let others = fs::read_to_string(&rules).expect("who may log in");
        fs::write(
            &rules,
            format!("hostssl all certified all cert\nhost all by_md5 all md5\n{others}"),
        )
        .expect("a file");
        fs::OpenOptions::new()
            .append(true)
            .open(home.join("data/postgresql.conf"))
            .and_then(|mut file| file.write_all(settings.as_bytes()))
            .expect("its settings");
        let script = format!(
            "'{}' -D data >log 2>&1 & server=$!; cat >/dev/null; kill -QUIT $server; wait $server; rm -rf '{}'",
            binary("postgres").display(),
            home.display()
        );
        let watch = command(Path::new("/bin/sh"))
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let server = Self {
            host: "127.0.0.1".to_owned(),
            port,
            user: "redstart".to_owned(),
            password: PASSWORD.to_owned(),
            database: "postgres".to_owned(),
            folder: Some(home),
            _watch: Some(watch),
        };
        server.wait();
        server
    }

    fn wait(&self) {
        let begun = Instant::now();
        while self.psql("select 1").is_err() {
            let log = || {
                self.folder
                    .as_ref()
                    .map(|folder| fs::read_to_string(folder.join("log")))
            };
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "no answer: {:?}",
                log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The file of the authority that signed its certificate, on a server of our own.
    pub fn authority(&self) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join("ca.pem"))
    }

    pub fn psql(&self, sql: &str) -> Result<String, String> {
        self.psql_in(&self.database, sql)
    }

    /// What a database of the server answers.
    pub fn psql_in(&self, database: &str, sql: &str) -> Result<String, String> {
        let answer = Command::new(binary("psql"))
            .args([
                "-X",
                "-q",
                "-A",
                "-F",
                " | ",
                "-P",
                "footer=off",
                "-P",
                "null=NULL",
            ])
            .args(["-v", "ON_ERROR_STOP=1", "-c", sql])
            .env("PGHOST", &self.host)
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", &self.user)
            .env("PGPASSWORD", &self.password)
            .env("PGDATABASE", database)
            .output()
            .map_err(|error| error.to_string())?;
        if answer.status.success() {
            Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&answer.stderr).into_owned())
        }
    }
}

/// PostgreSQL's own programs: the newest version where Debian keeps several, else what the path finds.
pub fn binary(name: &str) -> PathBuf {
    if let Some(folder) = std::env::var_os("REDSTART_TEST_POSTGRES_BIN") {
        let program = Path::new(&folder).join(name);
        // Some packages bring the server alone; any version of `psql` asks any server.
        if program.is_file() {
            return program;
        }
    }
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin").join(name))
        .filter(|path| path.is_file())
        .collect();
    versions.sort();
    versions.pop().unwrap_or_else(|| PathBuf::from(name))
}

/// The user and group that the server runs as, when the tests run as root, which PostgreSQL refuses.
fn ordinary_user() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let answer = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8_lossy(&answer.stdout).trim().parse().ok()
    };
    (id(&["-u"]) == Some(0)).then(|| {
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)))
            .expect("an ordinary user")
    })
}

/// An authority, and what it signed: a certificate for the name `localhost` alone, and one for the user `certified`.
fn certificates(folder: &Path) {
    let script = "
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem &&
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr &&
        openssl req -newkey rsa:2048 -nodes -subj /CN=certified -keyout client.key -out client.csr &&
        printf 'extendedKeyUsage=clientAuth\\n' >usage &&
        openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile usage -out client.pem &&
        printf 'subjectAltName=DNS:localhost\\n' >extensions &&
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out server.pem &&
        chmod 600 server.key && chmod 644 ca.pem";
    let made = Command::new("/bin/sh")
        .args(["-c", script])
        .current_dir(folder)
        .output()
        .expect("a shell");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}

/// A project whose target is a schema of its own, empty at first.
pub fn project(schema: &str) -> TestProject {
    let server = server();
    server
        .psql(&format!(
            "set client_min_messages = error; drop schema if exists {schema} cascade"
        ))
        .expect("an empty schema");
    TestProject::empty().file("profiles.yml", profile(schema, &[]))
}

pub fn profile(schema: &str, more: &[(&str, &str)]) -> String {
    let server = server();
    let port = server.port.to_string();
    let mut keys = vec![
        ("type", "postgres"),
        ("host", &server.host),
        ("port", &port),
        ("user", &server.user),
        ("password", &server.password),
        ("dbname", &server.database),
        ("schema", schema),
        ("threads", "3"),
    ];
    keys.retain(|(key, _)| more.iter().all(|(other, _)| other != key));
    keys.extend(more);
    let lines: String = keys
        .iter()
        .map(|(key, value)| format!("      {key}: {value}\n"))
        .collect();
    format!("project:\n  target: dev\n  outputs:\n    dev:\n{lines}")
}

#[track_caller]
pub fn query(sql: &str) -> String {
    server()
        .psql(sql)
        .unwrap_or_else(|error| panic!("{error}\nin the test's query: {sql}"))
}

/// Everything in a schema, by kind.
fn relations(schema: &str) -> String {
    query(&format!(
        "select relkind, relname from pg_class c join pg_namespace n on n.oid = relnamespace
         where nspname = '{schema}' and relkind in ('r', 'v', 'm') order by 2"
    ))
}

const ORDERS: &str = "id,customer,amount,placed_on\n1,Ada,10.50,2024-01-01\n2,\"Bo, \"\"the\"\" \\ tab\tBe\",,2024-01-02\n3,Çiğdem,7,\n";

/// A seed, a view, tables, one that grows in each of the three ways, tests, hooks and comments.
fn shop(schema: &str) -> TestProject {
    let growing = |name: &str, strategy: &str, key: &str| {
        (
            format!("models/{name}.sql"),
            format!(
                "{{{{ config(materialized='incremental', incremental_strategy='{strategy}'{key}) }}}}\n\
                 select id, amount, {{{{ var('batch', 1) }}}} as batch from {{{{ ref('paid') }}}}\n\
                 {{% if is_incremental() %}}where id > 1 union all select 9, 9.0, {{{{ var('batch', 1) }}}}{{% endif %}}"
            ),
        )
    };
    let key = ", unique_key='id'";
    [
        growing("appended", "append", ""),
        growing("replaced", "delete+insert", key),
        growing("merged", "merge", key),
    ]
    .into_iter()
    .fold(project(schema), |project, (path, text)| project.file(path, text))
    .file("seeds/orders.csv", ORDERS)
    .file(
        "models/placed.sql",
        "select id, customer, amount, placed_on from {{ ref('orders') }}",
    )
    .file(
        "models/paid.sql",
        "{{ config(materialized='table', indexes=[{'columns': ['id'], 'unique': true}], post_hook=\"create index on {{ this }} (amount)\") }}\n\
         select id, coalesce(amount, 0) as amount from {{ ref('placed') }}",
    )
    .file(
        "models/models.yml",
        "version: 2
models:
  - name: paid
    description: What was paid, with 'quotes' and a \\ in it.
    config: {persist_docs: {relation: true, columns: true}}
    columns:
      - name: id
        description: The order.
        data_tests: [unique, not_null]
      - name: amount
        data_tests: [not_null]
",
    )
    .file(
        "dbt_project.yml",
        "name: project\nprofile: project\non-run-start: \"create table if not exists {{ target.schema }}.runs (at timestamptz)\"\non-run-end: \"insert into {{ target.schema }}.runs values (now())\"\n",
    )
}

#[test]
fn a_project_builds_in_the_words_of_postgres_and_again_into_what_is_there() {
    let project = shop("shop");
    query("create schema shop");
    project.redstart("build").success();

    assert_snapshot!(relations("shop"), @r"
    relkind | relname
    r | appended
    r | merged
    r | orders
    r | paid
    v | placed
    r | replaced
    r | runs
    ");
    assert_snapshot!(query("select * from shop.placed order by id"), @r#"
    id | customer | amount | placed_on
    1 | Ada | 10.5 | 2024-01-01
    2 | Bo, "the" \ tab	Be | NULL | 2024-01-02
    3 | Çiğdem | 7 | NULL
    "#);
    assert_snapshot!(query("select data_type, column_name from information_schema.columns where table_schema = 'shop' and table_name = 'orders' order by ordinal_position"), @r"
    data_type | column_name
    integer | id
    text | customer
    double precision | amount
    date | placed_on
    ");
    assert_snapshot!(query("select obj_description('shop.paid'::regclass), col_description('shop.paid'::regclass, 1)"), @r"
    obj_description | col_description
    What was paid, with 'quotes' and a \ in it. | The order.
    ");

    project.redstart("build --vars '{batch: 2}'").success();
    assert_snapshot!(
        query("
            select 'append' as strategy, * from shop.appended
            union all select 'delete+insert', * from shop.replaced
            union all select 'merge', * from shop.merged order by strategy, id, batch"),
        @r"
    strategy | id | amount | batch
    append | 1 | 10.5 | 1
    append | 2 | 0 | 1
    append | 2 | 0 | 2
    append | 3 | 7 | 1
    append | 3 | 7 | 2
    append | 9 | 9 | 2
    delete+insert | 1 | 10.5 | 1
    delete+insert | 2 | 0 | 2
    delete+insert | 3 | 7 | 2
    delete+insert | 9 | 9 | 2
    merge | 1 | 10.5 | 1
    merge | 2 | 0 | 2
    merge | 3 | 7 | 2
    merge | 9 | 9 | 2
    "
    );
    // The ends of two runs, and the two indexes of the table that is there now.
    assert_snapshot!(query("select count(*) from shop.runs"), @r"
    count
    2
    ");
    assert_snapshot!(query("select count(*) from pg_indexes where schemaname = 'shop' and tablename = 'paid'"), @r"
    count
    2
    ");
}

#[test]
fn a_view_becomes_a_table_and_a_table_a_view_below_what_stands_on_them() {
    let text = |kind: &str| format!("{{{{ config(materialized='{kind}') }}}}\nselect 1 as id");
    let project = project("kinds")
        .file("models/base.sql", text("view"))
        .file("models/above.sql", "select id from {{ ref('base') }}")
        .file("models/top.sql", "select id from {{ ref('above') }}");
    for kind in ["view", "table", "table", "view"] {
        project.write("models/base.sql", text(kind));
        project.redstart("build").success();
        let found = relations("kinds");
        let letter = &kind[..1].replace('t', "r");
        assert!(
            found.contains(&format!("{letter} | base\n")),
            "{kind}:\n{found}"
        );
        assert_eq!(found.lines().count(), 4, "{kind}:\n{found}");
        assert_eq!(query("select id from kinds.top"), "id\n1\n", "{kind}");
    }
}

#[test]
fn what_a_killed_build_left_on_a_table_is_in_nobodys_way() {
    let project = project("killed")
        .file(
            "models/base.sql",
            "{{ config(materialized='table') }}\nselect 1 as id",
        )
        .file("models/above.sql", "select id from {{ ref('base') }}");
    project.redstart("build").success();
    query("create view killed.above__rs_tmp as select id from killed.base");
    project.redstart("build").success();

    assert_snapshot!(relations("killed"), @r"
    relkind | relname
    v | above
    r | base
    ");
}

#[test]
fn a_view_of_somebody_else_keeps_its_table_from_being_replaced() {
    let project = project("bound").file(
        "models/base.sql",
        "{{ config(materialized='table') }}\nselect 1 as id",
    );
    project.redstart("build").success();
    query(
        "drop schema if exists bound_bi cascade; create schema bound_bi; create view bound_bi.report as select * from bound.base",
    );

    assert_snapshot!(project.redstart("build --threads 1"), @r"
    exit 1
    Running 1 node on 1 thread (target `dev.bound`)
    1 of 1  ERROR creating sql table model bound.base                     [[time]]
          error[bound-dependents]: `bound.base` cannot be replaced: `bound_bi.report` is bound to it (models/base.sql:1:1)

    error[bound-dependents]: `bound.base` cannot be replaced: `bound_bi.report` is bound to it
     --> models/base.sql:1:1
      |
    1 | {{ config(materialized='table') }}
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: build it together with what stands on it: `--select base+`
      = help: on Redshift a view with `bind: false` is bound to nothing; PostgreSQL binds every view

    Finished 1 table model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    The data dictionary is in [project]/target/index.html
    ");
    assert_eq!(query("select id from bound_bi.report"), "id\n1\n");
}

#[test]
fn an_error_comes_home_to_the_line_of_the_model() {
    let project = project("wrong")
        .file(
            "models/good.sql",
            "{{ config(materialized='table') }}\nselect 1 as id",
        )
        .file(
            "models/bad.sql",
            "{# who has no comment? #}\n{{ config(materialized='table') }}\nselect\n  'ü' as u,\n  nope\nfrom {{ ref('good') }}",
        )
        .file("models/worse.sql", "select 1 / (id - 1) as x from {{ ref('good') }}")
        .file("models/after.sql", "select * from {{ ref('bad') }}")
        .file(
            "models/models.yml",
            "models:\n  - name: worse\n    columns: [{name: x, data_tests: [not_null]}]\n",
        );
    assert_snapshot!(project.redstart("build --no-check --threads 1"), @r#"
    exit 1
    Running 5 nodes on 1 thread (target `dev.wrong`)
    1 of 5  OK    created sql table model wrong.good                      [1 row in [time]]
    2 of 5  ERROR creating sql table model wrong.bad                      [[time]]
          error[unknown-column]: there is no column `nope` in what is read here (models/bad.sql:5:3)
    3 of 5  SKIP  sql view model wrong.after                              [`bad` failed]
    4 of 5  OK    created sql view model wrong.worse                      [[time]]
    5 of 5  ERROR test not_null_worse_x                                   [[time]]
          error[database-error]: the database refused `not_null_worse_x` (models/models.yml:3:38)

    error[unknown-column]: there is no column `nope` in what is read here
     --> models/bad.sql:5:3
      |
    5 |   nope
      |   ^^^^
      |
      = note: the database said (42703): column "nope" does not exist
      = help: there is `id`

    error[database-error]: the database refused `not_null_worse_x`
     --> models/models.yml:3:38
      |
    3 |     columns: [{name: x, data_tests: [not_null]}]
      |                                      ^^^^^^^^
      |
      = note: the database said (22012): division by zero
      = help: `redstart compile --select not_null_worse_x` shows the whole SQL, target/run/ has what was sent

    Finished 1 data test, 2 table models, 2 view models in [time]
    Done. PASS=2 WARN=0 ERROR=2 SKIP=1 TOTAL=5
    The data dictionary is in [project]/target/index.html
    "#);
    assert_snapshot!(relations("wrong"), @r"
    relkind | relname
    r | good
    v | worse
    ");
}

#[test]
fn a_cell_that_does_not_fit_is_shown_in_its_file() {
    let project = project("cells")
        .file("seeds/numbers.csv", "id,day\n1,2024-01-01\n2,2024-02-30\n")
        .file(
            "seeds/seeds.yml",
            "seeds:\n  - name: numbers\n    config: {column_types: {day: date}}\n",
        );
    assert_snapshot!(project.redstart("seed"), @r#"
    exit 1
    Running 1 node on 3 threads (target `dev.cells`)
    1 of 1  ERROR loading seed file cells.numbers                         [[time]]
          error[load-error]: a cell does not fit column `day` date of `numbers` (seeds/numbers.csv:3:3)

    error[load-error]: a cell does not fit column `day` date of `numbers`
     --> seeds/numbers.csv:3:3
      |
    3 | 2,2024-02-30
      |   ^^^^^^^^^^ date/time field value out of range: "2024-02-30"
      |
      = help: mend the cell, or give the column a type that takes it: `column_types: {day: varchar}` in the config of `numbers`
    note: declared here
     --> seeds/seeds.yml:3:29
      |
    3 |     config: {column_types: {day: date}}
      |                             ^^^

    Finished 1 seed in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    "#);
    assert_eq!(
        relations("cells"),
        "relkind | relname\n",
        "nothing is left behind"
    );
}

#[test]
fn files_are_loaded_by_the_rules_of_copy() {
    let project = project("loads")
        .file("profiles.yml", profile("loads", &[("s3", "{'s3://shop/': data/}")]))
        .file(
            "models/raw.yml",
            "sources:
  - name: raw
    schema: loads
    tables:
      - name: orders
        external:
          location: 's3://shop/orders'
          file_format: csv
          copy: {ignoreheader: 1, maxerror: 3}
        columns:
          - {name: id, data_type: integer}
          - {name: name, data_type: text}
          - {name: amount, data_type: 'numeric(10,2)'}
          - {name: share, data_type: numeric}
          - {name: at, data_type: timestamptz}
          - {name: on_day, data_type: date}
",
        )
        .file(
            "data/orders/1.csv",
            "id,name,amount,share,at,on_day\n1,\"a\tb\\c\",1.5,0.333333333333333333333,2024-01-01 10:30:45.5+00,2024-02-29\nx,y,1,1,,\n",
        )
        .file("data/orders/2.csv", format!("head\n2,{},-0.05,,,1969-12-31\n", "ü".repeat(300)));
    let output = project.redstart("load").success();
    assert!(output.text().contains("orders/1.csv:3"), "{output}");
    assert_snapshot!(
        query("set timezone = 'UTC'; select id, left(name, 5) as name, length(name), amount, share, at, on_day from loads.orders order by id"),
        @r"
        id | name | length | amount | share | at | on_day
        1 | a	b\c | 5 | 1.50 | 0.333333333333333333333 | 2024-01-01 10:30:45.5+00 | 2024-02-29
        2 | üüüüü | 300 | -0.05 | NULL | NULL | 1969-12-31
        "
    );
}

#[test]
fn rows_are_unloaded_as_csv() {
    let project = project("unloads")
        .file("profiles.yml", profile("unloads", &[("s3", "{'s3://shop/': data/}")]))
        .file(
            "models/orders.sql",
            "{{ config(materialized='table') }}\nselect 1 as id, 'a\"b' as name, true as ok union all select 2, E'x\\ny', null",
        );
    project.redstart("build --quiet").success();
    assert_snapshot!(project.redstart("unload -s orders --to s3://shop/o_ --format csv --header --order-by id"), @"
    exit 0
    unload orders to s3://shop/o_
    unloaded orders: 2 rows to s3://shop/o_
    ");
    assert_snapshot!(project.read("data/o_0000_part_00"), @r#"
    id,name,ok
    1,"a""b",t
    2,"x
    y",
    "#);
    for (packed, end) in [("gzip", "gz"), ("bzip2", "bz2"), ("zstd", "zst")] {
        let unload = format!("unload -s orders --to s3://shop/{end}/o_ --format csv --order-by id");
        project
            .redstart(&format!("{unload} --{packed} --quiet"))
            .success();
        let file = project
            .path()
            .join(format!("data/{end}/o_0000_part_00.{end}"));
        let file = std::io::BufReader::new(fs::File::open(file).expect("a file"));
        let text = match packed {
            "gzip" => std::io::read_to_string(flate2::read::GzDecoder::new(file)),
            "bzip2" => std::io::read_to_string(bzip2::read::BzDecoder::new(file)),
            _ => std::io::read_to_string(
                ruzstd::decoding::StreamingDecoder::new(file).expect("a frame"),
            ),
        };
        assert_eq!(text.expect("text"), "1,\"a\"\"b\",t\n2,\"x\ny\",\n");
    }
    assert_snapshot!(project.redstart("unload -s orders --to s3://shop/p_ --format parquet"), @"
    exit 2
    error[not-emulated]: PostgreSQL writes CSV alone, so `format: parquet` is not supported there
     |
     = help: write it in another way, or run this node on Redshift; docs/redshift-emulation.md lists what is emulated

    1 error
    ");
}

#[test]
fn personal_values_stay_out_of_what_the_server_says() {
    let project = project("masked")
        .file("seeds/people.csv", "id,email\nada@example.com,x\n")
        .file(
            "seeds/seeds.yml",
            "seeds:
  - name: people
    config: {column_types: {id: integer}}
    columns: [{name: id, meta: {pii: true}}]
",
        );
    let output = project.redstart("seed");
    assert!(
        output
            .text()
            .contains("the value is personal and not shown"),
        "{output}"
    );
    assert!(!output.text().contains("ada@example.com"), "{output}");
}

#[test]
fn a_lost_connection_fails_its_node_and_the_next_one_has_a_new_one() {
    let project = project("lost")
        .file(
            "models/a_killer.sql",
            "{{ config(materialized='table') }}\nselect pg_terminate_backend(pg_backend_pid()) as gone",
        )
        .file("models/b_next.sql", "{{ config(materialized='table') }}\nselect 1 as id");
    assert_snapshot!(project.redstart("build --threads 1"), @"
    exit 1
    Running 2 nodes on 1 thread (target `dev.lost`)
    1 of 2  ERROR creating sql table model lost.a_killer                  [[time]]
          error[connection-lost]: the connection was lost at `a_killer` (models/a_killer.sql:2:1)
    2 of 2  OK    created sql table model lost.b_next                     [1 row in [time]]

    error[connection-lost]: the connection was lost at `a_killer`
     --> models/a_killer.sql:2:1
      |
    2 | select pg_terminate_backend(pg_backend_pid()) as gone
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: the database said (57P01): terminating connection due to administrator command
      = help: whether the last statement was done is not known: run it again, which begins with what is there

    Finished 2 table models in [time]
    Done. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2
    The data dictionary is in [project]/target/index.html
    ");
}

#[test]
fn ctrl_c_stops_the_query_on_the_server() {
    let project = project("stopped").file(
        "models/slow.sql",
        "{{ config(materialized='table') }}\nselect pg_sleep(60)::text as slept, 'stopped on request' as words",
    );
    let child = project
        .command("build")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let running = "select count(*) from pg_stat_activity where query like '%stopped on request%' and state = 'active' and pid <> pg_backend_pid()";
    let begun = Instant::now();
    while query(running) != "count\n1\n" {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "the query never ran"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.expect("kill starts").success());
    let output = child.wait_with_output().expect("an end");

    assert_eq!(
        output.status.code(),
        Some(2),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(query(running), "count\n0\n");
    assert_eq!(relations("stopped"), "relkind | relname\n");
}

#[test]
fn two_builds_into_one_schema_take_turns_and_lose_nothing() {
    let table = "{{ config(materialized='table') }}\nselect id, {{ var('by') }} as by from ";
    let project = project("turns")
        .file("seeds/numbers.csv", "id\n1\n2\n3\n")
        .file("models/first.sql", format!("{table}{{{{ ref('numbers') }}}}"))
        .file("models/between.sql", "select * from {{ ref('first') }}")
        .file("models/second.sql", format!("{table}{{{{ ref('between') }}}}"))
        .file(
            "models/growing.sql",
            "{{ config(materialized='incremental', unique_key='id') }}\nselect id, by from {{ ref('second') }}",
        );
    for round in 0..3 {
        let builds: Vec<Child> = (0..3)
            .map(|build| {
                let by = round * 10 + build;
                project
                    .command(&format!(
                        "build --target-path target{build} --vars '{{by: {by}}}'"
                    ))
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .expect("the program starts")
            })
            .collect();
        for build in builds {
            let output = build.wait_with_output().expect("an end");
            let said = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "round {round}:\n{said}");
        }
        let rows = query(
            "select count(*), count(distinct by) from (select * from turns.second union all select * from turns.growing) x",
        );
        assert_eq!(
            rows, "count | count\n6 | 1\n",
            "round {round}: the rows of one build"
        );
    }
    assert_snapshot!(relations("turns"), @r"
    relkind | relname
    v | between
    r | first
    r | growing
    r | numbers
    r | second
    ");
}

#[test]
fn a_wrong_password_is_told_without_it() {
    let project = project("login").file(
        "profiles.yml",
        profile(
            "login",
            &[
                ("password", "not-the-password"),
                ("port", &server().port.to_string()),
            ],
        ),
    );
    let output = project.redstart("debug --log-level debug");
    assert_eq!(output.code, 1, "{output}");
    assert!(
        output.text().contains("password authentication failed"),
        "{output}"
    );
    assert!(!output.text().contains("not-the-password"), "{output}");
}

#[test]
fn sslmode_says_who_must_be_on_the_other_side() {
    let Some(folder) = &server().folder else {
        return;
    };
    let authority = folder.join("ca.pem").display().to_string();
    let encrypted = |more: &[(&str, &str)]| {
        let project = project("tls").file("profiles.yml", profile("tls", more));
        let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
        let output = project.redstart(&format!("show --inline \"{sql}\""));
        match output.code {
            0 if output.stdout.contains("true") => "encrypted".to_owned(),
            0 if output.stdout.contains("false") => "plain".to_owned(),
            _ => output.text(),
        }
    };
    assert_eq!(encrypted(&[("sslmode", "disable")]), "plain");
    assert_eq!(encrypted(&[("sslmode", "allow")]), "plain");
    assert_eq!(encrypted(&[]), "encrypted", "prefer is the default");
    assert_eq!(encrypted(&[("sslmode", "require")]), "encrypted");
    let with = |mode, host| {
        encrypted(&[
            ("sslmode", mode),
            ("host", host),
            ("sslrootcert", &authority),
        ])
    };
    assert_eq!(with("verify-ca", "127.0.0.1"), "encrypted");
    assert_eq!(with("verify-full", "localhost"), "encrypted");
    assert_snapshot!(with("verify-full", "127.0.0.1").replace(&server().port.to_string(), "[port]"), @r#"
    error[warehouse]: cannot connect to PostgreSQL at `127.0.0.1`, port [port], as `redstart`: error performing TLS handshake: invalid peer certificate: certificate not valid for name "127.0.0.1"; certificate is only valid for DnsName("localhost")
      --> profiles.yml:13:13
       |
    13 |       host: 127.0.0.1
       |             ^^^^^^^^^
       |
       = help: look at the target in profiles.yml

    1 error
    "#);
    let unknown = encrypted(&[("sslmode", "verify-ca")]);
    assert!(unknown.contains("UnknownIssuer"), "{unknown}");
}

#[test]
fn a_user_may_log_in_by_a_certificate_and_no_other_user_by_the_same() {
    let Some(folder) = &server().folder else {
        return;
    };
    query("create role certified login; create role uncertified login");
    let file = |name: &str| folder.join(name).display().to_string();
    let (certificate, key, authority) = (file("client.pem"), file("client.key"), file("ca.pem"));
    let who = |more: &[(&str, &str)]| {
        let mut keys = vec![
            ("user", "certified"),
            ("password", ""),
            ("host", "localhost"),
            ("sslmode", "verify-full"),
            ("sslrootcert", &authority),
        ];
        keys.retain(|(key, _)| more.iter().all(|(other, _)| other != key));
        keys.extend(more);
        let project = project("certificate").file("profiles.yml", profile("certificate", &keys));
        let output = project.redstart("show --inline \"select current_user as me\"");
        output.text()
    };
    let both = [("sslcert", certificate.as_str()), ("sslkey", key.as_str())];
    assert!(who(&both).contains("certified"), "{}", who(&both));
    let without = who(&[]);
    assert!(
        without.contains("connection requires a valid client certificate"),
        "{without}"
    );
    let other = who(&[both[0], both[1], ("user", "uncertified")]);
    assert!(!other.contains("| uncertified"), "{other}");
    let lonely = who(&both[..1]);
    assert!(
        lonely.contains("`sslcert` and `sslkey` are of use only together"),
        "{lonely}"
    );
}

#[test]
fn a_mistake_in_an_index_is_told_where_the_index_is_declared() {
    let told = |indexes: &str, query: &str| {
        let model = format!(
            "{{{{ config(\n    materialized='table',\n    indexes=[\n        {indexes}\n    ]\n) }}}}\n{query}"
        );
        let project = project("indexed").file("models/looked_up.sql", model);
        let output = project.redstart("build");
        let text = output.text();
        let from = text.rfind("\nerror[").expect("an error");
        let to = text.find("\nFinished").unwrap_or(text.len());
        text[from + 1..to.max(from + 1)].trim_end().to_owned()
    };
    let row = "select 1 as id, 2 as day";
    assert_snapshot!(told("{'columns': ['id']}, {'columns': ['dya']}", row), @r#"
    error[refused-index]: the index on `dya` cannot be made
     --> models/looked_up.sql:4:44
      |
    4 |         {'columns': ['id']}, {'columns': ['dya']}
      |                                            ^^^
      |
      = note: the database said (42703): column "dya" does not exist
      = help: look at `indexes` of the configuration: its columns, its `type`, and whether rows are alike in what is to be `unique`
    "#);
    assert_snapshot!(told("{'columns': ['day'], 'type': 'hasch'}", row), @r#"
    error[refused-index]: the index on `day` cannot be made
     --> models/looked_up.sql:4:23
      |
    4 |         {'columns': ['day'], 'type': 'hasch'}
      |                       ^^^
      |
      = note: the database said (42704): access method "hasch" does not exist
      = help: look at `indexes` of the configuration: its columns, its `type`, and whether rows are alike in what is to be `unique`
    "#);
    assert_snapshot!(told("{'columns': ['id', 'day'], 'type': 'hash'}", row), @r#"
    error[refused-index]: the index on `id`, `day` cannot be made
     --> models/looked_up.sql:4:23
      |
    4 |         {'columns': ['id', 'day'], 'type': 'hash'}
      |                       ^^
      |
      = note: the database said (0A000): access method "hash" does not support multicolumn indexes
      = help: look at `indexes` of the configuration: its columns, its `type`, and whether rows are alike in what is to be `unique`
    "#);
    assert_snapshot!(told("{'columns': ['id'], 'unique': true}", "select 1 as id union all select 1"), @r#"
    error[refused-index]: the index on `id` cannot be made
     --> models/looked_up.sql:4:23
      |
    4 |         {'columns': ['id'], 'unique': true}
      |                       ^^
      |
      = note: the database said (23505): could not create unique index "looked_up_id_idx"
      = note: Key (id)=(1) is duplicated.
      = help: look at `indexes` of the configuration: its columns, its `type`, and whether rows are alike in what is to be `unique`
    "#);
}
