//! UNLOAD into the folder that plays a bucket.

use super::*;
use crate::adapter::statement::{Compression, ExistingFiles, Unload, UnloadFormat};

const QUERY: &str = "select 1 as id, 'a|b, \"c\"' as name, true as ok, cast(1.50 as decimal(5,2)) as price, timestamp '2024-01-15 10:30:00.5' as at
 union all select 2, null, false, null, null
 union all select 3, '', null, -0.5, '2024-01-16 00:00:00'
 union all select 4, 'x\ny\\\\z', true, 0, null";

fn unload(to: &str, format: UnloadFormat) -> Unload {
    Unload::new(
        format!("select * from ({QUERY}) as q order by id"),
        to,
        format,
    )
}

/// What became of an unload, and the files below the bucket but the database, text files with their text.
fn told(warehouse: &Warehouse, unload: Unload) -> String {
    let mut connection = warehouse.connect();
    let statement = Statement::Unload(Box::new(unload));
    let outcome = match warehouse.adapter.prepare(&statement, &NothingKnown) {
        Ok(prepared) => connection.execute(&prepared).map_err(|error| error.message),
        Err(refusal) => Err(refusal.message),
    };
    let outcome = match outcome {
        Ok(outcome) => format!("{} rows", outcome.rows.unwrap()),
        Err(message) => format!("! {message}"),
    };
    let mut told = vec![outcome];
    let root = warehouse.folder.path();
    for entry in walkdir::WalkDir::new(root).sort_by_file_name().min_depth(1) {
        let entry = entry.unwrap();
        let name = entry
            .path()
            .strip_prefix(root)
            .unwrap()
            .display()
            .to_string();
        if entry.file_type().is_dir() || name.starts_with("dev.duckdb") {
            continue;
        }
        told.push(format!("-- {name}"));
        let bytes = std::fs::read(entry.path()).unwrap();
        if let Ok(text) = String::from_utf8(bytes)
            && !text.starts_with("PAR1")
        {
            told.push(text.trim_end().to_owned());
        }
    }
    told.join("\n")
}

