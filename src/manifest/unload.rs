//! `unload:`, where a relation goes to files: in a model's configuration, and as flags of the command.
//!
//! In: its keys. Out: [`UnloadConfig`], or what is wrong with each.

use serde_json::{Map, Value};

use crate::adapter::statement::{
    Compression, ExistingFiles, UNLOAD_EXCLUDES, Unload, UnloadFormat, delimiter, fixed_width,
};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

/// Every key.
pub const KEYS: [&str; 27] = [
    "to",
    "format",
    "columns",
    "order_by",
    "partition_by",
    "include",
    "header",
    "delimiter",
    "fixedwidth",
    "add_quotes",
    "escape",
    "null_as",
    "gzip",
    "bzip2",
    "zstd",
    "manifest",
    "manifest_verbose",
    "allow_overwrite",
    "clean_path",
    "parallel",
    "max_file_size",
    "row_group_size",
    "iam_role",
    "region",
    "encrypted",
    "kms_key_id",
    "extension",
];

/// The word of an option in the statement.
fn word(key: &str) -> String {
    match key {
        "null_as" => "null".to_owned(),
        key => key.replace('_', ""),
    }
}

/// An unload of a relation that is not named yet.
#[derive(Clone, Debug, PartialEq)]
pub struct UnloadConfig {
    unload: Unload,
    /// The columns that go; empty means all.
    columns: Vec<String>,
    order_by: Vec<String>,
}

impl UnloadConfig {
    /// The unload of a relation, by its name in SQL; `{name}` in `to` is the node's.
    pub fn of(&self, relation: &str, name: &str) -> Unload {
        let quoted = |columns: &[String]| {
            let quoted = columns
                .iter()
                .map(|it| format!("\"{}\"", it.replace('"', "\"\"")));
            quoted.collect::<Vec<_>>().join(", ")
        };
        let columns = match self.columns.as_slice() {
            [] => "*".to_owned(),
            columns => quoted(columns),
        };
        let mut query = format!("select {columns} from {relation}");
        if !self.order_by.is_empty() {
            query += &format!(" order by {}", quoted(&self.order_by));
        }
        Unload {
            query,
            to: self.unload.to.replace("{name}", name),
            ..self.unload.clone()
        }
    }

    /// Whether each relation goes to a place of its own.
    pub fn names_relations(&self) -> bool {
        self.unload.to.contains("{name}")
    }
}

/// Reads the keys; `place` tells where a word of them is written.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read(
    keys: &Map<String, Value>,
    place: &dyn Fn(&str) -> Option<Span>,
) -> Result<UnloadConfig, Diagnostics> {
    let mut reader = Reader {
        keys,
        place,
        problems: Diagnostics::default(),
    };
    reader.check_names();
    let read = reader.unload();
    reader.check_combinations(read.unload.format);
    if reader.problems.has_errors() {
        return Err(reader.problems);
    }
    Ok(read)
}

struct Reader<'a> {
    keys: &'a Map<String, Value>,
    place: &'a dyn Fn(&str) -> Option<Span>,
    problems: Diagnostics,
}

