//! `UNLOAD`: the answer of a query as files below a prefix.
//!
//! In: the statement's words. Out: files as a cluster with one slice writes them, by the same hand as an unload of a target that emulates
//! Redshift. An option that is not emulated is refused by name.

use sqlparser::tokenizer::Token;

use super::failure::Failure;
use super::leader;
use super::session::{Answer, Session};
use super::words::Words;
use crate::adapter::statement::{
    Compression, ExistingFiles, UNLOAD_EXCLUDES, Unload, UnloadFormat, delimiter, fixed_width,
};
use crate::adapter::{Adapter, Prepared, Statement};
use crate::relation::NothingKnown;

/// What the statement says after the query.
struct Reader<'w> {
    words: &'w Words,
    unload: Unload,
    /// The options that were given.
    given: Vec<String>,
}

impl Reader<'_> {
    /// Reads one option, and gives the place behind it.
    fn option(&mut self, at: usize) -> Result<usize, Failure> {
        let said = self.words.word(at);
        // `as` may stand before a value.
        let value = at
            + if self.words.word(at + 1) == "as" {
                2
            } else {
                1
            };
        if said == "format" {
            let named = self.words.word(value);
            if !matches!(named.as_str(), "csv" | "json" | "parquet") {
                return Err(Failure::new(
                    "42601",
                    format!("`unload` has no format {named}"),
                ));
            }
            return self.option(value);
        }
        self.given.push(said.clone());
        let unload = &mut self.unload;
        match said.as_str() {
            // By whose right and where: nobody asks here.
            "iam_role" | "region" | "credentials" | "access_key_id" | "secret_access_key"
            | "session_token" => return Ok(value + 1),
            "csv" => unload.format = UnloadFormat::Csv,
            "json" => unload.format = UnloadFormat::Json,
            "parquet" => unload.format = UnloadFormat::Parquet,
            "partition" => return self.partitions(at + 1),
            "header" => unload.header = true,
            "delimiter" => {
                self.unload.delimiter = Some(character(&self.text(value, &said)?)?);
                return Ok(value + 1);
            }
            "fixedwidth" => {
                let widths = self.text(value, &said)?;
                self.unload.fixed_width = fixed_width(&widths).map_err(|expected| {
                    Failure::new("22023", format!("FIXEDWIDTH is {expected}"))
                })?;
                return Ok(value + 1);
            }
            "null" => {
                self.unload.null_as = Some(self.text(value, &said)?);
                return Ok(value + 1);
            }
            "extension" => {
                self.unload.extension = Some(self.text(value, &said)?);
                return Ok(value + 1);
            }
            "gzip" => unload.compression = Some(Compression::Gzip),
            "bzip2" => unload.compression = Some(Compression::Bzip2),
            "zstd" => unload.compression = Some(Compression::Zstd),
            "addquotes" => unload.add_quotes = true,
            "escape" => unload.escape = true,
            "allowoverwrite" => unload.existing = ExistingFiles::Overwrite,
            "cleanpath" => unload.existing = ExistingFiles::Clean,
            "parallel" => return self.parallel(at + 1),
            "manifest" => {
                unload.manifest = true;
                unload.verbose = self.words.word(at + 1) == "verbose";
                return Ok(at + 1 + usize::from(unload.verbose));
            }
            "maxfilesize" => {
                let (size, next) = self.size(value, 5.0, 6.2 * 1024.0)?;
                self.unload.max_file_size = Some(size);
                return Ok(next);
            }
            // Row groups are not seen in the rows.
            "rowgroupsize" => return self.size(value, 32.0, 128.0).map(|(_, next)| next),
            // The bucket's own matter.
            "encrypted" if self.words.word(at + 1) == "auto" => return Ok(at + 2),
            other => {
                let option = match other {
                    "" => self
                        .words
                        .token(at)
                        .map_or_else(String::new, Token::to_string),
                    other => other.to_owned(),
                };
                return Err(Failure::not_emulated(format!(
                    "the option `{option}` of `unload`"
                )));
            }
        }
        Ok(at + 1)
    }

    fn text(&self, at: usize, said: &str) -> Result<String, Failure> {
        self.words
            .text(at)
            .ok_or_else(|| Failure::new("42601", format!("`{said}` needs a text")))
    }

    /// `by (a, b) [include]`.
    fn partitions(&mut self, at: usize) -> Result<usize, Failure> {
        let (columns, next) = self.words.list(at + 1);
        if self.words.word(at) != "by" || columns.is_empty() {
            return Err(Failure::new(
                "42601",
                "`partition by` needs columns in parentheses",
            ));
        }
        self.unload.partition_by = columns;
        self.unload.include = self.words.word(next) == "include";
        Ok(next + usize::from(self.unload.include))
    }

    /// `[on | true | off | false]`.
    fn parallel(&mut self, at: usize) -> Result<usize, Failure> {
        self.unload.parallel = match self.words.word(at).as_str() {
            "on" | "true" => true,
            "off" | "false" => false,
            _ => return Ok(at),
        };
        Ok(at + 1)
    }

    /// `100 [mb | gb]`, in megabytes.
    fn size(&self, at: usize, least: f64, most: f64) -> Result<(f64, usize), Failure> {
        let number = match self.words.token(at) {
            Some(Token::Number(number, _)) => number.parse::<f64>().ok(),
            _ => None,
        };
        let (factor, next) = match self.words.word(at + 1).as_str() {
            "gb" => (1024.0, at + 2),
            "mb" => (1.0, at + 2),
            _ => (1.0, at + 1),
        };
        let size = number.map(|number| number * factor);
        size.filter(|size| (least..=most).contains(size))
            .map(|size| (size, next))
            .ok_or_else(|| {
                Failure::new(
                    "22023",
                    format!("the size must be between {least} MB and {most} MB"),
                )
            })
    }

    fn check(&self) -> Result<(), Failure> {
        let given = |option: &str| self.given.iter().any(|other| other == option);
        for (with, options) in UNLOAD_EXCLUDES {
            let against = options.iter().find(|option| given(with) && given(option));
            if let Some(option) = against {
                let upper = |word: &str| match word {
                    "null" => "NULL AS".to_owned(),
                    word => word.to_uppercase(),
                };
                return Err(Failure::new(
                    "42601",
                    format!("{} can not be used with {}", upper(option), upper(with)),
                ));
            }
        }
        Ok(())
    }
}

