//! The options of `COPY`, by name: what each is called, what it means here, and which exclude or need each other.
//!
//! One table for YAML, for SQL and for the reference: <https://docs.aws.amazon.com/redshift/latest/dg/r_COPY-parameters.html>.

use Emulated::{DuckDb, No, NoEffect, Yes};

/// An option of `COPY`.
#[derive(Clone, Copy, Debug)]
pub struct CopyOption {
    /// Its key under `external.copy`; the manual's spelling, without `_`, is read too.
    pub key: &'static str,
    /// The words of the statement.
    pub words: &'static str,
    /// What is written behind the key.
    pub takes: &'static str,
    /// What it is on an engine that plays Redshift.
    pub emulated: Emulated,
}

/// What an option is on an engine that plays Redshift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emulated {
    /// The same as on Redshift.
    Yes,
    /// Nothing that could be seen in the rows.
    NoEffect,
    /// The same on DuckDB; refused on PostgreSQL, for this reason.
    DuckDb(&'static str),
    /// Refused, for this reason.
    No(&'static str),
}

impl CopyOption {
    /// The word that the statement has it by, in lower case.
    pub fn word(&self) -> String {
        let word = self.words.split(' ').next().unwrap_or_default();
        word.to_lowercase()
    }
}

const fn option(
    key: &'static str,
    words: &'static str,
    takes: &'static str,
    emulated: Emulated,
) -> CopyOption {
    CopyOption {
        key,
        words,
        takes,
        emulated,
    }
}

const FLAG: &str = "`true` or `false`";
const KEYS: &str = "text, with `allow_keys: true` only";

/// Every option, in the order of the manual.
#[rustfmt::skip]
pub const COPY_OPTIONS: [CopyOption; 53] = [
    option("format", "FORMAT", "`csv`, `text`, `fixedwidth`, `json`, `avro`, `parquet`, `orc` or `shapefile`; the same as `external.file_format`", Yes),
    option("csv", "CSV", FLAG, Yes),
    option("quote", "QUOTE", "one character, with CSV", Yes),
    option("delimiter", "DELIMITER", "one character or several; `\\t` and octal `\\001` are read", Yes),
    option("fixedwidth", "FIXEDWIDTH", "`label:width,label:width` in the order of the columns", Yes),
    option("json", "JSON", "`auto`, `auto ignorecase`, `noshred` or the `s3://` place of a JSONPaths file", Yes),
    option("jsonpaths", "JSON 's3://…'", "the `s3://` place of a JSONPaths file", Yes),
    option("avro", "AVRO", "`auto`, `auto ignorecase` or the `s3://` place of a JSONPaths file", Yes),
    option("parquet", "PARQUET", FLAG, DuckDb("nothing there reads Parquet")),
    option("serialize_to_json", "SERIALIZETOJSON", "`true` or `false`, with Parquet and ORC: what is nested goes into `super` columns", DuckDb("nothing there reads Parquet")),
    option("orc", "ORC", FLAG, No("nothing here reads ORC; Parquet is read")),
    option("shapefile", "SHAPEFILE", FLAG, No("there are no geometries here")),
    option("gzip", "GZIP", FLAG, Yes),
    option("bzip2", "BZIP2", FLAG, Yes),
    option("lzop", "LZOP", FLAG, No("nothing here unpacks lzop")),
    option("zstd", "ZSTD", FLAG, Yes),
    option("manifest", "MANIFEST", FLAG, Yes),
    option("encrypted", "ENCRYPTED", FLAG, No("nothing here decrypts files")),
    option("master_symmetric_key", "MASTER_SYMMETRIC_KEY", KEYS, No("nothing here decrypts files")),
    option("region", "REGION", "text", NoEffect),
    option("iam_role", "IAM_ROLE", "`default`, an ARN, or a list of ARNs that are assumed one after the other", NoEffect),
    option("credentials", "CREDENTIALS", "`aws_iam_role=…`; keys with `allow_keys: true` only", NoEffect),
    option("access_key_id", "ACCESS_KEY_ID", KEYS, NoEffect),
    option("secret_access_key", "SECRET_ACCESS_KEY", KEYS, NoEffect),
    option("session_token", "SESSION_TOKEN", KEYS, NoEffect),
    option("allow_keys", "(ours)", "`true` lets access keys stand in the project; they are masked in all that is written", NoEffect),
    option("accept_any_date", "ACCEPTANYDATE", FLAG, Yes),
    option("accept_inv_chars", "ACCEPTINVCHARS", "`true`, or the ASCII character that replaces each bad byte", Yes),
    option("blanks_as_null", "BLANKSASNULL", FLAG, Yes),
    option("date_format", "DATEFORMAT", "`auto` or a format", Yes),
    option("empty_as_null", "EMPTYASNULL", FLAG, Yes),
    option("encoding", "ENCODING", "`utf8`, `utf16`, `utf16le`, `utf16be` or `iso88591`", Yes),
    option("escape", "ESCAPE", FLAG, Yes),
    option("explicit_ids", "EXPLICIT_IDS", FLAG, Yes),
    option("fill_record", "FILLRECORD", FLAG, Yes),
    option("ignore_blank_lines", "IGNOREBLANKLINES", FLAG, Yes),
    option("ignore_header", "IGNOREHEADER", "a number of lines", Yes),
    option("null_as", "NULL AS", "text", Yes),
    option("remove_quotes", "REMOVEQUOTES", FLAG, Yes),
    option("roundec", "ROUNDEC", FLAG, Yes),
    option("time_format", "TIMEFORMAT", "`auto`, `epochsecs`, `epochmillisecs` or a format", Yes),
    option("trim_blanks", "TRIMBLANKS", FLAG, Yes),
    option("truncate_columns", "TRUNCATECOLUMNS", FLAG, Yes),
    option("comp_rows", "COMPROWS", "a number from 1000 to 2147483647", NoEffect),
    option("comp_update", "COMPUPDATE", "`on`, `off` or `preset`", NoEffect),
    option("stat_update", "STATUPDATE", "`on` or `off`", NoEffect),
    option("ignore_all_errors", "IGNOREALLERRORS", FLAG, Yes),
    option("max_error", "MAXERROR", "a number to 100000: at so many bad rows the load fails", Yes),
    option("noload", "NOLOAD", "`true` checks the files and leaves the table as it is", Yes),
    option("readratio", "READRATIO", "refused: it is for loads from DynamoDB", No("it is for loads from DynamoDB")),
    option("ssh", "SSH", "refused: loads from other hosts", No("it is for loads from other hosts")),
    option("job", "JOB", "refused: a job of Redshift loads later files by itself; `load_mode: append` does", No("a job loads later files by itself; `load_mode: append` does")),
    option("simplify", "SIMPLIFY", "refused: it is for shapefiles", No("it is for shapefiles")),
];

/// A name without regard to `_` and case: the manual writes `BLANKSASNULL`, dbt people `blanks_as_null`.
pub fn plain(name: &str) -> String {
    let name = name.to_lowercase().replace(['_', '-', ' '], "");
    match name.as_str() {
        "null" => "nullas".to_owned(),
        _ => name,
    }
}

/// The option of a name, in any of its spellings.
pub fn find(name: &str) -> Option<&'static CopyOption> {
    let wanted = plain(name);
    COPY_OPTIONS
        .iter()
        .find(|option| plain(option.key) == wanted)
}