#[test]
fn values_are_written_as_redshift_writes_them() {
    let warehouse = Warehouse::new(true);
    let mut csv = unload("s3://b/csv/m_", UnloadFormat::Csv);
    csv.header = true;
    csv.manifest = true;
    insta::assert_snapshot!(told(&warehouse, csv), @r#"
    4 rows
    -- csv/m_0000_part_00
    id,name,ok,price,at
    1,"a|b, ""c""",t,1.50,2024-01-15 10:30:00.5
    2,,f,,
    3,"",,-0.50,2024-01-16 00:00:00
    4,"x
    y\z",t,0.00,
    -- csv/m_manifest
    {"entries":[{"url":"s3://b/csv/m_0000_part_00","meta":{"content_length":121}}]}
    "#);
    let warehouse = Warehouse::new(true);
    let text = Unload {
        escape: true,
        null_as: Some("NULL".to_owned()),
        header: true,
        parallel: false,
        ..unload("s3://b/m_", UnloadFormat::Text)
    };
    insta::assert_snapshot!(told(&warehouse, text), @r#"
    4 rows
    -- m_000
    id|name|ok|price|at
    1|a\|b, "c"|t|1.50|2024-01-15 10:30:00.5
    2|NULL|f|NULL|NULL
    3||NULL|-0.50|2024-01-16 00:00:00
    4|x\
    y\\z|t|0.00|NULL
    "#);
    let quoted = Unload {
        add_quotes: true,
        delimiter: Some(';'),
        existing: ExistingFiles::Overwrite,
        parallel: false,
        ..unload("s3://b/m_", UnloadFormat::Text)
    };
    insta::assert_snapshot!(told(&warehouse, quoted), @r#"
    4 rows
    -- m_000
    "1";"a|b, "c"";"t";"1.50";"2024-01-15 10:30:00.5"
    "2";;"f";;
    "3";"";;"-0.50";"2024-01-16 00:00:00"
    "4";"x
    y\z";"t";"0.00";
    "#);
    let warehouse = Warehouse::new(true);
    insta::assert_snapshot!(told(&warehouse, unload("s3://b/m_", UnloadFormat::Json)), @r#"
    4 rows
    -- m_0000_part_00
    {"id":1,"name":"a|b, \"c\"","ok":"t","price":1.50,"at":"2024-01-15 10:30:00.5"}
    {"id":2,"name":null,"ok":"f","price":null,"at":null}
    {"id":3,"name":"","ok":null,"price":-0.50,"at":"2024-01-16 00:00:00"}
    {"id":4,"name":"x\ny\\z","ok":"t","price":0.00,"at":null}
    "#);
}

#[test]
fn what_is_there_stops_an_unload_unless_it_may_go() {
    let warehouse = Warehouse::new(true);
    let small = |existing| Unload {
        existing,
        ..Unload::new("select 7 as id", "s3://b/out/m_", UnloadFormat::Csv)
    };
    std::fs::create_dir(warehouse.folder.path().join("out")).unwrap();
    for name in ["m_other", "m_0000_part_00", "kept"] {
        std::fs::write(warehouse.folder.path().join("out").join(name), "old").unwrap();
    }
    insta::assert_snapshot!(told(&warehouse, small(ExistingFiles::Refuse)), @"
    ! Specified unload destination on S3 is not empty: `s3://b/out/m_`
    -- out/kept
    old
    -- out/m_0000_part_00
    old
    -- out/m_other
    old
    ");
    insta::assert_snapshot!(told(&warehouse, small(ExistingFiles::Overwrite)), @"
    1 rows
    -- out/kept
    old
    -- out/m_0000_part_00
    7
    -- out/m_other
    old
    ");
    insta::assert_snapshot!(told(&warehouse, small(ExistingFiles::Clean)), @"
    1 rows
    -- out/kept
    old
    -- out/m_0000_part_00
    7
    ");
    let broken = Unload {
        query: "select cast(name as int) as x from (select 'x' as name) as q".to_owned(),
        ..small(ExistingFiles::Clean)
    };
    insta::assert_snapshot!(told(&warehouse, broken), @"
    ! Invalid Input Error: invalid digit in the number: x
    -- out/kept
    old
    -- out/m_0000_part_00
    7
    ");
}

#[test]
fn partitions_are_folders() {
    let warehouse = Warehouse::new(true);
    let parts = |format| Unload {
        partition_by: vec!["day".to_owned()],
        existing: ExistingFiles::Clean,
        ..Unload::new(
            "select 1 as id, 'mon' as day union all select 2, 'tue' union all select 3, null",
            "s3://b/out",
            format,
        )
    };
    std::fs::create_dir_all(warehouse.folder.path().join("out/day=mon")).unwrap();
    std::fs::create_dir_all(warehouse.folder.path().join("out/day=sun")).unwrap();
    std::fs::write(warehouse.folder.path().join("out/day=mon/old"), "gone").unwrap();
    std::fs::write(warehouse.folder.path().join("out/day=sun/old"), "kept").unwrap();
    insta::assert_snapshot!(told(&warehouse, parts(UnloadFormat::Csv)), @"
    3 rows
    -- out/day=__HIVE_DEFAULT_PARTITION__/0000_part_00
    3
    -- out/day=mon/0000_part_00
    1
    -- out/day=sun/old
    kept
    -- out/day=tue/0000_part_00
    2
    ");
    let included = Unload {
        include: true,
        parallel: false,
        header: true,
        ..parts(UnloadFormat::Text)
    };
    insta::assert_snapshot!(told(&warehouse, included), @"
    3 rows
    -- out/day=__HIVE_DEFAULT_PARTITION__/000
    id|day
    3|
    -- out/day=mon/000
    id|day
    1|mon
    -- out/day=sun/old
    kept
    -- out/day=tue/000
    id|day
    2|tue
    ");
    let wrong = Unload {
        partition_by: vec!["dya".to_owned()],
        ..parts(UnloadFormat::Csv)
    };
    assert!(
        told(&warehouse, wrong)
            .starts_with("! `partition_by` names `dya`, which is no column of the query")
    );
}

#[test]
fn parquet_and_gzip_hold_the_same_rows() {
    let warehouse = Warehouse::new(true);
    let parquet = unload("s3://b/p/", UnloadFormat::Parquet);
    assert!(told(&warehouse, parquet).contains("-- p/0000_part_00.parquet"));
    let zipped = Unload {
        compression: Some(Compression::Gzip),
        header: true,
        ..unload("s3://b/z_", UnloadFormat::Csv)
    };
    assert!(told(&warehouse, zipped).contains("-- z_0000_part_00.gz"));
    let mut connection = warehouse.connect();
    let root = warehouse.folder.path().display();
    let rows = warehouse.rows(
        connection.as_mut(),
        &format!("select * from '{root}/p/0000_part_00.parquet' order by id"),
    );
    insta::assert_snapshot!(rows, @r#"
    1|a|b, "c"|true|1.50|2024-01-15 10:30:00.5
    2||false||
    3|||-0.50|2024-01-16 00:00:00
    4|x
    y\z|true|0.00|
    "#);
    let rows = warehouse.rows(
        connection.as_mut(),
        &format!("select id, ok from read_csv('{root}/z_0000_part_00.gz', compression = 'gzip') order by id"),
    );
    insta::assert_snapshot!(rows, @"
    1|true
    2|false
    3|
    4|true
    ");
}

#[test]
fn large_files_are_cut_and_what_cannot_be_done_is_refused() {
    let warehouse = Warehouse::new(true);
    let mut connection = warehouse.connect();
    warehouse.raw(
        connection.as_mut(),
        "create table main.wide as select i::int as id, repeat('x', 100) as pad from range(120000) r(i)",
    );
    drop(connection);
    let large = Unload {
        max_file_size: Some(5.0),
        compression: None,
        ..Unload::new("select * from main.wide", "s3://b/l_", UnloadFormat::Csv)
    };
    let told_large = told(&warehouse, large);
    assert!(told_large.starts_with("120000 rows\n-- l_0000_part_00\n"));
    assert!(told_large.contains("\n-- l_0000_part_02\n"));
    let wide = Unload::new(
        "select cast(1234567890123456789012345.67 as decimal(38,2)) as d, json_parse('{\"a\": [1, null]}') as s",
        "s3://b/w_",
        UnloadFormat::Json,
    );
    let told_wide = told(&warehouse, wide);
    assert!(
        told_wide.contains(r#"{"d":1234567890123456789012345.67,"s":{"a":[1,null]}}"#),
        "{told_wide}"
    );
    let packed = Unload {
        compression: Some(Compression::Bzip2),
        ..unload("s3://b/bz_", UnloadFormat::Csv)
    };
    assert!(told(&warehouse, packed).contains("-- bz_0000_part_00.bz2"));
    let file = std::fs::File::open(warehouse.folder.path().join("bz_0000_part_00.bz2")).unwrap();
    let text = std::io::read_to_string(bzip2::read::BzDecoder::new(file)).unwrap();
    assert!(text.starts_with("1,\"a|b, \"\"c\"\"\",t,1.50,"), "{text}");
    let refused = [
        Unload {
            escape: true,
            ..unload("s3://b/r_", UnloadFormat::Csv)
        },
        Unload {
            fixed_width: vec![("a".to_owned(), 1)],
            ..unload("s3://b/r_", UnloadFormat::Text)
        },
    ]
    .map(|unload| {
        let told = told(&warehouse, unload);
        told.lines().next().unwrap_or_default().to_owned()
    });
    insta::assert_snapshot!(refused.join("\n"), @"
    ! the option `escape` with `csv` of `unload` is not emulated
    ! the option `fixedwidth` of `unload` is not emulated
    ");
}
