//! The adapter on real files.

mod load;
mod parquet;
mod redshift;
mod statements;
mod types;
mod unload;

use super::*;
use crate::adapter::copy::Folders;
use crate::adapter::statement::{Key, Rows, TableAttributes};
use crate::adapter::{Outcome, Table};
use crate::relation::{NothingKnown, Relation, RelationKind};

/// An adapter on a file in a folder of its own.
pub(super) struct Warehouse {
    pub(super) folder: tempfile::TempDir,
    pub(super) adapter: DuckDb,
}

impl Warehouse {
    pub(super) fn new(emulates_redshift: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut s3 = Folders::default();
        s3.insert("s3://b/", folder.path().to_owned());
        let adapter = DuckDb::new(&Config {
            path: Some(folder.path().join("dev.duckdb")),
            database: "dev".to_owned(),
            emulates_redshift,
            settings: Vec::new(),
            places: Default::default(),
            s3,
        });
        Self { folder, adapter }
    }

    pub(super) fn connect(&self) -> Box<dyn Connection> {
        self.adapter.connect().unwrap()
    }

    /// Runs a statement on a connection.
    pub(super) fn run(
        &self,
        connection: &mut dyn Connection,
        statement: &Statement,
    ) -> Result<Outcome, Error> {
        let prepared = self.adapter.prepare(statement, &NothingKnown).unwrap();
        connection.execute(&prepared)
    }

    pub(super) fn raw(&self, connection: &mut dyn Connection, sql: &str) {
        connection
            .execute(&Prepared::sql(vec![sql.to_owned()]))
            .unwrap();
    }

    /// The rows of a query in DuckDB's SQL, a line each.
    pub(super) fn rows(&self, connection: &mut dyn Connection, query: &str) -> String {
        let prepared = Prepared::sql(vec![query.to_owned()]);
        lines(&connection.query(&prepared, None).unwrap())
    }
}

