//! Redshift SQL and what DuckDB gets in its place, or why it is refused: one case a file.

use std::fmt::Write as _;

use redstart::adapter::Refusal;
use redstart::adapter::emulating::{NoCatalog, Translated, Work, translate_statements};

#[test]
fn every_case_is_translated_or_refused_by_name() {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../cases/translate/snapshots" }, {
        insta::glob!("../cases/translate", "*.sql", |path| {
            let sql = std::fs::read_to_string(path).unwrap();
            insta::assert_snapshot!(translated(&sql));
        });
    });
}

fn translated(sql: &str) -> String {
    let all = match translate_statements(sql, &NoCatalog) {
        Ok(all) => all,
        Err(refusal) => return refused(sql, &refusal),
    };
    let mut out = String::new();
    for one in all {
        match one.work {
            Work::Query(query) => write!(out, "{}", with_columns(&query)),
            Work::Sql(statements) => writeln!(out, "{}", statements.join(";\n")),
            Work::CreateTableAs { create, query } => {
                write!(out, "{create}\n{}", with_columns(&query))
            }
            Work::Change { sql, .. } => writeln!(out, "{sql}\n-- in steps of our own"),
            Work::Copy(copy) => writeln!(out, "{copy:#?}"),
            Work::Nothing => writeln!(out, "-- nothing to do"),
        }
        .unwrap();
        for what in one.dropped {
            writeln!(out, "-- dropped: {what}").unwrap();
        }
    }
    out
}

fn with_columns(query: &Translated) -> String {
    let columns = match &query.columns {
        None => "?".to_owned(),
        Some(columns) => columns
            .iter()
            .map(|column| match &column.data_type {
                Some(data_type) => format!("{} {data_type}", column.name),
                None => column.name.clone(),
            })
            .collect::<Vec<_>>()
            .join(", "),
    };
    format!("{}\n-- columns: {columns}\n", query.sql)
}

fn refused(sql: &str, refusal: &Refusal) -> String {
    let place = refusal.range.clone().map_or("nowhere".to_owned(), |range| {
        let line = sql[..range.start].matches('\n').count() + 1;
        format!("line {line}, `{}`", &sql[range])
    });
    let mut out = format!(
        "error[{}]: {}\n  at {place}\n",
        refusal.code, refusal.message
    );
    if let Some(reason) = &refusal.reason {
        writeln!(out, "  {reason}").unwrap();
    }
    if let Some(help) = &refusal.help {
        writeln!(out, "  help: {help}").unwrap();
    }
    out
}

/// The statements of a real pipeline, run on DuckDB in the place of Redshift.
#[cfg(feature = "duckdb")]
mod executed {
    use duckdb::Connection;

    use redstart::adapter::emulating::{NoCatalog, Work, prelude, translate_statements};

    fn run(connection: &Connection, sql: &str) -> duckdb::Result<()> {
        for one in translate_statements(sql, &NoCatalog).unwrap() {
            match one.work {
                Work::Query(query) => {
                    let mut statement = connection.prepare(&query.sql)?;
                    let mut rows = statement.query([])?;
                    while rows.next()?.is_some() {}
                }
                Work::Sql(statements) => connection.execute_batch(&statements.join(";"))?,
                Work::CreateTableAs { create, query } => {
                    connection.execute_batch(&format!("{create} {}", query.sql))?;
                }
                Work::Change { sql, .. } => panic!("{sql} is done by a session"),
                Work::Copy(_) | Work::Nothing => {}
            }
        }
        Ok(())
    }

    fn case(name: &str) -> String {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/translate");
        std::fs::read_to_string(format!("{folder}/real_{name}.sql")).unwrap()
    }

    fn value(connection: &Connection, sql: &str) -> String {
        connection
            .query_row(sql, [], |row| row.get::<_, String>(0))
            .unwrap()
    }

