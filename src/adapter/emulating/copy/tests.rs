use super::*;
use crate::adapter::emulating::parse_copy;

#[test]
fn options_come_in_any_order_and_spelling() {
    let copy = parse_copy(
        "COPY staging_songs FROM 's3://udacity-dend/song_data' IAM_ROLE 'arn:aws:iam::1:role/x' COMPUPDATE OFF REGION 'us-west-2' \
         FORMAT AS JSON 'auto' TRUNCATECOLUMNS BLANKSASNULL EMPTYASNULL MAXERROR 10",
    )
    .unwrap();
    assert_eq!(copy.into, Relation::new("", "staging_songs"));
    assert_eq!(copy.iam_role.as_deref(), Some("arn:aws:iam::1:role/x"));
    assert_eq!(copy.format, CopyFormat::JsonAuto);
    assert!(copy.truncate_columns && copy.blanks_as_null && copy.empty_as_null);
    assert_eq!(
        (copy.max_error, copy.computes),
        (10, vec![("compupdate".into(), "off".into())])
    );

    let copy = parse_copy(
        "COPY s.events (a, b) FROM 's3://b/log' CREDENTIALS 'aws_iam_role=arn:x' TIMEFORMAT AS 'epochmillisecs' JSON 's3://b/p.json' gzip",
    )
    .unwrap();
    assert_eq!(copy.format, CopyFormat::JsonPaths("s3://b/p.json".into()));
    assert_eq!(
        (
            copy.iam_role.as_deref(),
            copy.columns.len(),
            copy.compression
        ),
        (Some("arn:x"), 2, Some(Compression::Gzip))
    );

    let copy = parse_copy(
        "COPY g FROM 's3://b/g.csv' IAM_ROLE default FORMAT AS csv IGNOREHEADER 1 delimiter ';'",
    )
    .unwrap();
    let csv = CopyFormat::Csv {
        delimiter: ";".into(),
        quote: '"',
    };
    assert_eq!((copy.format, copy.ignore_header), (csv, 1));
}

