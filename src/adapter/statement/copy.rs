//! A Redshift `COPY` as data: its options typed.

use super::{ColumnDefinition, Secret};
use crate::diagnostic::Span;
use crate::relation::Relation;

/// A Redshift `COPY`: its target, where the files are, and its options.
///
/// The options are those of <https://docs.aws.amazon.com/redshift/latest/dg/r_COPY.html>; [`Copy::new`] gives one without any.
#[derive(Clone, Debug, PartialEq)]
pub struct Copy {
    /// The table to fill.
    pub into: Relation,
    /// The table's columns in order, with their declared types: files are never sniffed.
    pub columns: Vec<ColumnDefinition>,
    /// `s3://bucket/prefix`, or with `manifest` the file that lists the files.
    pub from: String,
    /// Whether it is the name of one file, not the beginning of some.
    pub exact: bool,
    /// `MANIFEST`.
    pub manifest: bool,
    /// `IAM_ROLE`: `default`, an ARN, or several joined by commas (a chain).
    pub iam_role: Option<String>,
    /// `ACCESS_KEY_ID`, `SECRET_ACCESS_KEY` and `SESSION_TOKEN`.
    pub keys: Option<Box<AccessKeys>>,
    /// `ENCRYPTED` with its `MASTER_SYMMETRIC_KEY`: files encrypted by whoever wrote them.
    pub master_symmetric_key: Option<Secret>,
    /// `REGION`: the bucket's.
    pub region: Option<String>,
    /// What the files hold.
    pub format: CopyFormat,
    /// How the files are compressed.
    pub compression: Option<Compression>,
    /// `IGNOREHEADER`: lines at the start of each file that are passed over.
    pub ignore_header: u64,
    /// `ENCODING`; without it UTF-8.
    pub encoding: Option<Encoding>,
    /// `TIMEFORMAT`: `auto`, `epochsecs`, `epochmillisecs` or a format model.
    pub time_format: Option<String>,
    /// `DATEFORMAT`: `auto` or a format model.
    pub date_format: Option<String>,
    /// `ACCEPTANYDATE`.
    pub accept_any_date: bool,
    /// `ACCEPTINVCHARS` with its replacement character.
    pub accept_invalid_characters: Option<char>,
    /// `BLANKSASNULL`.
    pub blanks_as_null: bool,
    /// `EMPTYASNULL`.
    pub empty_as_null: bool,
    /// `NULL AS`.
    pub null_as: Option<String>,
    /// `EXPLICIT_IDS`.
    pub explicit_ids: bool,
    /// `SERIALIZETOJSON`: what is nested in files of columns goes into SUPER columns.
    pub serialize_to_json: bool,
    /// `FILLRECORD`.
    pub fill_record: bool,
    /// `IGNOREBLANKLINES`.
    pub ignore_blank_lines: bool,
    /// `ROUNDEC`.
    pub round_decimals: bool,
    /// `TRIMBLANKS`.
    pub trim_blanks: bool,
    /// `TRUNCATECOLUMNS`.
    pub truncate_columns: bool,
    /// `MAXERROR`: the load fails at this many errors; 0 and 1 mean the first.
    pub max_error: u32,
    /// `IGNOREALLERRORS`: the load never fails for its rows.
    pub ignore_all_errors: bool,
    /// `NOLOAD`: the files are checked and nothing is loaded.
    pub no_load: bool,
    /// `COMPROWS`, `COMPUPDATE`, `STATUPDATE`: words and values that change how the table is kept, not what is in it.
    pub computes: Vec<(String, String)>,
    /// Where the user declared it.
    pub origin: Option<Span>,
}

impl Copy {
    /// A load without options.
    pub fn new(into: Relation, from: impl Into<String>, format: CopyFormat) -> Self {
        Self {
            into,
            columns: Vec::new(),
            from: from.into(),
            exact: false,
            manifest: false,
            iam_role: None,
            keys: None,
            master_symmetric_key: None,
            region: None,
            format,
            compression: None,
            ignore_header: 0,
            encoding: None,
            time_format: None,
            date_format: None,
            accept_any_date: false,
            accept_invalid_characters: None,
            blanks_as_null: false,
            empty_as_null: false,
            null_as: None,
            explicit_ids: false,
            serialize_to_json: false,
            fill_record: false,
            ignore_blank_lines: false,
            round_decimals: false,
            trim_blanks: false,
            truncate_columns: false,
            max_error: 0,
            ignore_all_errors: false,
            no_load: false,
            computes: Vec::new(),
            origin: None,
        }
    }

