//! The adapter on real files.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::adapter::copy::Folders;
use crate::adapter::statement::{
    ColumnDefinition, Copy, CopyFormat, Rows, SeedCell, SeedRows, TableAttributes,
};
use crate::adapter::{Outcome, Table};
use crate::relation::{Relation, RelationKind};

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
        let prepared = self.adapter.prepare(statement).unwrap();
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
    let prepared = warehouse.adapter.prepare_query(query).unwrap();
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
        .prepare_query("select * from range(10) as r(a) order by a desc")
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
        key: texts(&["k1", "k2"]),
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
            text: "it's a view".to_owned(),
        },
        Statement::Comment {
            kind: RelationKind::View,
            relation: view.clone(),
            column: Some("a".to_owned()),
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
        warehouse.adapter.prepare(&grant).unwrap_err().code,
        "no-privileges"
    );
}

#[test]
fn a_declared_type_is_held_and_reported_in_redshifts_words() {
    let warehouse = Warehouse::new(true);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    let relation = Relation::new("main", "T");
    let column = |name: &str, data_type: &str| ColumnDefinition::new(name, data_type);
    let create = Statement::CreateTable {
        relation: relation.clone(),
        columns: vec![
            ColumnDefinition {
                not_null: true,
                primary_key: true,
                ..column("ID", "int")
            },
            column("level", "varchar(3)"),
            column("gender", "char(1)"),
            column("length", "decimal(10,5)"),
        ],
        constraints: Vec::new(),
        attributes: TableAttributes::default(),
        temporary: false,
    };
    warehouse.run(c, &create).unwrap();
    let told = c
        .columns(&relation)
        .unwrap()
        .iter()
        .map(|column| format!("{} {} {}", column.name, column.data_type, column.nullable))
        .collect::<Vec<_>>()
        .join("\n");
    insta::assert_snapshot!(told, @r"
        id integer false
        level character varying(3) true
        gender character(1) true
        length numeric(10,5) true
        ");
    warehouse.raw(
        c,
        "insert into t values (1, 'abc', 'F', 1.5), (1, 'é1', null, null)",
    );
    let fails = |c: &mut dyn Connection, sql: &str| {
        c.execute(&Prepared::sql(vec![sql.to_owned()]))
            .unwrap_err()
            .message
    };
    insta::assert_snapshot!(fails(c, "insert into t values (1, 'éé', null, null)"), @r#"Constraint Error: CHECK constraint failed on table t with expression CHECK((strlen("level") <= 3))"#);
    insta::assert_snapshot!(fails(c, "insert into t values (null, null, null, null)"), @"Constraint Error: NOT NULL constraint failed: t.id");
}

#[test]
fn an_identity_survives_the_swap_and_starts_again_in_the_next_table() {
    let warehouse = Warehouse::new(true);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    let temporary = Relation::new("main", "t__rs_tmp");
    let create = Statement::CreateTable {
        relation: temporary.clone(),
        columns: vec![
            ColumnDefinition {
                identity: Some((10, -5)),
                ..ColumnDefinition::new("id", "bigint")
            },
            ColumnDefinition::new("v", "varchar(3)"),
        ],
        constraints: Vec::new(),
        attributes: TableAttributes::default(),
        temporary: false,
    };
    for _ in 0..3 {
        warehouse.raw(c, "drop table if exists t");
        warehouse.run(c, &create).unwrap();
        warehouse.raw(c, "insert into t__rs_tmp (v) values ('a'), ('b')");
        let rename = Statement::Rename {
            kind: RelationKind::Table,
            from: temporary.clone(),
            to: "t".to_owned(),
        };
        warehouse.run(c, &rename).unwrap();
        warehouse.raw(c, "insert into t (v) values ('c')");
        assert_eq!(
            warehouse.rows(c, "select * from t order by v"),
            "10|a\n5|b\n0|c"
        );
    }
    assert_eq!(
        warehouse.rows(c, "select count(*) from duckdb_sequences()"),
        "1"
    );
}

/// A seed's statement: the cells of its lines are split at commas, empty ones are NULL.
fn seed_of(columns: &[(&str, &str)], text: &str) -> Statement {
    let source = crate::diagnostic::Source::new("seeds/s.csv", text);
    let mut offset = 0;
    let mut rows = Vec::new();
    for line in text.lines() {
        let mut row = Vec::new();
        for cell in line.split(',') {
            row.push((!cell.is_empty()).then(|| SeedCell {
                text: cell.to_owned(),
                offset,
            }));
            offset += cell.len() + 1;
        }
        rows.push(row);
    }
    Statement::Load {
        into: Relation::new("main", "s"),
        columns: columns
            .iter()
            .map(|(name, kind)| ColumnDefinition::new(*name, *kind))
            .collect(),
        rows: Arc::new(SeedRows { source, rows }),
    }
}

fn create_for(load: &Statement) -> Statement {
    let Statement::Load { into, columns, .. } = load else {
        panic!("a load is made")
    };
    Statement::CreateTable {
        relation: into.clone(),
        columns: columns.clone(),
        constraints: Vec::new(),
        attributes: TableAttributes::default(),
        temporary: false,
    }
}

#[test]
fn a_seed_is_loaded_with_its_types() {
    for emulates_redshift in [true, false] {
        let warehouse = Warehouse::new(emulates_redshift);
        let mut connection = warehouse.connect();
        let c = connection.as_mut();
        let load = seed_of(
            &[
                ("Id", "int"),
                ("name", "varchar(9)"),
                ("price", "decimal(5,2)"),
                ("at", "timestamp"),
                ("day", "date"),
                ("ok", "boolean"),
                ("f", "real"),
            ],
            "1,é\"x,1.555,2024-01-15 10:30:00.5,2024-02-29,true,0.1\n2,,,,,,\n",
        );
        warehouse.run(c, &create_for(&load)).unwrap();
        assert_eq!(warehouse.run(c, &load).unwrap().rows, Some(2));
        assert_eq!(
            warehouse.rows(c, "select * from s order by 1"),
            "1|é\"x|1.56|2024-01-15 10:30:00.5|2024-02-29|true|0.1\n2||||||"
        );
    }
}

#[test]
fn a_cell_that_does_not_fit_is_told_with_its_place_and_nothing_is_loaded() {
    let text = "1,a\nx,b\n3,toolong\n";
    for (emulates_redshift, name) in [(true, "redshift"), (false, "duckdb")] {
        let warehouse = Warehouse::new(emulates_redshift);
        let mut connection = warehouse.connect();
        let c = connection.as_mut();
        let load = seed_of(&[("id", "int"), ("name", "varchar(3)")], text);
        warehouse.run(c, &create_for(&load)).unwrap();
        let error = warehouse.run(c, &load).unwrap_err();
        assert_eq!(&text[error.range.clone().unwrap()], "x");
        let told = error
            .load_errors
            .iter()
            .map(|bad| {
                format!(
                    "{}:{} {:?} `{}` {}",
                    bad.file, bad.line, bad.column, bad.raw_value, bad.reason
                )
            })
            .collect::<Vec<_>>()
            .join("\n");
        let told = format!("{}\n{told}", error.message);
        if name == "redshift" {
            insta::assert_snapshot!(told, @r#"
        `x` does not fit column `id` of type `int`
        seeds/s.csv:2 Some("id") `x` Invalid digit, Value 'x', Pos 0, Type: Integer
        seeds/s.csv:3 Some("name") `toolong` String length exceeds DDL length
        "#);
        } else {
            insta::assert_snapshot!(told, @r#"
        `x` does not fit column `id` of type `int`
        seeds/s.csv:2 Some("id") `x` Could not convert 'x' to int
        "#);
        }
        assert_eq!(warehouse.rows(c, "select count(*) from s"), "0");
    }
}

/// A COPY of CSV without options.
fn copy_into(table: &str, columns: Vec<ColumnDefinition>) -> Copy {
    Copy {
        into: Relation::new("main", table),
        columns,
        from: "s3://b/data".to_owned(),
        iam_role: None,
        region: None,
        format: CopyFormat::Csv {
            delimiter: ',',
            quote: '"',
            ignore_header: 0,
        },
        gzip: false,
        time_format: None,
        date_format: None,
        blanks_as_null: false,
        empty_as_null: false,
        truncate_columns: false,
        trim_blanks: false,
        accept_invalid_characters: None,
        fill_record: false,
        ignore_blank_lines: false,
        null_as: None,
        max_error: 0,
        computes: Vec::new(),
        origin: None,
    }
}

fn copy_of(warehouse: &Warehouse, file: &str, max_error: u32) -> Statement {
    std::fs::write(warehouse.folder.path().join("data"), file).unwrap();
    let mut id = ColumnDefinition::new("id", "bigint");
    id.identity = Some((1, 1));
    let columns = vec![
        id,
        ColumnDefinition::new("a", "int"),
        ColumnDefinition::new("b", "varchar(3)"),
    ];
    Statement::Copy(Box::new(Copy {
        max_error,
        ..copy_into("s", columns)
    }))
}

fn create_for_copy(copy: &Statement) -> Statement {
    let Statement::Copy(copy) = copy else {
        panic!("a copy is made")
    };
    Statement::CreateTable {
        relation: copy.into.clone(),
        columns: copy.columns.clone(),
        constraints: Vec::new(),
        attributes: TableAttributes::default(),
        temporary: false,
    }
}

#[test]
fn a_copy_fills_a_table_with_an_identity_and_tells_what_it_left_out() {
    let warehouse = Warehouse::new(true);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    let copy = copy_of(&warehouse, "1,a\nx,b\n3,c\n", 5);
    warehouse.run(c, &Statement::Begin).unwrap();
    warehouse.run(c, &create_for_copy(&copy)).unwrap();
    let outcome = warehouse.run(c, &copy).unwrap();
    warehouse.run(c, &Statement::Commit).unwrap();
    assert_eq!((outcome.rows, outcome.rejected.len()), (Some(2), 1));
    assert_eq!(outcome.rejected[0].file, "s3://b/data");
    assert_eq!(
        warehouse.rows(c, "select * from s order by id"),
        "1|1|a\n2|3|c"
    );
}

#[test]
fn a_copy_that_fails_leaves_nothing() {
    let warehouse = Warehouse::new(true);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    let mut file = "1,a\n".repeat(40_000);
    file.push_str("1,toolong\n");
    let copy = copy_of(&warehouse, &file, 0);
    warehouse.run(c, &create_for_copy(&copy)).unwrap();
    let error = warehouse.run(c, &copy).unwrap_err();
    assert_eq!(error.load_errors[0].line, 40_001);
    assert_eq!(warehouse.rows(c, "select count(*) from s"), "0");
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
    let prepared = warehouse.adapter.prepare_query(query).unwrap();
    let error = connection.query(&prepared, None).unwrap_err();
    waiting.join().unwrap();
    assert_eq!(error.class, ErrorClass::Cancelled);
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
        s3: Folders::default(),
    };
    let error = DuckDb::new(&config).connect().err().unwrap();
    assert_eq!(
        error.help.unwrap(),
        "look at `settings: memry_limit` of the target"
    );
}

/// Where the real data is, where it is.
fn real_data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/sparkify");
    folder.is_dir().then_some(folder)
}

#[test]
fn the_real_events_and_songs_load_whole() {
    let Some(data) = real_data() else {
        return;
    };
    let mut s3 = Folders::default();
    s3.insert("s3://sparkify/", data);
    let adapter = DuckDb::new(&Config {
        path: None,
        database: "dev".to_owned(),
        emulates_redshift: true,
        settings: Vec::new(),
        s3,
    });
    let mut connection = adapter.connect().unwrap();
    let columns = |columns: &[(&str, &str)]| {
        columns
            .iter()
            .map(|(name, kind)| ColumnDefinition::new(*name, *kind))
            .collect::<Vec<_>>()
    };
    let mut events = copy_into("events", columns(&EVENTS));
    events.from = "s3://sparkify/log_data".to_owned();
    events.format = CopyFormat::JsonPaths("s3://sparkify/log_json_path.json".to_owned());
    events.time_format = Some("epochmillisecs".to_owned());
    events.blanks_as_null = true;
    events.empty_as_null = true;
    events.truncate_columns = true;
    let mut songs = copy_into("songs", columns(&SONGS));
    songs.from = "s3://sparkify/song_data".to_owned();
    songs.format = CopyFormat::JsonAuto;
    songs.truncate_columns = true;
    for (copy, rows) in [(events, 8_056), (songs, 14_896)] {
        let copy = Statement::Copy(Box::new(copy));
        for statement in [create_for_copy(&copy), copy] {
            let prepared = adapter.prepare(&statement).unwrap();
            let outcome = connection.execute(&prepared).unwrap();
            assert_eq!(outcome.rejected, []);
            if let Statement::Copy(_) = statement {
                assert_eq!(outcome.rows, Some(rows));
            }
        }
    }
    let mut ask = |query: &str| {
        lines(
            &connection
                .query(&Prepared::sql(vec![query.to_owned()]), None)
                .unwrap(),
        )
    };
    assert_eq!(
        ask("select count(*) from main.events where user_id is null"),
        "286"
    );
    assert_eq!(
        ask("select min(ts), max(ts) from main.events"),
        "2018-11-01 20:57:10.796|2018-11-30 19:54:24.796"
    );
    assert_eq!(
        ask("select count(*) from main.songs where artist_location = ''"),
        "6694"
    );
    insta::assert_snapshot!(ask("select * from main.songs order by song_id limit 2"), @r"
        SOAAAQN12AB01856D3|1|Campeones De La Vida|Alejandro Lerner||0|153.36444|ARAMIDF1187FB3D8D4||
        SOAACFC12A8C140567|1|Supernatural Pt. II|Saafi Brothers||0|343.09179|ARNHTE41187B99289A||
        ");
}

const EVENTS: [(&str, &str); 18] = [
    ("artist", "varchar(256)"),
    ("auth", "varchar(16)"),
    ("first_name", "varchar(64)"),
    ("gender", "char(1)"),
    ("item_in_session", "integer"),
    ("last_name", "varchar(64)"),
    ("length", "decimal(10,5)"),
    ("level", "varchar(10)"),
    ("location", "varchar(256)"),
    ("method", "varchar(8)"),
    ("page", "varchar(32)"),
    ("registration", "double precision"),
    ("session_id", "integer"),
    ("song", "varchar(256)"),
    ("status", "integer"),
    ("ts", "timestamp"),
    ("user_agent", "varchar(512)"),
    ("user_id", "integer"),
];

const SONGS: [(&str, &str); 10] = [
    ("song_id", "varchar(18)"),
    ("num_songs", "integer"),
    ("title", "varchar(256)"),
    ("artist_name", "varchar(512)"),
    ("artist_latitude", "decimal(10,6)"),
    ("year", "integer"),
    ("duration", "decimal(10,5)"),
    ("artist_id", "varchar(18)"),
    ("artist_longitude", "decimal(10,6)"),
    ("artist_location", "varchar(512)"),
];

/// A warehouse that emulates Redshift with a table of orders.
fn orders() -> (Warehouse, Box<dyn Connection>) {
    let warehouse = Warehouse::new(true);
    let mut connection = warehouse.connect();
    warehouse.raw(
        connection.as_mut(),
        "create table orders as select range as id, 'é' || range as name from range(4)",
    );
    (warehouse, connection)
}

fn types_of(connection: &mut dyn Connection, name: &str) -> String {
    connection
        .columns(&Relation::new("main", name))
        .unwrap()
        .iter()
        .map(|column| format!("{} {}", column.name, column.data_type))
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn a_table_from_a_query_has_the_types_that_redshift_would_give() {
    let (warehouse, mut connection) = orders();
    let c = connection.as_mut();
    let query = "select 'paid'::varchar(6) as status, name, SUM(id) as total, NVL(MAX(id), 0)/2 as half from main.orders group by 1, 2";
    let built = warehouse.run(c, &table_as("t", query)).unwrap();
    assert_eq!(built.rows, Some(4));
    insta::assert_snapshot!(types_of(c, "t"), @"status character varying(6), name character varying(256), total numeric(38,0), half bigint");
    let insert = Statement::Insert {
        into: Relation::new("main", "t"),
        columns: vec!["Status".to_owned()],
        from: Rows::Query("select 'cancelled'".to_owned()),
    };
    let error = warehouse.run(c, &insert).unwrap_err();
    assert_eq!(
        error.fault.unwrap().message,
        "value too long for character type: `status` is character varying(6)"
    );
    assert_eq!(
        warehouse.rows(c, "select * from t order by name limit 1"),
        "paid|é0|0|0"
    );
}

#[test]
fn an_error_in_translated_sql_comes_home_to_redshifts() {
    let (warehouse, mut connection) = orders();
    for query in [
        "select DATEADD(day, 1, GETDATE()) as d,\n  amont\nfrom main.orders",
        "select NVL(o.amont, 1) as a, SUM(id) as s from main.orders as o group by 1",
    ] {
        for statement in [
            table_as("t", query),
            Statement::CreateView {
                relation: Relation::new("main", "v"),
                query: query.to_owned(),
                bind: false,
                header: None,
            },
        ] {
            let error = warehouse.run(connection.as_mut(), &statement).unwrap_err();
            assert_eq!(&query[error.range.unwrap()], "amont", "{}", error.message);
        }
    }
}

#[test]
fn what_is_not_emulated_is_refused_before_it_runs() {
    let warehouse = Warehouse::new(true);
    let refused = warehouse
        .adapter
        .prepare(&table_as("t", "select nosuch(1) as a"))
        .unwrap_err();
    assert_eq!(refused.range, Some(7..13));
    assert_eq!(refused.code, "unknown-function");
    let refused = warehouse
        .adapter
        .prepare_query("select 1 as a from (select 2) limit")
        .unwrap_err();
    assert_eq!(refused.code, "sql-syntax");
}

#[test]
fn a_query_may_have_comments_around_it_and_a_semicolon() {
    let warehouse = Warehouse::new(false);
    let mut connection = warehouse.connect();
    let query = "-- first\n/* second */ (select range as a from range(9)) -- third\n;\n";
    let prepared = warehouse.adapter.prepare_query(query).unwrap();
    let table = connection.query(&prepared, Some(1)).unwrap();
    assert_eq!((lines(&table).as_str(), table.truncated), ("0", true));
    let prepared = warehouse.adapter.prepare_query("show tables;").unwrap();
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