    fn emulated() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        prelude(&connection).unwrap();
        connection
    }

    #[test]
    fn the_statements_of_a_real_pipeline_run() {
        let connection = emulated();
        for table in [
            "staging_events",
            "staging_songs",
            "dm_users",
            "dm_songs",
            "dm_artists",
            "dm_time",
            "ft_songplays",
        ] {
            run(&connection, &case(&format!("004_create_{table}"))).unwrap();
        }
        run(
            &connection,
            "insert into dm_users values (1, 'Ann', 'Lee', 'F', 'paid'), (2, 'Bo', 'Ek', 'M', 'free'), (3, 'Cy', 'Ek', 'M', 'free');
             insert into dm_songs values ('s1', 'Song', 'a1', 2001, 200.4);
             insert into dm_artists values ('a1', 'Artist', null, 1.5, 2.25);
             insert into ft_songplays (start_time, user_id, level, song_id, artist_id) values (getdate(), 1, 'paid', 's1', 'a1'), (getdate(), 2, 'free', 's1', 'a1');",
        )
        .unwrap();
        for query in ["query_1", "query_2", "query_3", "query_4"] {
            run(&connection, &case(&format!("004_{query}"))).unwrap();
        }
        run(
            &connection,
            "create table hired_employees (id int, \"DateTime\" varchar, department_id int, job_id int); create table jobs (id int, job varchar);
             create table departments (id int, department varchar);
             insert into hired_employees values (1, '2021-11-07T02:48:42Z', 1, 1), (2, '2021-02-07T02:48:42Z', 1, 1), (3, '2020-02-07T02:48:42Z', 1, 1);
             insert into jobs values (1, 'cook'); insert into departments values (1, 'kitchen');",
        )
        .unwrap();
        run(&connection, &case("003_view_qtr")).unwrap();
        run(&connection, &case("003_view_mean")).unwrap();
        let quarters = "select q1 || ' ' || q2 || ' ' || q4 from hires_department_job";
        assert_eq!(value(&connection, quarters), "1 0 1");
        let numbers =
            "select string_agg(songplay_id::varchar, ',' order by songplay_id) from ft_songplays";
        assert_eq!(value(&connection, numbers), "0,1");
    }

    #[test]
    fn lengths_are_bytes_and_nulls_are_refused_while_keys_are_not() {
        let connection = emulated();
        run(
            &connection,
            "create table t (id int not null primary key, name varchar(4))",
        )
        .unwrap();
        run(
            &connection,
            "insert into t values (1, 'café'::varchar(4)), (1, 'abcd')",
        )
        .unwrap();
        assert_eq!(
            value(&connection, "select min(name) || max(name) from t"),
            "abcdcaf"
        );
        assert!(run(&connection, "insert into t values (2, 'café')").is_err());
        assert!(run(&connection, "insert into t values (null, 'x')").is_err());
    }

    #[test]
    fn rows_are_changed_as_on_redshift() {
        let connection = emulated();
        run(
            &connection,
            "create table t (id int, a int); create table u (id int, a int);
             insert into t values (1, 10), (2, 20); insert into u values (2, 7), (3, 8);
             merge into t using u on t.id = u.id when matched then update set a = u.a when not matched then insert (id, a) values (u.id, u.a);
             update t set a = t.a / 2 from u where t.id = u.id and u.id = 2;
             delete from t using u where t.id = u.id and u.id = 3;
             select id, a into #kept from t; alter table t rename to t2; alter table t2 add column note int default 7",
        )
        .unwrap();
        let rows = "select string_agg(id || ':' || a || note, ',' order by id) from t2";
        assert_eq!(value(&connection, rows), "1:107,2:37");
        run(&connection, "truncate t2").unwrap();
        assert_eq!(value(&connection, "select count(*)::varchar from t2"), "0");
        assert_eq!(
            value(&connection, "select count(*)::varchar from \"#kept\""),
            "2"
        );
    }
}