    /// The columns that the files fill: all but those that number themselves, unless the files hold their numbers.
    pub fn filled(&self) -> impl Iterator<Item = &ColumnDefinition> {
        let explicit = self.explicit_ids;
        self.columns
            .iter()
            .filter(move |column| explicit || column.identity.is_none())
    }

    /// Everything in it that nobody may read.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let keys = self.keys.iter().flat_map(|keys| {
            let token = keys.session_token.as_ref();
            [&keys.id, &keys.secret].into_iter().chain(token)
        });
        keys.chain(&self.master_symmetric_key).map(Secret::expose)
    }
}

/// What the files of a [`Copy`] hold.
#[derive(Clone, Debug, PartialEq)]
pub enum CopyFormat {
    /// `FORMAT JSON 'auto'`.
    JsonAuto,
    /// `FORMAT JSON 'auto ignorecase'`.
    JsonAutoIgnoreCase,
    /// `FORMAT JSON 'noshred'`: each document whole, into one SUPER column.
    JsonNoShred,
    /// `FORMAT JSON 's3://…'`: a JSONPaths file.
    JsonPaths(String),
    /// `FORMAT CSV`.
    Csv {
        /// `DELIMITER`: one character or several.
        delimiter: String,
        /// `QUOTE`.
        quote: char,
    },
    /// Text with a delimiter, what COPY expects unless it is told otherwise.
    Delimited {
        /// `DELIMITER`: one character or several.
        delimiter: String,
        /// `ESCAPE`.
        escape: bool,
        /// `REMOVEQUOTES`.
        remove_quotes: bool,
    },
    /// `FIXEDWIDTH`: a label and a number of characters for each column.
    FixedWidth(Vec<(String, usize)>),
    /// `FORMAT AVRO`: `auto`, `auto ignorecase` or a JSONPaths file.
    Avro(String),
    /// `FORMAT PARQUET`.
    Parquet,
    /// `FORMAT ORC`.
    Orc,
    /// `FORMAT SHAPEFILE`.
    Shapefile,
}

impl CopyFormat {
    /// CSV as it is written everywhere.
    pub fn csv() -> Self {
        Self::Csv {
            delimiter: ",".to_owned(),
            quote: '"',
        }
    }

    /// Text with a delimiter, as COPY expects it when it is told nothing.
    pub fn text() -> Self {
        Self::Delimited {
            delimiter: "|".to_owned(),
            escape: false,
            remove_quotes: false,
        }
    }
}

/// How files are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// `GZIP`.
    Gzip,
    /// `BZIP2`.
    Bzip2,
    /// `LZOP`.
    Lzop,
    /// `ZSTD`.
    Zstd,
}

impl Compression {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Gzip, Self::Bzip2, Self::Lzop, Self::Zstd];

    /// The word of `COPY` and `UNLOAD`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Lzop => "lzop",
            Self::Zstd => "zstd",
        }
    }
}

/// The letters of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `UTF8`.
    Utf8,
    /// `UTF16`: a byte order mark says in which order.
    Utf16,
    /// `UTF16LE`.
    Utf16Le,
    /// `UTF16BE`.
    Utf16Be,
    /// `ISO88591`: a byte a letter, as in Latin-1.
    Iso88591,
}

impl Encoding {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::Utf8,
        Self::Utf16,
        Self::Utf16Le,
        Self::Utf16Be,
        Self::Iso88591,
    ];

    /// The word of `COPY`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Utf8 => "utf8",
            Self::Utf16 => "utf16",
            Self::Utf16Le => "utf16le",
            Self::Utf16Be => "utf16be",
            Self::Iso88591 => "iso88591",
        }
    }
}

/// Keys of a user of AWS, in the place of a role.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessKeys {
    /// `ACCESS_KEY_ID`.
    pub id: Secret,
    /// `SECRET_ACCESS_KEY`.
    pub secret: Secret,
    /// `SESSION_TOKEN`.
    pub session_token: Option<Secret>,
}

/// What `CREDENTIALS '…'` holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Credentials {
    /// `aws_iam_role`.
    pub iam_role: Option<String>,
    /// `aws_access_key_id`, `aws_secret_access_key` and `token`.
    pub keys: Option<Box<AccessKeys>>,
    /// `master_symmetric_key`.
    pub master_symmetric_key: Option<Secret>,
}

