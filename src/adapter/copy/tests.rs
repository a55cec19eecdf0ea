//! Loads of small files, option by option.

use std::io::Write;

use super::*;

#[derive(Default)]
struct Lines(String);

impl Sink for Lines {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Error> {
        let cells = cells
            .iter()
            .map(|cell| match cell {
                Cell::Null => "∅".to_owned(),
                Cell::Text(text) => format!("{text:?}"),
                Cell::Int(value) => value.to_string(),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>();
        self.0.push_str(&cells.join(" "));
        self.0.push('\n');
        Ok(())
    }
}

/// A load of one file into columns.
struct Case {
    folder: tempfile::TempDir,
    copy: Copy,
}

impl Case {
    fn new(format: CopyFormat, columns: &[(&str, &str)], file: impl AsRef<[u8]>) -> Self {
        let case = Self {
            folder: tempfile::tempdir().unwrap(),
            copy: Copy {
                into: crate::relation::Relation::new("s", "events"),
                columns: columns
                    .iter()
                    .map(|(name, kind)| ColumnDefinition {
                        not_null: kind.ends_with(" not null"),
                        ..ColumnDefinition::new(*name, kind.trim_end_matches(" not null"))
                    })
                    .collect(),
                from: "s3://b/data".to_owned(),
                iam_role: None,
                region: None,
                format,
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
            },
        };
        case.file("data", file)
    }

    fn csv(columns: &[(&str, &str)], file: impl AsRef<[u8]>) -> Self {
        let format = CopyFormat::Csv {
            delimiter: ',',
            quote: '"',
            ignore_header: 0,
        };
        Self::new(format, columns, file)
    }

    fn json(columns: &[(&str, &str)], file: impl AsRef<[u8]>) -> Self {
        Self::new(CopyFormat::JsonAuto, columns, file)
    }

    fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Copy)) -> Self {
        change(&mut self.copy);
        self
    }

    /// The rows, then the rejected ones or the error, a line each.
    fn load(&self) -> String {
        let mut folders = Folders::default();
        folders.insert("s3://b/", self.folder.path().to_owned());
        let mut sink = Lines::default();
        let result = run(&self.copy, &folders, &mut sink);
        let rejected = match result {
            Ok(loaded) => loaded.rejected,
            Err(error) => {
                sink.0.push_str(&format!("! {}\n", error.message));
                error.load_errors
            }
        };
        for row in rejected {
            sink.0.push_str(&format!(
                "{}:{} {} {}: {} `{}`\n",
                row.file,
                row.line,
                row.column.as_deref().unwrap_or("-"),
                row.data_type.as_deref().unwrap_or("-"),
                row.reason,
                row.raw_value.replace('\0', "\\0")
            ));
        }
        sink.0
    }
}

const AB: [(&str, &str); 2] = [("a", "int"), ("b", "varchar(5)")];

