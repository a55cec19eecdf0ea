//! `redstart unload`.

use serde_json::{Map, Value};

use super::pipeline::{self, Door};
use super::selecting::{Selecting, WITH_ROWS, asked_for};
use super::{Outcome, Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::manifest::unload;

/// Write the rows of built relations to files in S3
///
/// On Redshift by its UNLOAD; on DuckDB and PostgreSQL into the folder that the target's `s3` key names, with Redshift's names of files.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart unload -s fct_orders --to s3://bucket/orders_ --format parquet
  redstart unload -s marts --to 's3://bucket/{name}/' --format csv --header --gzip
  redstart unload -s fct_orders --to s3://bucket/orders --format parquet --partition-by day --clean-path")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,

    /// Where the files go: their names begin with this; `{name}` stands for the node's name
    #[arg(long, value_name = "S3")]
    to: String,
    /// What the files hold: parquet, csv, json or text
    #[arg(long, value_name = "FORMAT")]
    format: String,
    /// Only these columns
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    columns: Vec<String>,
    /// Sort by these columns
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    order_by: Vec<String>,
    /// A folder for each value of these columns
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    partition_by: Vec<String>,
    /// Keep the columns of the partitions in the files
    #[arg(long)]
    include: bool,
    /// A line with the names of the columns at the start of each file
    #[arg(long)]
    header: bool,
    /// What stands between two fields
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<String>,
    /// A width for each column, `label:width,label:width`, in the place of a delimiter (text)
    #[arg(long, value_name = "WIDTHS")]
    fixedwidth: Option<String>,
    /// Put quotes around each field (text)
    #[arg(long)]
    add_quotes: bool,
    /// Put a backslash before what would be misread (text)
    #[arg(long)]
    escape: bool,
    /// What stands for NULL
    #[arg(long, value_name = "TEXT")]
    null_as: Option<String>,
    /// Compress by gzip
    #[arg(long)]
    gzip: bool,
    /// Compress by bzip2
    #[arg(long)]
    bzip2: bool,
    /// Compress by Zstandard
    #[arg(long)]
    zstd: bool,
    /// Write a manifest that names the files
    #[arg(long)]
    manifest: bool,
    /// Write a manifest that tells the columns and the rows of each file too
    #[arg(long)]
    manifest_verbose: bool,
    /// Replace files of the same name
    #[arg(long)]
    allow_overwrite: bool,
    /// Remove what is below the prefix first
    #[arg(long)]
    clean_path: bool,
    /// `off` writes one file after the other, in the order of the query
    #[arg(long, value_name = "ON|OFF")]
    parallel: Option<String>,
    /// The largest file, such as `100 MB`
    #[arg(long, value_name = "SIZE")]
    max_file_size: Option<String>,
    /// The size of row groups (parquet)
    #[arg(long, value_name = "SIZE")]
    row_group_size: Option<String>,
    /// By whose right: `default` or an ARN; several are assumed one after the other
    #[arg(long, value_name = "ROLE", value_delimiter = ',')]
    iam_role: Vec<String>,
    /// The bucket's region
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// `auto`: encrypt by the key that the bucket has for that
    #[arg(long, value_name = "AUTO")]
    encrypted: Option<String>,
    /// The key that the files are encrypted with
    #[arg(long, value_name = "KEY")]
    kms_key_id: Option<String>,
    /// The end of the files' names
    #[arg(long, value_name = "EXTENSION")]
    extension: Option<String>,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let config = unload::read(&self.keys(), &|_| None).map_err(Stop::Refused)?;
        let prepared = pipeline::prepare(session)?;
        let request = self.selecting.request(WITH_ROWS);
        let selection = pipeline::select(session, &prepared, &request)?;
        let nodes = asked_for(&prepared.manifest, &selection);
        if nodes.is_empty() {
            session
                .terminal
                .info("Nothing to do: no nodes are selected");
            return Ok(Outcome::Done);
        }
        if nodes.len() > 1 && !config.names_relations() {
            let problem = Diagnostic::error(
                "several-unloads",
                format!("{} nodes would go to the same files", nodes.len()),
            )
            .help("write `{name}` into `--to`: it stands for the node's name");
            return Err(Stop::refused(problem));
        }
        let door = Door::of(&prepared)?;
        let wanted = nodes.into_iter().map(|id| (id, config.clone())).collect();
        pipeline::unload(session, &prepared, &door, wanted)
    }

    /// The flags as the keys of `unload:`.
    fn keys(&self) -> Map<String, Value> {
        let mut keys = Map::new();
        let mut put = |key: &str, value: Value| {
            keys.insert(key.to_owned(), value);
        };
        put("to", Value::from(self.to.as_str()));
        put("format", Value::from(self.format.as_str()));
        let texts = [
            ("delimiter", &self.delimiter),
            ("fixedwidth", &self.fixedwidth),
            ("null_as", &self.null_as),
            ("parallel", &self.parallel),
            ("max_file_size", &self.max_file_size),
            ("row_group_size", &self.row_group_size),
            ("region", &self.region),
            ("encrypted", &self.encrypted),
            ("kms_key_id", &self.kms_key_id),
            ("extension", &self.extension),
        ];
        for (key, value) in texts {
            if let Some(value) = value {
                put(key, Value::from(value.as_str()));
            }
        }
        let lists = [
            ("columns", &self.columns),
            ("order_by", &self.order_by),
            ("partition_by", &self.partition_by),
            ("iam_role", &self.iam_role),
        ];
        for (key, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
            put(key, Value::from(values.clone()));
        }
        let flags = [
            ("include", self.include),
            ("header", self.header),
            ("add_quotes", self.add_quotes),
            ("escape", self.escape),
            ("gzip", self.gzip),
            ("bzip2", self.bzip2),
            ("zstd", self.zstd),
            ("manifest", self.manifest),
            ("manifest_verbose", self.manifest_verbose),
            ("allow_overwrite", self.allow_overwrite),
            ("clean_path", self.clean_path),
        ];
        for (key, _) in flags.into_iter().filter(|(_, on)| *on) {
            put(key, Value::Bool(true));
        }
        keys
    }
}
