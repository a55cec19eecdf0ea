//! Reads a Redshift `COPY`, whose options come in any order and in several spellings.
//!
//! In: tokens. Out: a typed [`Copy`], or a [`Refusal`] of the option that is not emulated.
//! Credentials are read for the role in them and never kept.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::translator::Translator;
use crate::adapter::Refusal;
use crate::adapter::statement::{ColumnDefinition, Copy, CopyFormat};
use crate::diagnostic::nearest;
use crate::relation::Relation;

/// Options of `COPY` that are known and not emulated: <https://docs.aws.amazon.com/redshift/latest/dg/r_COPY.html>.
const NOT_EMULATED: &[&str] = &[
    "acceptanydate",
    "access_key_id",
    "avro",
    "bzip2",
    "comprows",
    "encoding",
    "encrypted",
    "escape",
    "explicit_ids",
    "fixedwidth",
    "ignoreallerrors",
    "lzop",
    "manifest",
    "master_symmetric_key",
    "noload",
    "orc",
    "parquet",
    "readratio",
    "removequotes",
    "roundec",
    "secret_access_key",
    "session_token",
    "shapefile",
    "ssh",
    "zstd",
];

const EMULATED: &[&str] = &[
    "acceptinvchars",
    "blanksasnull",
    "compupdate",
    "credentials",
    "csv",
    "dateformat",
    "delimiter",
    "emptyasnull",
    "fillrecord",
    "format",
    "gzip",
    "iam_role",
    "ignoreblanklines",
    "ignoreheader",
    "json",
    "maxerror",
    "null",
    "quote",
    "region",
    "statupdate",
    "timeformat",
    "trimblanks",
    "truncatecolumns",
];

/// The options of a CSV file, wherever they stand.
#[derive(Default)]
struct Csv {
    named: bool,
    delimiter: Option<char>,
    quote: Option<char>,
    ignore_header: u64,
}

struct Reader<'r, 'a> {
    translator: &'r Translator<'a>,
    code: &'r [TokenWithSpan],
    at: usize,
    csv: Csv,
    json: Option<CopyFormat>,
}

/// Reads the tokens of one statement, without blanks and comments.
pub(super) fn parse(translator: &Translator<'_>, code: &[TokenWithSpan]) -> Result<Copy, Refusal> {
    let mut reader = Reader {
        translator,
        code,
        at: 0,
        csv: Csv::default(),
        json: None,
    };
    reader.copy()
}

impl Reader<'_, '_> {
    fn copy(&mut self) -> Result<Copy, Refusal> {
        if self.word().as_deref() != Some("copy") {
            return Err(self.refuse("copy-syntax", "this is not a `copy`"));
        }
        self.at += 1;
        let into = self.table()?;
        let columns = self.columns()?;
        if self.word().as_deref() != Some("from") {
            return Err(self.refuse("copy-syntax", "`copy` needs `from 's3://…'`"));
        }
        self.at += 1;
        let from = self.text("the place of the files")?;
        if !from.starts_with("s3://") {
            self.at -= 1;
            return Err(self.not_emulated("a `copy` from anything but S3"));
        }
        let mut copy = Copy {
            into,
            columns,
            from,
            iam_role: None,
            region: None,
            format: CopyFormat::JsonAuto,
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
        };
        while self.at < self.code.len() {
            self.option(&mut copy)?;
        }
        copy.format = match (self.json.take(), &self.csv) {
            (Some(_), csv) if csv.named || csv.delimiter.is_some() || csv.quote.is_some() => {
                return Err(self.refuse(
                    "copy-option",
                    "`json` and the options of `csv` exclude each other",
                ));
            }
            (Some(json), _) => json,
            (None, csv) if csv.named => CopyFormat::Csv {
                delimiter: csv.delimiter.unwrap_or(','),
                quote: csv.quote.unwrap_or('"'),
                ignore_header: csv.ignore_header,
            },
            (None, _) => {
                self.at = 0;
                return Err(Refusal {
                    help: Some("say `format csv` or `format json 'auto'`".into()),
                    ..self.not_emulated("a `copy` of files with a delimiter and no format")
                });
            }
        };
        Ok(copy)
    }

    fn table(&mut self) -> Result<Relation, Refusal> {
        let mut parts = Vec::new();
        while let Some(Token::Word(word)) = self.peek() {
            parts.push(word.value.to_lowercase());
            self.at += 1;
            if self.peek() != Some(&Token::Period) {
                break;
            }
            self.at += 1;
        }
        let Some(table) = parts.pop() else {
            return Err(self.refuse("copy-syntax", "`copy` needs the name of a table"));
        };
        Ok(Relation::new(parts.pop().unwrap_or_default(), table))
    }

