//! Redshift's SQL on a real PostgreSQL: every example of the reference gives Redshift's value there, or is refused.

use std::process::{Command, Stdio};

use redstart::adapter::Refusal;
use redstart::adapter::emulating::{
    Catalog, Engine, Type, examples, postgres, translate_query_with,
};

use insta::assert_snapshot;

use crate::postgres::{binary, profile, project, query, server};
use crate::project::TestProject;

const TABLES: &str = "
    create table sales(id int, region text, rep text, amt numeric(10,2), qty int, d date, ts timestamp, note text);
    insert into sales values
    (1,'east','ann',10.00,1,'2024-01-15','2024-01-15 10:30:45.123456','a'),
    (2,'east','bob',20.50,2,'2024-02-29','2024-02-29 23:59:59','b'),
    (3,'west','cat',NULL,3,'2024-03-31','2024-03-31 00:00:00',NULL),
    (4,'west','dan',40.00,NULL,'2024-12-30','2024-12-30 12:00:00','d'),
    (5,NULL,'eve',5.25,5,'2023-12-31','2023-12-31 08:00:00','');
    create table pads(s text, n int, k text);
    insert into pads values ('a',1,'x'), ('a ',2,'x'), ('b',3,'x '), ('b  ',4,'y'), (NULL,5,'y');
    create table more(s text, m int);
    insert into more values ('a  ',10), ('c',20);";

/// The tables of the examples, with the types of their columns or without.
struct Tables {
    known: bool,
}

impl Catalog for Tables {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn columns(&self, _schema: Option<&str>, table: &str) -> Option<Vec<(String, Option<Type>)>> {
        let text = Type::Varchar(256);
        let columns: &[(&str, Type)] = match table {
            _ if !self.known => return None,
            "sales" => &[
                ("id", Type::Int4),
                ("region", text),
                ("rep", text),
                ("amt", Type::Decimal(10, 2)),
                ("qty", Type::Int4),
                ("d", Type::Date),
                ("ts", Type::Timestamp),
                ("note", text),
            ],
            "pads" => &[("s", text), ("n", Type::Int4), ("k", text)],
            "more" => &[("s", text), ("m", Type::Int4)],
            _ => return None,
        };
        let named = columns
            .iter()
            .map(|(name, ty)| ((*name).to_owned(), Some(*ty)));
        Some(named.collect())
    }
}

/// Where the tables are made; `main` in the examples.
const SCHEMA: &str = "redshift_examples";

/// Examples that are stopped or refused elsewhere, because DuckDB cannot leave trailing blanks out there or the columns are not known,
/// and for which PostgreSQL gives Redshift's answer.
const ANSWERED_HERE: [(&str, &str); 4] = [
    (
        "select count(*) from sales natural join (select 1 as id) q",
        "1",
    ),
    ("SELECT COUNT(*) FROM sales NATURAL JOIN pads", "25"),
    (
        "SELECT COUNT(*) FROM (SELECT UPPER(s) AS u, u AS v, COUNT(*) FROM pads GROUP BY 1, 2)",
        "3",
    ),
    (
        "SELECT COUNT(*) FROM (SELECT * FROM more EXCEPT SELECT * FROM more)",
        "0",
    ),
];

/// Examples that PostgreSQL refuses, because it takes a NULL without a type for a text, or counts no day beyond its month.
const REFUSED_THERE: [&str; 4] = [
    "SELECT COUNT(*) FROM pads WHERE (n, 1) NOT IN (SELECT n, NULL FROM pads WHERE n > 1)",
    "SELECT TO_DATE('20010631', 'YYYYMMDD')",
    "SELECT TO_DATE('20010631', 'YYYYMMDD', FALSE)",
    "SELECT TO_TIMESTAMP('2011-12-18 24:38:15', 'YYYY-MM-DD HH24:MI:SS')::timestamp",
];

/// What became of an example.
#[derive(Clone, Debug, PartialEq)]
enum Answer {
    Refused(Refusal),
    Failed(String),
    Rows(Vec<String>),
}

