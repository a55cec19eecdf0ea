//! What the manual says of each option, and a small file that shows it.

use std::io::Write;

use crate::project::TestProject;

/// A load of one file.
pub struct Case {
    /// The options that it shows, by their keys.
    pub keys: &'static [&'static str],
    /// What the manual says of them.
    pub rule: &'static str,
    /// What `external` has beside the location.
    pub load: &'static str,
    /// The columns with their types.
    pub columns: &'static [(&'static str, &'static str)],
    pub file: Vec<u8>,
    /// The rows: each value in brackets, or `null`.
    pub rows: &'static [&'static str],
    /// What is said; `FILE` stands for the file.
    told: &'static [&'static str],
    /// Whether the load fails.
    fails: bool,
    /// The one target that cannot do this, and what it says.
    not_on: Option<(&'static str, &'static str)>,
}

impl Case {
    pub fn fails(&self, target: &str) -> bool {
        self.fails || self.not_on.is_some_and(|(other, _)| other == target)
    }

    pub fn told(&self, target: &str) -> Vec<&'static str> {
        match self.not_on {
            Some((other, told)) if target == other => vec![told],
            _ => self.told.to_vec(),
        }
    }

    fn told_too(self, told: &'static [&'static str]) -> Self {
        Self { told, ..self }
    }

    fn not_on(self, target: &'static str, told: &'static str) -> Self {
        let not_on = Some((target, told));
        Self { not_on, ..self }
    }
}

/// A load that comes to its end.
fn loads(
    keys: &'static [&'static str],
    rule: &'static str,
    load: &'static str,
    columns: &'static [(&'static str, &'static str)],
    file: impl AsRef<[u8]>,
    rows: &'static [&'static str],
) -> Case {
    Case {
        keys,
        rule,
        load,
        columns,
        file: file.as_ref().to_vec(),
        rows,
        told: &[],
        fails: false,
        not_on: None,
    }
}

/// A load that fails, and says this.
fn fails(
    keys: &'static [&'static str],
    rule: &'static str,
    load: &'static str,
    columns: &'static [(&'static str, &'static str)],
    file: impl AsRef<[u8]>,
    told: &'static [&'static str],
) -> Case {
    Case {
        told,
        fails: true,
        ..loads(keys, rule, load, columns, file, &[])
    }
}

const AB: &[(&str, &str)] = &[("a", "int"), ("b", "varchar(20)")];
const TEXTS: &[(&str, &str)] = &[("a", "varchar(5)"), ("b", "char(5)"), ("c", "int")];
const DATE: &[(&str, &str)] = &[("a", "date")];
const TIME: &[(&str, &str)] = &[("a", "timestamp")];
const ZONED: &[(&str, &str)] = &[("a", "timestamptz")];
const SUPER: &[(&str, &str)] = &[("a", "super")];

