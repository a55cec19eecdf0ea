//! COPY of Parquet.

use super::*;
use crate::adapter::statement::{ColumnDefinition, Copy, CopyFormat};

/// The answer of a load of `s3://b/data` into columns: the rows, or what is said.
fn load(rows: &str, columns: &[(&str, &str)], change: impl FnOnce(&mut Copy)) -> String {
    let warehouse = Warehouse::new(true);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    let path = warehouse.folder.path().join("data.parquet");
    let write = format!("copy ({rows}) to '{}' (format parquet)", path.display());
    warehouse.raw(c, &write);
    let mut copy = Copy {
        columns: columns
            .iter()
            .map(|(name, kind)| ColumnDefinition {
                not_null: kind.ends_with(" not null"),
                ..ColumnDefinition::new(*name, kind.trim_end_matches(" not null"))
            })
            .collect(),
        ..Copy::new(
            Relation::new("main", "t"),
            "s3://b/data",
            CopyFormat::Parquet,
        )
    };
    change(&mut copy);
    let create = Statement::CreateTable {
        relation: copy.into.clone(),
        columns: copy.columns.clone(),
        constraints: Vec::new(),
        attributes: TableAttributes::default(),
        temporary: false,
    };
    warehouse.run(c, &create).unwrap();
    match warehouse.run(c, &Statement::Copy(Box::new(copy))) {
        Ok(outcome) => {
            let rows = warehouse.rows(c, "select * from main.t");
            format!("{} rows\n{rows}", outcome.rows.unwrap_or(0))
        }
        Err(error) => {
            let help = error.help.map(|help| format!("\n  {help}"));
            assert_eq!(warehouse.rows(c, "select count(*) from main.t"), "0");
            format!("! {}{}", error.message, help.unwrap_or_default())
        }
    }
}

fn plainly(rows: &str, columns: &[(&str, &str)]) -> String {
    load(rows, columns, |_| {})
}

#[test]
fn columns_of_parquet_are_matched_by_their_order() {
    let rows = "select 1::int as a, 2::bigint as b, 'é'::varchar as c, 1.50::decimal(9,2) as d, 0.5::double as e, 0.25::float as f, \
                true as g, date '2024-02-29' as h, timestamp '2024-02-29 10:30:00.123456' as i, 7::smallint as j, \
                timestamptz '2024-02-29 10:30:00+02' as k, timestamptz '2024-02-29 10:30:00+02' as l \
                union all select null, null, null, null, null, null, null, null, null, null, null, null";
    let columns = [
        ("one", "integer"),
        ("two", "bigint"),
        ("three", "varchar(2)"),
        ("four", "decimal(18,2)"),
        ("five", "float"),
        ("six", "real"),
        ("seven", "boolean"),
        ("eight", "date"),
        ("nine", "timestamp"),
        ("ten", "smallint"),
        ("eleven", "timestamp"),
        ("twelve", "timestamptz"),
    ];
    insta::assert_snapshot!(plainly(rows, &columns), @"
    2 rows
    1|2|é|1.50|0.5|0.25|true|2024-02-29|2024-02-29 10:30:00.123456|7|2024-02-29 08:30:00|2024-02-29 08:30:00+00
    |||||||||||
    ");
}

#[test]
fn parquet_that_redshift_would_refuse_is_refused() {
    let one = |value: &str, kind: &str| plainly(&format!("select {value} as v"), &[("c", kind)]);
    insta::assert_snapshot!(
        [
            one("1::bigint", "integer"),
            one("1::int", "bigint"),
            one("1::int", "varchar(9)"),
            one("0.5::float", "double precision"),
            one("1.5::decimal(9,3)", "decimal(9,2)"),
            one("timestamp '2024-01-01'", "timestamptz"),
            one("[1, 2]", "super"),
            one("'long'", "varchar(3)"),
            one("null::int", "int not null"),
            plainly("select 1::int as a", &[("a", "int"), ("b", "int")]),
            plainly("select 1::int as a, 2::int as b", &[("a", "int")]),
        ]
        .join("\n"), @"
    ! file `s3://b/data.parquet` has an incompatible Parquet schema for column `c`. Column type: INTEGER, in the file: `v` BIGINT
      Redshift converts nothing in files of columns: declare the column as the file has it, and cast in a model
    ! file `s3://b/data.parquet` has an incompatible Parquet schema for column `c`. Column type: BIGINT, in the file: `v` INTEGER
      Redshift converts nothing in files of columns: declare the column as the file has it, and cast in a model
    ! file `s3://b/data.parquet` has an incompatible Parquet schema for column `c`. Column type: VARCHAR(9), in the file: `v` INTEGER
      Redshift converts nothing in files of columns: declare the column as the file has it, and cast in a model
    ! file `s3://b/data.parquet` has an incompatible Parquet schema for column `c`. Column type: DOUBLE PRECISION, in the file: `v` FLOAT
      Redshift converts nothing in files of columns: declare the column as the file has it, and cast in a model
    ! file `s3://b/data.parquet` has an incompatible Parquet schema for column `c`. Column type: DECIMAL(9,2), in the file: `v` DECIMAL(9,3)
      Redshift converts nothing in files of columns: declare the column as the file has it, and cast in a model
    ! file `s3://b/data.parquet` has an incompatible Parquet schema for column `c`. Column type: TIMESTAMPTZ, in the file: `v` TIMESTAMP
      Redshift converts nothing in files of columns: declare the column as the file has it, and cast in a model
    ! file `s3://b/data.parquet` has an incompatible Parquet schema for column `c`. Column type: SUPER, in the file: `v` INTEGER[]
      add `serialize_to_json: true` to the options of the load
    ! The length of the data column c is longer than the length defined in the table. Table: 3, Data: 4, File name: s3://b/data.parquet
    ! Missing data for not-null field: column `c` is null in 1 rows of `s3://b/data.parquet`
    ! Unmatched number of columns between table and file. Table columns: 2, Data columns: 1, File name: s3://b/data.parquet
    ! Unmatched number of columns between table and file. Table columns: 1, Data columns: 2, File name: s3://b/data.parquet
    ");
}

#[test]
fn parquet_may_fill_fewer_columns_and_keep_what_is_nested() {
    let columns = [("a", "int"), ("b", "int")];
    let filled = load("select 1::int as a", &columns, |copy| {
        copy.fill_record = true
    });
    insta::assert_snapshot!(filled, @"
    1 rows
    1|
    ");
    let nested = "select [1, 2] as a, {'k': 'v'} as b";
    let columns = [("a", "super"), ("b", "super")];
    let nested = load(nested, &columns, |copy| copy.serialize_to_json = true);
    insta::assert_snapshot!(nested, @r#"
    1 rows
    [1,2]|{"k":"v"}
    "#);
}

#[test]
fn a_file_that_is_no_parquet_is_told_by_its_place() {
    let told = load("select 1::int as a", &[("a", "int")], |copy| {
        copy.from = "s3://b/dev".to_owned();
    });
    insta::assert_snapshot!(told, @"
    ! file `s3://b/dev.duckdb` is not a Parquet file
      say the format that the file has: `csv`, `json`, …
    ");
}