impl Reader<'_> {
    fn check_names(&mut self) {
        for key in self.keys.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let problem = Diagnostic::error("unknown-key", format!("`unload` has no key `{key}`"))
                .at_some((self.place)(key))
                .one_of(key, KEYS);
            self.problems.push(if problem.help.is_empty() {
                problem.help(format!(
                    "its keys are {}",
                    KEYS.map(|key| format!("`{key}`")).join(", ")
                ))
            } else {
                problem
            });
        }
    }

    fn unload(&mut self) -> UnloadConfig {
        let to = self.to();
        let format = self.format();
        let compressed = [Compression::Gzip, Compression::Bzip2, Compression::Zstd];
        let existing = match (self.flag("allow_overwrite"), self.flag("clean_path")) {
            (Some(true), _) => ExistingFiles::Overwrite,
            (_, Some(true)) => ExistingFiles::Clean,
            _ => ExistingFiles::Refuse,
        };
        let verbose = self.flag("manifest_verbose").unwrap_or(false);
        let unload = Unload {
            iam_role: self.texts("iam_role").map(|roles| roles.join(",")),
            region: self.text("region"),
            header: self.flag("header").unwrap_or(false),
            delimiter: self.delimiter(),
            fixed_width: self.widths(),
            add_quotes: self.flag("add_quotes").unwrap_or(false),
            escape: self.flag("escape").unwrap_or(false),
            null_as: self.text("null_as"),
            partition_by: self.texts("partition_by").unwrap_or_default(),
            include: self.flag("include").unwrap_or(false),
            compression: compressed
                .into_iter()
                .find(|it| self.flag(it.word()) == Some(true)),
            manifest: self.flag("manifest").unwrap_or(false) || verbose,
            verbose,
            existing,
            parallel: self.flag("parallel").unwrap_or(true),
            max_file_size: self.size("max_file_size", 5.0, 6.2 * 1024.0),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it lies between 32 and 128"
            )]
            row_group_size: self
                .size("row_group_size", 32.0, 128.0)
                .map(|size| size as u32),
            kms_key_id: self.text("kms_key_id"),
            encrypted_auto: self.encrypted_auto(),
            extension: self.text("extension"),
            origin: (self.place)("to"),
            ..Unload::new("", to, format)
        };
        UnloadConfig {
            unload,
            columns: self.texts("columns").unwrap_or_default(),
            order_by: self.texts("order_by").unwrap_or_default(),
        }
    }

    fn to(&mut self) -> String {
        match self.keys.get("to") {
            None => {
                self.problems.push(
                    Diagnostic::error("missing-key", "`unload` does not say where the files go")
                        .at_some((self.place)(""))
                        .help("add `to: \"s3://bucket/prefix\"`: names of files begin with it"),
                );
                String::new()
            }
            // A prefix of nothing would be the whole bucket.
            Some(Value::String(to))
                if to.strip_prefix("s3://").is_some_and(|rest| {
                    rest.split_once('/')
                        .is_some_and(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
                }) =>
            {
                to.clone()
            }
            Some(_) => {
                self.expected("to", "an `s3://bucket/prefix`");
                String::new()
            }
        }
    }

    fn format(&mut self) -> UnloadFormat {
        let known = UnloadFormat::ALL.map(|(name, _)| name);
        let Some(text) = self.text("format") else {
            if !self.keys.contains_key("format") {
                self.problems.push(
                    Diagnostic::error("missing-key", "`unload` does not say what the files hold")
                        .at_some((self.place)(""))
                        .help("add `format: parquet`, `csv`, `json` or `text` (with a delimiter)"),
                );
            }
            return UnloadFormat::Text;
        };
        let folded = text.to_lowercase();
        let found = UnloadFormat::ALL
            .into_iter()
            .find(|(name, _)| *name == folded);
        if found.is_none() {
            self.problems.push(
                Diagnostic::error("unknown-value", format!("`unload` cannot write `{text}`"))
                    .at_some((self.place)(&text))
                    .did_you_mean(&folded, known)
                    .help("write `parquet`, `csv`, `json` or `text` (with a delimiter)"),
            );
        }
        found.map_or(UnloadFormat::Text, |(_, format)| format)
    }

    fn check_combinations(&mut self, format: UnloadFormat) {
        let named = UnloadFormat::ALL.into_iter().find(|(_, it)| *it == format);
        let format = named.map_or("text", |(name, _)| name);
        for (with, options) in UNLOAD_EXCLUDES {
            let with = KEYS
                .into_iter()
                .find(|key| word(key) == with)
                .unwrap_or(with);
            if with != format && !self.is_on(with) {
                continue;
            }
            let excluded = KEYS
                .into_iter()
                .filter(|key| options.contains(&&*word(key)));
            for key in excluded.filter(|key| self.keys.get(*key).is_some_and(said)) {
                self.refuse(key, &format!("does not go with `{with}`"));
            }
        }
        if self.is_on("bzip2") && self.is_on("zstd") {
            self.refuse("zstd", "does not go with `bzip2`");
        }
        if self.is_on("encrypted") && self.is_on("kms_key_id") {
            self.refuse("encrypted", "is said by `kms_key_id` already");
        }
        if self.is_on("row_group_size") && format != "parquet" {
            self.refuse("row_group_size", "is for `parquet`");
        }
        if self.is_on("include") && !self.is_on("partition_by") {
            self.refuse("include", "needs `partition_by` too");
        }
    }

    /// Whether a key is there and says something.
    fn is_on(&self, key: &str) -> bool {
        self.keys.get(key).is_some_and(said)
    }

    fn refuse(&mut self, key: &str, why: &str) {
        self.problems.push(
            Diagnostic::error(
                "bad-unload-option",
                format!("the option `{key}` of `unload` {why}"),
            )
            .at_some((self.place)(key)),
        );
    }

    fn expected(&mut self, key: &str, what: &str) {
        let shown = self
            .keys
            .get(key)
            .map(ToString::to_string)
            .unwrap_or_default();
        self.problems.push(
            Diagnostic::error(
                "bad-unload-option",
                format!(
                    "`{key}` of `unload` is {what}, not `{}`",
                    shown.trim_matches('"')
                ),
            )
            .at_some((self.place)(key)),
        );
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.keys.get(key)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => {
                self.expected(key, "a text");
                None
            }
        }
    }

    fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let texts = match self.keys.get(key)? {
            Value::Null => return None,
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(items) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect(),
            _ => None,
        };
        if texts.is_none() {
            self.expected(key, "a text or a list of texts");
        }
        texts
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        let word = match self.keys.get(key)? {
            Value::Null => return None,
            Value::Bool(flag) => return Some(*flag),
            Value::String(text) => text.to_lowercase(),
            _ => String::new(),
        };
        match word.as_str() {
            "true" | "on" => Some(true),
            "false" | "off" => Some(false),
            _ => {
                self.expected(key, "`true` or `false`");
                None
            }
        }
    }

    fn delimiter(&mut self) -> Option<char> {
        let text = self.text("delimiter")?;
        let read = delimiter(&text).unwrap_or_default();
        let mut letters = read.chars();
        let only = letters.next().filter(|_| letters.next().is_none());
        if only.is_none() {
            self.expected("delimiter", "one ASCII character");
        }
        only
    }

    fn widths(&mut self) -> Vec<(String, usize)> {
        let Some(text) = self.text("fixedwidth") else {
            return Vec::new();
        };
        fixed_width(&text).unwrap_or_else(|expected| {
            self.expected("fixedwidth", expected);
            Vec::new()
        })
    }

    /// Without a key of one's own, files are encrypted by that of the bucket.
    fn encrypted_auto(&mut self) -> bool {
        match self.text("encrypted").as_deref() {
            None => false,
            Some("auto") => true,
            Some(_) => {
                self.expected("encrypted", "`auto`; a key is named by `kms_key_id`");
                false
            }
        }
    }

    /// A size in megabytes: a number, or one with `MB` or `GB`.
    fn size(&mut self, key: &str, least: f64, most: f64) -> Option<f64> {
        let text = self.text(key)?.to_lowercase();
        let (number, factor) = match text.strip_suffix("gb") {
            Some(number) => (number, 1024.0),
            None => (text.strip_suffix("mb").unwrap_or(&text), 1.0),
        };
        let size = number.trim().parse::<f64>().ok().map(|size| size * factor);
        let size = size.filter(|size| (least..=most).contains(size));
        if size.is_none() {
            self.expected(key, &format!("a size from {least} MB to {most} MB"));
        }
        size
    }
}

