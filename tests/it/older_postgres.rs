//! PostgreSQL 13 and 14 know no `merge` of the standard: what is sent in its place, to a server that says it is older than it is.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::postgres::{profile, project, query, server};
use crate::project::TestProject;

/// What stands between the program and the server, and says another version.
struct Older {
    port: u16,
    /// All that the program sent.
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Older {
    fn begin() -> Self {
        let answer = query("show server_version_num");
        let version = answer.lines().nth(1).expect("a version").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let sent = Arc::<Mutex<Vec<u8>>>::default();
        let heard = Arc::clone(&sent);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (heard, version) = (Arc::clone(&heard), version.clone());
                std::thread::spawn(move || pass(client, &heard, &version));
            }
        });
        Self { port, sent }
    }

    fn heard(&self) -> String {
        let sent = self.sent.lock().expect("what was sent");
        String::from_utf8_lossy(&sent).into_owned()
    }
}

fn pass(mut client: TcpStream, heard: &Arc<Mutex<Vec<u8>>>, version: &str) -> Option<()> {
    let mut server = TcpStream::connect((server().host.as_str(), server().port)).ok()?;
    let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    let heard = Arc::clone(heard);
    std::thread::spawn(move || {
        let mut piece = [0; 8192];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            heard
                .lock()
                .expect("what was sent")
                .extend(&piece[..length]);
            if to.write_all(&piece[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    let mut piece = [0; 8192];
    while let Ok(length @ 1..) = server.read(&mut piece) {
        let piece = &mut piece[..length];
        let said = version.as_bytes();
        let starts = 0..=length.saturating_sub(said.len());
        for at in starts {
            if piece[at..].starts_with(said) {
                piece[at..at + 6].copy_from_slice(b"140000");
            }
        }
        client.write_all(piece).ok()?;
    }
    let _ = client.shutdown(Shutdown::Both);
    Some(())
}

/// A batch of rows, and models that merge it; `more` are keys of the target.
fn merging(schema: &str, more: &[(&str, &str)], narrowed: &str) -> TestProject {
    let model = |config: &str| {
        format!(
            "{{{{ config(materialized='incremental', incremental_strategy='merge', unique_key='id', {config}) }}}}\n\
             select * from {{{{ ref('batch') }}}}"
        )
    };
    project(schema)
        .file("profiles.yml", profile(schema, more))
        .file(
            "models/batch.sql",
            "{{ config(materialized='table') }}
{% if var('batch') == 1 %}
select 1 as id, 'ann' as name, true as is_now union all select 2, 'bob', true
{% elif var('batch') == 2 %}
select 1 as id, 'ANN' as name, false as is_now union all select 3, 'eve', true union all select null, 'nil', true
{% else %}
select 1 as id, 'one' as name, true as is_now union all select 1, 'two', true
{% endif %}",
        )
        .file("models/plain.sql", model("merge_exclude_columns=[]"))
        .file("models/named.sql", model("merge_update_columns=['name']"))
        .file("models/narrowed.sql", model(narrowed))
}

/// Builds the same on a server that merges and on one that does not know it.
fn same(schemas: [&str; 2], emulate: bool, narrowed: &str) {
    let older = Older::begin();
    let port = older.port.to_string();
    let mut keys = vec![("threads", "1")];
    if emulate {
        keys.push(("emulate", "redshift"));
    }
    let newer = merging(schemas[0], &keys, narrowed);
    keys.extend([
        ("host", "127.0.0.1"),
        ("port", port.as_str()),
        ("sslmode", "disable"),
    ]);
    let old = merging(schemas[1], &keys, narrowed);
    for batch in [1, 2, 2] {
        let arguments = format!("run --vars '{{batch: {batch}}}'");
        let [one, other] = [&newer, &old].map(|project| {
            // The times of the last run would decide which node goes first.
            let _ = std::fs::remove_dir_all(project.path().join("target"));
            project.redstart(&arguments).success()
        });
        let [one, other] = [(one, schemas[0]), (other, schemas[1])]
            .map(|(output, schema)| output.text().replace(schema, "shop"));
        assert_eq!(one, other);
    }
    for table in ["plain", "named", "narrowed"] {
        let [one, other] = schemas
            .map(|schema| query(&format!("select * from {schema}.{table} order by 1, 2, 3")));
        assert!(one.contains("ANN"), "{one}");
        assert_eq!(one, other, "{table}");
    }
    let heard = older.heard();
    assert!(!heard.contains("merge into"), "{heard}");
    assert!(heard.contains("with updated as"), "{heard}");
    for project in [&newer, &old] {
        let output = project.redstart("run --vars '{batch: 3}'");
        assert_eq!(output.code, 1, "{output}");
        let refused = match emulate {
            true => "have a `unique_key` more than once",
            false => "MERGE command cannot affect row a second time",
        };
        assert!(output.text().contains(refused), "{output}");
    }
}

/// The condition on the table holds before the update, and not after it: the row is not inserted as well.
#[test]
fn a_server_without_merge_has_the_same_rows_and_tells_the_same() {
    same(
        ["merged_by_one", "merged_by_two"],
        false,
        "incremental_predicates=['DBT_INTERNAL_DEST.is_now']",
    );
}

#[test]
fn a_server_without_merge_has_the_rows_of_redshift() {
    same(
        ["redshift_by_one", "redshift_by_two"],
        true,
        "incremental_predicates=[this ~ '.is_now']",
    );
}
