//! What a restore puts rows into: a table that still holds them, or one that is made as the project declares it.

use insta::assert_snapshot;
use redstart::endpoint::{Fault, Mishap};

use crate::loads::{Everywhere, TARGETS};
use crate::postgres;
use crate::project::TestProject;

const KINDS: &str = "{{ config(materialized='table') }}
select cast(1.2345 as decimal(10,4)) as price, cast('2024-01-15 10:11:12' as timestamp) as at, cast(1.75 as double precision) as much, cast('12' as varchar(10)) as words, cast(7 as bigint) as n";

#[test]
fn rows_go_into_no_column_that_does_not_hold_them() {
    let all = Everywhere::new("restore_fits");
    all.project.write("models/kinds.sql", KINDS);
    all.run("build").success();
    for target in TARGETS {
        let to = format!("s3://lake/fits_{target}");
        let backup = format!("backup --to {to} --target {target}");
        all.project.redstart(&backup).success();
    }
    let restore = |target: &str| {
        all.project.redstart(&format!(
            "restore --from s3://lake/fits_{target} --target {target}"
        ))
    };
    // Wider columns hold them.
    let wider = KINDS
        .replace("decimal(10,4)", "decimal(14,5)")
        .replace("varchar(10)", "varchar(11)");
    all.project.write("models/kinds.sql", wider);
    all.run("build").success();
    for target in TARGETS {
        restore(target).success();
    }
    assert_snapshot!(all.rows("select * from {{ ref('kinds') }}"), @"
    price   | at                  | much | words | n
    --------+---------------------+------+-------+--
    1.23450 | 2024-01-15 10:11:12 | 1.75 | 12    | 7
    ");
    let narrower = KINDS
        .replace("decimal(10,4)", "decimal(10,2)")
        .replace("timestamp)", "date)")
        .replace("double precision", "integer")
        .replace("varchar(10)", "varchar(5)")
        .replace("bigint", "real");
    all.project.write("models/kinds.sql", narrower);
    all.run("build").success();
    let before = all.rows("select * from {{ ref('kinds') }}");
    for target in TARGETS {
        let refused = restore(target);
        insta::allow_duplicates! {
        assert_snapshot!(refused, @"
        exit 2
        error[columns-changed]: the column `price` of `restore_fits.kinds` is `numeric(10,2)`, and its backup has `numeric(10,4)`, of which that does not hold every value
         |
         = help: give the column the type `numeric(10,4)`, or drop the table to have it restored as it was

        error[columns-changed]: the column `at` of `restore_fits.kinds` is `date`, and its backup has `timestamp without time zone`, of which that does not hold every value
         |
         = help: give the column the type `timestamp without time zone`, or drop the table to have it restored as it was

        error[columns-changed]: the column `much` of `restore_fits.kinds` is `integer`, and its backup has `double precision`, of which that does not hold every value
         |
         = help: give the column the type `double precision`, or drop the table to have it restored as it was

        error[columns-changed]: the column `words` of `restore_fits.kinds` is `character varying(5)`, and its backup has `character varying(10)`, of which that does not hold every value
         |
         = help: give the column the type `character varying(10)`, or drop the table to have it restored as it was

        error[columns-changed]: the column `n` of `restore_fits.kinds` is `real`, and its backup has `bigint`, of which that does not hold every value
         |
         = help: give the column the type `bigint`, or drop the table to have it restored as it was

        5 errors
        ");
        }
    }
    assert_eq!(all.rows("select * from {{ ref('kinds') }}"), before);
}

const DECLARED: &str = "sources:
  - name: raw
    schema: SCHEMA
    tables:
      - name: sales
        description: What was sold.
        config: {persist_docs: {relation: true}}
        external: {location: 's3://lake/sales_*.csv', file_format: csv, load_mode: append, copy: {iam_role: default}}
        columns: [{name: n, data_type: 'bigint identity(1,1)'}, {name: word, data_type: varchar(9)}]
models:
  - name: kept
    description: All that was.
    config: {contract: {enforced: true}, persist_docs: {relation: true}}
    columns:
      - {name: id, data_type: integer, constraints: [{type: not_null}]}
      - {name: word, data_type: varchar(9)}
";

#[test]
fn a_table_that_is_gone_comes_back_as_the_project_declares_it() {
    let all = Everywhere::new("restore_declared");
    let project = &all.project;
    project.write(
        "models/models.yml",
        DECLARED.replace("SCHEMA", "restore_declared"),
    );
    project.write(
        "models/kept.sql",
        "{{ config(materialized='incremental', on_schema_change='fail', dist='id', sort='id') }} select 1 as id, 'a' as word {% if is_incremental() %} where false {% endif %}",
    );
    project.write("bucket/sales_1.csv", "a\nb\n");
    project.write(
        "macros/gone.sql",
        "{% macro gone() %}{% for name in ['kept', 'sales', 'sales__loaded_files'] %}{% do run_query('drop table ' ~ target.schema ~ '.' ~ name) %}{% endfor %}{% endmacro %}",
    );
    all.run("build").success();
    let sales = "select n, word from {{ source('raw', 'sales') }} order by word";
    let before = all.rows(sales);
    for target in TARGETS {
        let run = |command: &str| project.redstart(&format!("{command} --target {target}"));
        run(&format!("backup --to s3://lake/declared_{target}")).success();
        // Into the table that is there, which numbers its rows itself.
        let restore = format!("restore --from s3://lake/declared_{target}");
        run(&restore).success();
        run("run-operation gone").success();
        run(&restore).success();
    }
    assert_eq!(all.rows(sales), before);
    // It goes on numbering, behind what came back.
    project.write("bucket/sales_2.csv", "c\n");
    all.run("build").success();
    assert_snapshot!(all.rows("select count(distinct n) as numbers, min(n) as least, count(*) as n_rows from {{ source('raw', 'sales') }}"), @"
    numbers | least | n_rows
    --------+-------+-------
          3 |     1 |      3
    ");
    let client = crate::endpoint::connect(&all.server, "awsuser", "").expect("a session");
    let keys = "select diststyle, sortkey1 from svv_table_info where \"schema\" = 'restore_declared' and \"table\" = 'kept'";
    assert_snapshot!(client.ask(keys), @"
    KEY(id)|id
    (1)
    ");
    let columns = "select column_name || ' ' || is_nullable from information_schema.columns where table_schema = 'restore_declared' and table_name = 'kept' order by ordinal_position";
    let described = "select obj_description('restore_declared.kept'::regclass) || ' ' || obj_description('restore_declared.sales'::regclass)";
    let on_postgres = postgres::server();
    assert_snapshot!(on_postgres.psql(columns).expect("columns"), @"
    ?column?
    id NO
    word YES
    ");
    assert_snapshot!(on_postgres.psql(described).expect("descriptions"), @"
    ?column?
    All that was. What was sold.
    ");
    assert_eq!(all.left_beside("restore_declared"), "");
}

#[test]
fn a_table_that_numbers_its_rows_is_not_restored_from_columns_that_went_as_text() {
    let all = Everywhere::new("restore_numbered");
    let project = &all.project;
    project.write(
        "models/models.yml",
        "sources:
  - name: raw
    schema: restore_numbered
    tables:
      - name: docs
        external: {location: 's3://lake/docs_*.csv', file_format: csv, copy: {iam_role: default}}
        columns: [{name: n, data_type: 'bigint identity(1,1)'}, {name: at, data_type: timestamptz}]
",
    );
    project.write("bucket/docs_1.csv", "2024-01-15 10:11:12+00\n");
    project.write(
        "macros/gone.sql",
        "{% macro gone() %}{% do run_query('drop table restore_numbered.docs') %}{% endmacro %}",
    );
    all.run("build").success();
    let docs = "select n, at from {{ source('raw', 'docs') }} order by n";
    let before = all.rows(docs);
    for target in ["dev", "prod"] {
        let run = |command: &str| project.redstart(&format!("{command} --target {target}"));
        run(&format!("backup --to s3://lake/numbered_{target}")).success();
        let restore = format!("restore --from s3://lake/numbered_{target}");
        insta::allow_duplicates! {
        assert_snapshot!(run(&restore), @"
        exit 2
        error[not-restorable]: `restore_numbered.docs` numbers its rows and takes numbers from a load alone, which reads its column `at` as text
         |
         = help: drop the table to have it made from the backup: it goes on behind the highest number

        1 error
        ");
        }
        assert_eq!(all.rows(docs), before);
        run("run-operation gone").success();
        run(&restore).success();
        assert_eq!(all.rows(docs), before);
    }
}

#[test]
fn a_manifest_that_has_a_table_twice_is_refused() {
    let all = Everywhere::new("restore_twice");
    let project = &all.project;
    project.write(
        "models/one.sql",
        "{{ config(materialized='table') }} select 1 as id",
    );
    project.redstart("build --target dev").success();
    project
        .redstart("backup --to s3://lake/twice --target dev")
        .success();
    let file = "bucket/twice/redstart_backup.json";
    let mut manifest: serde_json::Value =
        serde_json::from_str(&project.read(file)).expect("a manifest");
    let tables = manifest["tables"].as_array_mut().expect("tables");
    tables.push(tables[0].clone());
    project.write(file, manifest.to_string());
    assert_snapshot!(project.redstart("restore --from s3://lake/twice --target dev"), @"
    exit 2
    error[backup-damaged]: the manifest has the table `model.project.one/` twice
     |
     = help: `redstart_backup.json` is not as it was written: take another backup

    1 error
    ");
}

#[test]
fn values_that_no_load_reads_are_refused_before_anything_is_written() {
    let all = Everywhere::new("restore_values");
    let project = &all.project;
    let ci = |command: &str| project.redstart(&format!("{command} --target ci"));
    project.write(
        "models/words.sql",
        "{{ config(materialized='table') }} select '\\\\N' as word union all select '' union all select null union all select '(missing)'",
    );
    all.run("build").success();
    let words = "select word, word is null as no_word from {{ ref('words') }} order by 2, 1";
    let before = all.rows(words);
    for target in TARGETS {
        let run = |command: &str| project.redstart(&format!("{command} --target {target}"));
        run(&format!("backup --to s3://lake/words_{target}")).success();
        run(&format!("restore --from s3://lake/words_{target}")).success();
    }
    assert_eq!(all.rows(words), before);
    let moments = [
        ("timestamp", "'infinity'"),
        ("date", "'-infinity'"),
        ("date", "'0044-03-15 BC'"),
        ("timestamptz", "'12345-01-01 00:00:00+00'"),
        ("time", "'24:00:00'"),
    ];
    for (number, (kind, value)) in moments.into_iter().enumerate() {
        let server = postgres::server();
        let make = format!(
            "drop table restore_values.words; create table restore_values.words (ok integer, at {kind}); insert into restore_values.words values (1, {value}), (2, null)"
        );
        server.psql(&make).expect("a table");
        let refused = ci(&format!("backup --to backups/{number}"));
        let told =
            "error[not-restorable]: `restore_values.words` would not come back: its column `at` is";
        assert!(
            refused.text().contains(told)
                && refused
                    .text()
                    .contains("and 1 value would not be read again"),
            "{refused}"
        );
        let folder = project.path().join(format!("backups/{number}"));
        assert!(!folder.exists());
    }
}

#[test]
fn every_value_of_postgresql_comes_back() {
    let schema = "restore_postgres";
    let server = postgres::server();
    server
        .psql(&format!(
            "set client_min_messages = error; drop schema if exists {schema} cascade"
        ))
        .expect("an empty schema");
    let project = TestProject::empty()
        .file("profiles.yml", postgres::profile(schema, &[]))
        .file(
            "models/every.sql",
            "{{ config(materialized='table') }}
select {{ var('id', 1) }} as id, 'infinity'::timestamp as until, '-infinity'::date as since, '0044-03-15 BC'::date as ides, '12345-01-01'::date as far, '24:00:00'::time as ended,
  '\\N'::text as word, '{\"a\": 1}'::jsonb as doc, array['x', null, '\\N'] as list, '\\x00ff'::bytea as bytes, '1 day 2 hours'::interval as span,
  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as code, 'NaN'::numeric as no_number, 0.1::float8 as part, '10:11+02'::timetz as zoned, int4range(1, 5) as stretch, repeat('x', 70000) as long
union all select 2, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null",
        );
    let rows = || {
        let asked =
            format!("select md5(string_agg(t::text, ';' order by id)) from {schema}.every t");
        server.psql(&asked).expect("rows")
    };
    project.redstart("build").success();
    let before = rows();
    project.redstart("backup --to backups/monday").success();
    project.redstart("build --vars '{id: 7}'").success();
    assert_ne!(rows(), before);
    project.redstart("restore --from backups/monday").success();
    assert_eq!(rows(), before);
    server
        .psql(&format!("drop table {schema}.every"))
        .expect("no table");
    project.redstart("restore --from backups/monday").success();
    assert_eq!(rows(), before);
}

#[test]
fn a_backup_takes_its_turn_and_has_something_to_write() {
    let all = Everywhere::new("restore_turns");
    let project = &all.project;
    project.write(
        "models/slow.sql",
        "{{ config(materialized='table') }} select 1 as id",
    );
    let nothing = all.run("backup --to s3://lake/nothing");
    assert_snapshot!(nothing, @"
    exit 2
    error[nothing-to-back-up]: none of the selected nodes is a table that is there
     |
     = help: `redstart ls` with the same selection shows what it means; build the tables first

    1 error
    ");
    all.run("build").success();
    // Somebody else is at work in the schema.
    let delay = Mishap::Delay(std::time::Duration::from_secs(6));
    let fault = Fault::matching("lasting", Some(1), delay).expect("a pattern");
    all.server.add_fault(fault);
    project.write(
        "models/slow.sql",
        "{{ config(materialized='table') }} select 'lasting' as id",
    );
    let mut build = project.command("build --target prod");
    let mut build = build.spawn().expect("the program starts");
    let begun = std::time::Instant::now();
    while !all
        .server
        .running()
        .iter()
        .any(|text| text.contains("lasting"))
    {
        assert!(begun.elapsed().as_secs() < 120, "it never came");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let refused = project.redstart("backup --to s3://lake/busy --wait 0 --target prod");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(
        refused
            .text()
            .contains("another build is at work in the schema `restore_turns`"),
        "{refused}"
    );
    build.wait().expect("its end");
}

#[test]
fn a_backup_is_of_one_moment() {
    let all = Everywhere::new("restore_moment");
    let project = &all.project;
    for name in ["first", "second"] {
        project.write(
            format!("models/{name}.sql"),
            "{{ config(materialized='table') }} select 1 as id",
        );
    }
    project.redstart("build --target ci").success();
    // Somebody holds one of the tables while the backup is at work, and writes into it.
    let writer = std::thread::spawn(|| {
        let write = "begin; lock table restore_moment.second in access exclusive mode; select pg_sleep(8); insert into restore_moment.second values (2); commit";
        postgres::server().psql(write)
    });
    let held = "select count(*) from pg_locks where relation = 'restore_moment.second'::regclass and mode = 'AccessExclusiveLock' and granted";
    let begun = std::time::Instant::now();
    while !postgres::server()
        .psql(held)
        .is_ok_and(|told| told.contains('1'))
    {
        assert!(begun.elapsed().as_secs() < 60, "nobody held it");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    project
        .redstart("backup --to backups/monday --target ci")
        .success();
    writer.join().expect("a writer").expect("its row");
    let manifest = project.read("backups/monday/redstart_backup.json");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("a manifest");
    let tables = manifest["tables"].as_array().expect("tables");
    let rows: Vec<_> = tables.iter().map(|table| &table["rows"]).collect();
    assert_eq!(rows, [1, 1]);
}

#[test]
fn a_restore_that_is_interrupted_says_what_became_of_the_tables() {
    let all = Everywhere::new("restore_faults");
    let project = &all.project;
    project.write(
        "models/one.sql",
        "{{ config(materialized='table') }} select {{ var('n', 1) }} as n",
    );
    let run = |command: &str| project.redstart(&format!("{command} --target prod"));
    run("build").success();
    run("backup --to s3://lake/faults").success();
    run("build --vars '{n: 2}'").success();
    let rows = || {
        run("show --inline 'select n from {{ ref(\"one\") }}'")
            .success()
            .stdout
    };
    let restore = "restore --from s3://lake/faults";
    let fault = |pattern: &str, what: Mishap| {
        let fault = Fault::matching(pattern, Some(1), what).expect("a pattern");
        all.server.add_fault(fault);
    };
    fault("^delete from", Mishap::DropBefore);
    let lost = run(restore);
    assert_snapshot!(lost, @"
    exit 2
    error[connection-lost]: cannot restore `restore_faults.one`: connection closed
     |
     = help: the tables are as they were: run the same `redstart restore --target prod` again

    1 error
    ");
    assert!(rows().contains('2'));
    fault("^commit", Mishap::DropAfter);
    let unknown = run(restore);
    assert_snapshot!(unknown, @"
    exit 2
    error[connection-lost]: nobody knows whether the tables were restored: connection closed
     |
     = help: all of them are as they were, or none is: look at one, or run the same `redstart restore --target prod` again, which does no harm

    1 error
    ");
    assert!(rows().contains('1'));
    run("build --vars '{n: 2}'").success();
    // Somebody else was first: as for a build, it is tried again.
    fault(
        "^commit",
        Mishap::Error {
            sqlstate: "40001".to_owned(),
            message: "1023".to_owned(),
            detail: Some("Serializable isolation violation on table".to_owned()),
        },
    );
    run(restore).success();
    assert!(rows().contains('1'));
}

#[test]
fn a_backup_moves_to_another_warehouse() {
    let all = Everywhere::new("restore_moves");
    all.project.write(
        "models/moved.sql",
        "{{ config(materialized='table') }} select {{ var('n', 1) }} as n, '\\\\N' as word, '' as none, cast(null as varchar(3)) as nothing, cast('2024-01-15 10:30:45' as timestamp) as at, cast(1.50 as decimal(8,2)) as price",
    );
    all.run("build").success();
    let moved =
        "select n, word, none, nothing is null as no_text, at, price from {{ ref('moved') }}";
    let before = all.rows(moved);
    all.run("build --vars '{n: 2}'").success();
    all.project.redstart("build").success();
    all.project
        .redstart("backup --to s3://lake/moved --format csv")
        .success();
    for target in TARGETS {
        all.project
            .redstart(&format!("restore --from s3://lake/moved --target {target}"))
            .success();
    }
    assert_eq!(all.rows(moved), before);
    all.project
        .redstart("backup --to s3://lake/parquet")
        .success();
    assert_snapshot!(all.project.redstart("restore --from s3://lake/parquet --target ci"), @"
    exit 2
    error[restore-failed]: cannot restore `restore_moves.moved`: the option `parquet` of `copy` is not emulated: nothing there reads Parquet
     |
     = help: where Parquet is not read, restore a backup that was made with `--format csv`

    1 error
    ");
}

#[test]
fn a_plain_duckdb_is_backed_up_into_a_folder() {
    let project = TestProject::empty().file("profiles.yml", "project:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: project.duckdb, schema: main}\n").file(
        "models/every.sql",
        "{{ config(materialized='table') }}
select {{ var('id', 1) }} as id, 170141183460469231731687303715884105727::hugeint as huge, 'infinity'::timestamp as until, ['x', null] as list, {'a': 1} as pair, interval '1 month 2 days' as span,
  '\\N' as word, '' as empty, timestamptz '2024-01-01 10:00:00+02' as zoned, time '10:11:12.5' as clock, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as code, '\\xAB'::blob as bytes, 12.345::decimal(10,4) as price
union all select 2, null, null, null, null, null, null, null, null, null, null, null, null",
    );
    let project = project.file(
        "models/empty.sql",
        "{{ config(materialized='table') }} select 1 as id where false",
    );
    let rows = || project.query("select * from every order by id");
    project.redstart("build").success();
    let before = rows();
    project.redstart("backup --to backups/monday").success();
    project.redstart("build --vars '{id: 7}'").success();
    assert_ne!(rows(), before);
    project.redstart("restore --from backups/monday").success();
    assert_eq!(rows(), before);
    let nowhere = project.redstart("backup --to s3://lake/x");
    assert!(nowhere.text().contains("error[bad-location]"), "{nowhere}");
}
