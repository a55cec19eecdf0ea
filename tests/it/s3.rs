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
        external: {location: 's3://BUCKET/in/', file_format: csv, copy: {ignoreheader: 1}}
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
    let place = Place {
        endpoint_url: Some(format!("http://127.0.0.1:{}", store.port)),
        identity: Identity {
            keys: Some(("AKIDNOBODY".to_owned(), "secret".to_owned())),
            ..Identity::default()
        },
    };
    let server = Server::start(Options {
        stores: vec![("s3://sea/".to_owned(), place)],
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