/// Whether a value says something.
fn said(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Statement;

    fn told(keys: Value) -> String {
        let Value::Object(keys) = keys else {
            return String::new();
        };
        match read(&keys, &|_| None) {
            Ok(read) => {
                let unload = Statement::Unload(Box::new(read.of("\"s\".\"m\"", "m")));
                crate::adapter::redshift::sql::sql(&unload).join(";\n")
            }
            Err(problems) => {
                let told = problems.0.iter().map(|problem| {
                    let help = problem.help.iter().map(|help| format!(" -- help: {help}"));
                    problem.to_string() + &help.collect::<String>()
                });
                told.collect::<Vec<_>>().join("\n")
            }
        }
    }

    #[test]
    fn every_key_is_said_to_redshift() {
        use serde_json::json;
        insta::assert_snapshot!(told(json!({"to": "s3://b/{name}/", "format": "parquet", "partition_by": ["day"], "include": true, "order_by": "id", "max_file_size": "1 GB", "row_group_size": 64, "clean_path": true, "manifest_verbose": true, "iam_role": ["a", "b"], "region": "eu-west-1", "kms_key_id": "k"})), @r#"
        unload ('select * from "s"."m" order by "id"')
        to 's3://b/m/'
        iam_role 'a,b'
        region 'eu-west-1'
        format parquet
        partition by ("day") include
        manifest verbose
        kms_key_id 'k'
        encrypted
        cleanpath
        maxfilesize 1024 mb
        rowgroupsize 64 mb
        "#);
        insta::assert_snapshot!(told(json!({"to": "s3://b/m_", "format": "text", "columns": ["id", "it's"], "delimiter": "\\t", "header": true, "add_quotes": true, "escape": true, "null_as": "\\N", "gzip": true, "allow_overwrite": true, "parallel": "off", "extension": "txt.gz"})), @r#"
        unload ('select "id", "it''s" from "s"."m"')
        to 's3://b/m_'
        header
        delimiter '\t'
        gzip
        addquotes
        null as '\\N'
        escape
        allowoverwrite
        parallel off
        extension 'txt.gz'
        "#);
        insta::assert_snapshot!(told(json!({"to": "s3://b/m_", "format": "text", "fixedwidth": "id:9, name:20", "encrypted": "auto"})), @r#"
        unload ('select * from "s"."m"')
        to 's3://b/m_'
        fixedwidth 'id:9,name:20'
        encrypted auto
        "#);
        insta::assert_snapshot!(told(json!({"to": "s3://b/m_", "format": "CSV"})), @r#"
        unload ('select * from "s"."m"')
        to 's3://b/m_'
        format csv
        "#);
    }

    #[test]
    fn what_is_wrong_is_told_by_name() {
        use serde_json::json;
        insta::assert_snapshot!(told(json!({"to": "s3://bucket", "format": "parqet", "partitionby": "x", "max_file_size": 1, "delimiter": "||", "header": "maybe"})), @"
        error[unknown-key]: `unload` has no key `partitionby` -- help: did you mean `partition_by`?
        error[bad-unload-option]: `to` of `unload` is an `s3://bucket/prefix`, not `s3://bucket`
        error[unknown-value]: `unload` cannot write `parqet` -- help: did you mean `parquet`? -- help: write `parquet`, `csv`, `json` or `text` (with a delimiter)
        error[bad-unload-option]: `header` of `unload` is `true` or `false`, not `maybe`
        error[bad-unload-option]: `delimiter` of `unload` is one ASCII character, not `||`
        error[bad-unload-option]: `max_file_size` of `unload` is a size from 5 MB to 6348.8 MB, not `1`
        ");
        insta::assert_snapshot!(told(json!({"to": "s3://b/x", "format": "parquet", "header": true, "gzip": true, "include": true, "allow_overwrite": true, "clean_path": true})), @"
        error[bad-unload-option]: the option `header` of `unload` does not go with `parquet`
        error[bad-unload-option]: the option `gzip` of `unload` does not go with `parquet`
        error[bad-unload-option]: the option `allow_overwrite` of `unload` does not go with `clean_path`
        error[bad-unload-option]: the option `include` of `unload` needs `partition_by` too
        ");
        insta::assert_snapshot!(told(json!({"to": "s3://b/x", "format": "csv", "add_quotes": true, "row_group_size": 64, "gzip": true, "zstd": true, "delimiter": ";"})), @"
        error[bad-unload-option]: the option `add_quotes` of `unload` does not go with `csv`
        error[bad-unload-option]: the option `zstd` of `unload` does not go with `gzip`
        error[bad-unload-option]: the option `row_group_size` of `unload` is for `parquet`
        ");
        insta::assert_snapshot!(told(json!({"to": "s3://b/x", "format": "text", "fixedwidth": "id:9", "header": true, "encrypted": true, "kms_key_id": "k"})), @"
        error[bad-unload-option]: `encrypted` of `unload` is a text, not `true`
        error[bad-unload-option]: the option `header` of `unload` does not go with `fixedwidth`
        error[bad-unload-option]: the option `encrypted` of `unload` is said by `kms_key_id` already
        ");
        insta::assert_snapshot!(told(json!({"partition_by": 1})), @r#"
        error[missing-key]: `unload` does not say where the files go -- help: add `to: "s3://bucket/prefix"`: names of files begin with it
        error[missing-key]: `unload` does not say what the files hold -- help: add `format: parquet`, `csv`, `json` or `text` (with a delimiter)
        error[bad-unload-option]: `partition_by` of `unload` is a text or a list of texts, not `1`
        "#);
    }
}
