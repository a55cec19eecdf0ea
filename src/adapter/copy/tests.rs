//! Loads of small files, option by option.

use std::io::Write;

use super::*;
use crate::adapter::statement::Compression;

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
                columns: columns
                    .iter()
                    .map(|(name, kind)| ColumnDefinition {
                        not_null: kind.ends_with(" not null"),
                        ..ColumnDefinition::new(*name, kind.trim_end_matches(" not null"))
                    })
                    .collect(),
                ..Copy::new(
                    crate::relation::Relation::new("s", "events"),
                    "s3://b/data",
                    format,
                )
            },
        };
        case.file("data", file)
    }

    fn csv(columns: &[(&str, &str)], file: impl AsRef<[u8]>) -> Self {
        Self::new(CopyFormat::csv(), columns, file)
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
            delimiter: "|".to_owned(),
            quote: '\'',
        };
        copy.ignore_header = 2;
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

/// Two files that were compressed one by one and joined.
fn compressed(how: Compression) -> Vec<u8> {
    let pack = |text: &[u8]| match how {
        Compression::Gzip => {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(text).unwrap();
            packed.finish().unwrap()
        }
        Compression::Bzip2 => {
            let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            packed.write_all(text).unwrap();
            packed.finish().unwrap()
        }
        Compression::Zstd => {
            let level = ruzstd::encoding::CompressionLevel::Fastest;
            ruzstd::encoding::compress_to_vec(text, level)
        }
        Compression::Lzop => [b"\x89LZO", text].concat(),
    };
    [pack(b"1,a\n2,"), pack(b"b\n")].concat()
}

