//! Loads of files that another program wrote, codec by codec, and of files that are broken.

use crate::adapter::Error;
use crate::adapter::copy::{Cell, Folders, Sink, run};
use crate::adapter::statement::{ColumnDefinition, Copy, CopyFormat};
use crate::relation::Relation;

#[derive(Default)]
struct Lines(String);

impl Sink for Lines {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Error> {
        let cells = cells.iter().map(|cell| match cell {
            Cell::Null => "∅".to_owned(),
            Cell::Text(text) => text.to_string(),
            other => format!("{other:?}"),
        });
        self.0 += &(cells.collect::<Vec<_>>().join(" | ") + "\n");
        Ok(())
    }
}

fn orders(codec: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/avro");
    std::fs::read(format!("{folder}/orders.{codec}.avro")).unwrap()
}

/// The rows, then what is wrong.
fn load(file: &[u8], columns: &[(&str, &str)], change: impl FnOnce(&mut Copy)) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data"), file).unwrap();
    let paths = r#"{"jsonpaths": ["$.Name", "$['place']['spots']['x'][1]", "$.tags[0]"]}"#;
    std::fs::write(folder.path().join("paths"), paths).unwrap();
    let mut folders = Folders::default();
    folders.insert("s3://b/", folder.path().to_owned());
    let mut copy = Copy::new(
        Relation::new("s", "orders"),
        "s3://b/data",
        CopyFormat::Avro("auto".to_owned()),
    );
    copy.columns = columns
        .iter()
        .map(|(name, kind)| ColumnDefinition::new(*name, *kind))
        .collect();
    change(&mut copy);
    let mut lines = Lines::default();
    match run(&copy, &folders, &mut lines) {
        Ok(loaded) => {
            for rejected in loaded.rejected {
                let column = rejected.column.unwrap_or_default();
                lines.0 += &format!("- {} {column}: {}\n", rejected.line, rejected.reason);
            }
        }
        Err(error) => {
            lines.0 += &format!("! {}\n", error.message);
            for bad in error.load_errors {
                lines.0 += &format!("- {} {:?}: {}\n", bad.line, bad.column, bad.reason);
            }
            lines.0 += &error
                .help
                .map(|help| format!("= {help}\n"))
                .unwrap_or_default();
        }
    }
    lines.0
}

const ORDERS: [(&str, &str); 8] = [
    ("state", "varchar(4)"),
    ("id", "bigint"),
    ("name", "varchar(20)"),
    ("price", "double precision"),
    ("paid", "boolean"),
    ("tags", "super"),
    ("place", "super"),
    ("nowhere", "integer"),
];