/// Files that the cases name by themselves.
pub fn others(project: &TestProject) {
    for (name, text) in [
        ("paths", r#"{"jsonpaths": ["$.id", "$['who'].names[1]"]}"#),
        ("avro_paths", r#"{"jsonpaths": ["$.id", "$.words"]}"#),
        ("one", "1,a\n"),
        ("one_more", "2,b\n"),
        (
            "list",
            r#"{"entries": [{"url": "s3://lake/other/one", "mandatory": true}, {"url": "s3://lake/other/none"}]}"#,
        ),
        (
            "list_in_vain",
            r#"{"entries": [{"url": "s3://lake/other/none", "mandatory": true}]}"#,
        ),
    ] {
        project.write(format!("bucket/other/{name}"), text);
    }
}

pub fn cases() -> Vec<Case> {
    [
        formats(),
        files(),
        access(),
        nulls_and_blanks(),
        texts(),
        moments(),
        records(),
        operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Data format parameters.
fn formats() -> Vec<Case> {
    let parquet = "the option `parquet` of `copy` is not emulated: nothing there reads Parquet";
    vec![
        loads(
            &["format"],
            "names the format as `file_format` does",
            "copy: {iam_role: default, format: csv}",
            AB,
            "1,a\n",
            &["[1] [a]"],
        ),
        loads(
            &["csv"],
            "quotes may hold delimiters, line ends and doubled quotes; blanks between them and a delimiter mean nothing",
            "copy: {iam_role: default, csv: true}",
            AB,
            "1,\"a, \"\"b\"\"\"\n2,  \"c\nd\"  \n3, e \n4,\"\"\n5,\n",
            &[
                "[1] [a, \"b\"]",
                "[2] [c\nd]",
                "[3] [ e ]",
                "[4] []",
                "[5] []",
            ],
        ),
        loads(
            &["quote"],
            "another quote; `\"` needs no escape then",
            "file_format: csv, copy: {iam_role: default, quote: \"'\"}",
            AB,
            "1,'a,''b'\n2,'say \"c\"'\n3,\"d\"\n",
            &["[1] [a,'b]", "[2] [say \"c\"]", "[3] [\"d\"]"],
        ),
        loads(
            &["delimiter"],
            "a comma with CSV unless another is named",
            "file_format: csv, copy: {iam_role: default, delimiter: '|'}",
            AB,
            "1|a,b\n",
            &["[1] [a,b]"],
        ),
        loads(
            &["delimiter"],
            "a pipe without CSV; quotes are letters",
            "file_format: text, copy: {iam_role: default}",
            AB,
            "1|a,\"b\"\n",
            &["[1] [a,\"b\"]"],
        ),
        loads(
            &["delimiter"],
            "a tab; with CSV it is no blank then",
            "file_format: csv, copy: {iam_role: default, delimiter: '\\t'}",
            &[
                ("a", "varchar(9)"),
                ("b", "varchar(9)"),
                ("c", "varchar(9)"),
            ],
            "x\t\t\"y\"\n",
            &["[x] [] [y]"],
        ),
        loads(
            &["delimiter"],
            "letters that are not printed, in octal",
            "file_format: text, copy: {iam_role: default, delimiter: '\\001'}",
            AB,
            "1\u{1}a|b\n",
            &["[1] [a|b]"],
        ),
        loads(
            &["delimiter"],
            "several letters",
            "copy: {iam_role: default, delimiter: '|~|'}",
            AB,
            "1|~|a|b\n",
            &["[1] [a|b]"],
        ),
        loads(
            &["fixedwidth"],
            "columns in order, each so wide; labels mean nothing",
            "copy: {iam_role: default, fixedwidth: 'x:3,25:6'}",
            AB,
            "001Ann   \n002Bo-Bo!\n",
            &["[1] [Ann   ]", "[2] [Bo-Bo!]"],
        ),
        loads(
            &["json"],
            "`auto`: keys in any order by the names of the columns; what is missing is NULL",
            "copy: {iam_role: default, json: auto}",
            AB,
            "{\"b\": \"x\", \"a\": 1}\n{\"a\": 2, \"other\": {}}{\"A\": 3, \"b\": null}",
            &["[1] [x]", "[2] null", "null null"],
        ),
        loads(
            &["json"],
            "`auto ignorecase`",
            "copy: {iam_role: default, json: 'auto ignorecase'}",
            AB,
            "{\"A\": 1, \"B\": \"x\"}",
            &["[1] [x]"],
        ),
        loads(
            &["json"],
            "`noshred`: each document whole",
            "copy: {iam_role: default, json: noshred}",
            SUPER,
            "{\"a\":1}\n[2]\n",
            &["[[2]]", "[{\"a\":1}]"],
        ),
        loads(
            &["jsonpaths"],
            "a path for each column",
            "file_format: json, copy: {iam_role: default, jsonpaths: 's3://lake/other/paths'}",
            AB,
            "{\"id\": 1, \"who\": {\"names\": [\"x\", \"y\"]}}\n{\"id\": 2}\n",
            &["[1] [y]", "[2] null"],
        ),
        loads(
            &["avro"],
            "`auto`: fields by the names of the columns",
            "copy: {iam_role: default, avro: auto}",
            &[("id", "int"), ("words", "varchar(20)")],
            avro(),
            &["[1] [one]", "[2] null"],
        ),
        loads(
            &["avro", "jsonpaths"],
            "fields by paths",
            "copy: {iam_role: default, avro: 's3://lake/other/avro_paths'}",
            AB,
            avro(),
            &["[1] [one]", "[2] null"],
        ),
        loads(
            &["parquet"],
            "columns in order, types as they are",
            "copy: {iam_role: default, parquet: true}",
            AB,
            parquet_of("select 1::int as x, 'a' as y union all select null, null"),
            &["[1] [a]", "null null"],
        )
        .not_on("ci", parquet),
        loads(
            &["serialize_to_json"],
            "what is nested goes into SUPER",
            "file_format: parquet, copy: {iam_role: default, serialize_to_json: true}",
            SUPER,
            parquet_of("select {'x': [1, 2]} as a"),
            &["[{\"x\":[1,2]}]"],
        )
        .not_on("ci", parquet),
        fails(
            &["orc"],
            "not read here",
            "copy: {iam_role: default, orc: true}",
            AB,
            "ORC",
            &[
                "the option `orc` of `copy` is not emulated: nothing here reads ORC; Parquet is read",
            ],
        ),
        fails(
            &["shapefile"],
            "not read here",
            "copy: {iam_role: default, shapefile: true}",
            AB,
            "",
            &["the option `shapefile` of `copy` is not emulated: there are no geometries here"],
        ),
    ]
}

/// File compression parameters, and those of the source.
fn files() -> Vec<Case> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"1,a\n").expect("a byte");
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(b"1,a\n").expect("a byte");
    let fastest = ruzstd::encoding::CompressionLevel::Fastest;
    let zstd = ruzstd::encoding::compress_to_vec(&b"1,a\n"[..], fastest);
    let packed = |keys, load, file: Vec<u8>| {
        loads(
            keys,
            "the files are packed so",
            load,
            AB,
            file,
            &["[1] [a]"],
        )
    };
    vec![
        packed(
            &["gzip"],
            "file_format: csv, copy: {iam_role: default, gzip: true}",
            gzip.finish().expect("a file"),
        ),
        packed(
            &["bzip2"],
            "file_format: csv, copy: {iam_role: default, bzip2: true}",
            bzip2.finish().expect("a file"),
        ),
        packed(
            &["zstd"],
            "file_format: csv, copy: {iam_role: default, zstd: true}",
            zstd,
        ),
        fails(
            &["lzop"],
            "not read here",
            "file_format: csv, copy: {iam_role: default, lzop: true}",
            AB,
            "1,a\n",
            &["the option `lzop` of `copy` is not emulated: nothing here unpacks lzop"],
        ),
        fails(
            &["encrypted", "master_symmetric_key"],
            "not read here",
            "file_format: csv, copy: {iam_role: default, encrypted: true, master_symmetric_key: hushed, allow_keys: true}",
            AB,
            "1,a\n",
            &["the option `encrypted` of `copy` is not emulated: nothing here decrypts files"],
        ),
        loads(
            &["manifest"],
            "the files that it names, not those of the same beginning",
            "location: 's3://lake/other/list', file_format: csv, copy: {iam_role: default, manifest: true}",
            AB,
            "",
            &["[1] [a]"],
        ),
        fails(
            &["manifest"],
            "a mandatory file must be there",
            "location: 's3://lake/other/list_in_vain', file_format: csv, copy: {iam_role: default, manifest: true}",
            AB,
            "",
            &[
                "the mandatory file `s3://lake/other/none` of the manifest `s3://lake/other/list_in_vain` is not there",
            ],
        ),
        loads(
            &["manifest"],
            "without it all files whose names begin so",
            "location: 's3://lake/other/one', file_format: csv, copy: {iam_role: default, manifest: false}",
            AB,
            "",
            &["[1] [a]", "[2] [b]"],
        ),
        loads(
            &["region"],
            "where the bucket is",
            "file_format: csv, copy: {iam_role: default, region: eu-central-1}",
            AB,
            "1,a\n",
            &["[1] [a]"],
        ),
    ]
}

/// Authorization parameters: the files here are read without.
fn access() -> Vec<Case> {
    let by = |keys, load| loads(keys, "by whose right", load, AB, "1,a\n", &["[1] [a]"]);
    vec![
        by(
            &["iam_role"],
            "file_format: csv, copy: {iam_role: ['arn:aws:iam::123456789012:role/x', 'arn:aws:iam::210987654321:role/y']}",
        ),
        by(
            &["credentials"],
            "file_format: csv, copy: {credentials: 'aws_iam_role=arn:aws:iam::123456789012:role/x'}",
        ),
        by(
            &[
                "access_key_id",
                "secret_access_key",
                "session_token",
                "allow_keys",
            ],
            "file_format: csv, copy: {access_key_id: AKIAX, secret_access_key: hushhush, session_token: quietly, allow_keys: true}",
        ),
    ]
}

/// Data conversion parameters: what is NULL.
fn nulls_and_blanks() -> Vec<Case> {
    // A field in each kind of column that is empty, blank, `\N` and `NA`.
    let file = ",,\n  ,  ,  \n\\N,\\N,\\N\nNA,NA,1\n";
    vec![
        loads(
            &["empty_as_null", "blanks_as_null", "null_as"],
            "without them texts are as they are written but for `\\N`; what is empty or blank is NULL in other columns",
            "file_format: csv, copy: {iam_role: default}",
            TEXTS,
            file,
            &[
                "[  ] [] null",
                "[NA] [NA] [1]",
                "[] [] null",
                "null null null",
            ],
        ),
        loads(
            &["empty_as_null"],
            "empty fields of CHAR and VARCHAR are NULL",
            "file_format: csv, copy: {iam_role: default, empty_as_null: true}",
            TEXTS,
            file,
            &[
                "[  ] [] null",
                "[NA] [NA] [1]",
                "null null null",
                "null null null",
            ],
        ),
        loads(
            &["blanks_as_null"],
            "fields of white space alone are NULL in CHAR and VARCHAR",
            "file_format: csv, copy: {iam_role: default, blanks_as_null: true}",
            TEXTS,
            file,
            &[
                "[NA] [NA] [1]",
                "[] [] null",
                "null null null",
                "null null null",
            ],
        ),
        loads(
            &["null_as"],
            "the text that is NULL, in the place of `\\N`",
            "file_format: csv, copy: {iam_role: default, null_as: NA}",
            TEXTS,
            file.replace("\\N,\\N,\\N", "\\N,\\N,2"),
            &[
                "[  ] [] null",
                "[\\N] [\\N] [2]",
                "[] [] null",
                "null null [1]",
            ],
        ),
        loads(
            &["null_as", "empty_as_null"],
            "`NULL AS ''` and EMPTYASNULL are the same",
            "file_format: csv, copy: {iam_role: default, null_as: ''}",
            TEXTS,
            ",,\n  ,  ,  \nNA,NA,1\n",
            &["[  ] [] null", "[NA] [NA] [1]", "null null null"],
        ),
        loads(
            &["null_as"],
            "a field that is the byte NUL alone",
            "file_format: csv, copy: {iam_role: default, null_as: '\\0'}",
            TEXTS,
            "\0,\0,\0\n\\N,x,1\n",
            &["[\\N] [x] [1]", "null null null"],
        ),
        loads(
            &["null_as"],
            "the byte NUL in octal",
            "file_format: text, copy: {iam_role: default, null_as: '\\000'}",
            TEXTS,
            "\0|\0|\0\n",
            &["null null null"],
        ),
        fails(
            &["null_as"],
            "a NULL in a column that takes none fails",
            "file_format: csv, copy: {iam_role: default, null_as: NA}",
            &[("a", "varchar(5) not null")],
            "NA\n",
            &["FILE:1: column `a` varchar(5): Missing data for not-null field"],
        ),
        loads(
            &["trim_blanks"],
            "white space at the end of a VARCHAR goes",
            "file_format: csv, copy: {iam_role: default, trim_blanks: true}",
            &[("a", "varchar(9)"), ("b", "varchar(9)")],
            " a \t,b\nc , \n",
            &["[ a] [b]", "[c] []"],
        ),
    ]
}

/// Data conversion parameters: texts and numbers.
fn texts() -> Vec<Case> {
    let text: &[(&str, &str)] = &[("a", "varchar(20)")];
    let utf_16 = |bytes: fn(u16) -> [u8; 2], text: &str| -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    };
    let (little, big) = (u16::to_le_bytes, u16::to_be_bytes);
    let all = |keys, load, file: Vec<u8>| {
        loads(
            keys,
            "the letters of the files",
            load,
            AB,
            file,
            &["[1] [\u{e9}\u{1f600}]"],
        )
    };
    vec![
        loads(
            &["accept_inv_chars"],
            "`?` for each byte that is no UTF-8",
            "file_format: csv, copy: {iam_role: default, accept_inv_chars: true}",
            text,
            b"caf\xe9!\n",
            &["[caf?!]"],
        ),
        loads(
            &["accept_inv_chars"],
            "another letter, as often as the bad character has bytes",
            "file_format: csv, copy: {iam_role: default, accept_inv_chars: '^'}",
            text,
            b"a\xed\xa0\x80b\n",
            &["[a^^^b]"],
        ),
        fails(
            &["accept_inv_chars"],
            "without it such a character is an error",
            "file_format: csv, copy: {iam_role: default, accept_inv_chars: false}",
            text,
            b"a\xa4\n",
            &[
                "FILE:1: column `a` varchar(20): String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: a4 (error 3)",
            ],
        ),
        fails(
            &["accept_inv_chars"],
            "it is for VARCHAR alone",
            "file_format: csv, copy: {iam_role: default, accept_inv_chars: true}",
            &[("a", "char(20)")],
            b"a\xa4\n",
            &[
                "FILE:1: column `a` char(20): String contains invalid or unsupported UTF8 codepoints",
            ],
        ),
        loads(
            &["truncate_columns"],
            "texts are cut to fit, between characters",
            "file_format: csv, copy: {iam_role: default, truncate_columns: true}",
            &[("a", "varchar(4)"), ("b", "char(3)")],
            "abcdef,abcd\nab\u{e9}\u{e9},x\n",
            &["[abcd] [abc]", "[ab\u{e9}] [x]"],
        ),
        fails(
            &["truncate_columns"],
            "without it what is too long is an error; a length counts bytes",
            "file_format: csv, copy: {iam_role: default, max_error: 2}",
            &[("a", "varchar(3)"), ("b", "char(3)")],
            "ab\u{e9},x\na,abcd\n",
            &[
                "FILE:1: column `a` varchar(3): String length exceeds DDL length",
                "FILE:2: column `b` char(3): String length exceeds DDL length",
            ],
        ),
        fails(
            &["truncate_columns"],
            "a CHAR holds ASCII alone",
            "file_format: csv, copy: {iam_role: default}",
            &[("a", "char(9)")],
            "\u{e9}\n",
            &[
                "FILE:1: column `a` char(9): Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: c3 a9",
            ],
        ),
        loads(
            &["roundec"],
            "decimals are rounded, as by INSERT",
            "file_format: csv, copy: {iam_role: default, roundec: true}",
            &[("a", "decimal(8,2)")],
            "20.259\n-0.005\n1\n",
            &["[-0.01]", "[1.00]", "[20.26]"],
        ),
        loads(
            &["roundec"],
            "without it they are cut",
            "file_format: csv, copy: {iam_role: default, roundec: false}",
            &[("a", "decimal(8,2)")],
            "20.259\n-20.259\n1\n",
            &["[-20.25]", "[1.00]", "[20.25]"],
        ),
        fails(
            &["roundec"],
            "what is too large is an error, and what is no number",
            "file_format: csv, copy: {iam_role: default, max_error: 4}",
            &[("a", "smallint"), ("b", "decimal(4,2)"), ("c", "bool")],
            "32768,,\n,100,\n,1e2,\n,,maybe\n",
            &[
                "FILE:1: column `a` smallint: Overflow, Column type: Short",
                "FILE:2: column `b` decimal(4,2): Overflow, Column type: Decimal",
                "FILE:3: column `b` decimal(4,2): Invalid digit, Value 'e', Pos 1, Type: Decimal",
                "FILE:4: column `c` bool: Unknown boolean format",
            ],
        ),
        all(
            &["encoding"],
            "file_format: csv, copy: {iam_role: default, encoding: utf8}",
            "1,\u{e9}\u{1f600}\n".into(),
        ),
        all(
            &["encoding"],
            "file_format: csv, copy: {iam_role: default, encoding: utf16}",
            utf_16(little, "\u{feff}1,\u{e9}\u{1f600}\n"),
        ),
        all(
            &["encoding"],
            "file_format: csv, copy: {iam_role: default, encoding: utf16}",
            utf_16(big, "\u{feff}1,\u{e9}\u{1f600}\n"),
        ),
        all(
            &["encoding"],
            "file_format: csv, copy: {iam_role: default, encoding: utf16le}",
            utf_16(little, "1,\u{e9}\u{1f600}\n"),
        ),
        all(
            &["encoding"],
            "file_format: csv, copy: {iam_role: default, encoding: utf16be}",
            utf_16(big, "1,\u{e9}\u{1f600}\n"),
        ),
        loads(
            &["encoding"],
            "a byte a letter",
            "file_format: csv, copy: {iam_role: default, encoding: iso88591}",
            text,
            b"caf\xe9\n",
            &["[caf\u{e9}]"],
        ),
        loads(
            &["escape"],
            "a backslash keeps a delimiter, a line end, a quote and itself; `\\N` is NULL however it is written",
            "file_format: text, copy: {iam_role: default, escape: true}",
            AB,
            "1|a\\|b\n2|c\\\nd\n3|\\'e\\\\\n4|\\N\n5|\\\\N\n",
            &[
                "[1] [a|b]",
                "[2] [c\nd]",
                "[3] ['e\\]",
                "[4] null",
                "[5] null",
            ],
        ),
        loads(
            &["remove_quotes"],
            "quotes around a field go, and what is in them stays",
            "file_format: text, copy: {iam_role: default, remove_quotes: true}",
            AB,
            "1|'a|b'\n2|\"c\"\n3|d'\n4|' ''e'' '\n5|''\n",
            &[
                "[1] [a|b]",
                "[2] [c]",
                "[3] [d']",
                "[4] [ ''e'' ]",
                "[5] []",
            ],
        ),
        fails(
            &["remove_quotes"],
            "a quote that is not closed is an error",
            "file_format: text, copy: {iam_role: default, remove_quotes: true}",
            AB,
            "1|'a\n",
            &["FILE:1: column `b` varchar(20): Delimited value missing end quote"],
        ),
        loads(
            &["remove_quotes", "escape"],
            "an escaped quote stays",
            "file_format: text, copy: {iam_role: default, remove_quotes: true, escape: true}",
            AB,
            "1|'it\\'s'\n",
            &["[1] [it's]"],
        ),
    ]
}

/// Dates and times.
fn moments() -> Vec<Case> {
    let date = |rule, load, file, rows| loads(&["date_format"], rule, load, DATE, file, rows);
    let time = |rule, load, file, rows| loads(&["time_format"], rule, load, TIME, file, rows);
    vec![
        date(
            "YYYY-MM-DD unless it says otherwise",
            "file_format: csv, copy: {iam_role: default}",
            "2024-02-29\n",
            &["[2024-02-29]"],
        ),
        fails(
            &["date_format"],
            "another form is an error",
            "file_format: csv, copy: {iam_role: default, max_error: 3}",
            DATE,
            "29/02/2024\n2023-02-29\n2024-2-9\n",
            &[
                "FILE:1: column `a` date: Invalid date format or value [YYYY-MM-DD]",
                "FILE:2: column `a` date: Invalid date format or value [YYYY-MM-DD]",
                "FILE:3: column `a` date: Invalid Date Format - length must be 10 or more",
            ],
        ),
        date(
            "a month by its name, short or whole",
            "file_format: csv, copy: {iam_role: default, date_format: MON-DD-YYYY}",
            "Jan-01-1999\nFebruary-28-1999\n",
            &["[1999-01-01]", "[1999-02-28]"],
        ),
        date(
            "a year of two digits",
            "file_format: csv, copy: {iam_role: default, date_format: DD/MM/YY}",
            "29/02/24\n31/12/99\n",
            &["[1999-12-31]", "[2024-02-29]"],
        ),
        date(
            "a time in it is not looked at",
            "file_format: csv, copy: {iam_role: default, date_format: 'MM.DD.YYYY HH:MI:SS AM'}",
            "02.29.2024 11:59:59 PM\n",
            &["[2024-02-29]"],
        ),
        date(
            "`auto` reads more forms",
            "file_format: csv, copy: {iam_role: default, date_format: auto}",
            "2024-02-29\n02/29/2024\n20240229\n240229\nJ2460370\n2024.060\n29-Feb-2024\n2024-02-29 23:59:59\n",
            &["[2024-02-29]"; 8],
        ),
        loads(
            &["accept_any_date"],
            "what is no date of the format is NULL",
            "file_format: csv, copy: {iam_role: default, accept_any_date: true, date_format: DD/MM/YYYY}",
            &[("a", "date"), ("b", "timestamp")],
            "00/00/00,00/00/00 00:00:00\n29/02/2024,2024-02-29 10:00:00\n2024-02-29,never\n",
            &[
                "[2024-02-29] [2024-02-29 10:00:00]",
                "null null",
                "null null",
            ],
        ),
        time(
            "YYYY-MM-DD HH:MI:SS unless it says otherwise, with parts of a second to the sixth digit",
            "file_format: csv, copy: {iam_role: default}",
            "2024-02-29 10:11:12\n2024-02-29 10:11:12.123456789\n",
            &["[2024-02-29 10:11:12.123456]", "[2024-02-29 10:11:12]"],
        ),
        fails(
            &["time_format"],
            "another form is an error",
            "file_format: csv, copy: {iam_role: default, max_error: 2}",
            TIME,
            "2024-02-29T10:11:12Z\n2024-02-29 24:00:00\n",
            &[
                "FILE:1: column `a` timestamp: Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]",
                "FILE:2: column `a` timestamp: Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]",
            ],
        ),
        time(
            "a form of its own: HH is HH24",
            "file_format: csv, copy: {iam_role: default, time_format: 'MM.DD.YYYY HH:MI:SS'}",
            "02.29.2024 13:14:15\n",
            &["[2024-02-29 13:14:15]"],
        ),
        time(
            "the clock of twelve hours",
            "file_format: csv, copy: {iam_role: default, time_format: 'DD-MON-YY HH12:MI:SS PM'}",
            "29-Feb-24 12:14:15 AM\n29-FEB-24 12:14:15 PM\n",
            &["[2024-02-29 00:14:15]", "[2024-02-29 12:14:15]"],
        ),
        time(
            "`auto` reads more forms",
            "file_format: csv, copy: {iam_role: default, time_format: auto}",
            "2024-02-29T10:11:12Z\n20240229 101112\n240229 101112\n2024-02-29 10:11:12.000\n29 Feb 10:11:12 2024 PST\n02/29/2024 10:11:12.00 PST\n2024-02-29 10:11:12-08\n02.29.2024 10:11:12.00 PST\nJ2460370 10:11:12\n2024.060 10:11:12\n",
            &["[2024-02-29 10:11:12]"; 10],
        ),
        time(
            "`auto`: a date without a time is its midnight",
            "file_format: csv, copy: {iam_role: default, time_format: auto}",
            "2024-02-29\n",
            &["[2024-02-29 00:00:00]"],
        ),
        fails(
            &["time_format"],
            "`auto` reads no epoch",
            "file_format: csv, copy: {iam_role: default, time_format: auto}",
            TIME,
            "1709201472\n",
            &["FILE:1: column `a` timestamp: Invalid timestamp format or value [auto]"],
        ),
        time(
            "seconds since 1970",
            "file_format: csv, copy: {iam_role: default, time_format: epochsecs}",
            "1709201472\n-1\n",
            &["[1969-12-31 23:59:59]", "[2024-02-29 10:11:12]"],
        ),
        time(
            "milliseconds since 1970, also as JSON writes them",
            "file_format: json, copy: {iam_role: default, time_format: epochmillisecs}",
            "{\"a\": 1709201472250}\n{\"a\": 1709201472000.0}\n",
            &["[2024-02-29 10:11:12.25]", "[2024-02-29 10:11:12]"],
        ),
        loads(
            &["time_format"],
            "a time with a zone is brought to UTC; YYYY-MM-DD HH:MI:SSOF unless it says otherwise, such as -8:00",
            "file_format: csv, copy: {iam_role: default}",
            ZONED,
            "2024-02-29 10:11:12+02\n2024-02-29 00:11:12-8:00\n2024-02-29 13:41:12+05:30\n2024-02-29 08:11:12\n",
            &["[2024-02-29 08:11:12+00]"; 4],
        ),
        loads(
            &["time_format"],
            "`auto` reads zones by name",
            "file_format: csv, copy: {iam_role: default, time_format: auto}",
            ZONED,
            "29 Feb 10:11:12 2024 PST\n2024-02-29T18:11:12Z\n",
            &["[2024-02-29 18:11:12+00]"; 2],
        ),
    ]
}

/// Data conversion parameters: records.
fn records() -> Vec<Case> {
    let four: &[(&str, &str)] = &[
        ("a", "int"),
        ("b", "varchar(5)"),
        ("c", "char(5)"),
        ("d", "int"),
    ];
    vec![
        loads(
            &["explicit_ids"],
            "numbers of an IDENTITY come from the file",
            "file_format: csv, copy: {iam_role: default, explicit_ids: true}",
            &[("a", "bigint identity(1, 1)"), ("b", "varchar(5)")],
            "7,x\n",
            &["[7] [x]"],
        ),
        loads(
            &["explicit_ids"],
            "without it the file has none",
            "file_format: csv, copy: {iam_role: default, explicit_ids: false}",
            &[("a", "bigint identity(5, 1)"), ("b", "varchar(5)")],
            "x\n",
            &["[5] [x]"],
        ),
        loads(
            &["fill_record"],
            "columns missing at the end are NULL, and in a VARCHAR an empty text",
            "file_format: csv, copy: {iam_role: default, fill_record: true}",
            four,
            "1\n2,b\n",
            &["[1] [] null null", "[2] [b] null null"],
        ),
        loads(
            &["fill_record", "empty_as_null"],
            "with EMPTYASNULL NULL there too",
            "file_format: text, copy: {iam_role: default, fill_record: true, empty_as_null: true}",
            four,
            "1\n2|b\n",
            &["[1] null null null", "[2] [b] null null"],
        ),
        fails(
            &["fill_record"],
            "without it they are an error, as are columns too many",
            "file_format: csv, copy: {iam_role: default, max_error: 2}",
            AB,
            "1\n1,a,b\n",
            &[
                "FILE:1: Delimiter not found",
                "FILE:2: Extra column(s) found",
            ],
        ),
        loads(
            &["ignore_blank_lines"],
            "lines of a line end alone are passed over",
            "file_format: csv, copy: {iam_role: default, ignore_blank_lines: true}",
            AB,
            "\n1,a\n\n\r\n2,b\n\n",
            &["[1] [a]", "[2] [b]"],
        ),
        fails(
            &["ignore_blank_lines"],
            "without it they are records",
            "file_format: csv, copy: {iam_role: default}",
            AB,
            "1,a\n\n",
            &["FILE:2: Delimiter not found"],
        ),
        loads(
            &["ignore_header"],
            "so many lines of each file",
            "file_format: csv, copy: {iam_role: default, ignore_header: 2}",
            AB,
            "id,words\n\"more\n1,a\n",
            &["[1] [a]"],
        ),
    ]
}

/// Data load parameters.
fn operations() -> Vec<Case> {
    let nothing = |keys, load| {
        let rule = "changes how the table is kept, not what is in it";
        loads(keys, rule, load, AB, "1,a\n", &["[1] [a]"])
    };
    vec![
        nothing(
            &["comp_rows"],
            "file_format: csv, copy: {iam_role: default, comp_rows: 1000}",
        ),
        nothing(
            &["comp_update"],
            "file_format: csv, copy: {iam_role: default, comp_update: preset}",
        ),
        nothing(
            &["comp_update"],
            "file_format: csv, copy: {iam_role: default, comp_update: off}",
        ),
        nothing(
            &["stat_update"],
            "file_format: csv, copy: {iam_role: default, stat_update: on}",
        ),
        loads(
            &["max_error"],
            "fewer errors are left out",
            "file_format: csv, copy: {iam_role: default, max_error: 3}",
            AB,
            "1,a\nx,b\n2,c\ny,d\n",
            &["[1] [a]", "[2] [c]"],
        )
        .told_too(&[
            "FILE:2: column `a` int: Invalid digit, Value 'x', Pos 0, Type: Integer",
            "FILE:4: column `a` int: Invalid digit, Value 'y', Pos 0, Type: Integer",
        ]),
        fails(
            &["max_error"],
            "at so many the load fails",
            "file_format: csv, copy: {iam_role: default, max_error: 2}",
            AB,
            "1,a\nx,b\n2,c\ny,d\n",
            &[
                "FILE:2: column `a` int: Invalid digit",
                "FILE:4: column `a` int: Invalid digit",
            ],
        ),
        fails(
            &["max_error"],
            "0 and 1 are the first",
            "file_format: csv, copy: {iam_role: default, max_error: 1}",
            AB,
            "x,b\n",
            &["FILE:1: column `a` int: Invalid digit"],
        ),
        loads(
            &["ignore_all_errors"],
            "errors never fail the load",
            "file_format: csv, copy: {iam_role: default, ignore_all_errors: true}",
            AB,
            "x,b\n1,a\n2\n",
            &["[1] [a]"],
        )
        .told_too(&[
            "FILE:1: column `a` int: Invalid digit",
            "FILE:3: Delimiter not found",
        ]),
        fails(
            &["noload"],
            "the files are looked at; the next test has the rows",
            "file_format: csv, copy: {iam_role: default, noload: true}",
            AB,
            "x,a\n",
            &["FILE:1: column `a` int: Invalid digit"],
        ),
    ]
}

/// A Parquet file of a query.
fn parquet_of(query: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    let copy = format!("copy ({query}) to '{}' (format parquet)", file.display());
    let connection = duckdb::Connection::open_in_memory().expect("a session");
    connection.execute_batch(&copy).expect("a file");
    std::fs::read(file).expect("a file")
}

/// An Avro file of two records, put together by hand.
fn avro() -> Vec<u8> {
    let schema = r#"{"type": "record", "name": "row", "fields": [{"name": "id", "type": "int"}, {"name": "words", "type": ["null", "string"]}]}"#;
    let sync = [7; 16];
    let mut file = b"Obj\x01".to_vec();
    file.push(long(1));
    file.push(long(11));
    file.extend(b"avro.schema");
    let length = schema.len() * 2;
    assert!(length < 1 << 14);
    file.extend([(length & 0x7f) as u8 | 0x80, (length >> 7) as u8]);
    file.extend(schema.as_bytes());
    file.push(0);
    file.extend(sync);
    let records = [
        long(1),
        long(1),
        long(3),
        b'o',
        b'n',
        b'e',
        long(2),
        long(0),
    ];
    file.extend([long(2), long(records.len() as u8)]);
    file.extend(records);
    file.extend(sync);
    file
}

/// A small number as Avro writes it.
fn long(number: u8) -> u8 {
    number * 2
}
