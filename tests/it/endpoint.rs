//! The endpoint that stands in for a cluster, asked by PostgreSQL's own clients.

use std::fmt::Write as _;

use insta::assert_snapshot;
use redstart::endpoint::{Auth, Fault, Mishap, Options, Server};
use tokio_postgres::{Config, NoTls, SimpleQueryMessage};

/// A client with a runtime of its own.
pub struct Client {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

fn start(options: Options) -> Server {
    Server::start(options).expect("the endpoint starts")
}

pub fn connect(server: &Server, user: &str, password: &str) -> Result<Client, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut config = Config::new();
    config
        .host("127.0.0.1")
        .port(server.address().port())
        .user(user)
        .password(password)
        .dbname("dev");
    let (client, connection) = runtime
        .block_on(config.connect(NoTls))
        .map_err(|error| told(&error))?;
    runtime.spawn(connection);
    Ok(Client { runtime, client })
}

/// An error as a person reads it.
fn told(error: &tokio_postgres::Error) -> String {
    let Some(error) = error.as_db_error() else {
        let cause = std::error::Error::source(error);
        return cause.map_or(error.to_string(), |cause| format!("{error}: {cause}"));
    };
    let mut told = format!("{} {}", error.code().code(), error.message());
    for (what, more) in [("detail", error.detail()), ("hint", error.hint())] {
        if let Some(more) = more {
            let _ = write!(told, "\n  {what}: {more}");
        }
    }
    told
}

impl Client {
    /// The rows of each statement, a line each, or the error.
    pub fn ask(&self, sql: &str) -> String {
        let answer = self.runtime.block_on(self.client.simple_query(sql));
        let messages = match answer {
            Ok(messages) => messages,
            Err(error) => return told(&error),
        };
        let mut lines = Vec::new();
        for message in messages {
            match message {
                SimpleQueryMessage::Row(row) => lines.push(
                    (0..row.len())
                        .map(|column| row.get(column).unwrap_or("NULL"))
                        .collect::<Vec<_>>()
                        .join("|"),
                ),
                SimpleQueryMessage::CommandComplete(rows) => lines.push(format!("({rows})")),
                _ => {}
            }
        }
        lines.join("\n")
    }
}

/// An endpoint in memory and a client that needs no password.
fn both() -> (Server, Client) {
    let server = start(Options::default());
    let client = connect(&server, "awsuser", "").expect("a session");
    (server, client)
}

