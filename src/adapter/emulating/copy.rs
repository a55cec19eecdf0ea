//! Reads a Redshift `COPY`, whose options come in any order and in several spellings.
//!
//! In: tokens. Out: a typed [`Copy`], or a [`Refusal`] of the option that is wrong. Whether a load can be done by an engine that
//! plays Redshift is asked of `adapter/copy`.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::translator::Translator;
use crate::adapter::Refusal;
use crate::adapter::statement::copy_options::{self, COPY_OPTIONS, Conflict, Emulated};
use crate::adapter::statement::{
    AccessKeys, ColumnDefinition, Compression, Copy, CopyFormat, Credentials, Encoding, Secret,
    delimiter, fixed_width, json_format,
};
use crate::relation::Relation;

/// What a statement says in parts, put together when all of it is read.
#[derive(Default)]
struct Parts {
    delimiter: Option<String>,
    quote: Option<char>,
    escape: bool,
    remove_quotes: bool,
    widths: Vec<(String, usize)>,
    /// The format that a word names, unless it is text.
    named: Option<CopyFormat>,
    key_id: Option<Secret>,
    key: Option<Secret>,
    token: Option<Secret>,
}

struct Reader<'r, 'a> {
    translator: &'r Translator<'a>,
    code: &'r [TokenWithSpan],
    at: usize,
    parts: Parts,
    /// The options so far, and the token that each stands at.
    given: Vec<(&'static str, usize)>,
}

/// Reads the tokens of one statement, without blanks and comments.
pub(super) fn parse(translator: &Translator<'_>, code: &[TokenWithSpan]) -> Result<Copy, Refusal> {
    let mut reader = Reader {
        translator,
        code,
        at: 0,
        parts: Parts::default(),
        given: Vec::new(),
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
            return Err(Refusal {
                reason: Some("files are read from S3 alone".into()),
                ..self.refuse(
                    "not-emulated",
                    "a `copy` from anything but S3 is not emulated",
                )
            });
        }
        let mut copy = Copy {
            columns,
            ..Copy::new(into, from, CopyFormat::text())
        };
        while self.at < self.code.len() {
            self.option(&mut copy)?;
            if self.peek() == Some(&Token::Comma) {
                self.at += 1;
            }
        }
        self.check()?;
        copy.format = self.format();
        let parts = &mut self.parts;
        if let (Some(id), Some(secret)) = (parts.key_id.take(), parts.key.take()) {
            copy.keys = Some(Box::new(AccessKeys {
                id,
                secret,
                session_token: parts.token.take(),
            }));
        }
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

    /// One option. Its name is noted, so that what cannot stand together is told at the one that is too much.
    fn option(&mut self, copy: &mut Copy) -> Result<(), Refusal> {
        let at = self.at;
        let Some(name) = self.word() else {
            return Err(self.refuse("copy-syntax", "an option of `copy` is expected here"));
        };
        self.at += 1;
        if name == "format" {
            self.skip_as();
            return self.format_word(self.at);
        }
        if matches!(
            name.as_str(),
            "csv" | "json" | "avro" | "parquet" | "orc" | "shapefile" | "fixedwidth"
        ) {
            self.at = at;
            return self.format_word(at);
        }
        let Some(option) = COPY_OPTIONS.iter().find(|option| option.word() == name) else {
            self.at = at;
            return Err(self.unknown(&name));
        };
        if let ("readratio" | "ssh" | "simplify" | "job", Emulated::No(why)) =
            (option.key, option.emulated)
        {
            self.at = at;
            return Err(self.refuse(
                "not-emulated",
                &format!("the option `{name}` of `copy` is not emulated: {why}"),
            ));
        }
        if self.given.iter().any(|(known, _)| *known == option.key) {
            self.at = at;
            return Err(self.refuse(
                "copy-option",
                &format!("the option `{name}` of `copy` is given twice"),
            ));
        }
        self.given.push((option.key, at));
        self.value(option.key, &name, copy)
    }

    fn value(&mut self, key: &str, name: &str, copy: &mut Copy) -> Result<(), Refusal> {
        match key {
            "iam_role" => copy.iam_role = Some(self.role()?),
            "credentials" => self.credentials(copy)?,
            "access_key_id" => self.parts.key_id = Some(self.secret("the key")?),
            "secret_access_key" => self.parts.key = Some(self.secret("the key")?),
            "session_token" => self.parts.token = Some(self.secret("the token")?),
            "master_symmetric_key" => copy.master_symmetric_key = Some(self.secret("the key")?),
            "region" => copy.region = Some(self.option_text("the region")?),
            "quote" => self.parts.quote = Some(self.character("the quote")?),
            "delimiter" => {
                let text = self.option_text("the delimiter")?;
                let read = delimiter(&text).map_err(|what| {
                    self.at -= 1;
                    self.refuse("copy-option", &format!("the delimiter is {what}"))
                })?;
                self.parts.delimiter = Some(read);
            }
            "ignore_header" => copy.ignore_header = self.number("the number of lines")?,
            "time_format" => copy.time_format = Some(self.option_text("the format")?),
            "date_format" => copy.date_format = Some(self.option_text("the format")?),
            "encoding" => copy.encoding = self.encoding()?,
            "accept_inv_chars" => {
                self.skip_as();
                copy.accept_invalid_characters = Some(match self.peek() {
                    Some(Token::SingleQuotedString(_)) => self.character("the replacement")?,
                    _ => '?',
                });
            }
            "null_as" => copy.null_as = Some(self.option_text("the text that stands for NULL")?),
            "max_error" => {
                let number = self.number("the number of errors")?;
                copy.max_error = self.within(number, 0, 100_000, "maxerror")?;
            }
            "comp_rows" => {
                let number = self.number("the number of rows")?;
                let rows = self.within(number, 1000, 2_147_483_647, "comprows")?;
                copy.computes.push((name.to_owned(), rows.to_string()));
            }
            "comp_update" | "stat_update" => {
                let value = match self.word().as_deref() {
                    Some(value @ ("on" | "off" | "true" | "false" | "preset")) => {
                        self.at += 1;
                        value.to_owned()
                    }
                    _ => "on".to_owned(),
                };
                copy.computes.push((name.to_owned(), value));
            }
            flag => self.flag(flag, copy),
        }
        Ok(())
    }

    fn flag(&mut self, key: &str, copy: &mut Copy) {
        match key {
            "escape" => self.parts.escape = true,
            "remove_quotes" => self.parts.remove_quotes = true,
            "manifest" => copy.manifest = true,
            "accept_any_date" => copy.accept_any_date = true,
            "blanks_as_null" => copy.blanks_as_null = true,
            "empty_as_null" => copy.empty_as_null = true,
            "explicit_ids" => copy.explicit_ids = true,
            "serialize_to_json" => copy.serialize_to_json = true,
            "fill_record" => copy.fill_record = true,
            "ignore_blank_lines" => copy.ignore_blank_lines = true,
            "roundec" => copy.round_decimals = true,
            "trim_blanks" => copy.trim_blanks = true,
            "truncate_columns" => copy.truncate_columns = true,
            "ignore_all_errors" => copy.ignore_all_errors = true,
            "noload" => copy.no_load = true,
            _ => {
                let mut all = Compression::ALL.into_iter();
                copy.compression = all.find(|it| it.word() == key).or(copy.compression);
            }
        }
    }

    /// What cannot stand together.
    fn check(&mut self) -> Result<(), Refusal> {
        let keys = self.given.iter().map(|(key, _)| *key).collect::<Vec<_>>();
        let Some(conflict) = copy_options::conflicts(&keys).first().copied() else {
            return Ok(());
        };
        let (key, message) = match conflict {
            Conflict::Excludes(a, b) => {
                // The later one is too much.
                let place = |key| self.given.iter().position(|(known, _)| *known == key);
                let (first, second) = if place(a) < place(b) { (a, b) } else { (b, a) };
                let words = [first, second].map(word_of);
                (
                    second,
                    format!("`{}` and `{}` exclude each other", words[0], words[1]),
                )
            }
            Conflict::Needs(a, b) => (a, {
                let words = [a, b].map(word_of);
                format!("`{}` needs `{}` too", words[0], words[1])
            }),
        };
        let place = self.given.iter().find(|(known, _)| *known == key);
        self.at = place.map_or(0, |(_, at)| *at);
        Err(self.refuse("copy-option", &message))
    }

    fn format(&mut self) -> CopyFormat {
        let parts = std::mem::take(&mut self.parts.named);
        let delimiter = self.parts.delimiter.take();
        match parts {
            Some(CopyFormat::Csv { .. }) => CopyFormat::Csv {
                delimiter: delimiter.unwrap_or_else(|| ",".to_owned()),
                quote: self.parts.quote.unwrap_or('"'),
            },
            Some(CopyFormat::FixedWidth(_)) => {
                CopyFormat::FixedWidth(std::mem::take(&mut self.parts.widths))
            }
            Some(named) => named,
            None => CopyFormat::Delimited {
                delimiter: delimiter.unwrap_or_else(|| "|".to_owned()),
                escape: self.parts.escape,
                remove_quotes: self.parts.remove_quotes,
            },
        }
    }

    fn unknown(&self, name: &str) -> Refusal {
        let message = format!("`{name}` is not an option of `copy`");
        let mut near = self.refuse("copy-option", &message);
        let words = COPY_OPTIONS.map(|option| option.word());
        let found = crate::diagnostic::nearest(name, words.iter().map(String::as_str));
        near.help = found.map(|near| format!("did you mean `{near}`?"));
        near
    }

    /// The name of a format and what belongs to it.
    fn format_word(&mut self, at: usize) -> Result<(), Refusal> {
        let Some(name) = self.word() else {
            return Err(self.refuse("copy-syntax", "`format` needs a name"));
        };
        let (key, format) = match name.as_str() {
            "csv" => ("csv", CopyFormat::csv()),
            "parquet" => ("parquet", CopyFormat::Parquet),
            "orc" => ("orc", CopyFormat::Orc),
            "shapefile" => ("shapefile", CopyFormat::Shapefile),
            "json" => ("json", CopyFormat::JsonAuto),
            "avro" => ("avro", CopyFormat::Avro("auto".to_owned())),
            "fixedwidth" => ("fixedwidth", CopyFormat::FixedWidth(Vec::new())),
            _ => return Err(self.unknown(&name)),
        };
        self.at += 1;
        if self.given.iter().any(|(known, _)| *known == key) {
            self.at = at;
            return Err(self.refuse(
                "copy-option",
                &format!("the option `{name}` of `copy` is given twice"),
            ));
        }
        self.given.push((key, at));
        // Two formats are told by `check`, at the second.
        let format = match key {
            "json" | "avro" => self.how(key)?,
            "fixedwidth" => {
                let text = self.option_text("the widths of the columns")?;
                self.parts.widths = fixed_width(&text).map_err(|what| {
                    self.at -= 1;
                    self.refuse("copy-option", &format!("`fixedwidth` is {what}"))
                })?;
                format
            }
            _ => format,
        };
        self.parts.named.get_or_insert(format);
        Ok(())
    }

    /// `'auto'`, `'auto ignorecase'`, `'noshred'` or a JSONPaths file; nothing means `auto`.
    fn how(&mut self, key: &str) -> Result<CopyFormat, Refusal> {
        self.skip_as();
        if !matches!(self.peek(), Some(Token::SingleQuotedString(_))) {
            return Ok(match key {
                "avro" => CopyFormat::Avro("auto".to_owned()),
                _ => CopyFormat::JsonAuto,
            });
        }
        let text = self.text("`'auto'` or the place of a JSONPaths file")?;
        match (key, json_format(&text)) {
            ("avro", Some(format)) if format != CopyFormat::JsonNoShred => {
                Ok(CopyFormat::Avro(text))
            }
            ("json", Some(format)) => Ok(format),
            _ => {
                self.at -= 1;
                let kind = key.to_uppercase();
                Err(self.refuse("copy-option", &format!("`{text}` is no way to read {kind}")))
            }
        }
    }

    /// `default`, `'arn'`, or the roles of a chain joined by commas.
    fn role(&mut self) -> Result<String, Refusal> {
        self.skip_as();
        if self.word().as_deref() == Some("default") {
            self.at += 1;
            return Ok("default".to_owned());
        }
        self.text("a role")
    }

    fn credentials(&mut self, copy: &mut Copy) -> Result<(), Refusal> {
        self.skip_as();
        let text = self.text("the credentials")?;
        let read = Credentials::parse(&text).map_err(|why| {
            self.at -= 1;
            Refusal {
                help: Some("give a role: `iam_role default`".into()),
                ..self.refuse("copy-option", &why)
            }
        })?;
        copy.iam_role = copy.iam_role.take().or(read.iam_role);
        copy.keys = read.keys;
        if read.master_symmetric_key.is_some() {
            copy.master_symmetric_key = read.master_symmetric_key;
            self.given.push(("master_symmetric_key", self.at - 1));
        }
        Ok(())
    }

    fn secret(&mut self, what: &str) -> Result<Secret, Refusal> {
        Ok(Secret::new(self.option_text(what)?))
    }

    fn encoding(&mut self) -> Result<Option<Encoding>, Refusal> {
        self.skip_as();
        let name = match self.peek() {
            Some(Token::SingleQuotedString(text)) => text.to_lowercase(),
            _ => self.word().unwrap_or_default(),
        };
        match Encoding::ALL.into_iter().find(|it| it.word() == name) {
            Some(encoding) => {
                self.at += 1;
                Ok(Some(encoding).filter(|it| *it != Encoding::Utf8))
            }
            None => Err(self.refuse(
                "copy-option",
                "`encoding` is `utf8`, `utf16`, `utf16le`, `utf16be` or `iso88591`",
            )),
        }
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
        // The tokenizer takes `\0` for the letter NUL, which no statement has: it begins a number in octal, as in `\001`.
        Ok(self.text(what)?.replace('\0', "\\0"))
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
            (_, Some(character), None) if character.is_ascii() => Ok(character),
            _ => {
                self.at -= 1;
                Err(self.refuse("copy-option", &format!("{what} is one ASCII character")))
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

    fn within(&mut self, number: u64, least: u32, most: u32, name: &str) -> Result<u32, Refusal> {
        let fits = u32::try_from(number).ok();
        fits.filter(|number| (least..=most).contains(number))
            .ok_or_else(|| {
                self.at -= 1;
                self.refuse("copy-option", &format!("`{name}` is {least} to {most}"))
            })
    }

    fn refuse(&self, code: &'static str, message: &str) -> Refusal {
        let token = self.code.get(self.at).or_else(|| self.code.last());
        let span = token.map_or_else(sqlparser::tokenizer::Span::empty, |token| token.span);
        self.translator.refuse(code, span, message)
    }
}

/// The word of the statement for an option.
fn word_of(key: &str) -> String {
    copy_options::find(key).map_or_else(String::new, copy_options::CopyOption::word)
}

#[cfg(test)]
mod tests;