#[test]
fn fields_find_their_columns_by_name_under_every_codec() {
    let expected = load(&orders("null"), &ORDERS, |_| {});
    insta::assert_snapshot!(expected, @r#"
    NEW | Int(1) | ∅ | Float(9.99) | Bool(true) | ["a","b\"c"] | {"city":"Bonn","spots":{"x":[0.5,1.0]}} | ∅
    SENT | Int(-2) | ∅ | Float(1e21) | Bool(false) | [] | {"city":"Köln","spots":{}} | ∅
    "#);
    for codec in ["deflate", "snappy"] {
        assert_eq!(load(&orders(codec), &ORDERS, |_| {}), expected, "{codec}");
    }
    insta::assert_snapshot!(load(&orders("bzip2"), &ORDERS, |_| {}), @"! `s3://b/data` is compressed by the codec `bzip2`: COPY reads Avro that is not compressed, or by `deflate` or `snappy`");
}

#[test]
fn names_may_be_found_in_any_case() {
    let any_case = |copy: &mut Copy| copy.format = CopyFormat::Avro("auto ignorecase".to_owned());
    insta::assert_snapshot!(load(&orders("null"), &[("name", "varchar(20)")], any_case), @"
    Grüße
    ∅
    ");
}

#[test]
fn a_time_is_the_number_that_it_is_written_as() {
    let millis = |copy: &mut Copy| copy.time_format = Some("epochmillisecs".to_owned());
    insta::assert_snapshot!(load(&orders("null"), &[("at", "timestamp")], millis), @"
    Timestamp(1541106106796000)
    Timestamp(0)
    ");
    insta::assert_snapshot!(load(&orders("null"), &[("at", "timestamp")], |_| {}), @r#"
    ! Load into table 'orders' failed with 1 bad row
    - 1 Some("at"): Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]
    "#);
}

#[test]
fn paths_lead_into_records_maps_and_arrays() {
    let paths = |copy: &mut Copy| copy.format = CopyFormat::Avro("s3://b/paths".to_owned());
    let columns = [("a", "varchar(20)"), ("b", "real"), ("c", "varchar(5)")];
    insta::assert_snapshot!(load(&orders("snappy"), &columns, paths), @"
    Grüße | Float(1.0) | a
    ∅ | ∅ | ∅
    ");
}

#[test]
fn rows_that_do_not_fit_are_told_and_counted() {
    let columns = [("state", "varchar(3)"), ("id", "smallint")];
    insta::assert_snapshot!(load(&orders("null"), &columns, |_| {}), @r#"
    NEW | Int(1)
    ! Load into table 'orders' failed with 1 bad row
    - 2 Some("state"): String length exceeds DDL length
    "#);
    insta::assert_snapshot!(load(&orders("null"), &columns, |copy| copy.max_error = 9), @"
    NEW | Int(1)
    - 2 state: String length exceeds DDL length
    ");
}

#[test]
fn what_redshifts_manual_leaves_open_is_refused_by_name() {
    let told = [
        ("raw", "varchar(9)"),
        ("tags", "varchar(99)"),
        ("price", "varchar(99)"),
        ("price", "integer"),
        ("paid", "varchar(9)"),
        ("more", "super"),
    ]
    .map(|(field, kind)| load(&orders("null"), &[(field, kind)], |_| {}));
    insta::assert_snapshot!(told.join(""), @r#"
    ! `s3://b/data`: the field `raw` of type `bytes` cannot be loaded into the column `raw` of type `varchar(9)`: how Redshift spells its bytes is not documented
    = write it as a string
    ! `s3://b/data`: the field `tags` of type `array` cannot be loaded into the column `tags` of type `varchar(99)`: how Redshift spells its JSON is not documented
    = declare the column as `super`, or reach what you need of it with a JSONPaths file
    ! `s3://b/data`: the field `price` of type `double` cannot be loaded into the column `price` of type `varchar(99)`: how Redshift spells a float there is not documented
    = declare the column as `double precision`, and cast in a model
    ! `s3://b/data`: the field `price` of type `double` cannot be loaded into the column `price` of type `integer`: how Redshift spells a float there is not documented
    = declare the column as `double precision`, and cast in a model
    ! `s3://b/data`: the field `paid` of type `boolean` cannot be loaded into the column `paid` of type `varchar(9)`: how Redshift spells a boolean there is not documented
    = declare the column as `boolean`, and cast in a model
    ! `s3://b/data`: the field `more` of type `union` cannot be loaded into the column `more` of type `super`: how Redshift spells a union of other values is not documented
    = write the field without the union
    "#);
}

#[test]
fn broken_files_are_told_and_never_half_read_without_a_word() {
    let whole = orders("null");
    let changed = |at: usize, byte: u8| {
        let mut file = whole.clone();
        let at = if at == usize::MAX { file.len() - 1 } else { at };
        file[at] = byte;
        file
    };
    let told = [
        Vec::new(),
        b"id,name\n1,a\n".to_vec(),
        whole[..60].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        changed(usize::MAX, 0xff),
    ]
    .map(|file| load(&file, &ORDERS, |_| {}));
    insta::assert_snapshot!(told.join("---\n"), @"
    ---
    ! `s3://b/data` is not an Avro file
    = say the format that the file has: `csv`, `json`, …
    ---
    ! `s3://b/data` is broken as an Avro file: it ends too early
    ---
    ! `s3://b/data` is broken as an Avro file: it ends too early
    ---
    ! `s3://b/data` is broken as an Avro file: a block does not end where it should
    ");
    let mut snappy = orders("snappy");
    let end = snappy.len() - 17;
    snappy[end] ^= 1;
    insta::assert_snapshot!(load(&snappy, &ORDERS, |_| {}), @"! `s3://b/data` is broken as an Avro file: the checksum of a block is another one");
    // Whatever the bytes are, nothing panics and nothing runs for ever.
    for at in 4..whole.len() {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            load(&changed(at, byte), &ORDERS, |_| {});
        }
    }
}