pub(super) fn lines(table: &Table) -> String {
    table
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("|")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn table_as(name: &str, query: &str) -> Statement {
    Statement::CreateTableAs {
        relation: Relation::new("main", name),
        query: query.to_owned(),
        attributes: TableAttributes::default(),
        temporary: false,
        header: None,
    }
}

#[test]
fn a_table_is_built_beside_and_swapped_in_one_transaction() {
    let warehouse = Warehouse::new(false);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    let t = Relation::new("main", "t");
    let rename = |from: &str, to: &str| Statement::Rename {
        kind: RelationKind::Table,
        from: t.with_identifier(from),
        to: to.to_owned(),
    };
    for round in ["1", "2"] {
        let built = warehouse
            .run(
                c,
                &table_as(
                    "t__rs_tmp",
                    &format!("select {round} as a union all select 9"),
                ),
            )
            .unwrap();
        assert_eq!(built.rows, Some(2));
        warehouse.run(c, &Statement::Begin).unwrap();
        if round == "2" {
            warehouse.run(c, &rename("t", "t__rs_old")).unwrap();
        }
        warehouse.run(c, &rename("t__rs_tmp", "t")).unwrap();
        warehouse.run(c, &Statement::Commit).unwrap();
        warehouse
            .run(
                c,
                &Statement::Drop {
                    kind: RelationKind::Table,
                    relation: t.with_identifier("t__rs_old"),
                    if_exists: true,
                },
            )
            .unwrap();
    }
    assert_eq!(warehouse.rows(c, "select * from t order by 1"), "2\n9");
    let existing = c.existing(&["MAIN".to_owned()]).unwrap();
    assert_eq!(existing.iter().count(), 1);
    assert_eq!(existing.get(&t).unwrap().columns[0].data_type, "INTEGER");
}

#[test]
fn an_error_points_into_the_users_query_and_rolls_back() {
    let warehouse = Warehouse::new(false);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    warehouse.run(c, &Statement::Begin).unwrap();
    warehouse
        .run(c, &table_as("kept", "select 1 as a"))
        .unwrap();
    let query = "select 1 as a,\n  nope\nfrom kept";
    let error = warehouse.run(c, &table_as("t", query)).unwrap_err();
    assert_eq!(error.class, ErrorClass::User);
    assert_eq!(&query[error.range.unwrap()], "nope");
    insta::assert_snapshot!(error.message, @r#"
        Binder Error: Referenced column "nope" not found in FROM clause!
        Candidate bindings: "a"
        "#);
    let existing = c.existing(&["main".to_owned()]).unwrap();
    assert_eq!(existing.iter().count(), 0, "the transaction is rolled back");

    let query = "select nope from (select 1)";
    let prepared = warehouse
        .adapter
        .prepare_query(query, &NothingKnown)
        .unwrap();
    let error = c.query(&prepared, Some(5)).unwrap_err();
    assert_eq!(&query[error.range.unwrap()], "nope");
}

#[test]
fn values_print_as_redshift_prints_them() {
    let warehouse = Warehouse::new(false);
    let mut connection = warehouse.connect();
    let shown = warehouse.rows(
        connection.as_mut(),
        "select true, 1::tinyint, 170141183460469231731687303715884105727::hugeint, 0.1::float, 2.50::decimal(5,2),
         date '2024-02-29', timestamp '2018-11-01 20:57:10.796', timestamp '2018-11-01 20:57:10', time '10:30:00.5',
         timestamptz '2024-01-15 10:30:45+00', date '0001-01-01', null, 'x', [1, 2], {'a': 1}, interval 3 day, 1e300::double",
    );
    insta::assert_snapshot!(shown.replace('|', "\n"), @r"
        true
        1
        170141183460469231731687303715884105727
        0.1
        2.50
        2024-02-29
        2018-11-01 20:57:10.796
        2018-11-01 20:57:10
        10:30:00.5
        2024-01-15 10:30:45+00
        0001-01-01

        x
        [1, 2]
        {'a': 1}
        3 days
        1e+300
        ");
    let prepared = warehouse
        .adapter
        .prepare_query(
            "select * from range(10) as r(a) order by a desc",
            &NothingKnown,
        )
        .unwrap();
    let table = connection.query(&prepared, Some(2)).unwrap();
    assert_eq!((lines(&table).as_str(), table.truncated), ("9\n8", true));
    assert_eq!(table.columns[0].data_type, "BIGINT");
}

#[test]
fn rows_change_by_key() {
    let warehouse = Warehouse::new(false);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    let t = Relation::new("main", "t");
    warehouse
        .run(c, &table_as("t", "select * from (values (1, 'a', 'x'), (2, 'b', 'y'), (3, 'c', 'z')) as v(k1, k2, v)"))
        .unwrap();
    let temporary = Relation::new("", "new_rows");
    let statement = Statement::CreateTableAs {
        relation: temporary.clone(),
        query: "select * from (values (2, 'b', 'new'), (4, 'd', 'new')) as v(k1, k2, v)".to_owned(),
        attributes: TableAttributes::default(),
        temporary: true,
        header: Some("set memory_limit = '500MB';".to_owned()),
    };
    warehouse.run(c, &statement).unwrap();
    assert_eq!(c.columns(&temporary).unwrap().len(), 3);
    let texts = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let merge = Statement::Merge {
        into: t.clone(),
        using: temporary.clone(),
        key: texts(&["k1", "k2"]),
        update: texts(&["v"]),
        insert: texts(&["k1", "k2", "v"]),
        predicates: vec!["DBT_INTERNAL_DEST.k1 > 0".to_owned()],
    };
    assert_eq!(warehouse.run(c, &merge).unwrap().rows, Some(2));
    let all = "select * from t order by 1";
    assert_eq!(warehouse.rows(c, all), "1|a|x\n2|b|new\n3|c|z\n4|d|new");
    let delete = Statement::DeleteByKey {
        from: t.clone(),
        using: temporary.clone(),
        key: ["k1", "k2"]
            .map(|name| Key::Column(name.to_owned()))
            .to_vec(),
        predicates: vec!["k1 < 4".to_owned()],
    };
    assert_eq!(warehouse.run(c, &delete).unwrap().rows, Some(1));
    let insert = Statement::Insert {
        into: t,
        columns: texts(&["k1"]),
        from: Rows::Relation(temporary),
    };
    assert_eq!(warehouse.run(c, &insert).unwrap().rows, Some(2));
    assert_eq!(
        warehouse.rows(c, "select k1 from t order by 1"),
        "1\n2\n3\n4\n4"
    );
}

#[test]
fn what_is_described_and_granted_is_said_or_refused() {
    let warehouse = Warehouse::new(false);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    let view = Relation::new("S", "v");
    for statement in [
        Statement::CreateSchema {
            database: None,
            schema: "S".to_owned(),
        },
        Statement::CreateView {
            relation: view.clone(),
            query: "select 1 as a -- one".to_owned(),
            bind: false,
            header: None,
        },
        Statement::Comment {
            kind: RelationKind::View,
            relation: view.clone(),
            column: None,
            is_there: true,
            text: "it's a view".to_owned(),
        },
        Statement::Comment {
            kind: RelationKind::View,
            relation: view.clone(),
            column: Some("a".to_owned()),
            is_there: true,
            text: "one".to_owned(),
        },
    ] {
        warehouse.run(c, &statement).unwrap();
    }
    assert_eq!(
        warehouse.rows(
            c,
            "select comment from duckdb_views() where view_name = 'v'"
        ),
        "it's a view"
    );
    let grant = Statement::Grant {
        relation: view,
        privilege: "select".to_owned(),
        grantees: vec!["x".to_owned()],
    };
    assert_eq!(
        warehouse
            .adapter
            .prepare(&grant, &NothingKnown)
            .unwrap_err()
            .code,
        "no-privileges"
    );
}

#[test]
fn what_runs_can_be_cancelled_from_another_thread() {
    let warehouse = Warehouse::new(false);
    let mut connection = warehouse.connect();
    let cancel = connection.canceller();
    let waiting = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        cancel();
    });
    let query =
        "select count(*) from range(1000000) as a(x), range(1000000) as b(y) where x + y = 3";
    let prepared = warehouse
        .adapter
        .prepare_query(query, &NothingKnown)
        .unwrap();
    let error = connection.query(&prepared, None).unwrap_err();
    waiting.join().unwrap();
    assert_eq!(error.class, ErrorClass::Cancelled);
}

#[test]
fn a_session_can_be_cancelled_while_it_ends() {
    let warehouse = Warehouse::new(false);
    for _ in 0..1000 {
        let connection = warehouse.connect();
        let cancel = connection.canceller();
        let (ended, has_ended) = std::sync::mpsc::channel::<()>();
        let cancelling = std::thread::spawn(move || {
            while has_ended.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                cancel();
            }
            cancel();
        });
        drop(connection);
        drop(ended);
        cancelling.join().unwrap();
    }
}