    /// The columns that the statement names; their types come from the table.
    fn columns(&mut self) -> Result<Vec<ColumnDefinition>, Refusal> {
        let mut columns = Vec::new();
        if self.peek() != Some(&Token::LParen) {
            return Ok(columns);
        }
        self.at += 1;
        while let Some(Token::Word(word)) = self.peek() {
            columns.push(ColumnDefinition::new(word.value.to_lowercase(), ""));
            self.at += 1;
            if self.peek() == Some(&Token::Comma) {
                self.at += 1;
            }
        }
        if self.peek() != Some(&Token::RParen) {
            return Err(self.refuse("copy-syntax", "the list of columns is not closed"));
        }
        self.at += 1;
        Ok(columns)
    }

    fn option(&mut self, copy: &mut Copy) -> Result<(), Refusal> {
        let Some(name) = self.word() else {
            return Err(self.refuse("copy-syntax", "an option of `copy` is expected here"));
        };
        self.at += 1;
        match name.as_str() {
            "iam_role" => copy.iam_role = Some(self.role()?),
            "credentials" => {
                self.skip_as();
                let text = self.text("the credentials")?;
                copy.iam_role = text.strip_prefix("aws_iam_role=").map(str::to_owned);
                if copy.iam_role.is_none() {
                    self.at -= 1;
                    return Err(Refusal {
                        help: Some("give a role: `iam_role default`".into()),
                        ..self.refuse("copy-option", "access keys do not belong in SQL")
                    });
                }
            }
            "region" => copy.region = Some(self.option_text("the region")?),
            "format" => {
                self.skip_as();
                return self.format();
            }
            "csv" | "json" => {
                self.at -= 1;
                return self.format();
            }
            "quote" => self.csv.quote = Some(self.character("the quote")?),
            "delimiter" => self.csv.delimiter = Some(self.character("the delimiter")?),
            "ignoreheader" => self.csv.ignore_header = self.number("the number of lines")?,
            "gzip" => copy.gzip = true,
            "timeformat" => copy.time_format = Some(self.option_text("the format")?),
            "dateformat" => copy.date_format = Some(self.option_text("the format")?),
            "blanksasnull" => copy.blanks_as_null = true,
            "emptyasnull" => copy.empty_as_null = true,
            "truncatecolumns" => copy.truncate_columns = true,
            "trimblanks" => copy.trim_blanks = true,
            "fillrecord" => copy.fill_record = true,
            "ignoreblanklines" => copy.ignore_blank_lines = true,
            "acceptinvchars" => {
                self.skip_as();
                copy.accept_invalid_characters = Some(match self.peek() {
                    Some(Token::SingleQuotedString(_)) => self.character("the replacement")?,
                    _ => '?',
                });
            }
            "null" => copy.null_as = Some(self.option_text("the text that stands for NULL")?),
            "maxerror" => {
                let number = self.number("the number of errors")?;
                copy.max_error = u32::try_from(number)
                    .ok()
                    .filter(|number| *number <= 100_000)
                    .ok_or_else(|| {
                        self.at -= 1;
                        self.refuse("copy-option", "`maxerror` is 0 to 100000")
                    })?;
            }
            "compupdate" | "statupdate" => {
                let value = match self.word().as_deref() {
                    Some(value @ ("on" | "off" | "true" | "false" | "preset")) => {
                        self.at += 1;
                        value.to_owned()
                    }
                    _ => "on".to_owned(),
                };
                copy.computes.push((name, value));
            }
            _ => {
                self.at -= 1;
                return Err(self.unknown(&name));
            }
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> Refusal {
        if NOT_EMULATED.contains(&name) {
            return self.not_emulated(&format!("the option `{name}` of `copy`"));
        }
        let near = nearest(name, EMULATED.iter().chain(NOT_EMULATED).copied());
        Refusal {
            help: near.map(|near| format!("did you mean `{near}`?")),
            ..self.refuse(
                "copy-option",
                &format!("`{name}` is not an option of `copy`"),
            )
        }
    }

    fn format(&mut self) -> Result<(), Refusal> {
        match self.word().as_deref() {
            Some("csv") => {
                self.at += 1;
                self.csv.named = true;
                Ok(())
            }
            Some("json") => {
                self.at += 1;
                self.skip_as();
                let text = self.text("`'auto'` or the place of a JSONPaths file")?;
                self.json = Some(match text.to_lowercase().as_str() {
                    "auto" => CopyFormat::JsonAuto,
                    "auto ignorecase" => CopyFormat::JsonAutoIgnoreCase,
                    "noshred" => {
                        self.at -= 1;
                        return Err(self.not_emulated("`json 'noshred'`"));
                    }
                    _ if text.starts_with("s3://") => CopyFormat::JsonPaths(text),
                    _ => {
                        self.at -= 1;
                        return Err(
                            self.refuse("copy-option", &format!("`{text}` is no way to read JSON"))
                        );
                    }
                });
                Ok(())
            }
            Some(other) => Err(self.unknown(other)),
            None => Err(self.refuse("copy-syntax", "`format` needs a name")),
        }
    }

    fn role(&mut self) -> Result<String, Refusal> {
        if self.word().as_deref() == Some("default") {
            self.at += 1;
            return Ok("default".to_owned());
        }
        self.text("a role")
    }

    fn peek(&self) -> Option<&Token> {
        self.code.get(self.at).map(|token| &token.token)
    }

    fn word(&self) -> Option<String> {
        match self.peek() {
            Some(Token::Word(word)) => Some(word.value.to_lowercase()),
            _ => None,
        }
    }

    fn skip_as(&mut self) {
        if self.word().as_deref() == Some("as") {
            self.at += 1;
        }
    }

    fn option_text(&mut self, what: &str) -> Result<String, Refusal> {
        self.skip_as();
        self.text(what)
    }

    fn text(&mut self, what: &str) -> Result<String, Refusal> {
        let Some(Token::SingleQuotedString(text)) = self.peek() else {
            return Err(self.refuse(
                "copy-syntax",
                &format!("{what} is expected here, as a text"),
            ));
        };
        let text = text.clone();
        self.at += 1;
        Ok(text)
    }

    fn character(&mut self, what: &str) -> Result<char, Refusal> {
        let text = self.option_text(what)?;
        let mut characters = text.chars();
        match (text.as_str(), characters.next(), characters.next()) {
            ("\\t", ..) => Ok('\t'),
            (_, Some(character), None) => Ok(character),
            _ => {
                self.at -= 1;
                Err(self.refuse("copy-option", &format!("{what} is one character")))
            }
        }
    }

    fn number(&mut self, what: &str) -> Result<u64, Refusal> {
        self.skip_as();
        match self.peek() {
            Some(Token::Number(number, _)) => {
                let number = number.parse().map_err(|_| {
                    self.refuse("copy-option", &format!("{what} is a whole number"))
                })?;
                self.at += 1;
                Ok(number)
            }
            _ => Err(self.refuse("copy-syntax", &format!("{what} is expected here"))),
        }
    }

    fn refuse(&self, code: &'static str, message: &str) -> Refusal {
        let token = self.code.get(self.at).or_else(|| self.code.last());
        let span = token.map_or_else(sqlparser::tokenizer::Span::empty, |token| token.span);
        self.translator.refuse(code, span, message)
    }

    fn not_emulated(&self, what: &str) -> Refusal {
        Refusal {
            reason: Some("this part of `copy` is not emulated yet".into()),
            ..self.refuse("not-emulated", &format!("{what} is not emulated"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::emulating::parse_copy;

    fn refused(sql: &str) -> (String, &str) {
        let refusal = parse_copy(sql).unwrap_err();
        (refusal.message, &sql[refusal.range.unwrap()])
    }

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
            (copy.iam_role.as_deref(), copy.columns.len(), copy.gzip),
            (Some("arn:x"), 2, true)
        );

        let copy = parse_copy("COPY g FROM 's3://b/g.csv' IAM_ROLE default FORMAT AS csv IGNOREHEADER 1 delimiter ';'").unwrap();
        let csv = CopyFormat::Csv {
            delimiter: ';',
            quote: '"',
            ignore_header: 1,
        };
        assert_eq!(copy.format, csv);
    }

    #[test]
    fn an_option_that_is_not_emulated_is_named() {
        let lead = "copy t from 's3://b/x' iam_role default ";
        assert_eq!(
            refused(format!("{lead}avro as 'auto'").leak()),
            ("the option `avro` of `copy` is not emulated".into(), "avro")
        );
        assert_eq!(
            refused(format!("{lead}csv maxerors 1").leak()),
            ("`maxerors` is not an option of `copy`".into(), "maxerors")
        );
        assert_eq!(
            refused("copy t from 's3://b/x' credentials 'aws_access_key_id=AKIA;…' csv").0,
            "access keys do not belong in SQL"
        );
        assert_eq!(
            refused("copy t from 's3://b/x' iam_role default").0,
            "a `copy` of files with a delimiter and no format is not emulated"
        );
        assert_eq!(
            refused("copy t from 'emr://x' iam_role default csv").0,
            "a `copy` from anything but S3 is not emulated"
        );
    }
}