/// What stands against an option, given the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The first does not go with the second.
    Excludes(&'static str, &'static str),
    /// The first means something only with the second.
    Needs(&'static str, &'static str),
}

/// What the manual says cannot stand together; for each name, by its key.
const EXCLUDES: [(&str, &[&str]); 18] = [
    ("csv", &["fixedwidth", "remove_quotes", "escape"]),
    ("delimiter", &["fixedwidth"]),
    ("fixedwidth", &["escape", "remove_quotes"]),
    (
        "json",
        &[
            "delimiter",
            "escape",
            "fill_record",
            "fixedwidth",
            "ignore_blank_lines",
            "null_as",
            "remove_quotes",
            "readratio",
        ],
    ),
    (
        "avro",
        &[
            "delimiter",
            "escape",
            "remove_quotes",
            "ignore_blank_lines",
            "ignore_header",
        ],
    ),
    ("shapefile", &["delimiter", "escape", "remove_quotes"]),
    ("parquet", COLUMNAR),
    ("orc", COLUMNAR),
    (
        "serialize_to_json",
        &[
            "csv",
            "json",
            "avro",
            "fixedwidth",
            "shapefile",
            "delimiter",
        ],
    ),
    ("max_error", &["ignore_all_errors"]),
    ("gzip", &["bzip2", "lzop", "zstd"]),
    ("bzip2", &["lzop", "zstd"]),
    ("lzop", &["zstd"]),
    (
        "iam_role",
        &[
            "credentials",
            "access_key_id",
            "secret_access_key",
            "session_token",
        ],
    ),
    (
        "credentials",
        &[
            "access_key_id",
            "secret_access_key",
            "session_token",
            "master_symmetric_key",
        ],
    ),
    ("json", FORMATS),
    ("csv", FORMATS),
    ("avro", FORMATS),
];