#[test]
fn csv_fields_may_be_quoted_over_lines() {
    let file = "\u{feff}1,x\r\n2,\"a,\"\"b\"\r\n3,\"c\nd\"\n,\n4,\"\"";
    insta::assert_snapshot!(Case::csv(&AB, file).load(), @r#"
        1 "x"
        2 "a,\"b"
        3 "c\nd"
        ∅ ""
        4 ""
        "#);
}

#[test]
fn csv_has_its_own_delimiter_quote_and_header() {
    let case = Case::csv(&AB, "id|name\nmore|head\n1|'x|y'\n").with(|copy| {
        copy.format = CopyFormat::Csv {
            delimiter: '|',
            quote: '\'',
            ignore_header: 2,
        };
    });
    insta::assert_snapshot!(case.load(), @r#"1 "x|y""#);
}

#[test]
fn a_bad_row_tells_its_file_line_column_and_reason() {
    let case = Case::csv(
        &AB,
        "1,\"a\nb\"\nx,y\n2\n3,a,b\n4,toolong\n5,\"q\"r\n6,q\"r\n7,ok\n",
    )
    .with(|copy| copy.max_error = 100);
    insta::assert_snapshot!(case.load(), @r#"
        1 "a\nb"
        7 "ok"
        s3://b/data:3 a int: Invalid digit, Value 'x', Pos 0, Type: Integer `x`
        s3://b/data:4 - -: Delimiter not found `2`
        s3://b/data:5 - -: Extra column(s) found `3,a,b`
        s3://b/data:6 b varchar(5): String length exceeds DDL length `toolong`
        s3://b/data:7 b varchar(5): Invalid quote formatting for CSV. Unexpected character 0x72 found at location 5 `5,"q"r`
        s3://b/data:8 b varchar(5): Invalid quote formatting for CSV. Unexpected character 0x22 found at location 3 `6,q"r`
        "#);
}

#[test]
fn the_load_fails_at_the_error_that_maxerror_names() {
    let file = "1,a\nx,y\n2,b\nz,z\n3,c\n";
    let at = |max_error| {
        Case::csv(&AB, file)
            .with(|copy| copy.max_error = max_error)
            .load()
    };
    insta::assert_snapshot!(at(0), @r#"
        1 "a"
        ! Load into table 'events' failed with 1 bad row
        s3://b/data:2 a int: Invalid digit, Value 'x', Pos 0, Type: Integer `x`
        "#);
    assert_eq!(at(0), at(1));
    insta::assert_snapshot!(at(2), @r#"
        1 "a"
        2 "b"
        ! Load into table 'events' failed with 2 bad rows
        s3://b/data:2 a int: Invalid digit, Value 'x', Pos 0, Type: Integer `x`
        s3://b/data:4 a int: Invalid digit, Value 'z', Pos 0, Type: Integer `z`
        "#);
    insta::assert_snapshot!(at(3), @r#"
        1 "a"
        2 "b"
        3 "c"
        s3://b/data:2 a int: Invalid digit, Value 'x', Pos 0, Type: Integer `x`
        s3://b/data:4 a int: Invalid digit, Value 'z', Pos 0, Type: Integer `z`
        "#);
}

#[test]
fn short_records_and_blank_lines_are_taken_when_asked() {
    let file = "1\n\n2,b\n";
    insta::assert_snapshot!(Case::csv(&AB, file).with(|copy| copy.max_error = 9).load(), @r#"
        2 "b"
        s3://b/data:1 - -: Delimiter not found `1`
        s3://b/data:2 - -: Delimiter not found ``
        "#);
    let lenient = Case::csv(&AB, file).with(|copy| {
        copy.fill_record = true;
        copy.ignore_blank_lines = true;
    });
    insta::assert_snapshot!(lenient.load(), @r#"
        1 ""
        2 "b"
        "#);
}

#[test]
fn a_column_that_is_not_null_refuses_what_becomes_null() {
    let columns = [("a", "int not null"), ("b", "varchar(5) not null")];
    let case = Case::csv(&columns, ",x\n1,\n").with(|copy| {
        copy.max_error = 9;
        copy.empty_as_null = true;
    });
    insta::assert_snapshot!(case.load(), @r"
        s3://b/data:1 a int: Missing data for not-null field ``
        s3://b/data:2 b varchar(5): Missing data for not-null field ``
        ");
}

#[test]
fn files_are_read_in_the_order_of_their_keys() {
    let case = Case::csv(&AB, "2,b")
        .file("data.2", "3,c")
        .file("data-1", "1,a\n")
        .file("other", "9,z");
    insta::assert_snapshot!(case.load(), @r#"
        2 "b"
        1 "a"
        3 "c"
        "#);
}

#[test]
fn a_compressed_file_is_read_when_the_load_says_so() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"1,a\n2,b\n").unwrap();
    let compressed = encoder.finish().unwrap();
    insta::assert_snapshot!(Case::csv(&AB, &compressed).with(|copy| copy.gzip = true).load(), @r#"
        1 "a"
        2 "b"
        "#);
    insta::assert_snapshot!(Case::csv(&AB, &compressed).load(), @"! `s3://b/data` is compressed by gzip");
    insta::assert_snapshot!(Case::csv(&AB, "1,a").with(|copy| copy.gzip = true).load(), @"! `s3://b/data` is not compressed by gzip");
}

#[test]
fn json_objects_may_share_lines_and_span_them() {
    let file = "{\"a\": 1, \"b\": \"x\"} {\"b\":\"\\u00e9\\n\\\"\",\n \"a\":2, \"other\": [1, {\"z\": \"}\"}]}\n\n{\"a\":null}";
    insta::assert_snapshot!(Case::json(&AB, file).load(), @r#"
        1 "x"
        2 "é\n\""
        ∅ ∅
        "#);
}

#[test]
fn json_values_keep_their_text_in_text_columns() {
    let columns = [
        ("n", "varchar"),
        ("b", "varchar"),
        ("o", "varchar"),
        ("s", "super"),
        ("t", "super"),
        ("f", "float"),
    ];
    let file = r#"{"n": 1540919166796.0, "b": true, "o": {"x": [1, "é"]}, "s": {"k": 1}, "t": "text", "f": 1540919166796.0}"#;
    insta::assert_snapshot!(Case::json(&columns, file).load(), @r#""1540919166796.0" "true" "{\"x\": [1, \"é\"]}" "{\"k\": 1}" "\"text\"" Float(1540919166796.0)"#);
}

#[test]
fn json_auto_wants_lower_case_keys_unless_told_to_ignore_case() {
    let file = r#"{"A": 1, "b": "x"}"#;
    insta::assert_snapshot!(Case::json(&AB, file).load(), @r#"∅ "x""#);
    let case = Case::json(&AB, file).with(|copy| copy.format = CopyFormat::JsonAutoIgnoreCase);
    insta::assert_snapshot!(case.load(), @r#"1 "x""#);
}

#[test]
fn json_that_is_broken_costs_its_line() {
    let file = "{\"a\": 1}\nnonsense\n{\"a\": 01x}\n{\"a\": 2, }\n{\"b\": \"\\u0000\"}\n{\"b\": \"\\ud83d\\ude00\"}\n{\"a\": \"\"}\n{\"a\": {\"b\": 1}\n{\"a\": 3}";
    insta::assert_snapshot!(Case::json(&AB, file).with(|copy| copy.max_error = 100).load(), @r#"
        1 ∅
        ∅ "😀"
        ∅ ∅
        3 ∅
        s3://b/data:2 - -: Invalid value. `nonsense`
        s3://b/data:3 - -: Invalid value. `{"a": 01x}`
        s3://b/data:4 - -: Invalid JSON format: a name or text in quotes was expected `{"a": 2, }`
        s3://b/data:5 b varchar(5): Invalid null byte - field longer than 1 byte `\0`
        s3://b/data:8 - -: Invalid JSON format: the record is not closed `{"a": {"b": 1}`
        "#);
}

#[test]
fn json_paths_name_a_way_for_each_column() {
    let format = CopyFormat::JsonPaths("s3://b/paths.json".to_owned());
    let file =
        "{\"user\": {\"id\": 7}, \"tags\": [\"x\", \"y\"]}\n{\"user\": null}\n{\"user\": 1}\n";
    let case = |paths: &str| {
        Case::new(format.clone(), &AB, file)
            .file("paths.json", paths)
            .with(|copy| copy.max_error = 9)
            .load()
    };
    insta::assert_snapshot!(case(r#"{"jsonpaths": ["$.user.id", "$['tags'][1]"]}"#), @r#"
        7 "y"
        ∅ ∅
        s3://b/data:3 - -: Invalid JSONPath format: Member is not an object. `{"user": 1}`
        "#);
    insta::assert_snapshot!(case(r#"{"jsonpaths": ["$.user.id"]}"#), @"! Number of jsonpaths and the number of columns should match. JSONPath size: 1, Number of columns in table or column list: 2 (`s3://b/paths.json`)");
    insta::assert_snapshot!(case(r#"{"jsonpaths": ["$.user.id", "tags"]}"#), @"! Invalid JSONPath format. Supported notations are 'dot-notation' and 'bracket-notation': tags (`s3://b/paths.json`)");
    insta::assert_snapshot!(case(r#"{"jsonpath": []}"#), @"! Invalid JSONPath format in `s3://b/paths.json`: unknown field `jsonpath`, expected `jsonpaths` at line 1 column 11");
}

#[test]
fn an_identity_column_is_not_in_the_file() {
    let case = Case::csv(
        &[("id", "bigint"), ("a", "int"), ("b", "varchar(5)")],
        "1,x\n",
    )
    .with(|copy| copy.columns[0].identity = Some((0, 1)));
    insta::assert_snapshot!(case.load(), @r#"1 "x""#);
}
