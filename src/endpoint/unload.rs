//! `unload`: the rows of a query into files of a folder that stands for S3.
//!
//! In: the words of the statement. Out: files as a cluster names them. CSV, JSON and delimited text are written here with the texts that a
//! client would get, Parquet by DuckDB. An option that is not emulated is refused by name.

use std::io::Write;
use std::path::{Path, PathBuf};

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value as Json};
use sqlparser::tokenizer::Token;

use super::failure::Failure;
use super::leader;
use super::session::{Answer, Session};
use super::types;
use super::words::Words;
use crate::adapter::copy::files::{self, Entry};
use crate::adapter::emulating::literal;
use crate::adapter::statement::Compression;
use crate::adapter::{Adapter, Table, Value};

/// How the files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Csv,
    Json,
    Parquet,
}

/// What the statement says after the query.
struct Unload {
    to: String,
    format: Format,
    delimiter: Option<char>,
    header: bool,
    compression: Option<Compression>,
    null_as: String,
    add_quotes: bool,
    escape: bool,
    parallel: bool,
    allow_overwrite: bool,
    clean_path: bool,
    manifest: bool,
    verbose: bool,
    extension: Option<String>,
}

impl Unload {
    fn read(words: &Words, at: usize) -> Result<Self, Failure> {
        let mut unload = Self {
            to: words
                .text(at)
                .ok_or_else(|| Failure::new("42601", "`unload` needs `to 's3://…'`"))?,
            format: Format::Text,
            delimiter: None,
            header: false,
            compression: None,
            null_as: String::new(),
            add_quotes: false,
            escape: false,
            parallel: true,
            allow_overwrite: false,
            clean_path: false,
            manifest: false,
            verbose: false,
            extension: None,
        };
        let mut at = at + 1;
        while at < words.len() {
            at = unload.option(words, at)?;
        }
        if unload.allow_overwrite && unload.clean_path {
            return Err(Failure::new(
                "42601",
                "CLEANPATH and ALLOWOVERWRITE exclude each other",
            ));
        }
        if unload.format != Format::Text && (unload.add_quotes || unload.escape) {
            return Err(Failure::new(
                "42601",
                "ADDQUOTES and ESCAPE are options of delimited text",
            ));
        }
        if matches!(unload.format, Format::Json | Format::Parquet)
            && (unload.header || unload.delimiter.is_some())
        {
            return Err(Failure::new(
                "42601",
                "HEADER and DELIMITER are not options of this format",
            ));
        }
        if let (Format::Parquet, Some(compression)) = (unload.format, unload.compression) {
            let word = compression.word().to_uppercase();
            return Err(Failure::new(
                "42601",
                format!("{word} is not an option of PARQUET"),
            ));
        }
        Ok(unload)
    }

    /// Reads one option, and gives the place behind it.
    fn option(&mut self, words: &Words, at: usize) -> Result<usize, Failure> {
        let said = words.word(at);
        // `as` may stand before a value.
        let value = at + if words.word(at + 1) == "as" { 2 } else { 1 };
        let text = || {
            words
                .text(value)
                .ok_or_else(|| Failure::new("42601", format!("`{said}` needs a text")))
        };
        match said.as_str() {
            "iam_role" | "region" | "credentials" => return Ok(value + 1),
            "format" => {
                self.format = match words.word(value).as_str() {
                    "csv" => Format::Csv,
                    "json" => Format::Json,
                    "parquet" => Format::Parquet,
                    other => return Err(Failure::not_emulated(format!("`unload` as {other}"))),
                };
                return Ok(value + 1);
            }
            "csv" => self.format = Format::Csv,
            "json" => self.format = Format::Json,
            "parquet" => self.format = Format::Parquet,
            "delimiter" => {
                let text = text()?;
                let mut letters = text.chars();
                self.delimiter = match (text.as_str(), letters.next(), letters.next()) {
                    ("\\t", ..) => Some('\t'),
                    (_, Some(one), None) => Some(one),
                    _ => {
                        return Err(Failure::new("22023", "the delimiter is one character"));
                    }
                };
                return Ok(value + 1);
            }
            "null" => {
                self.null_as = text()?;
                return Ok(value + 1);
            }
            "extension" => {
                self.extension = Some(text()?);
                return Ok(value + 1);
            }
            "parallel" => {
                self.parallel = matches!(words.word(at + 1).as_str(), "on" | "true");
                return Ok(at + 2);
            }
            "header" => self.header = true,
            "gzip" => self.compression = Some(Compression::Gzip),
            "bzip2" => self.compression = Some(Compression::Bzip2),
            "zstd" => self.compression = Some(Compression::Zstd),
            "addquotes" => self.add_quotes = true,
            "escape" => self.escape = true,
            "allowoverwrite" => self.allow_overwrite = true,
            "cleanpath" => self.clean_path = true,
            "manifest" if words.word(at + 1) == "verbose" => {
                (self.manifest, self.verbose) = (true, true);
                return Ok(at + 2);
            }
            "manifest" => self.manifest = true,
            other => {
                return Err(Failure::not_emulated(format!(
                    "the option `{other}` of `unload`"
                )));
            }
        }
        Ok(at + 1)
    }