/// The answers of the server to translated queries, in one session.
fn answers(queries: &[&str], known: bool) -> Vec<Answer> {
    let schema = SCHEMA;
    let translated: Vec<Result<String, Refusal>> = queries
        .iter()
        .map(|sql| {
            let (sql, marked) = match sql.strip_prefix("SELECT pg_typeof_marker(") {
                Some(rest) => (format!("SELECT {}", &rest[..rest.rfind(')').unwrap_or(0)]), true),
                None => (sql.replace("main.", &format!("{schema}.")), false),
            };
            let query = translate_query_with(&sql, &Tables { known })?;
            Ok(match marked {
                true => format!(
                    "select case pg_typeof(c)::text when 'timestamp without time zone' then 'TIMESTAMP' end from ({}) as q(c)",
                    query.sql
                ),
                false => query.sql,
            })
        })
        .collect();
    let mut script = format!(
        "set client_min_messages = error;\ndrop schema if exists {schema} cascade; create schema {schema}; set search_path = {schema};\n\
         {}\nset timezone = 'UTC'; set datestyle = 'ISO, MDY'; set extra_float_digits = 1;\n{TABLES}\n\\pset null null\n",
        postgres::PRELUDE
    );
    for (at, query) in translated.iter().enumerate() {
        script.push_str(&format!("\\echo @@{at}\n"));
        if let Ok(query) = query {
            script.push_str(&format!("{query};\n"));
        }
    }
    let server = server();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("script.sql");
    std::fs::write(&path, script).expect("a script");
    let output = Command::new("/bin/sh")
        .args(["-c", "exec \"$0\" -X -q -A -t -F '|' -f \"$1\" 2>&1"])
        .arg(binary("psql"))
        .arg(&path)
        .env("PGHOST", &server.host)
        .env("PGPORT", server.port.to_string())
        .env("PGUSER", &server.user)
        .env("PGPASSWORD", &server.password)
        .env("PGDATABASE", &server.database)
        .stdin(Stdio::null())
        .output()
        .expect("psql runs");
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let (before, _) = output.split_once("@@0\n").expect("the first answer");
    assert_eq!(before, "", "the functions and tables are made");
    translated
        .into_iter()
        .enumerate()
        .map(|(at, query)| {
            let query = match query {
                Ok(query) => query,
                Err(refusal) => return Answer::Refused(refusal),
            };
            let start = output.find(&format!("@@{at}\n")).expect("an answer");
            let text = &output[start..];
            let text = text.split_once('\n').map_or("", |(_, rest)| rest);
            let end = text.find(&format!("@@{}\n", at + 1)).unwrap_or(text.len());
            let text = &text[..end];
            if text.contains("ERROR:") {
                return Answer::Failed(format!("{text}    in {query}"));
            }
            Answer::Rows(text.lines().map(str::to_owned).collect())
        })
        .collect()
}