/// What the formats in columns cannot have: of the conversions they take ACCEPTINVCHARS, EXPLICIT_IDS and FILLRECORD.
const COLUMNAR: &[&str] = &[
    "delimiter",
    "gzip",
    "bzip2",
    "lzop",
    "zstd",
    "encrypted",
    "accept_any_date",
    "blanks_as_null",
    "date_format",
    "empty_as_null",
    "encoding",
    "escape",
    "ignore_blank_lines",
    "ignore_header",
    "null_as",
    "remove_quotes",
    "roundec",
    "time_format",
    "trim_blanks",
    "truncate_columns",
    "comp_rows",
    "comp_update",
    "ignore_all_errors",
    "max_error",
    "noload",
];

/// The formats; a load has one.
const FORMATS: &[&str] = &[
    "csv",
    "json",
    "avro",
    "parquet",
    "orc",
    "shapefile",
    "fixedwidth",
];

const NEEDS: [(&str, &str); 6] = [
    ("quote", "csv"),
    ("encrypted", "master_symmetric_key"),
    ("master_symmetric_key", "encrypted"),
    ("access_key_id", "secret_access_key"),
    ("secret_access_key", "access_key_id"),
    ("session_token", "access_key_id"),
];

/// The first thing that cannot stand together among the options that are given, by key; `jsonpaths` counts as `json`.
pub fn conflicts(given: &[&str]) -> Vec<Conflict> {
    let is = |key: &str| given.contains(&key);
    let mut found = Vec::new();
    for (key, others) in EXCLUDES {
        if is(key) {
            let against = others.iter().filter(|other| **other != key && is(other));
            found.extend(against.map(|other| Conflict::Excludes(other, key)));
        }
    }
    found.retain({
        // Two formats are told once.
        let mut seen = Vec::new();
        move |conflict| {
            let Conflict::Excludes(a, b) = *conflict else {
                return true;
            };
            let pair = (a.min(b), a.max(b));
            let new = !seen.contains(&pair);
            seen.push(pair);
            new
        }
    });
    let needs = NEEDS.iter().filter(|(key, with)| is(key) && !is(with));
    found.extend(needs.map(|(key, with)| Conflict::Needs(key, with)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_a_rule_is_an_option() {
        let named = EXCLUDES
            .iter()
            .flat_map(|(key, others)| others.iter().chain([key]))
            .chain(NEEDS.iter().flat_map(|(key, with)| [key, with]));
        for name in named {
            assert!(
                find(name).is_some_and(|option| option.key == *name),
                "{name}"
            );
        }
    }

    #[test]
    fn a_name_is_found_in_each_of_its_spellings() {
        for name in [
            "BLANKSASNULL",
            "blanks_as_null",
            "blanksasnull",
            "Blanks As Null",
        ] {
            assert_eq!(find(name).unwrap().key, "blanks_as_null");
        }
        assert_eq!(find("null").unwrap().key, "null_as");
        assert!(find("blankasnull").is_none());
    }

    #[test]
    fn what_the_manual_forbids_is_found() {
        use Conflict::{Excludes, Needs};
        assert_eq!(conflicts(&["csv", "delimiter", "quote"]), []);
        assert_eq!(conflicts(&["csv", "escape"]), [Excludes("escape", "csv")]);
        assert_eq!(conflicts(&["json", "csv"]), [Excludes("csv", "json")]);
        assert_eq!(conflicts(&["quote"]), [Needs("quote", "csv")]);
        assert_eq!(
            conflicts(&["parquet", "max_error", "fill_record"]),
            [Excludes("max_error", "parquet")]
        );
        assert_eq!(
            conflicts(&["max_error", "ignore_all_errors"]),
            [Excludes("ignore_all_errors", "max_error")]
        );
    }

    #[test]
    fn the_reference_holds_every_option() {
        let page =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference.md"))
                .unwrap();
        let mut table =
            "| key | `COPY` | takes | on DuckDB and PostgreSQL |\n|---|---|---|---|\n".to_owned();
        for option in COPY_OPTIONS {
            let words = match option.words {
                "(ours)" => String::new(),
                words => format!("`{words}`"),
            };
            let emulated = match option.emulated {
                Yes => "the same".to_owned(),
                NoEffect => "no effect".to_owned(),
                DuckDb(why) => format!("the same on DuckDB; refused on PostgreSQL: {why}"),
                No(why) => format!("refused: {why}"),
            };
            let key = option.key;
            table += &format!("| `{key}` | {words} | {} | {emulated} |\n", option.takes);
        }
        assert!(
            page.contains(&table),
            "docs/reference.md should hold this table:\n{table}"
        );
    }
}