#[test]
fn every_option_of_the_manual_is_read() {
    let lead = "copy t from 's3://b/x' ";
    let read = |options: &str| {
        let copy = parse_copy(&format!("{lead}{options}")).unwrap();
        let bare = parse_copy(lead).unwrap();
        let [copy, bare] = [copy, bare].map(|copy| format!("{copy:#?}"));
        let lines = copy
            .lines()
            .filter(|line| !bare.lines().any(|other| other == *line));
        let closes = |line: &&str| line.chars().all(|letter| "})],".contains(letter));
        let lines = lines.map(str::trim).filter(|line| !closes(line));
        lines.collect::<Vec<_>>().join(" ")
    };
    for (options, expected) in [
        ("", ""),
        (
            "delimiter '\\t' escape removequotes",
            r#"delimiter: "\t", escape: true, remove_quotes: true,"#,
        ),
        (
            "fixedwidth as 'a:1,b:20'",
            r#"format: FixedWidth( [ ( "a", 1, ( "b", 20,"#,
        ),
        ("json", "format: JsonAuto,"),
        ("json as 'noshred'", "format: JsonNoShred,"),
        (
            "format json 'auto ignorecase' ignoreheader as 2",
            "format: JsonAutoIgnoreCase, ignore_header: 2,",
        ),
        ("avro 's3://b/p.json'", r#"format: Avro( "s3://b/p.json","#),
        (
            "format as parquet manifest",
            "manifest: true, format: Parquet,",
        ),
        ("orc", "format: Orc,"),
        (
            "csv quote as '%' bzip2",
            r#"format: Csv { delimiter: ",", quote: '%', compression: Some( Bzip2,"#,
        ),
        (
            "encrypted master_symmetric_key 'K'",
            "master_symmetric_key: Some( Secret(*****),",
        ),
        (
            "access_key_id 'A' secret_access_key as 'B' session_token 'C'",
            "keys: Some( AccessKeys { id: Secret(*****), secret: Secret(*****), session_token: Some( Secret(*****),",
        ),
        (
            "iam_role 'arn:1,arn:2' region as 'eu-west-1'",
            r#"iam_role: Some( "arn:1,arn:2", region: Some( "eu-west-1","#,
        ),
        (
            "acceptanydate acceptinvchars dateformat 'auto' encoding as utf16le",
            "encoding: Some( Utf16Le, date_format: Some( \"auto\", accept_any_date: true, accept_invalid_characters: Some( '?',",
        ),
        (
            "acceptinvchars as '^' blanksasnull emptyasnull",
            "accept_invalid_characters: Some( '^', blanks_as_null: true, empty_as_null: true,",
        ),
        (
            "explicit_ids fillrecord ignoreblanklines null 'x'",
            r#"null_as: Some( "x", explicit_ids: true, fill_record: true, ignore_blank_lines: true,"#,
        ),
        (
            "roundec trimblanks truncatecolumns noload ignoreallerrors",
            "round_decimals: true, trim_blanks: true, truncate_columns: true, ignore_all_errors: true, no_load: true,",
        ),
        (
            "comprows 1000000, compupdate preset, statupdate maxerror 3",
            r#"max_error: 3, computes: [ ( "comprows", "1000000", ( "compupdate", "preset", ( "statupdate", "on","#,
        ),
    ] {
        assert_eq!(read(options), expected, "{options}");
    }
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    let lead = "copy t from 's3://b/x' iam_role default ";
    for (options, message, place) in [
        (
            "csv maxerors 1",
            "`maxerors` is not an option of `copy`",
            "maxerors",
        ),
        (
            "csv escape",
            "`csv` and `escape` exclude each other",
            "escape",
        ),
        (
            "delimiter ';' json 'auto'",
            "`delimiter` and `json` exclude each other",
            "json",
        ),
        ("quote '%'", "`quote` needs `csv` too", "quote"),
        (
            "csv csv",
            "the option `csv` of `copy` is given twice",
            "csv",
        ),
        ("gzip zstd", "`gzip` and `zstd` exclude each other", "zstd"),
        (
            "json 'automatic'",
            "`automatic` is no way to read JSON",
            "'automatic'",
        ),
        ("comprows 10", "`comprows` is 1000 to 2147483647", "10"),
        (
            "readratio 50",
            "the option `readratio` of `copy` is not emulated: it is for loads from DynamoDB",
            "readratio",
        ),
        (
            "job create j auto on",
            "the option `job` of `copy` is not emulated: a job loads later files by itself; `load_mode: append` does",
            "job",
        ),
        (
            "fixedwidth 'a'",
            "`fixedwidth` is `label:width,label:width`, each width a number above zero",
            "'a'",
        ),
        (
            "credentials 'aws_iam_role=x'",
            "`iam_role` and `credentials` exclude each other",
            "credentials",
        ),
    ] {
        let sql = format!("{lead}{options}");
        let refusal = parse_copy(&sql).unwrap_err();
        assert_eq!(
            (refusal.message.as_str(), &sql[refusal.range.unwrap()]),
            (message, place)
        );
    }
    let refused = |sql: &str| parse_copy(sql).unwrap_err().message;
    assert_eq!(
        refused("copy t from 'emr://x' iam_role default csv"),
        "a `copy` from anything but S3 is not emulated"
    );
    assert_eq!(
        refused("copy t from 's3://b/x' credentials 'aws_access_key_id=AKIA'"),
        "`credentials` need `aws_iam_role`, or `aws_access_key_id` and `aws_secret_access_key`"
    );
}

#[test]
fn a_number_in_octal_stands_for_its_letter() {
    let copy = parse_copy(r"copy t from 's3://b/x' delimiter '\001' null as '\000'").unwrap();
    let CopyFormat::Delimited { delimiter, .. } = &copy.format else {
        panic!("{:?}", copy.format);
    };
    assert_eq!(
        (delimiter.as_str(), copy.null_as.as_deref()),
        ("\u{1}", Some(r"\000"))
    );
}