#[test]
fn workers_build_at_the_same_time_and_a_conflict_may_be_tried_again() {
    let warehouse = Warehouse::new(false);
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let warehouse = &warehouse;
            scope.spawn(move || {
                let mut connection = warehouse.connect();
                for round in 0..20 {
                    let name = format!("t{worker}_{round}");
                    warehouse
                        .run(
                            connection.as_mut(),
                            &table_as(&name, "select range as a from range(1000)"),
                        )
                        .unwrap();
                }
            });
        }
    });
    let mut one = warehouse.connect();
    let mut two = warehouse.connect();
    assert_eq!(
        one.existing(&["main".to_owned()]).unwrap().iter().count(),
        80
    );
    let drop = Statement::Drop {
        kind: RelationKind::Table,
        relation: Relation::new("main", "t0_0"),
        if_exists: false,
    };
    warehouse.run(one.as_mut(), &Statement::Begin).unwrap();
    warehouse.run(two.as_mut(), &Statement::Begin).unwrap();
    warehouse.run(one.as_mut(), &drop).unwrap();
    let error = warehouse.run(two.as_mut(), &drop).unwrap_err();
    assert!(
        matches!(error.class, ErrorClass::Retryable { .. }),
        "{error:?}"
    );
    warehouse.run(one.as_mut(), &Statement::Commit).unwrap();
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "my notes").unwrap();
    let config = Config {
        path: Some(path.clone()),
        database: "notes".to_owned(),
        emulates_redshift: false,
        settings: Vec::new(),
        places: Default::default(),
        s3: Folders::default(),
    };
    let error = DuckDb::new(&config).connect().err().unwrap();
    assert!(
        error
            .message
            .ends_with("notes.txt` is not a DuckDB database"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "my notes");
}

#[test]
fn a_setting_that_is_not_known_is_told() {
    let config = Config {
        path: None,
        database: "memory".to_owned(),
        emulates_redshift: false,
        settings: vec![("memry_limit".to_owned(), "1GB".to_owned())],
        places: Default::default(),
        s3: Folders::default(),
    };
    let error = DuckDb::new(&config).connect().err().unwrap();
    assert_eq!(error.help.unwrap(), "did you mean \"memory_limit\"?");
}

#[test]
fn a_query_may_have_comments_around_it_and_a_semicolon() {
    let warehouse = Warehouse::new(false);
    let mut connection = warehouse.connect();
    let query = "-- first\n/* second */ (select range as a from range(9)) -- third\n;\n";
    let prepared = warehouse
        .adapter
        .prepare_query(query, &NothingKnown)
        .unwrap();
    let table = connection.query(&prepared, Some(1)).unwrap();
    assert_eq!((lines(&table).as_str(), table.truncated), ("0", true));
    let prepared = warehouse
        .adapter
        .prepare_query("show tables;", &NothingKnown)
        .unwrap();
    assert_eq!(
        connection.query(&prepared, Some(1)).unwrap().columns[0].name,
        "name"
    );
}

#[test]
fn hooks_may_be_several_statements_or_none() {
    let warehouse = Warehouse::new(false);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    let raw = |sql: &str| Statement::Raw {
        sql: sql.to_owned(),
        origin: None,
    };
    warehouse.run(c, &raw("-- nothing to do")).unwrap();
    let several = raw("begin; create table h as select 1 as a; insert into h values (2); commit;");
    assert_eq!(warehouse.run(c, &several).unwrap().rows, None);
    assert_eq!(warehouse.rows(c, "select count(*) from h"), "2");
    let broken = "insert into h values (3);\nselect nope from h";
    let error = warehouse.run(c, &raw(broken)).unwrap_err();
    assert_eq!(&broken[error.range.unwrap()], "nope");
}
