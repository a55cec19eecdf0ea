//! COPY and UNLOAD over HTTP, with a server that speaks S3's protocol: moto, which `make test` fetches. Without it, a test says so.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use redstart::adapter::aws::Identity;
use redstart::adapter::aws::s3::Place;
use redstart::endpoint::{Options, Server};

use crate::project::TestProject;
use crate::{endpoint, postgres};

/// A server of S3 that ends with the tests.
struct Store {
    port: u16,
    _server: Child,
}

/// The store, or none where nobody fetched one.
fn store() -> Option<&'static Store> {
    static STORE: OnceLock<Option<Store>> = OnceLock::new();
    let store = STORE.get_or_init(|| {
        let python = std::env::var("REDSTART_TEST_MOTO").ok()?;
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        // It ends with its standard input, which is ours.
        let script = "import sys, threading, os
from moto.server import main
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
main(['-H', '127.0.0.1', '-p', sys.argv[1]])";
        let server = Command::new(python)
            .args(["-c", script, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the store starts");
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "no answer of the store"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Store {
            port,
            _server: server,
        })
    });
    if store.is_none() {
        let told = "REDSTART_TEST_MOTO is not set: nothing was tested against a server of S3; `make setup` for tests fetches one";
        let _ = writeln!(std::io::stderr(), "{told}");
    }
    store.as_ref()
}

impl Store {
    /// A bucket of a test's own, empty at first.
    fn bucket(&self, name: &str) {
        self.ask("PUT", name, b"");
    }

    /// The store looks only for the name of who asks: without one, it shows nothing that a signed request wrote.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> String {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).expect("the store");
        let head = format!(
            "{method} /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=AKIDNOBODY/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        socket.write_all(head.as_bytes()).expect("a request");
        socket.write_all(body).expect("a request");
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer of HTTP");
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        body.to_owned()
    }

    /// What lies in a bucket, a key a line.
    fn listed(&self, bucket: &str) -> String {
        let answer = self.ask("GET", bucket, b"");
        let keys = answer
            .split("<Key>")
            .skip(1)
            .filter_map(|rest| rest.split("</Key>").next());
        keys.collect::<Vec<_>>().join("\n")
    }

    /// The store as the emulator is told of it.
    fn place(&self) -> Place {
        Place {
            endpoint_url: Some(format!("http://127.0.0.1:{}", self.port)),
            identity: Identity {
                keys: Some(("AKIDNOBODY".to_owned(), "secret".to_owned())),
                ..Identity::default()
            },
        }
    }

    fn keys(&self) -> String {
        format!(
            "{{endpoint_url: 'http://127.0.0.1:{}', region: eu-central-1, access_key_id: AKIDNOBODY, secret_access_key: not/a+real=key}}",
            self.port
        )
    }
}

const SOURCE: &str = "sources:
  - name: raw
    schema: s3_raw
    tables:
      - name: events
        external: {location: 's3://BUCKET/in/', file_format: csv, copy: {iam_role: default, ignoreheader: 1}}
        columns: [{name: id, data_type: integer}, {name: words, data_type: varchar(2000)}]
";

fn files(project: TestProject, bucket: &str) -> TestProject {
    project
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .file("models/raw.yml", SOURCE.replace("BUCKET", bucket))
        .file(
            "models/orders.sql",
            "{{ config(materialized='table') }}\nselect id, words from {{ source('raw', 'events') }}",
        )
}