    /// The one file that is written. A cluster writes one a slice; here there is one slice.
    fn url(&self) -> String {
        let part = if self.parallel { "0000_part_00" } else { "000" };
        let packed = match self.compression {
            Some(Compression::Gzip) => ".gz",
            Some(Compression::Bzip2) => ".bz2",
            Some(Compression::Zstd) => ".zst",
            _ => "",
        };
        let end = match (&self.extension, self.format) {
            (Some(extension), _) => format!(".{extension}"),
            (None, Format::Parquet) => ".parquet".to_owned(),
            (None, Format::Json) => format!(".json{packed}"),
            (None, _) => packed.to_owned(),
        };
        format!("{}{part}{end}", self.to)
    }
}

impl Session {
    /// `unload ('select …') to 's3://…' …`.
    pub fn unload(&mut self, words: &Words) -> Result<Answer, Failure> {
        let query = words
            .text(2)
            .filter(|_| words.is(1, &Token::LParen) && words.is(3, &Token::RParen))
            .ok_or_else(|| {
                Failure::new("42601", "`unload` needs a query: `unload ('select …')`")
            })?;
        if words.word(4) != "to" {
            return Err(Failure::new("42601", "`unload` needs `to 's3://…'`"));
        }
        let unload = Unload::read(words, 5)?;
        self.make_room(&unload)?;
        let url = unload.url();
        let aside = Aside::new(self.shared.folders.root(&url)?)
            .map_err(|cause| unwritable(&url, &cause))?;
        let path = aside.0.join("data");
        let rows = if unload.format == Format::Parquet {
            self.unload_parquet(&query, &path)?
        } else {
            let table = match self.statement(&query, &Words::new(&query))? {
                Answer::Rows(table, _) => table,
                Answer::Done(_) => return Err(Failure::new("42601", "`unload` takes a query")),
            };
            write(&unload, &table, &path).map_err(|cause| unwritable(&url, &cause))?;
            table.rows.len()
        };
        let length = path
            .metadata()
            .map_err(|cause| unwritable(&url, &cause))?
            .len();
        self.shared.folders.object(&url)?.take(&path)?;
        if unload.manifest {
            let manifest = format!("{}manifest", unload.to);
            let entry = Entry {
                url,
                length,
                rows: unload.verbose.then_some(rows as u64),
            };
            let columns = match unload.verbose {
                true => Some(self.named_types(&query)?),
                false => None,
            };
            let said = files::manifest(&[entry], columns.as_deref());
            std::fs::write(&path, said.to_string())
                .map_err(|cause| unwritable(&manifest, &cause))?;
            self.shared.folders.object(&manifest)?.take(&path)?;
        }
        self.notices.push((
            "INFO",
            format!("UNLOAD completed, {rows} record(s) unloaded successfully."),
        ));
        Ok(Answer::done("UNLOAD"))
    }

    /// Names and types of a query's columns.
    fn named_types(&mut self, query: &str) -> Result<Vec<(String, String)>, Failure> {
        let columns = self.shape(query, &Words::new(query))?.columns;
        let typed = columns
            .into_iter()
            .map(|column| (column.name, column.data_type));
        Ok(typed.collect())
    }

    /// That nothing is overwritten by mistake.
    fn make_room(&mut self, unload: &Unload) -> Result<(), Failure> {
        let there = self.shared.folders.below(&unload.to)?;
        if there.is_empty() || unload.allow_overwrite {
            return Ok(());
        }
        if unload.clean_path {
            for object in there {
                object.remove()?;
            }
            return Ok(());
        }
        Err(Failure::new(
            "XX000",
            "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option.",
        ))
    }