fn character(text: &str) -> Result<char, Failure> {
    let read = delimiter(text).unwrap_or_default();
    let mut letters = read.chars();
    match (letters.next(), letters.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Failure::new("22023", "the delimiter is one character")),
    }
}

fn read(words: &Words, query: String) -> Result<Unload, Failure> {
    let to = words
        .text(5)
        .ok_or_else(|| Failure::new("42601", "`unload` needs `to 's3://…'`"))?;
    let mut reader = Reader {
        words,
        unload: Unload::new(query, to, UnloadFormat::Text),
        given: Vec::new(),
    };
    let mut at = 6;
    while at < words.len() {
        at = reader.option(at)?;
    }
    reader.check()?;
    Ok(reader.unload)
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
        if Words::new(&query).find(0, "limit").is_some() {
            return Err(Failure::new("0A000", "Limit clause is not supported")
                .hint("put the query with its limit into a subquery"));
        }
        let unload = read(words, query)?;
        let there = self.shared.folders.below(&unload.prefix())?;
        if unload.existing == ExistingFiles::Refuse && !there.is_empty() {
            return Err(Failure::new(
                "XX000",
                "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option.",
            ));
        }
        self.bind_late()?;
        let prepared = self.prepare_unload(unload)?;
        let rows = self.connection.execute(&prepared)?.rows.unwrap_or(0);
        self.notices.push((
            "INFO",
            format!("UNLOAD completed, {rows} record(s) unloaded successfully."),
        ));
        Ok(Answer::done("UNLOAD"))
    }

    fn prepare_unload(&mut self, mut unload: Unload) -> Result<Prepared, Failure> {
        let of_catalog = leader::translate(&unload.query, &self.facts()?)?;
        let Some(sql) = of_catalog else {
            let known = self.known(&unload.query)?;
            let statement = Statement::Unload(Box::new(unload));
            return Ok(self.shared.warehouse.prepare(&statement, &known)?);
        };
        // A query of the catalog is in DuckDB's words already; the options are checked as those of any other.
        let any = Unload {
            query: "select 1 as one".to_owned(),
            ..unload.clone()
        };
        let any = Statement::Unload(Box::new(any));
        self.shared.warehouse.prepare(&any, &NothingKnown)?;
        unload.query = sql;
        Ok(Prepared {
            load: Some(Statement::Unload(Box::new(unload))),
            ..Prepared::sql(Vec::new())
        })
    }
}