#[test]
fn what_redshift_has_no_words_for_is_refused() {
    let (_server, client) = both();
    client.ask("create table n1 (id int); create table n2 (id int); create table n3 (id int)");
    let shown = client.ask("show tables from schema dev.public like 'n%' limit 2");
    assert_eq!(shown.lines().count(), 3, "two tables: {shown}");
    for (sql, refused) in [
        (
            "show tables from schema dev.public limit many",
            "42601 syntax error at or near \"many\"",
        ),
        (
            "create view if not exists v as select 1 as id",
            "42601 syntax error at or near \"not\"",
        ),
        (
            "lock table n1, n2 in exclusive mode",
            "42601 syntax error at or near \"in\"",
        ),
        (
            "lock n1 in share mode",
            "42601 syntax error at or near \"in\"",
        ),
        (
            "create table n5 (id int, id int)",
            "42701 column \"id\" specified more than once",
        ),
        (
            "alter table n1 add column id int",
            "42701 column \"id\" specified more than once",
        ),
        (
            "create user u2 password 'short'",
            "22023 password must have 8 to 64 characters",
        ),
        (
            "create user u2 password 'nodigitsorUPPER'",
            "22023 password must have 8 to 64 characters",
        ),
        ("select raw_line from sys_load_error_detail", "42703"),
    ] {
        let told = client.ask(sql);
        assert!(told.starts_with(refused), "{sql}: {told}");
    }
    client.ask("create user u3 password 'md5153c434b4b77c89e6b94f12c5393af5b'; create user u4 password disable; create user u5 password 'Abcdefg1'");
    assert_snapshot!(client.ask("select count(*) from pg_user where usename in ('u2', 'u3', 'u4', 'u5')"), @"
    3
    (1)
    ");
}

#[test]
fn statements_are_answered_as_redshift_answers_them() {
    let (_server, client) = both();
    assert_snapshot!(client.ask("select 7/2, 'a' || 'b', null, true, 1.50::decimal(10,2), '2024-01-31'::date + 1"), @r"
    3|ab|NULL|t|1.50|2024-02-01
    (1)
    ");
    assert!(client.ask("select version()").contains("Redshift 1.0"));
    assert_snapshot!(client.ask("create table t (id int, name varchar(3)); insert into t values (1, 'a'), (2, 'b'); update t set name = 'c' where id = 2; delete from t where id = 1; select * from t"), @r"
    (0)
    (2)
    (1)
    (1)
    2|c
    (1)
    ");
    assert_snapshot!(client.ask("insert into t values (3, 'abcd')"), @"
    22001 value too long for character type: `name` is character varying(3)
      hint: the length counts bytes: declare a longer column, or cut the value with `left`
    ");
    assert_snapshot!(client.ask("select nope(1)"), @"
    42883 the function `nope` is not known
      detail: it is not in the table of Redshift's functions
    ");
    assert_snapshot!(client.ask("select 1/0"), @"
    22012 Divide by zero
      hint: a divisor that can be 0 becomes NULL with `nullif(…, 0)`, and then the result is NULL
    ");
    assert_snapshot!(client.ask("select * from nothing"), @r#"42P01 relation "nothing" does not exist"#);
}

#[test]
fn a_message_of_several_statements_is_one_transaction() {
    let (_server, client) = both();
    client.ask("create table t (a int)");
    client.ask("insert into t values (1); insert into t values (1/0)");
    assert_snapshot!(client.ask("select count(*) from t"), @r"
    0
    (1)
    ");
    // After an error in an open transaction only its end is taken.
    client.ask("begin; insert into t values (1)");
    client.ask("select 1/0");
    assert_snapshot!(client.ask("select 1"), @"25P02 current transaction is aborted, commands ignored until end of transaction block");
    client.ask("commit");
    assert_snapshot!(client.ask("select count(*) from t"), @r"
    0
    (1)
    ");
    // `truncate` commits.
    client.ask("insert into t values (7)");
    client.ask("begin; insert into t values (8); truncate t; rollback");
    assert_snapshot!(client.ask("select count(*) from t"), @r"
    0
    (1)
    ");
    client.ask("begin");
    assert_snapshot!(client.ask("vacuum t"), @"25001 VACUUM cannot run inside a transaction block");
}

#[test]
fn a_bound_view_follows_its_table_and_holds_it() {
    let (_server, client) = both();
    client.ask("create table t as select 1 as a; create view v as select t.a from t; create view w as select * from v");
    assert_snapshot!(client.ask("drop table t"), @r"
    2BP01 cannot drop table t because other objects depend on it
      detail: view public.v depends on table public.t
      hint: Use DROP ... CASCADE to drop the dependent objects too.
    ");
    client.ask("begin; alter table t rename to old; create table t as select 2 as a; commit");
    assert_snapshot!(client.ask("select * from w"), @r"
    1
    (1)
    ");
    client.ask("drop table old cascade");
    assert_snapshot!(client.ask("select table_name, table_type from information_schema.tables where table_schema = 'public'"), @r"
    t|BASE TABLE
    (1)
    ");
}

#[test]
fn a_path_into_a_value_is_no_table_of_another_database() {
    let (_server, client) = both();
    client.ask(
        "create table t (p super); insert into t values (json_parse('{\"a\": {\"b\": [1, 2]}}'))",
    );
    for query in [
        "select sum(x::int) from t, t.p.a.b x",
        "select sum(x::int) from public.t u, u.p.a.b as x",
    ] {
        assert_eq!(client.ask(query), "3\n(1)", "{query}");
    }
    assert_snapshot!(client.ask("select * from other.public.t"), @r#"3D000 database "other" does not exist"#);
}

#[test]
fn what_is_written_to_is_known_to_the_translation() {
    let (_server, client) = both();
    client
        .ask("create table t (a int identity(1,1), b varchar(3)); create view v as select 1 as a");
    assert_snapshot!(client.ask("insert into t values (1, 'x')"), @r"
    0A000 cannot set the identity column `a` to a value
      detail: Redshift refuses this
      hint: leave `a` out, or make it `generated by default as identity`
    ");
    assert_snapshot!(client.ask("insert into t (b) values (true)"), @r#"
    42804 column "b" is of type character varying(3) but expression is of type boolean
      hint: You will need to rewrite or cast the expression.
    "#);
    assert_snapshot!(client.ask("insert into t (b) values ('ab    '); select len(b) from t"), @r"
    (1)
    3
    (1)
    ");
    assert_snapshot!(client.ask("create or replace view v as select 1 as a, 2 as b"), @r"
    0A000 `v` is there with other columns, and `or replace` keeps a view's columns
      detail: Redshift refuses this
      hint: drop it first
    ");
    assert_snapshot!(client.ask("alter table t add constraint c check (a > 0)"), @"0A000 CHECK constraints are not supported");
    assert_snapshot!(client.ask("create temp table u (like t); insert into u values (7, 'x'); select a from u"), @r"
    (0)
    (1)
    7
    (1)
    ");
}

#[test]
fn what_tends_or_grants_a_relation_that_is_not_there_fails() {
    let (_server, client) = both();
    client.ask("create schema s; create table s.t (a int)");
    for statement in [
        "analyze s.t (a)",
        "analyze verbose s.t predicate columns",
        "analyze",
        "vacuum sort only s.t to 99 percent",
        "vacuum",
        "grant select on all tables in schema s to public",
    ] {
        let said = client.ask(statement);
        assert!(!said.contains("does not exist"), "{statement}: {said}");
    }
    assert_snapshot!(client.ask("analyze s.nope"), @r#"42P01 relation "s.nope" does not exist"#);
    assert_snapshot!(client.ask("vacuum full nope"), @r#"42P01 relation "nope" does not exist"#);
    assert_snapshot!(client.ask("lock nope"), @r#"42P01 Cannot find table "nope""#);
    assert_snapshot!(client.ask("grant select on nope to public"), @r#"42P01 relation "nope" does not exist"#);
    assert_snapshot!(client.ask("grant select on all tables in schema nope to public"), @r#"3F000 schema "nope" does not exist"#);
}

#[test]
fn an_alias_in_a_late_binding_view_may_be_called_as_the_database_is() {
    let (_server, client) = both();
    client.ask("create table t (id int); create table u (id int, n int); insert into t values (1); insert into u values (1, 7)");
    let view = |name: &str, binding: &str| {
        client.ask(&format!(
            "create view {name} as select u.n from dev.public.t as dev join dev.public.u as u on u.id = dev.id {binding}"
        ))
    };
    view("late", "with no schema binding");
    view("bound", "");
    assert_eq!(
        client.ask("select n from late"),
        client.ask("select n from bound")
    );
    assert!(client.ask("select n from late").starts_with('7'));
    client.ask("alter table u rename to w");
    assert!(client.ask("select n from bound").starts_with('7'));
}

#[test]
fn a_late_view_is_bound_when_it_is_read() {
    let (_server, client) = both();
    client.ask("create view v as select a from public.t with no schema binding");
    assert_snapshot!(client.ask("select * from v"), @r#"42P01 relation "public.t" does not exist"#);
    client.ask("create table t as select 1 as a");
    assert_snapshot!(client.ask("select * from v"), @r"
    1
    (1)
    ");
    client.ask("drop table t; create table t as select 'x' as a");
    assert_snapshot!(client.ask("select * from v; select * from pg_get_late_binding_view_cols() cols(s name, v name, c name, t varchar, n int)"), @"
    x
    (1)
    public|v|a|character varying(256)|1
    (1)
    ");
}

#[test]
fn every_kind_of_login_works() {
    for auth in [Auth::Trust, Auth::Cleartext, Auth::Md5] {
        let server = start(Options {
            auth,
            user: "ann".to_owned(),
            password: "Passw0rd".to_owned(),
            ..Options::default()
        });
        let client = connect(&server, "ann", "Passw0rd").expect("the right password");
        assert_eq!(client.ask("select current_user"), "ann\n(1)");
        if auth != Auth::Trust {
            let refused = connect(&server, "ann", "wrong").err();
            assert_eq!(
                refused.as_deref(),
                Some("28000 password authentication failed for user \"ann\"")
            );
        }
    }
    // PostgreSQL's clients do not know Redshift's own digest.
    let server = start(Options {
        auth: Auth::Sha256,
        ..Options::default()
    });
    let refused = connect(&server, "awsuser", "").err().unwrap_or_default();
    assert!(refused.contains("13"), "{refused}");
}

#[test]
fn what_goes_wrong_on_purpose_does() {
    let (server, client) = both();
    client.ask("create table t (a int)");
    let once = Fault::matching("^commit", Some(1), Fault::serialization()).expect("a pattern");
    server.add_fault(once);
    client.ask("begin; insert into t values (1)");
    assert_snapshot!(client.ask("commit"), @"
    40001 1023
      detail: Serializable isolation violation on table - 100, transactions forming the cycle are: 1, 2 (pid:3)
    ");
    client.ask("rollback");
    client.ask("begin; insert into t values (2)");
    client.ask("commit");
    assert_snapshot!(client.ask("select a from t"), @r"
    2
    (1)
    ");
    let dropped = Fault::matching("insert", Some(1), Mishap::DropAfter).expect("a pattern");
    server.add_fault(dropped);
    assert_eq!(client.ask("insert into t values (3)"), "connection closed");
    let again = connect(&server, "awsuser", "").expect("a session");
    assert_snapshot!(again.ask("select a from t order by 1"), @"
    2
    3
    (2)
    ");
    let texts: Vec<String> = server.log().into_iter().map(|logged| logged.text).collect();
    assert!(texts.contains(&"insert into t values (3)".to_owned()));
}

#[test]
fn files_are_loaded_and_unloaded_through_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("in")).expect("a folder");
    std::fs::write(
        folder.path().join("in/a.csv"),
        "id,name\n1,a\n2,\"b,c\"\n3,toolong\n",
    )
    .expect("a file");
    let server = start(Options {
        s3: vec![("s3://lake/".to_owned(), folder.path().to_owned())],
        ..Options::default()
    });
    let client = connect(&server, "awsuser", "").expect("a session");
    client.ask("create table t (id int, name varchar(5))");
    let copy = "copy t from 's3://lake/in/' iam_role default format csv ignoreheader 1";
    assert_snapshot!(client.ask(copy), @"XX000 Load into table 't' failed.  Check 'stl_load_errors' system table for details.");
    assert_snapshot!(client.ask("select line_number, colname, type, raw_field_value, err_reason, filename from stl_load_errors"), @"
    4|name|character varying(5)|toolong|String length exceeds DDL length|s3://lake/in/a.csv
    (1)
    ");
    assert_snapshot!(client.ask(&format!("{copy} maxerror 3; select * from t; select pg_last_copy_count()")), @"
    (0)
    1|a
    2|b,c
    (2)
    2
    (1)
    ");
    assert_snapshot!(client.ask("unload ('select * from t where name <> ''x'' order by 1') to 's3://lake/out/t_' iam_role default format csv header parallel off"), @"(0)");
    let written = std::fs::read_to_string(folder.path().join("out/t_000")).expect("a file");
    assert_eq!(written, "id,name\n1,a\n2,\"b,c\"\n");
    assert_snapshot!(client.ask("unload ('select * from t') to 's3://lake/out/t_' iam_role default format parquet"), @"XX000 Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option.");
    client.ask("unload ('select * from t') to 's3://lake/p/t_' iam_role default format parquet");
    assert!(folder.path().join("p/t_0000_part_00.parquet").exists());
    client.ask("create table u (id int, name varchar(5)); unload ('select * from t') to 's3://lake/j/' iam_role default json gzip");
    assert_snapshot!(client.ask("copy u from 's3://lake/j/' iam_role default json 'auto' gzip; select * from u order by 1"), @"
    (0)
    1|a
    2|b,c
    (2)
    ");
}

/// What lies below a folder, with the text of what is text.
fn written(folder: &std::path::Path) -> String {
    let mut told = String::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.expect("a file");
        if !entry.file_type().is_file() {
            continue;
        }
        let name = entry.path().strip_prefix(folder).expect("a name below");
        let bytes = std::fs::read(entry.path()).expect("a file");
        let text = String::from_utf8(bytes).ok();
        let text = text.filter(|text| !text.starts_with("PAR1"));
        told += &format!("-- {}\n{}", name.display(), text.unwrap_or_default());
    }
    told
}

#[test]
fn every_option_of_an_unload_is_done_or_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(Options {
        s3: vec![("s3://lake/".to_owned(), folder.path().to_owned())],
        ..Options::default()
    });
    let client = connect(&server, "awsuser", "").expect("a session");
    client.ask("create table t (id int, day varchar(3), ok bool, price numeric(20, 2)); insert into t values (1, 'mon', true, 123456789012345678.90), (2, 'tue', false, null), (3, 'tue', null, 0.5)");
    let unload = |to: &str, options: &str| {
        let _ = std::fs::remove_dir_all(folder.path().join("out"));
        let said = client.ask(&format!("unload ('select * from t order by id') to 's3://lake/out/{to}' iam_role default {options}"));
        format!("{said}\n{}", written(folder.path()))
    };
    assert_snapshot!(unload("parts", "csv header partition by (day) parallel off"), @"
    (0)
    -- out/parts/day=mon/000
    id,ok,price
    1,t,123456789012345678.90
    -- out/parts/day=tue/000
    id,ok,price
    2,f,
    3,,0.50
    ");
    assert_snapshot!(unload("", "partition by (\"day\") include null as 'none' extension 'txt'"), @"
    (0)
    -- out/day=mon/0000_part_00.txt
    1|mon|t|123456789012345678.90
    -- out/day=tue/0000_part_00.txt
    2|tue|f|none
    3|tue|none|0.50
    ");
    assert_snapshot!(unload("j_", "format as json parallel on"), @r#"
    (0)
    -- out/j_0000_part_00
    {"id":1,"day":"mon","ok":"t","price":123456789012345678.90}
    {"id":2,"day":"tue","ok":"f","price":null}
    {"id":3,"day":"tue","ok":null,"price":0.50}
    "#);
    assert_snapshot!(unload("m_", "csv header manifest verbose"), @r#"
    (0)
    -- out/m_0000_part_00
    id,day,ok,price
    1,mon,t,123456789012345678.90
    2,tue,f,
    3,tue,,0.50
    -- out/m_manifest
    {"entries":[{"url":"s3://lake/out/m_0000_part_00","meta":{"content_length":67,"record_count":4}}],"schema":{"elements":[{"name":"id","type":{"base":"integer"}},{"name":"day","type":{"base":"character varying","max_length":3}},{"name":"ok","type":{"base":"boolean"}},{"name":"price","type":{"base":"numeric","precision":20,"scale":2}}]},"meta":{"content_length":67,"record_count":4},"author":{"name":"Redstart","version":"0.1.0"}}
    "#);
    assert_snapshot!(unload("p_", "parquet rowgroupsize 64 mb maxfilesize as 1 gb encrypted auto").replace(char::is_numeric, "0"), @"
    (0)
    -- out/p_0000_part_00.parquet
    ");
    assert_snapshot!(unload("z_", "bzip2").replace(char::is_control, ""), @"(0)-- out/z_0000_part_00.bz2");
    assert_snapshot!(client.ask("create table back (id int, day varchar(3), ok bool, price numeric(20, 2)); copy back from 's3://lake/out/z_' iam_role default bzip2; select count(*), sum(price) from back"), @"
    (0)
    (0)
    3|123456789012345679.40
    (1)
    ");
    assert_snapshot!(client.ask("unload ('select 7 as n') to 's3://lake/out/z_' iam_role default csv cleanpath"), @"(0)");
    assert_snapshot!(written(folder.path()), @"
    -- out/z_0000_part_00
    7
    ");
    let told = [
        "maxfilesize 1 mb",
        "maxfilesize 5 mb partition by (day)",
        "fixedwidth 'a:1'",
        "fixedwidth 'a:1' header",
        "kms_key_id 'k' encrypted",
        "master_symmetric_key 'k' encrypted",
        "csv addquotes",
        "csv escape",
        "parquet gzip",
        "json null as 'x'",
        "cleanpath allowoverwrite",
        "delimiter '||'",
        "partition by (dya)",
        "partition by day",
        "format as xml",
        "colour 'red'",
    ]
    .map(|options| unload("w_", options));
    assert_snapshot!(told.join(""), @"
    22023 the size must be between 5 MB and 6348.8 MB
    0A000 the option `max_file_size` with `partition_by` of `unload` is not emulated
    0A000 the option `fixedwidth` of `unload` is not emulated
    42601 HEADER can not be used with FIXEDWIDTH
    0A000 the option `kms_key_id` of `unload` is not emulated
    0A000 the option `master_symmetric_key` of `unload` is not emulated
    42601 ADDQUOTES can not be used with CSV
    0A000 the option `escape` with `csv` of `unload` is not emulated
    42601 GZIP can not be used with PARQUET
    42601 NULL AS can not be used with JSON
    42601 ALLOWOVERWRITE can not be used with CLEANPATH
    22023 the delimiter is one character
    42000 `partition_by` names `dya`, which is no column of the query
      hint: did you mean `day`?
    42601 `partition by` needs columns in parentheses
    42601 `unload` has no format xml
    0A000 the option `colour` of `unload` is not emulated
    ");
    assert_snapshot!(client.ask("unload ('select * from t limit 2') to 's3://lake/out/l_' iam_role default"), @"
    0A000 Limit clause is not supported
      hint: put the query with its limit into a subquery
    ");
    assert_snapshot!(client.ask("unload ('select nspname from pg_namespace where nspname = ''public''') to 's3://lake/cat/n_' iam_role default"), @"(0)");
    assert_snapshot!(written(&folder.path().join("cat")), @"
    -- n_0000_part_00
    public
    ");
}

#[test]
fn avro_files_are_loaded() {
    let server = start(Options {
        s3: vec![(
            "s3://lake/".to_owned(),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/avro").into(),
        )],
        ..Options::default()
    });
    let client = connect(&server, "awsuser", "").expect("a session");
    client.ask("create table orders (id bigint, at timestamp, state varchar(9), tags super)");
    let copy = "copy orders from 's3://lake/orders.snappy' iam_role default avro 'auto' timeformat 'epochmillisecs'";
    assert_snapshot!(client.ask(copy), @"(0)");
    assert_snapshot!(client.ask("select id, at, state, tags[1] from orders order by id"), @r#"
    -2|1970-01-01 00:00:00|SENT|NULL
    1|2018-11-01 21:01:46.796|NEW|"b\"c"
    (2)
    "#);
    assert_snapshot!(client.ask("copy orders from 's3://lake/orders.snappy' iam_role default orc"), @"0A000 the option `orc` of `copy` is not emulated: nothing here reads ORC; Parquet is read");
}

#[test]
fn what_is_declared_is_told_by_the_catalog() {
    let (_server, client) = both();
    client.ask("create schema s; create table s.t (id int not null primary key distkey, name varchar(10) encode zstd, at timestamp sortkey) backup no");
    client.ask("insert into s.t values (1, 'a', '2024-01-01'); set search_path to s");
    assert_snapshot!(client.ask("select \"column\", type, encoding, distkey, sortkey, \"notnull\" from pg_table_def where tablename = 't' order by 1"), @"
    at|timestamp without time zone|none|f|1|f
    id|integer|az64|t|0|t
    name|character varying(10)|zstd|f|0|f
    (3)
    ");
    assert_snapshot!(client.ask("select \"schema\", \"table\", diststyle, sortkey1, sortkey_num, max_varchar from svv_table_info"), @"
    s|t|KEY(id)|at|1|10
    (1)
    ");
    client.ask(
        "create materialized view m diststyle even auto refresh yes as select count(*) as n from t",
    );
    assert_snapshot!(client.ask("insert into t values (2, 'b', null); select n from m; refresh materialized view m; select n from m; select name, autorefresh from svv_mv_info"), @"
    (1)
    1
    (1)
    (0)
    2
    (1)
    m|t
    (1)
    ");
    assert_snapshot!(client.ask("drop table t"), @"
    2BP01 cannot drop table t because other objects depend on it
      detail: materialized view s.m depends on table s.t
      hint: Use DROP ... CASCADE to drop the dependent objects too.
    ");
    client.ask("create user ann password 'Abcdefg1'; create group readers with user ann; grant select on t to group readers");
    assert_snapshot!(client.ask("select has_table_privilege('ann', 's.t', 'select'), has_table_privilege('ann', 's.t', 'insert'); select identity_name, identity_type, privilege_type from svv_relation_privileges"), @"
    t|f
    (1)
    readers|group|SELECT
    (1)
    ");
    assert_snapshot!(client.ask("grant select on t to nobody"), @r#"42704 user "nobody" does not exist"#);
    client.ask("alter table t alter diststyle all");
    client.ask("alter table t alter column name type varchar(20)");
    assert_snapshot!(client.ask("show columns from table dev.s.t like 'name'; select diststyle from svv_table_info where \"table\" = 't'"), @"
    dev|s|t|name|2|NULL|YES|character varying|20|NULL|NULL|NULL|0|0|f|zstd|NULL
    (0)
    ALL
    (1)
    ");
    assert_snapshot!(client.ask("select c.relname from pg_class c join t on true"), @"
    0A000 Specified types or functions (one per INFO message) not supported on Redshift tables.
      detail: `pg_class` is answered by the leader node, `t` by the compute nodes
      hint: ask them in two queries
    ");
}

#[test]
fn a_prepared_statement_takes_parameters_and_one_command() {
    let (_server, client) = both();
    client.ask("create table t (id int, name varchar(10))");
    let run = |sql: &str, id: i32| {
        let rows = client.runtime.block_on(async {
            let statement = client
                .client
                .prepare_typed(sql, &[tokio_postgres::types::Type::INT4])
                .await?;
            client.client.query(&statement, &[&id]).await
        });
        match rows {
            Ok(rows) => rows
                .iter()
                .map(|row| format!("{} {}", row.get::<_, i32>(0), row.get::<_, &str>(1)))
                .collect::<Vec<_>>()
                .join(", "),
            Err(error) => told(&error),
        }
    };
    assert_eq!(run("insert into t values ($1, 'x')", 7), "");
    assert_eq!(run("select id, name from t where id = $1", 7), "7 x");
    assert_eq!(
        run("select 1; select $1", 7),
        "42601 cannot insert multiple commands into a prepared statement"
    );
}

#[test]
fn a_cancel_request_stops_the_statement() {
    let (_server, client) = both();
    let token = client.client.cancel_token();
    let slow = client.runtime.block_on(async {
        let query = client.client.simple_query(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000000) select count(*) from n",
        );
        // Again and again, as one that comes before the statement stops nothing.
        let cancel = async {
            loop {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                let _ = token.cancel_query(NoTls).await;
            }
        };
        tokio::select! { answer = query => answer, () = cancel => unreachable!() }
    });
    assert_eq!(
        slow.err().map(|error| told(&error)).unwrap_or_default(),
        "57014 Query cancelled on user's request"
    );
    assert_eq!(client.ask("select 1"), "1\n(1)");
}

#[test]
fn the_catalog_tells_the_sessions_that_there_are() {
    let (server, client) = both();
    let other = connect(&server, "ann", "").expect("a session");
    let asked = "select trim(user_name) from stv_sessions order by 1";
    assert_eq!(client.ask(asked), "ann\nawsuser\n(2)");
    assert_snapshot!(client.ask("select trim(usename), current_query from pg_stat_activity where current_query is not null"), @"
    awsuser|select trim(usename), current_query from pg_stat_activity where current_query is not null
    (1)
    ");
    drop(other);
    // The server hears of it a moment later.
    for _ in 0..200 {
        if client.ask(asked) == "awsuser\n(1)" {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("a session that has ended is told: {}", client.ask(asked));
}

#[test]
fn a_table_has_the_limits_of_a_cluster() {
    let (_server, client) = both();
    let wide: Vec<String> = (1..=1601).map(|number| format!("c{number} int")).collect();
    let sorted: Vec<String> = (1..=9).map(|number| format!("c{number}")).collect();
    let nine: Vec<String> = sorted.iter().map(|name| format!("{name} int")).collect();
    let mut told = String::new();
    for ask in [
        format!("create table wide ({})", wide.join(", ")),
        format!(
            "create table nine ({}) interleaved sortkey ({})",
            nine.join(", "),
            sorted.join(", ")
        ),
        format!("create table {} (id int)", "t".repeat(128)),
        "create table t (id int) distkey (nope)".to_owned(),
        "create table t diststyle key distkey (id) sortkey (nope) as select 1 as id".to_owned(),
        "create table t (name varchar(3) encode az64)".to_owned(),
        "create table t (id int encode fast)".to_owned(),
        "create table t (name varchar(65536))".to_owned(),
        "create table t (name char(4097))".to_owned(),
        "create table t (id int distkey, day date sortkey, note varchar(3) encode text255)"
            .to_owned(),
        "alter table t drop column id".to_owned(),
        "alter table t drop column day".to_owned(),
        "alter table t drop column note".to_owned(),
    ] {
        told.push_str(&format!("{}\n", client.ask(&ask)));
    }
    assert_snapshot!(told.replace(&"t".repeat(128), "ttt…"), @r#"
    54011 tables can have at most 1600 columns
    54011 a sort key of this kind can have at most 8 columns
    42622 identifier "ttt…" will be truncated to 127 bytes
    42703 column "nope" specified as distkey/sortkey is not in the table "t"
    42703 column "nope" specified as distkey/sortkey is not in the table "t"
    0A000 column "name" of type character varying(3) cannot have the encoding az64
    42601 "fast" is no encoding
    42704 the type `VARCHAR(65536)` is not emulated
      detail: the length is 1 to 65535 bytes
    42704 the type `CHAR(4097)` is not emulated
      detail: the length is 1 to 4096 bytes
    (0)
    0A000 cannot drop distkey column "id"
      hint: alter the distkey of the table first
    0A000 cannot drop sortkey column "day"
      hint: alter the sortkey of the table first
    (0)
    "#);
}