impl Credentials {
    /// Reads `name=value;name=value`.
    ///
    /// # Errors
    /// What is wrong, without the text itself: it may hold keys.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut read = Self::default();
        let (mut id, mut secret, mut session_token) = (None, None, None);
        for part in text.split(';').filter(|part| !part.trim().is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                return Err("`credentials` are written `name=value;name=value`".to_owned());
            };
            match name.trim() {
                "aws_iam_role" => read.iam_role = Some(value.to_owned()),
                "aws_access_key_id" => id = Some(Secret::new(value)),
                "aws_secret_access_key" => secret = Some(Secret::new(value)),
                "token" => session_token = Some(Secret::new(value)),
                "master_symmetric_key" => read.master_symmetric_key = Some(Secret::new(value)),
                _ => {
                    return Err("`credentials` take `aws_iam_role`, or `aws_access_key_id`, `aws_secret_access_key` and `token`, and `master_symmetric_key`".to_owned());
                }
            }
        }
        let complete = match (id, secret) {
            (Some(id), Some(secret)) => {
                read.keys = Some(Box::new(AccessKeys {
                    id,
                    secret,
                    session_token,
                }));
                read.iam_role.is_none()
            }
            (None, None) => read.iam_role.is_some() && session_token.is_none(),
            _ => false,
        };
        if complete {
            return Ok(read);
        }
        Err(
            "`credentials` need `aws_iam_role`, or `aws_access_key_id` and `aws_secret_access_key`"
                .to_owned(),
        )
    }

    /// Whether it holds anything that nobody may read.
    pub fn has_keys(&self) -> bool {
        self.keys.is_some() || self.master_symmetric_key.is_some()
    }
}

/// A delimiter as people write it: `\t`, `\001` and the character itself.
///
/// # Errors
/// What a delimiter is.
pub fn delimiter(text: &str) -> Result<String, &'static str> {
    let mut read = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let octal = |digits: &str| u8::from_str_radix(digits, 8).ok().filter(u8::is_ascii);
        let escaped = rest.strip_prefix('\\').and_then(|after| {
            if let Some(after) = after.strip_prefix('t') {
                return Some(('\t', after));
            }
            let code = octal(after.get(..3)?)?;
            Some((char::from(code), &after[3..]))
        });
        match escaped {
            Some((letter, after)) => {
                read.push(letter);
                rest = after;
            }
            None => {
                read.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    if read.is_empty() || !read.is_ascii() || read.contains(['\n', '\r', '\0']) {
        return Err("ASCII characters, no line ends among them");
    }
    Ok(read)
}

/// `label:width,label:width`.
///
/// # Errors
/// What the columns of a file of fixed width are.
pub fn fixed_width(text: &str) -> Result<Vec<(String, usize)>, &'static str> {
    const EXPECTED: &str = "`label:width,label:width`, each width a number above zero";
    text.split(',')
        .map(|column| {
            let (label, width) = column.split_once(':')?;
            let width = width.trim().parse().ok().filter(|width| *width > 0)?;
            let label = label.trim();
            (!label.is_empty()).then(|| (label.to_owned(), width))
        })
        .collect::<Option<Vec<_>>>()
        .ok_or(EXPECTED)
}

/// Which JSON or Avro a text means: `auto`, `auto ignorecase`, `noshred` (JSON alone) or a JSONPaths file.
pub fn json_format(text: &str) -> Option<CopyFormat> {
    match text {
        "auto" => Some(CopyFormat::JsonAuto),
        "auto ignorecase" => Some(CopyFormat::JsonAutoIgnoreCase),
        "noshred" => Some(CopyFormat::JsonNoShred),
        _ if text.starts_with("s3://") => Some(CopyFormat::JsonPaths(text.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_a_role_or_keys_and_never_printed() {
        let role = Credentials::parse("aws_iam_role=arn:aws:iam::1:role/x").unwrap();
        assert_eq!(role.iam_role.as_deref(), Some("arn:aws:iam::1:role/x"));
        let keys = "aws_access_key_id=AKIA;aws_secret_access_key=SECRET;token=TOKEN";
        let keys = Credentials::parse(keys).unwrap();
        assert!(keys.has_keys());
        assert!(!format!("{keys:?}").contains("SECRET"));
        for wrong in ["", "x", "aws_access_key_id=AKIA", "token=x", "role=x"] {
            assert!(Credentials::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_delimiter_may_be_written_in_octal() {
        for (text, expected) in [
            ("|", "|"),
            ("\\t", "\t"),
            ("\\001", "\u{1}"),
            ("|~|", "|~|"),
            ("\\", "\\"),
        ] {
            assert_eq!(delimiter(text).as_deref(), Ok(expected));
        }
        for wrong in ["", "\\000", "\\012", "é"] {
            assert!(delimiter(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn columns_of_fixed_width_have_labels() {
        assert_eq!(
            fixed_width("id:3, name:25").unwrap(),
            [("id".to_owned(), 3), ("name".to_owned(), 25)]
        );
        for wrong in ["", "id", "id:0", ":3", "id:x", "id:3,"] {
            assert!(fixed_width(wrong).is_err(), "{wrong}");
        }
    }
}