#[test]
fn a_compressed_file_is_read_when_the_load_says_so() {
    for how in [Compression::Gzip, Compression::Bzip2, Compression::Zstd] {
        let (file, word) = (compressed(how), how.word());
        let said = |how| move |copy: &mut Copy| copy.compression = Some(how);
        assert_eq!(
            Case::csv(&AB, &file).with(said(how)).load(),
            "1 \"a\"\n2 \"b\"\n",
            "{word}"
        );
        assert_eq!(
            Case::csv(&AB, &file).load(),
            format!("! `s3://b/data` is compressed by {word}\n")
        );
        assert_eq!(
            Case::csv(&AB, "1,a").with(said(how)).load(),
            format!("! `s3://b/data` is not compressed by {word}\n")
        );
        assert_eq!(
            Case::csv(&AB, "").with(said(how)).load(),
            "",
            "an empty file has nothing to unpack"
        );
        let mut cut = file.clone();
        cut.truncate(file.len() - 6);
        let told = Case::csv(&AB, &cut).with(said(how)).load();
        assert!(
            told.contains("! cannot read `s3://b/data`"),
            "{word}: {told}"
        );
    }
    let told = Case::csv(&AB, compressed(Compression::Lzop)).load();
    assert_eq!(told, "! `s3://b/data` is compressed by lzop\n");
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
fn json_members_may_come_in_any_order_and_more_than_once() {
    let file = "{\"a\": 1, \"b\": \"x\"}\r\n{\"b\": \"y\", \"a\": 2}\r\n{\"z\": 0, \"b\": \"z\", \"a\": 3}\n{\"a\": 4}\n{\"a\": 5, \"a\": 6, \"b\": \"w\"}\n{}\n{\"a\": 7, \"b\": \"v\"} \r\n";
    insta::assert_snapshot!(Case::json(&AB, file).load(), @r#"
    1 "x"
    2 "y"
    3 "z"
    4 ∅
    6 "w"
    ∅ ∅
    7 "v"
    "#);
    let whole = Case::json(&[("s", "super")], "{\"a\": 1} \r\n{\"a\":\n2}\n");
    let whole = whole.with(|copy| copy.format = CopyFormat::JsonNoShred);
    insta::assert_snapshot!(whole.load(), @r#"
    "{\"a\": 1}"
    "{\"a\":\n2}"
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

fn text(columns: &[(&str, &str)], escape: bool, remove_quotes: bool, file: &str) -> Case {
    let format = CopyFormat::Delimited {
        delimiter: "|".to_owned(),
        escape,
        remove_quotes,
    };
    Case::new(format, columns, file).with(|copy| copy.max_error = 100)
}

#[test]
fn text_is_split_at_its_delimiter() {
    insta::assert_snapshot!(text(&AB, false, false, "1|x\r\n2|\"y\"\n3|\\N\n4|\n|a\\b\n5|a|b\n6\n").load(), @r#"
    1 "x"
    2 "\"y\""
    3 ∅
    4 ""
    ∅ "a\\b"
    s3://b/data:6 - -: Extra column(s) found `5|a|b`
    s3://b/data:7 - -: Delimiter not found `6`
    "#);
    let case = Case::new(
        CopyFormat::Delimited {
            delimiter: "|~|".to_owned(),
            escape: false,
            remove_quotes: false,
        },
        &AB,
        "head\n1|~|a|b\n",
    );
    insta::assert_snapshot!(case.with(|copy| copy.ignore_header = 1).load(), @r#"1 "a|b""#);
}

#[test]
fn a_backslash_escapes_when_the_load_says_so() {
    let columns = [("a", "int"), ("b", "varchar(60)")];
    // The examples of the manual.
    let file = "1|The quick brown fox\\\njumped over the lazy dog.\n2| A\\\\B\\\\C\n3| A \\| B \\| C\n4|'A Midsummer Night\\'s Dream'\n5|\\N\n6|\\\\N\n7|\\012\n";
    insta::assert_snapshot!(text(&columns, true, true, file).load(), @r#"
    1 "The quick brown fox\njumped over the lazy dog."
    2 " A\\B\\C"
    3 " A | B | C"
    4 "A Midsummer Night's Dream"
    5 ∅
    6 ∅
    7 "012"
    "#);
    insta::assert_snapshot!(text(&columns, false, false, "1|a\\|b\n2|a\\b\n").load(), @r#"
    2 "a\\b"
    s3://b/data:1 - -: Extra column(s) found `1|a\|b`
    "#);
}

#[test]
fn quotes_around_a_field_go_when_the_load_says_so() {
    let columns = [("a", "varchar(60)"), ("b", "varchar(9)")];
    // The examples of the manual.
    let file = "'The delimiter is a pipe (|) character'|1\n'Black'|2\n\"White\"|3\nBlue'|4\n'Blue|5\n\"Blue|6\n' ''Black'' '|7\n' '|8\n''|9\n\"a|b\"|'c'\n";
    insta::assert_snapshot!(text(&columns, false, true, file).load(), @r#"
    "The delimiter is a pipe (|) character" "1"
    "Black" "2"
    "White" "3"
    "Blue'" "4"
    " ''Black'' " "7"
    " " "8"
    "" "9"
    "a|b" "c"
    s3://b/data:5 a varchar(60): Delimited value missing end quote `'Blue|5`
    s3://b/data:6 a varchar(60): Delimited value missing end quote `"Blue|6`
    "#);
}

#[test]
fn columns_of_fixed_width_are_counted_in_characters() {
    let format = CopyFormat::FixedWidth(vec![("x".to_owned(), 3), ("1".to_owned(), 5)]);
    let case = |file: &[u8]| Case::new(format.clone(), &AB, file).with(|copy| copy.max_error = 100);
    insta::assert_snapshot!(case("1  abc  \n 2 été  \r\n003é\n4  toolong\n5\n\n   \\N   \n".as_bytes()).load(), @r#"
    1 "abc  "
    2 "été"
    3 "é"
    ∅ ∅
    s3://b/data:4 - -: Extra column(s) found `4  toolong`
    s3://b/data:5 - -: Delimiter not found `5`
    s3://b/data:6 - -: Delimiter not found ``
    "#);
    let lenient = case(b"1  a\xe9b  \n2\n3  ab   \n").with(|copy| {
        copy.accept_invalid_characters = Some('^');
        copy.fill_record = true;
        copy.trim_blanks = true;
    });
    insta::assert_snapshot!(lenient.load(), @r#"
    1 "a^b"
    2 ""
    3 "ab"
    "#);
    let wrong = Case::new(CopyFormat::FixedWidth(vec![("x".to_owned(), 3)]), &AB, "");
    insta::assert_snapshot!(wrong.load(), @"! `fixedwidth` has 1 columns and the table 2");
}

#[test]
fn blanks_around_quotes_are_passed_over() {
    insta::assert_snapshot!(Case::csv(&AB, "1,  \"a\" \n2,\t\"b\"\t\n 3, c\n").load(), @r#"
    1 "a"
    2 "b"
    ! Load into table 'events' failed with 1 bad row
    s3://b/data:3 a int: Invalid digit, Value ' ', Pos 0, Type: Integer ` 3`
    "#);
    let tab = Case::csv(&[("a", "varchar(5)"), ("b", "varchar(5)")], "x\t\"b\"\t\n");
    let tab = tab.with(|copy| {
        copy.format = CopyFormat::Csv {
            delimiter: "\t".to_owned(),
            quote: '"',
        };
        copy.max_error = 2;
    });
    insta::assert_snapshot!(tab.load(), @r#"s3://b/data:1 - -: Extra column(s) found `x	"b"`"#);
}

#[test]
fn what_stands_for_null_is_the_loads_to_say() {
    let columns = [("a", "int"), ("b", "varchar(5)"), ("c", "char(5)")];
    let file = "NA,NA,NA\n,,\n1,\\N,x\n2, ,  \n";
    let with = |change: fn(&mut Copy)| Case::csv(&columns, file).with(change).load();
    insta::assert_snapshot!(with(|copy| copy.null_as = Some("NA".to_owned())), @r#"
    ∅ ∅ ∅
    ∅ "" ""
    1 "\\N" "x"
    2 " " ""
    "#);
    let nulls = file.replace("NA,", "5,");
    let with = |change: fn(&mut Copy)| Case::csv(&columns, &nulls).with(change).load();
    insta::assert_snapshot!(with(|_| ()), @r#"
    5 "5" "NA"
    ∅ "" ""
    1 ∅ "x"
    2 " " ""
    "#);
    // The manual: NULL AS '' and EMPTYASNULL do the same, but for the default `\N`.
    insta::assert_snapshot!(with(|copy| copy.null_as = Some(String::new())), @r#"
    5 "5" "NA"
    ∅ ∅ ∅
    1 "\\N" "x"
    2 " " ""
    "#);
    insta::assert_snapshot!(with(|copy| copy.empty_as_null = true), @r#"
    5 "5" "NA"
    ∅ ∅ ∅
    1 ∅ "x"
    2 " " ""
    "#);
    insta::assert_snapshot!(with(|copy| copy.blanks_as_null = true), @r#"
    5 "5" "NA"
    ∅ "" ""
    1 ∅ "x"
    2 ∅ ∅
    "#);
    let byte = Case::csv(&AB, "1,\0\n").with(|copy| copy.null_as = Some("\\000".to_owned()));
    insta::assert_snapshot!(byte.load(), @"1 ∅");
}

#[test]
fn missing_columns_are_null_but_for_varchar() {
    let columns = [
        ("a", "int"),
        ("b", "varchar(5)"),
        ("c", "char(5)"),
        ("d", "int"),
    ];
    let filled = |empty_as_null| {
        Case::csv(&columns, "1\n")
            .with(|copy| {
                copy.fill_record = true;
                copy.empty_as_null = empty_as_null;
            })
            .load()
    };
    insta::assert_snapshot!(filled(false), @r#"1 "" ∅ ∅"#);
    insta::assert_snapshot!(filled(true), @"1 ∅ ∅ ∅");
}

#[test]
fn any_date_is_taken_when_the_load_says_so() {
    let columns = [("a", "date"), ("b", "timestamp")];
    let file = "00/00/00,00/00/00 00:00:00\n29/02/2024,2024-02-29 10:00:00\n";
    let case = |any| {
        Case::csv(&columns, file)
            .with(|copy| {
                copy.max_error = 9;
                copy.accept_any_date = any;
                copy.date_format = Some("DD/MM/YYYY".to_owned());
            })
            .load()
    };
    insta::assert_snapshot!(case(true), @"
    ∅ ∅
    Date(19782) Timestamp(1709200800000000)
    ");
    insta::assert_snapshot!(case(false), @"
    Date(19782) Timestamp(1709200800000000)
    s3://b/data:1 a date: Invalid date format or value [DD/MM/YYYY] `00/00/00`
    ");
}

#[test]
fn decimals_are_cut_or_rounded() {
    let load = |round| {
        Case::csv(&[("a", "decimal(8,2)")], "20.259\n-0.005\n1\n")
            .with(|copy| copy.round_decimals = round)
            .load()
    };
    insta::assert_snapshot!(load(false), @"
    Decimal(2025)
    Decimal(0)
    Decimal(100)
    ");
    insta::assert_snapshot!(load(true), @"
    Decimal(2026)
    Decimal(-1)
    Decimal(100)
    ");
}

#[test]
fn files_in_utf_16_are_read_when_the_load_says_so() {
    let bytes: Vec<u8> = "\u{feff}1,é\n2,😀\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let load = |encoding| {
        Case::csv(&AB, &bytes)
            .with(|copy| copy.encoding = encoding)
            .load()
    };
    insta::assert_snapshot!(load(Some(Encoding::Utf16)), @r#"
    1 "é"
    2 "😀"
    "#);
    insta::assert_snapshot!(load(None), @"! `s3://b/data` is not in UTF-8 but in UTF-16");
    let plain = Case::csv(&AB, "1,a\n").with(|copy| copy.encoding = Some(Encoding::Utf16));
    insta::assert_snapshot!(plain.load(), @"! cannot read `s3://b/data`: UTF16 needs a byte order mark at the start of the file; without one say `utf16le` or `utf16be`");
}

#[test]
fn files_in_iso_8859_1_are_read_when_the_load_says_so() {
    let latin = Case::csv(&AB, b"1,\xe9\xff\n2,plain\n").with(|copy| {
        copy.encoding = Some(Encoding::Iso88591);
    });
    insta::assert_snapshot!(latin.load(), @r#"
    1 "éÿ"
    2 "plain"
    "#);
}

#[test]
fn a_manifest_names_the_files() {
    let manifest = |entries: &str| {
        Case::csv(&AB, "1,a\n")
            .file("data2", "2,b\n")
            .file("m.json", format!("{{\"entries\": [{entries}]}}"))
            .with(|copy| {
                copy.from = "s3://b/m.json".to_owned();
                copy.manifest = true;
            })
            .load()
    };
    let meta = r#"{"url": "s3://b/data2", "mandatory": true, "meta": {"content_length": 4}}"#;
    insta::assert_snapshot!(manifest(&format!(r#"{meta}, {{"url": "s3://b/data"}}, {{"url": "s3://b/none"}}, {meta}"#)), @r#"
    2 "b"
    1 "a"
    2 "b"
    "#);
    insta::assert_snapshot!(manifest(r#"{"url": "s3://b/data"}, {"url": "s3://b/none", "mandatory": true}"#), @"! the mandatory file `s3://b/none` of the manifest `s3://b/m.json` is not there");
    insta::assert_snapshot!(manifest(r#"{"url": "s3://b/none"}"#), @"! no file of the manifest `s3://b/m.json` is there");
    insta::assert_snapshot!(manifest("1"), @"! `s3://b/m.json` is no manifest: invalid type: integer `1`, expected struct Entry at line 1 column 14");
}

#[test]
fn a_document_that_is_not_shredded_is_loaded_whole() {
    let case = |columns: &[(&str, &str)]| {
        Case::new(
            CopyFormat::JsonNoShred,
            columns,
            "{\"a\": 1,\n \"b\": [2]} [3]\nx\n",
        )
        .with(|copy| copy.max_error = 9)
        .load()
    };
    insta::assert_snapshot!(case(&[("doc", "super")]), @r#"
    "{\"a\": 1,\n \"b\": [2]}"
    "[3]"
    s3://b/data:3 - -: Invalid value. `x`
    "#);
    insta::assert_snapshot!(case(&AB), @"! `json 'noshred'` loads each document whole, into a table of one SUPER column");
}

#[test]
fn the_first_lines_of_json_are_passed_over_too() {
    let case = Case::json(&AB, "head {\nmore\n{\"a\": 1}\nx\n").with(|copy| {
        copy.ignore_header = 2;
        copy.max_error = 9;
    });
    insta::assert_snapshot!(case.load(), @"
    1 ∅
    s3://b/data:4 - -: Invalid value. `x`
    ");
}

#[test]
fn a_load_may_pass_over_every_error_or_keep_nothing() {
    let file = "1,a\nx,y\nz,z\n2,b\n";
    let all = Case::csv(&AB, file).with(|copy| copy.ignore_all_errors = true);
    insta::assert_snapshot!(all.load(), @r#"
    1 "a"
    2 "b"
    s3://b/data:2 a int: Invalid digit, Value 'x', Pos 0, Type: Integer `x`
    s3://b/data:3 a int: Invalid digit, Value 'z', Pos 0, Type: Integer `z`
    "#);
    let checked = Case::csv(&AB, file).with(|copy| copy.no_load = true);
    insta::assert_snapshot!(checked.load(), @"
    ! Load into table 'events' failed with 1 bad row
    s3://b/data:2 a int: Invalid digit, Value 'x', Pos 0, Type: Integer `x`
    ");
    insta::assert_snapshot!(Case::csv(&AB, "1,a\n").with(|copy| copy.no_load = true).load(), @"");
}

#[test]
fn numbers_of_an_identity_come_from_the_file_when_the_load_says_so() {
    let case = Case::csv(&[("id", "bigint"), ("b", "varchar(5)")], "7,x\n").with(|copy| {
        copy.columns[0].identity = Some((0, 1));
        copy.explicit_ids = true;
    });
    insta::assert_snapshot!(case.load(), @r#"7 "x""#);
}

#[test]
fn what_cannot_be_read_here_is_refused_by_name() {
    let told = |change: fn(&mut Copy)| {
        check(&Case::csv(&AB, "").with(change).copy, Reads::Text)
            .unwrap_err()
            .message
    };
    insta::assert_snapshot!([
        told(|copy| copy.format = CopyFormat::Parquet),
        told(|copy| copy.format = CopyFormat::Orc),
        told(|copy| {
            copy.format = CopyFormat::Avro("auto".to_owned());
            copy.encoding = Some(Encoding::Iso88591);
        }),
        told(|copy| copy.compression = Some(Compression::Lzop)),
        told(|copy| copy.master_symmetric_key = Some(crate::adapter::statement::Secret::new("k"))),
        told(|copy| copy.time_format = Some("Auto".to_owned())),
    ].join("\n"), @"
    the option `parquet` of `copy` is not emulated: nothing there reads Parquet
    the option `orc` of `copy` is not emulated: nothing here reads ORC; Parquet is read
    the option `encoding` of `copy` is not emulated: not for files in this format
    the option `lzop` of `copy` is not emulated: nothing here unpacks lzop
    the option `encrypted` of `copy` is not emulated: nothing here decrypts files
    `Auto` is no TIMEFORMAT
    ");
}
