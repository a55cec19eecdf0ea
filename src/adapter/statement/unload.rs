//! A Redshift `UNLOAD` as data: its options typed.

use super::Compression;
use crate::diagnostic::Span;

/// A format or an option, and the options that it cannot have, in the words of the statement. The source is the same page.
pub const UNLOAD_EXCLUDES: [(&str, &[&str]); 6] = [
    (
        "parquet",
        &[
            "delimiter",
            "fixedwidth",
            "addquotes",
            "escape",
            "null",
            "header",
            "gzip",
            "bzip2",
            "zstd",
        ],
    ),
    (
        "json",
        &[
            "delimiter",
            "fixedwidth",
            "addquotes",
            "escape",
            "null",
            "header",
        ],
    ),
    ("csv", &["addquotes", "fixedwidth"]),
    (
        "fixedwidth",
        &["delimiter", "header", "addquotes", "escape"],
    ),
    ("cleanpath", &["allowoverwrite"]),
    ("gzip", &["bzip2", "zstd"]),
];

/// A Redshift `UNLOAD`: a query, where its rows go, and how.
///
/// The options are those of <https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html>; [`Unload::new`] gives one without any.
#[derive(Clone, Debug, PartialEq)]
pub struct Unload {
    /// A query in the dialect of the target; Redshift takes none with a `limit` of its own outermost.
    pub query: String,
    /// `s3://bucket/prefix`: names of files begin with it.
    pub to: String,
    /// `IAM_ROLE`: `default`, an ARN, or several joined by commas (a chain).
    pub iam_role: Option<String>,
    /// `REGION`: the bucket's.
    pub region: Option<String>,
    /// What the files hold.
    pub format: UnloadFormat,
    /// `HEADER`.
    pub header: bool,
    /// `DELIMITER`, where it is not that of the format.
    pub delimiter: Option<char>,
    /// `FIXEDWIDTH`: a label and a number of characters for each column; empty means none.
    pub fixed_width: Vec<(String, usize)>,
    /// `ADDQUOTES`.
    pub add_quotes: bool,
    /// `ESCAPE`.
    pub escape: bool,
    /// `NULL AS`.
    pub null_as: Option<String>,
    /// `PARTITION BY`: columns of the query.
    pub partition_by: Vec<String>,
    /// `INCLUDE`: whether the columns of the partitions stay in the files.
    pub include: bool,
    /// How the files are compressed.
    pub compression: Option<Compression>,
    /// `MANIFEST`.
    pub manifest: bool,
    /// `MANIFEST VERBOSE`: with the columns, and how many rows each file has.
    pub verbose: bool,
    /// What becomes of files that are there.
    pub existing: ExistingFiles,
    /// `PARALLEL`.
    pub parallel: bool,
    /// `MAXFILESIZE`, in megabytes.
    pub max_file_size: Option<f64>,
    /// `ROWGROUPSIZE`, in megabytes.
    pub row_group_size: Option<u32>,
    /// `ENCRYPTED` with its `KMS_KEY_ID`.
    pub kms_key_id: Option<String>,
    /// `ENCRYPTED AUTO`: by the key that the bucket has for that.
    pub encrypted_auto: bool,
    /// `EXTENSION`.
    pub extension: Option<String>,
    /// Where the user declared it.
    pub origin: Option<Span>,
}

/// What the files of an [`Unload`] hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnloadFormat {
    /// Text with delimiters, what UNLOAD writes unless it is told otherwise.
    Text,
    /// `FORMAT CSV`.
    Csv,
    /// `FORMAT JSON`.
    Json,
    /// `FORMAT PARQUET`.
    Parquet,
}

impl UnloadFormat {
    /// All there are, by name.
    pub const ALL: [(&str, Self); 4] = [
        ("csv", Self::Csv),
        ("json", Self::Json),
        ("parquet", Self::Parquet),
        ("text", Self::Text),
    ];
}

/// What becomes of files that are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExistingFiles {
    /// They stop the unload.
    #[default]
    Refuse,
    /// `ALLOWOVERWRITE`: those of the same name are replaced.
    Overwrite,
    /// `CLEANPATH`: they are removed first.
    Clean,
}

impl Unload {
    /// An unload without options.
    pub fn new(query: impl Into<String>, to: impl Into<String>, format: UnloadFormat) -> Self {
        Self {
            query: query.into(),
            to: to.into(),
            iam_role: None,
            region: None,
            format,
            header: false,
            delimiter: None,
            fixed_width: Vec::new(),
            add_quotes: false,
            escape: false,
            null_as: None,
            partition_by: Vec::new(),
            include: false,
            compression: None,
            manifest: false,
            verbose: false,
            existing: ExistingFiles::Refuse,
            parallel: true,
            max_file_size: None,
            row_group_size: None,
            kms_key_id: None,
            encrypted_auto: false,
            extension: None,
            origin: None,
        }
    }

    /// The prefix of all files: with partitions it is a folder.
    pub fn prefix(&self) -> String {
        if self.partition_by.is_empty() || self.to.ends_with('/') {
            self.to.clone()
        } else {
            format!("{}/", self.to)
        }
    }

    /// The name of a file behind the prefix, as Redshift makes it: `0000_part_00`, without parallel work `000`.
    pub fn file_name(&self, number: usize) -> String {
        let mut name = if self.parallel {
            format!("{:04}_part_{:02}", number / 100, number % 100)
        } else {
            format!("{number:03}")
        };
        match (&self.extension, self.format, self.compression) {
            (Some(extension), ..) => {
                name.push('.');
                name.push_str(extension.trim_start_matches('.'));
            }
            (None, UnloadFormat::Parquet, _) => name.push_str(".parquet"),
            (None, _, Some(Compression::Gzip)) => name.push_str(".gz"),
            (None, _, Some(Compression::Bzip2)) => name.push_str(".bz2"),
            (None, _, Some(Compression::Zstd)) => name.push_str(".zst"),
            (None, ..) => {}
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_names_that_redshift_gives_them() {
        let mut unload = Unload::new("select 1", "s3://b/sales_", UnloadFormat::Csv);
        assert_eq!(
            unload.prefix() + &unload.file_name(0),
            "s3://b/sales_0000_part_00"
        );
        assert_eq!(unload.file_name(1), "0000_part_01");
        unload.compression = Some(Compression::Gzip);
        assert_eq!(unload.file_name(0), "0000_part_00.gz");
        unload.parallel = false;
        unload.compression = None;
        assert_eq!(unload.file_name(2), "002");
        unload.format = UnloadFormat::Parquet;
        unload.partition_by = vec!["day".to_owned()];
        assert_eq!(
            unload.prefix() + &unload.file_name(0),
            "s3://b/sales_/000.parquet"
        );
        unload.extension = Some("pq".to_owned());
        assert_eq!(unload.file_name(0), "000.pq");
    }
}