/// Two values that print differently and are the same: `3` and `3.00`, `t` and `True`.
fn same(given: &str, wanted: &str) -> bool {
    let given = match (given, wanted) {
        ("t", "True" | "true") => wanted,
        ("f", "False" | "false") => wanted,
        _ => given,
    };
    if given == wanted {
        return true;
    }
    if let (Ok(a), Ok(b)) = (given.parse::<f64>(), wanted.parse::<f64>()) {
        return (a - b).abs() <= 1e-15 * b.abs();
    }
    let trimmed = |text: &str| match text.rsplit_once('.') {
        Some((_, fraction))
            if text.contains(':') && fraction.bytes().all(|b| b.is_ascii_digit()) =>
        {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => text.to_owned(),
    };
    trimmed(given) == trimmed(wanted)
}

#[test]
fn every_example_gives_redshifts_value_or_is_refused() {
    let examples = examples();
    let queries: Vec<&str> = examples.iter().map(|(sql, _)| *sql).collect();
    for known in [true, false] {
        let wrong: Vec<String> = examples
            .iter()
            .zip(answers(&queries, known))
            .filter(|((sql, wanted), answer)| !is_right(sql, wanted, answer, known))
            .map(|((sql, wanted), answer)| format!("{sql}\n    wanted {wanted}, {answer:?}"))
            .collect();
        assert!(
            wrong.is_empty(),
            "{} wrong (types known: {known}):\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }
}

fn is_right(sql: &str, wanted: &str, answer: &Answer, known: bool) -> bool {
    let here = ANSWERED_HERE.iter().find(|(query, _)| *query == sql);
    match (answer, wanted) {
        (Answer::Refused(_), _) => true,
        (Answer::Failed(_), "ERROR") => true,
        (Answer::Failed(_), _) if REFUSED_THERE.contains(&sql) => true,
        // A value does not tell the scale that its column was declared with.
        (Answer::Failed(words), _) => !known && words.contains("scales are not known here"),
        (Answer::Rows(rows), _) => match rows.as_slice() {
            [row] if wanted == "main" => row == SCHEMA,
            [row] => same(row, wanted) || here.is_some_and(|(_, value)| row == value),
            _ => false,
        },
    }
}

/// A project in Redshift's SQL whose target is a schema of the server.
fn redshift(schema: &str, more: &[(&str, &str)]) -> TestProject {
    let mut keys = vec![("emulate", "redshift")];
    keys.extend(more);
    project(schema).file("profiles.yml", profile(schema, &keys))
}

#[test]
fn what_has_no_translation_is_told_and_everything_else_is_built() {
    let project = redshift("told", &[])
        .file(
            "models/good.sql",
            "{{ config(materialized='table') }}\nselect 1 as id",
        )
        .file(
            "models/hashed.sql",
            "select id, fnv_hash(id) as hash from {{ ref('good') }}",
        );
    let output = project.redstart("build");
    assert_eq!(output.code, 1, "{output}");
    let told = "error[not-emulated]: the function `fnv_hash` is not emulated on PostgreSQL yet\n --> models/hashed.sql:1:12";
    assert!(output.stdout.contains(told), "{output}");
    assert_eq!(query("select id from told.good"), "id\n1\n");
}

#[test]
fn keys_match_without_their_trailing_blanks_and_views_are_made_again() {
    let growing = |strategy: &str| {
        format!(
            "{{{{ config(materialized='incremental', incremental_strategy='{strategy}', unique_key='Code') }}}}\n\
             select code, {{{{ var('batch', 1) }}}} as batch from {{{{ ref('codes') }}}}\n\
             {{% if is_incremental() %}}union all select 'a ', 9{{% endif %}}"
        )
    };
    let project = redshift("keys", &[])
        .file("seeds/letters.csv", "code\nb\nc\n")
        .file(
            "models/codes.sql",
            "{{ config(materialized='table') }}\nselect Code from {{ ref('letters') }} where code <> 'c '",
        )
        .file(
            "models/above.sql",
            "{{ config(bind=false) }}\nselect count(*) as n from {{ ref('codes') }}",
        )
        .file("models/replaced.sql", growing("delete+insert"))
        .file("models/merged.sql", growing("merge"));
    project.redstart("build").success();
    query("insert into keys.replaced values ('a', 0); insert into keys.merged values ('a', 0)");
    project.redstart("build --vars '{batch: 2}'").success();

    assert_snapshot!(query("
        select 'delete+insert' as strategy, code || '|' as code, batch from keys.replaced
        union all select 'merge', code || '|', batch from keys.merged order by strategy, code"), @"
    strategy | code | batch
    delete+insert | a | | 9
    delete+insert | b| | 2
    merge | a | | 9
    merge | b| | 2
    ");
    assert_eq!(query("select n from keys.above"), "n\n1\n");
}

#[test]
fn a_load_counts_bytes_and_numbers_its_rows() {
    let project = redshift("bytes", &[("s3", "{'s3://shop/': data/}")])
        .file(
            "models/raw.yml",
            "sources:
  - name: raw
    schema: bytes
    tables:
      - name: Dishes
        external:
          location: 's3://shop/dishes'
          file_format: csv
          copy: {maxerror: 3}
        columns:
          - {name: id, data_type: 'bigint identity(0, 1)'}
          - {name: name, data_type: varchar(5)}
          - {name: price, data_type: 'decimal(6,2)'}
",
        )
        .file("data/dishes/1.csv", "crêpe,4\ntea,1.5\n\"cafe \",2.25\n");
    let output = project.redstart("load").success();
    assert!(output.text().contains("dishes/1.csv:1"), "{output}");
    assert_snapshot!(query("select id, name || '|' as name, price from bytes.dishes order by name"), @r#"
    id | name | price
    1 | cafe | | 2.25
    0 | tea| | 1.50
    "#);
    let table = "insert into bytes.dishes (name) values ('crêpe')";
    let refused = server().psql(table).expect_err("six bytes are too many");
    assert!(refused.contains("check constraint"), "{refused}");
}

#[test]
fn an_error_of_the_server_comes_home_to_the_name_in_the_model() {
    let project = redshift("home", &[]).file(
        "models/wrong.sql",
        "{{ config(materialized='table') }}\nselect\n  nvl(x.nope, 0) as n\nfrom (select 1 as id) as x",
    );
    assert_snapshot!(project.redstart("build --no-check"), @"
    exit 1
    Running 1 node on 3 threads (target `dev.home`)
    1 of 1  ERROR creating sql table model home.wrong                     [[time]]
          error[unknown-column]: there is no column `x.nope` in what is read here (models/wrong.sql:3:9)

    error[unknown-column]: there is no column `x.nope` in what is read here
     --> models/wrong.sql:3:9
      |
    3 |   nvl(x.nope, 0) as n
      |         ^^^^
      |
      = note: the database said (42703): column x.nope does not exist
      = help: name a column that is there, or add this one to the query

    Finished 1 table model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    The data dictionary is in [project]/target/index.html
    ");
}

#[test]
fn a_database_that_sorts_by_a_language_is_refused() {
    let made = server().psql(
        "drop database if exists redstart_language",
    ).and_then(|_| server().psql(
        "create database redstart_language template template0 encoding 'UTF8' locale_provider icu icu_locale 'en'",
    ));
    if made.is_err() {
        // A server before version 15, or one without ICU.
        return;
    }
    let project = redshift("language", &[("dbname", "redstart_language")])
        .file("models/one.sql", "select 1 as id");
    assert_snapshot!(project.redstart("build"), @r#"
    exit 2
    error[warehouse]: this database cannot stand in for Redshift: it compares texts by the rules of ICU in the encoding UTF8, Redshift by the bytes of UTF-8
     |
     = help: make one that can: create database … template template0 encoding 'UTF8' lc_collate 'C'

    1 error
    "#);
}