    fn unload_parquet(&mut self, query: &str, path: &Path) -> Result<usize, Failure> {
        if leader::translate(query, &self.facts()?)?.is_some() {
            return Err(Failure::not_emulated("`unload` of the catalog"));
        }
        let known = self.known(query)?;
        let prepared = self.shared.warehouse.prepare_query(query, &known)?;
        let said = prepared.sql.last().cloned().unwrap_or_default();
        let count = self.texts(&format!("select count(*) from (\n{said}\n)"))?;
        self.raw(&format!(
            "copy (\n{said}\n) to {} (format parquet)",
            literal(&path.to_string_lossy())
        ))?;
        let count = count.into_iter().flatten().next();
        Ok(count.and_then(|count| count.parse().ok()).unwrap_or(0))
    }
}

/// A folder beside what a file goes to, gone with this value.
struct Aside(PathBuf);

impl Aside {
    fn new(root: Option<&Path>) -> std::io::Result<Self> {
        let temporary = std::env::temp_dir();
        let name = format!(".rs_unload-{}", uuid::Uuid::new_v4());
        let folder = root.unwrap_or(&temporary).join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // What was not put into place is nobody's.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn unwritable(url: &str, cause: &std::io::Error) -> Failure {
    Failure::new("XX000", format!("cannot write `{url}`: {cause}"))
}

fn write(unload: &Unload, table: &Table, path: &Path) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    match unload.compression {
        Some(Compression::Gzip) => {
            let mut packed = GzEncoder::new(&mut file, flate2::Compression::default());
            write_rows(unload, table, &mut packed)?;
            packed.finish()?;
        }
        Some(Compression::Bzip2) => {
            let mut packed = BzEncoder::new(&mut file, bzip2::Compression::default());
            write_rows(unload, table, &mut packed)?;
            packed.finish()?;
        }
        Some(Compression::Zstd) => {
            let mut text = Vec::new();
            write_rows(unload, table, &mut text)?;
            let level = ruzstd::encoding::CompressionLevel::Fastest;
            file.write_all(&ruzstd::encoding::compress_to_vec(&text[..], level))?;
        }
        Some(Compression::Lzop) | None => write_rows(unload, table, &mut file)?,
    }
    file.flush()
}

fn write_rows(unload: &Unload, table: &Table, out: &mut dyn Write) -> std::io::Result<()> {
    if unload.format == Format::Json {
        for row in &table.rows {
            let object: Map<String, Json> = table
                .columns
                .iter()
                .zip(row)
                .map(|(column, value)| (column.name.clone(), json(value)))
                .collect();
            writeln!(out, "{}", Json::Object(object))?;
        }
        return Ok(());
    }
    let names: Vec<Option<String>> = table
        .columns
        .iter()
        .map(|column| Some(column.name.clone()))
        .collect();
    if unload.header {
        write_line(unload, &names, out)?;
    }
    for row in &table.rows {
        let cells: Vec<Option<String>> = row.iter().map(types::text).collect();
        write_line(unload, &cells, out)?;
    }
    Ok(())
}

fn write_line(
    unload: &Unload,
    cells: &[Option<String>],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let csv = unload.format == Format::Csv;
    let delimiter = unload.delimiter.unwrap_or(if csv { ',' } else { '|' });
    for (number, cell) in cells.iter().enumerate() {
        if number > 0 {
            write!(out, "{delimiter}")?;
        }
        let Some(text) = cell else {
            write!(out, "{}", unload.null_as)?;
            continue;
        };
        let special = text.contains([delimiter, '"', '\n', '\r']);
        if csv && special {
            write!(out, "\"{}\"", text.replace('"', "\"\""))?;
        } else if unload.escape {
            let mut said = String::new();
            for letter in text.chars() {
                if letter == delimiter || matches!(letter, '\\' | '\n' | '\r' | '"' | '\'') {
                    said.push('\\');
                }
                said.push(letter);
            }
            let quote = if unload.add_quotes { "\"" } else { "" };
            write!(out, "{quote}{said}{quote}")?;
        } else if unload.add_quotes {
            write!(out, "\"{text}\"")?;
        } else {
            write!(out, "{text}")?;
        }
    }
    writeln!(out)
}

/// A value as JSON has it.
fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => i64::try_from(*value).map_or(Json::Null, Json::from),
        Value::Float(value) => Json::from(*value),
        Value::Decimal(text) => text.parse::<f64>().map_or(Json::Null, Json::from),
        Value::Text(text) => Json::String(text.clone()),
    }
}
