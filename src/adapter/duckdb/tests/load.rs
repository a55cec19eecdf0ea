//! Seeds and COPY.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::adapter::seed::SeedRows;
use crate::adapter::statement::{ColumnDefinition, Copy, CopyFormat};

/// A seed's statement: a header of the columns, and the lines of the text.
fn seed_of(columns: &[(&str, &str)], text: &str) -> Statement {
    let names = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let text = format!("{}\n{text}", names.join(","));
    Statement::Load {
        into: Relation::new("main", "s"),
        columns: columns
            .iter()
            .map(|(name, kind)| ColumnDefinition::new(*name, *kind))
            .collect(),
        rows: Arc::new(SeedRows::of_text("seeds/s.csv", &text)),
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
        let place = error.load_errors[0].place.as_ref().unwrap();
        assert_eq!((place.text(), &*place.place()), ("x", "seeds/s.csv:3:1"));
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
        seeds/s.csv:3 Some("id") `x` Invalid digit, Value 'x', Pos 0, Type: Integer
        seeds/s.csv:4 Some("name") `toolong` String length exceeds DDL length
        "#);
        } else {
            insta::assert_snapshot!(told, @r#"
        `x` does not fit column `id` of type `int`
        seeds/s.csv:3 Some("id") `x` Could not convert 'x' to int
        "#);
        }
        assert_eq!(warehouse.rows(c, "select count(*) from s"), "0");
    }
}

/// A COPY of CSV without options.
fn copy_into(table: &str, columns: Vec<ColumnDefinition>) -> Copy {
    Copy {
        columns,
        ..Copy::new(
            Relation::new("main", table),
            "s3://b/data",
            CopyFormat::csv(),
        )
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
        places: Default::default(),
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
            let prepared = adapter.prepare(&statement, &NothingKnown).unwrap();
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