#[test]
fn duckdb_loads_from_a_store_and_unloads_to_it() {
    let Some(store) = store() else { return };
    store.bucket("lake");
    store.ask("PUT", "lake/in/b%20%2B.csv", b"id,words\n3,c\n");
    store.ask("PUT", "lake/in/a.csv", b"id,words\n1,a\n2,\"b,\"\n");
    store.ask("PUT", "lake/in/folder/", b"");
    let profile = |keys: &str| {
        format!(
            "project:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: project.duckdb, schema: main, emulate: redshift, s3: {{'s3://lake/': {keys}}}}}\n"
        )
    };
    let project = files(TestProject::empty(), "lake").file("profiles.yml", profile(&store.keys()));
    project.redstart("build").success();
    assert_snapshot!(project.query("select * from orders order by id"), @r"
    id | words
    1 | a
    2 | b,
    3 | c
    ");
    let unload =
        "unload -s orders --to s3://lake/out/o_ --format csv --header --order-by id --manifest";
    project.redstart(unload).success();
    assert_eq!(
        store.ask("GET", "lake/out/o_0000_part_00", b""),
        "id,words\n1,a\n2,\"b,\"\n3,c\n"
    );
    assert!(
        store
            .ask("GET", "lake/out/o_manifest", b"")
            .contains("s3://lake/out/o_0000_part_00")
    );
    let again = project.redstart(unload);
    assert!(
        again
            .text()
            .contains("Specified unload destination on S3 is not empty"),
        "{again}"
    );
    project
        .redstart(&format!("{unload} --clean-path"))
        .success();
    // What was unloaded can be loaded, by its manifest.
    let manifest = SOURCE
        .replace("s3://BUCKET/in/", "s3://lake/out/o_manifest")
        .replace("ignoreheader: 1", "ignoreheader: 1, manifest: true");
    project.write("models/raw.yml", manifest);
    project.redstart("load").success();
    assert_snapshot!(project.query("select count(*) as n from s3_raw.events"), @r"
    n
    3
    ");
    project.write(
        "models/raw.yml",
        SOURCE.replace("BUCKET/in", "lake/nothing"),
    );
    let missing = project.redstart("load").text();
    assert!(
        missing.contains("The specified S3 prefix 'nothing/' does not exist"),
        "{missing}"
    );
    project.write("models/raw.yml", SOURCE.replace("BUCKET", "lake"));
    project.write(
        "profiles.yml",
        profile(&store.keys()).replace("s3://lake/", "s3://"),
    );
    project.write("models/raw.yml", SOURCE.replace("BUCKET", "no-bucket"));
    let missing = project.redstart("load").text();
    assert!(missing.contains("NoSuchBucket"), "{missing}");
}

#[test]
fn a_large_file_goes_to_a_store_in_parts() {
    let Some(store) = store() else { return };
    store.bucket("large");
    let rows: String = (0..18_000)
        .map(|id| format!("{id},{}\n", "x".repeat(1_000)))
        .collect();
    store.ask(
        "PUT",
        "large/in/a.csv",
        format!("id,words\n{rows}").as_bytes(),
    );
    let project = files(TestProject::empty(), "large").file(
        "profiles.yml",
        format!(
            "project:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: project.duckdb, schema: main, emulate: redshift, s3: {{'s3://large/': {}}}}}\n",
            store.keys()
        ),
    );
    project.redstart("build").success();
    project
        .redstart("unload -s orders --to s3://large/out/ --format csv --order-by id")
        .success();
    assert!(
        store.ask("GET", "large/out/0000_part_00", b"") == rows,
        "the same bytes"
    );
}

#[test]
fn postgres_loads_from_a_store_and_unloads_to_it() {
    let Some(store) = store() else { return };
    store.bucket("pond");
    store.ask("PUT", "pond/in/a.csv", b"id,words\n1,a\n");
    let keys = format!("{{'s3://pond/': {}}}", store.keys());
    let project = files(postgres::project("s3_pond"), "pond").file(
        "profiles.yml",
        postgres::profile("s3_pond", &[("s3", &keys)]),
    );
    project.redstart("build").success();
    project
        .redstart("unload -s orders --to s3://pond/out/ --format csv")
        .success();
    assert_eq!(store.ask("GET", "pond/out/0000_part_00", b""), "1,a\n");
}

#[test]
fn the_emulator_copies_from_a_store_and_unloads_to_it() {
    let Some(store) = store() else { return };
    store.bucket("sea");
    store.ask("PUT", "sea/in/a.csv", b"1,a\n");
    let server = Server::start(Options {
        stores: vec![("s3://sea/".to_owned(), store.place())],
        ..Options::default()
    })
    .expect("the endpoint starts");
    let client = endpoint::connect(&server, "awsuser", "").expect("a session");
    client.ask("create table t (id int, words varchar(5))");
    assert_snapshot!(client.ask("copy t from 's3://sea/in/' iam_role default csv; select * from t"), @r"
    (0)
    1|a
    (1)
    ");
    assert_snapshot!(client.ask("unload ('select * from t') to 's3://sea/out/' iam_role default csv"), @"(0)");
    assert_eq!(store.ask("GET", "sea/out/0000_part_00", b""), "1,a\n");
    assert_snapshot!(client.ask("unload ('select * from t') to 's3://sea/out/' iam_role default csv cleanpath"), @"(0)");
}

#[test]
fn tables_are_backed_up_to_a_store_and_come_back_from_it_on_every_warehouse() {
    let Some(store) = store() else { return };
    store.bucket("vault");
    let server = Server::start(Options {
        stores: vec![("s3://vault/".to_owned(), store.place())],
        ..Options::default()
    })
    .expect("the endpoint starts");
    let s3 = format!("s3: {{'s3://vault/': {}}}", store.keys());
    let postgres = postgres::server();
    postgres::query("set client_min_messages = error; drop schema if exists vault cascade");
    let profile = format!(
        "project:
  target: dev
  outputs:
    dev: {{type: duckdb, path: project.duckdb, schema: vault, emulate: redshift, {s3}}}
    ci: {{type: postgres, host: {}, port: {}, user: {}, password: {}, dbname: {}, schema: vault, {s3}}}
    prod: {{type: redshift, host: 127.0.0.1, port: {}, user: awsuser, password: x, dbname: dev, schema: vault, sslmode: disable, {s3}}}
",
        postgres.host,
        postgres.port,
        postgres.user,
        postgres.password,
        postgres.database,
        server.address().port()
    );
    let project = TestProject::empty()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .file("profiles.yml", profile)
        .file(
            "models/orders.sql",
            "{{ config(materialized='table') }} select 1 as id, cast('a, \"b\"' as varchar(20)) as words, cast(1.50 as decimal(8,2)) as price union all select {{ var('last', 2) }}, null, -0.25",
        );
    let rows = |target: &str| {
        let show = format!(
            "show --inline \"select * from {{{{ ref('orders') }}}} order by id\" --output json --target {target}"
        );
        project.redstart(&show).success().stdout
    };
    for target in ["dev", "ci", "prod"] {
        project
            .redstart(&format!("build --target {target}"))
            .success();
        let before = rows(target);
        project
            .redstart(&format!(
                "backup --to s3://vault/{target} --target {target}"
            ))
            .success();
        let changed = format!("build --vars '{{last: 9}}' --target {target}");
        project.redstart(&changed).success();
        assert_ne!(rows(target), before);
        let restore = format!("restore --from s3://vault/{target} --target {target}");
        project.redstart(&restore).success();
        assert_eq!(rows(target), before);
        // What was changed in the bucket is found out before anything is touched.
        let keys = store.listed("vault");
        let part = keys
            .lines()
            .find(|key| key.starts_with(target) && key.contains("part_00"))
            .expect("a file");
        store.ask("PUT", &format!("vault/{part}"), b"0123456789");
        let damaged = project.redstart(&restore);
        assert!(
            damaged.text().contains("error[backup-damaged]"),
            "{damaged}"
        );
        assert_eq!(rows(target), before);
    }
    assert_snapshot!(store.listed("vault"), @"
    ci/model.project.orders/part_0000_part_00
    ci/redstart_backup.json
    dev/model.project.orders/part_0000_part_00.parquet
    dev/redstart_backup.json
    prod/model.project.orders/part_0000_part_00.parquet
    prod/redstart_backup.json
    ");
}

/// A project with a seed of more than a megabyte, for the emulator, which keeps large seeds for a moment in a bucket.
fn staged(store: &Store, bucket: &str, server: &Server) -> TestProject {
    let mut seed = String::from("id,name,price,day,open\n");
    for id in 0..30_000 {
        let row = match id % 4 {
            0 => format!("{id},\"it's \"\"a\"\", \\N\nb\",{id}.555,2024-01-31,true\n"),
            1 => format!("{id},  padded  ,1000.25,,false\n"),
            2 => format!("{id},null,,2024-02-01,\n"),
            _ => format!("{id},ünï {},-0.004,2024-02-29,true\n", "x".repeat(50)),
        };
        seed.push_str(&row);
    }
    let profile = format!(
        "project:\n  target: prod\n  outputs:\n    prod:\n      type: redshift\n      host: 127.0.0.1\n      port: {}\n      user: awsuser\n      password: secret\n      dbname: dev\n      schema: shop\n      sslmode: disable\n      staging: {}\n",
        server.address().port(),
        store
            .keys()
            .replacen('{', &format!("{{location: 's3://{bucket}/tmp', "), 1)
    );
    TestProject::empty()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .file("profiles.yml", profile)
        .file("seeds/goods.csv", seed)
        .file(
            "seeds/seeds.yml",
            "seeds: [{name: goods, config: {column_types: {price: 'decimal(12,2)', name: 'varchar(100)'}}}]",
        )
}

const SUMS: &str = r#"select count(*), sum(id), count(name), sum(length(name)), sum(price), count(day), max(day), count("open"), max(case when id = 0 then name end) from shop.goods"#;

#[test]
fn a_large_seed_goes_to_redshift_through_a_bucket_and_leaves_nothing_there() {
    let Some(store) = store() else { return };
    store.bucket("dock");
    let server = Server::start(Options {
        stores: vec![("s3://dock/".to_owned(), store.place())],
        ..Options::default()
    })
    .expect("the endpoint starts");
    let project = staged(store, "dock", &server);
    project.redstart("seed").success();
    let client = endpoint::connect(&server, "awsuser", "secret").expect("a session");
    let through_s3 = client.ask(SUMS);
    assert_snapshot!(through_s3, @r#"
    30000|449985000|22500|585000|119991075.00|22500|2024-02-29|22500|it's "a", \N
    b
    (1)
    "#);
    assert_eq!(store.listed("dock"), "");
    let copied: Vec<String> = server
        .log()
        .into_iter()
        .map(|logged| logged.text)
        .filter(|text| text.contains("copy "))
        .collect();
    let [copy] = copied.as_slice() else {
        panic!("one COPY: {copied:?}")
    };
    let name = copy
        .split("redstart-")
        .nth(1)
        .map_or("", |rest| &rest[..36]);
    assert_snapshot!(copy.replace(name, "<uuid>"), @r#"
    copy "shop"."goods"
    from 's3://dock/tmp/redstart-<uuid>/manifest'
    manifest
    iam_role default
    region 'eu-central-1'
    format csv
    gzip
    timeformat 'auto'
    dateformat 'auto'
    null as 'null'
    roundec
    "#);
    // The same rows as by `insert`.
    let profile = project.read("profiles.yml");
    let without = profile
        .lines()
        .filter(|line| !line.contains("staging"))
        .collect::<Vec<_>>()
        .join("\n");
    project.write("profiles.yml", without);
    project.redstart("seed").success();
    assert_eq!(client.ask(SUMS), through_s3);
}

#[test]
fn a_seed_that_does_not_fit_leaves_nothing_in_the_bucket_and_is_told_by_its_cells() {
    let Some(store) = store() else { return };
    store.bucket("quay");
    let server = Server::start(Options {
        stores: vec![("s3://quay/".to_owned(), store.place())],
        ..Options::default()
    })
    .expect("the endpoint starts");
    let project = staged(store, "quay", &server);
    project.write(
        "seeds/seeds.yml",
        "seeds: [{name: goods, config: {column_types: {name: 'varchar(40)'}}}]",
    );
    let failed = project.redstart("seed");
    assert_snapshot!(failed, @"
    exit 1
    Running 1 node on 1 thread (target `prod.shop`)
    1 of 1  ERROR loading seed file shop.goods                            [[time]]
          error[load-error]: a cell does not fit column `name` varchar(40) of `goods` (seeds/goods.csv:6:3)

    error[load-error]: a cell does not fit column `name` varchar(40) of `goods`
     --> seeds/goods.csv:6:3
      |
    6 | 3,ünï xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,-0.004,2024-02-29,true
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ String length exceeds DDL length
      |
      = help: mend the cell, or declare the column longer: `column_types: {name: varchar(65535)}` in the config of `goods`
    note: declared here
     --> seeds/seeds.yml:1:47
      |
    1 | seeds: [{name: goods, config: {column_types: {name: 'varchar(40)'}}}]
      |                                               ^^^^

    Finished 1 seed in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    ");
    assert_eq!(store.listed("quay"), "");
    // By `insert`, which does not say which row it could not take.
    project.write(
        "seeds/goods.csv",
        "id,name\n1,short\n2,much longer than forty bytes may ever be here\n",
    );
    let failed = project.redstart("seed");
    assert_snapshot!(failed, @"
    exit 1
    Running 1 node on 1 thread (target `prod.shop`)
    1 of 1  ERROR loading seed file shop.goods                            [[time]]
          error[load-error]: a cell does not fit column `name` varchar(40) of `goods` (seeds/goods.csv:3:3)

    error[load-error]: a cell does not fit column `name` varchar(40) of `goods`
     --> seeds/goods.csv:3:3
      |
    3 | 2,much longer than forty bytes may ever be here
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ String length exceeds DDL length
      |
      = help: mend the cell, or declare the column longer: `column_types: {name: varchar(65535)}` in the config of `goods`
    note: declared here
     --> seeds/seeds.yml:1:47
      |
    1 | seeds: [{name: goods, config: {column_types: {name: 'varchar(40)'}}}]
      |                                               ^^^^

    Finished 1 seed in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    ");
}

#[test]
fn a_bucket_that_is_not_there_is_told_before_anything_is_loaded() {
    let Some(store) = store() else { return };
    let server = Server::start(Options::default()).expect("the endpoint starts");
    let project = staged(store, "no-such-bucket", &server);
    let failed = project.redstart("seed");
    assert_snapshot!(failed, @"
    exit 1
    Running 1 node on 1 thread (target `prod.shop`)
    1 of 1  ERROR loading seed file shop.goods                            [[time]]
          error[database-error]: the database refused `goods` (seeds/seeds.yml:1:16)

    error[database-error]: the database refused `goods`
     --> seeds/seeds.yml:1:16
      |
    1 | seeds: [{name: goods, config: {column_types: {price: 'decimal(12,2)', name: 'varchar(100)'}}}]
      |                ^^^^^
      |
      = note: the database said: S3ServiceException: The specified bucket does not exist, Status 404, Error NoSuchBucket
      = note: it was asked for `s3://no-such-bucket/tmp/redstart-[uuid]/00000.csv.gz`
      = help: `redstart compile --select goods` shows the whole SQL, target/run/ has what was sent

    Finished 1 seed in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    ");
}
