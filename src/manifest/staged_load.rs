//! `external.copy` of a source table, as a checked `COPY`.
//!
//! In: the YAML of `external`. Out: [`StagedLoad`], or what is wrong with each option.

use super::node::StagedLoad;
use crate::adapter::statement::{Copy, CopyFormat, TableAttributes};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::project::yaml::{Yaml, YamlValue};
use crate::relation::Relation;

/// Keys of `external` that mean something here.
const EXTERNAL_KEYS: [&str; 3] = ["location", "file_format", "copy"];
/// Keys of `external` for tables that stay outside, which we do not make.
const FOREIGN_KEYS: [&str; 8] = [
    "row_format",
    "tbl_properties",
    "table_properties",
    "partitions",
    "using",
    "options",
    "infer_schema",
    "auto_refresh",
];

/// Options of `copy` that are carried out.
const KNOWN: [&str; 22] = [
    "json",
    "jsonpaths",
    "delimiter",
    "quote",
    "ignore_header",
    "timeformat",
    "dateformat",
    "blanks_as_null",
    "empty_as_null",
    "truncate_columns",
    "trim_blanks",
    "accept_inv_chars",
    "fill_record",
    "ignore_blank_lines",
    "null_as",
    "max_error",
    "gzip",
    "region",
    "iam_role",
    "compupdate",
    "statupdate",
    "csv",
];
/// Options of the manual's `COPY` that are not.
const LATER: [&str; 31] = [
    "manifest",
    "encrypted",
    "master_symmetric_key",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "credentials",
    "authorization",
    "avro",
    "parquet",
    "orc",
    "fixedwidth",
    "shapefile",
    "bzip2",
    "lzop",
    "zstd",
    "escape",
    "remove_quotes",
    "explicit_ids",
    "roundec",
    "encoding",
    "accept_any_date",
    "noload",
    "comprows",
    "readratio",
    "ssh",
    "kms_key_id",
    "simplify",
    "ignore_all_errors",
    "format",
    "csv_as",
];

/// The staged load that `external` declares; none for a table that is only described there.
pub fn read(
    external: &Yaml,
    attributes: TableAttributes,
    relation: &Relation,
    problems: &mut Diagnostics,
) -> Option<StagedLoad> {
    if !external.is_map() {
        problems.push(external.expected("a mapping with `location` and `copy`"));
        return None;
    }
    let copy = external.get("copy");
    let is_foreign = external
        .entries()
        .iter()
        .any(|(key, _)| FOREIGN_KEYS.contains(&key.key_text().as_str()));
    if copy.is_none() && (is_foreign || external.get("file_format").is_none()) {
        return None;
    }
    for (key, _) in external.entries() {
        let name = key.key_text();
        if !EXTERNAL_KEYS.contains(&name.as_str()) {
            problems.push(
                Diagnostic::error(
                    "unknown-key",
                    format!("`external` of a table that is loaded has no key `{name}`"),
                )
                .at(key.span.clone())
                .did_you_mean(&name, EXTERNAL_KEYS),
            );
        }
    }
    let before = problems.0.len();
    let mut reader = Reader {
        external,
        copy,
        problems,
    };
    let copy = reader.copy(relation);
    (problems.0.len() == before).then_some(StagedLoad { copy, attributes })
}

struct Reader<'a> {
    external: &'a Yaml,
    copy: Option<&'a Yaml>,
    problems: &'a mut Diagnostics,
}

/// Option names are read without regard to `_` and case: the manual writes `BLANKSASNULL`, dbt people `blanks_as_null`.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['_', '-', ' '], "")
}

impl<'a> Reader<'a> {
    fn copy(&mut self, relation: &Relation) -> Copy {
        self.check_names();
        Copy {
            into: relation.clone(),
            columns: Vec::new(),
            from: self.location(),
            iam_role: self.text("iam_role"),
            region: self.text("region"),
            format: self.format(),
            gzip: self.flag("gzip"),
            time_format: self.text("timeformat"),
            date_format: self.text("dateformat"),
            blanks_as_null: self.flag("blanks_as_null"),
            empty_as_null: self.flag("empty_as_null"),
            truncate_columns: self.flag("truncate_columns"),
            trim_blanks: self.flag("trim_blanks"),
            accept_invalid_characters: self.replacement(),
            fill_record: self.flag("fill_record"),
            ignore_blank_lines: self.flag("ignore_blank_lines"),
            null_as: self.text("null_as"),
            max_error: self
                .number("max_error", 100_000)
                .and_then(|number| u32::try_from(number).ok())
                .unwrap_or(0),
            computes: self.computes(),
            origin: Some(self.copy.unwrap_or(self.external).span.clone()),
        }
    }

    fn check_names(&mut self) {
        let Some(copy) = self.copy else { return };
        if !copy.is_map() && !copy.is_null() {
            return self
                .problems
                .push(copy.expected("a mapping of COPY options"));
        }
        let mut seen: Vec<(String, &Yaml)> = Vec::new();
        for (key, _) in copy.entries() {
            let name = key.key_text();
            let wanted = plain(&name);
            if let Some((_, first)) = seen.iter().find(|(known, _)| *known == wanted) {
                self.problems.push(
                    Diagnostic::error(
                        "duplicate-copy-option",
                        format!("the COPY option `{name}` is given twice"),
                    )
                    .at(key.span.clone())
                    .related("the first time", first.span.clone()),
                );
            }
            let is = |known: &&str| plain(known) == wanted;
            if KNOWN.iter().any(is) {
                seen.push((wanted, key));
            } else if LATER.iter().any(is) {
                self.problems.push(
                    Diagnostic::error(
                        "not-supported-yet",
                        format!("the COPY option `{name}` is not supported yet"),
                    )
                    .at(key.span.clone()),
                );
            } else {
                let near = nearest(&name, KNOWN.into_iter().chain(LATER));
                let problem = Diagnostic::error(
                    "unknown-copy-option",
                    format!("COPY has no option `{name}`"),
                )
                .at(key.span.clone());
                self.problems.push(match near {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem.help(format!(
                        "the options are {}",
                        KNOWN.map(|name| format!("`{name}`")).join(", ")
                    )),
                });
            }
        }
    }

    fn option(&self, name: &str) -> Option<&'a Yaml> {
        let wanted = plain(name);
        let entries = self.copy?.entries();
        let (_, value) = entries
            .iter()
            .find(|(key, _)| plain(&key.key_text()) == wanted)?;
        (!value.is_null()).then_some(value)
    }

    /// An option's name as the user spells it.
    fn spelled(&self, name: &str) -> String {
        let entries = self.copy.map(Yaml::entries).unwrap_or_default();
        let keys = entries.iter().map(|(key, _)| key.key_text());
        let mut same = keys.filter(|key| plain(key) == plain(name));
        same.next().unwrap_or_else(|| name.to_owned())
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let value = self.option(name)?;
        match &value.value {
            YamlValue::String(text) => Some(text.clone()),
            YamlValue::Int(_) | YamlValue::Float(_) => Some(value.key_text()),
            _ => {
                self.problems.push(
                    value.expected(&format!("a text for `{name}`", name = self.spelled(name))),
                );
                None
            }
        }
    }

    fn flag(&mut self, name: &str) -> bool {
        let Some(value) = self.option(name) else {
            return false;
        };
        value.as_bool().unwrap_or_else(|| {
            self.problems.push(value.expected(&format!(
                "`true` or `false` for `{name}`",
                name = self.spelled(name)
            )));
            false
        })
    }

    fn number(&mut self, name: &str, most: i64) -> Option<i64> {
        let value = self.option(name)?;
        match value.value {
            YamlValue::Int(number) if (0..=most).contains(&number) => Some(number),
            _ => {
                self.problems.push(value.expected(&format!(
                    "a number from 0 to {most} for `{name}`",
                    name = self.spelled(name)
                )));
                None
            }
        }
    }

    fn character(&mut self, name: &str) -> Option<char> {
        let text = self.text(name)?;
        let text = match text.as_str() {
            "\\t" => "\t",
            other => other,
        };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) if character.is_ascii() => Some(character),
            _ => {
                if let Some(value) = self.option(name) {
                    self.problems.push(value.expected(&format!(
                        "one ASCII character for `{name}`",
                        name = self.spelled(name)
                    )));
                }
                None
            }
        }
    }

    fn location(&mut self) -> String {
        let Some(location) = self.external.get("location") else {
            self.problems.push(
                Diagnostic::error("missing-key", "`external` has no `location`")
                    .at(self.external.span.clone())
                    .help("write where the files are: `location: \"s3://bucket/prefix\"`"),
            );
            return String::new();
        };
        match location.as_str() {
            Some(text) if text.starts_with("s3://") && text.len() > 5 => text.to_owned(),
            Some(_) => {
                self.problems.push(
                    Diagnostic::error("bad-location", "COPY reads from S3 only")
                        .at(location.span.clone())
                        .help("write an `s3://bucket/prefix`; a target may map it to a folder with `s3: {\"s3://bucket/\": \"folder/\"}`"),
                );
                String::new()
            }
            None => {
                self.problems.push(location.expected("an `s3://` location"));
                String::new()
            }
        }
    }

    fn format(&mut self) -> CopyFormat {
        let format = self.external.get("file_format");
        let named = format.and_then(Yaml::as_str).map(str::to_lowercase);
        match named.as_deref() {
            Some("csv") => self.csv(),
            Some("json") => self.json(),
            None if format.is_none()
                && (self.option("csv").is_some() || self.option("delimiter").is_some()) =>
            {
                self.csv()
            }
            None if format.is_none() => self.json(),
            _ => {
                if let Some(format) = format {
                    let known = matches!(
                        named.as_deref(),
                        Some("parquet" | "orc" | "avro" | "text" | "textfile")
                    );
                    let problem = if known {
                        Diagnostic::error(
                            "not-supported-yet",
                            format!(
                                "the file format `{}` is not supported yet",
                                format.key_text()
                            ),
                        )
                    } else {
                        Diagnostic::error(
                            "unknown-value",
                            format!("there is no file format `{}`", format.key_text()),
                        )
                        .did_you_mean(&format.key_text(), ["json", "csv"])
                    };
                    self.problems.push(
                        problem
                            .at(format.span.clone())
                            .help("write `json` or `csv`"),
                    );
                }
                CopyFormat::JsonAuto
            }
        }
    }

    fn csv(&mut self) -> CopyFormat {
        for name in ["json", "jsonpaths"] {
            self.refuse(name, "CSV");
        }
        CopyFormat::Csv {
            delimiter: self.character("delimiter").unwrap_or(','),
            quote: self.character("quote").unwrap_or('"'),
            ignore_header: self
                .number("ignore_header", i64::MAX)
                .and_then(|lines| u64::try_from(lines).ok())
                .unwrap_or(0),
        }
    }

    fn json(&mut self) -> CopyFormat {
        for name in [
            "csv",
            "delimiter",
            "quote",
            "ignore_header",
            "fill_record",
            "ignore_blank_lines",
        ] {
            self.refuse(name, "JSON");
        }
        match (self.text("jsonpaths"), self.text("json")) {
            (Some(paths), None) => CopyFormat::JsonPaths(paths),
            (Some(_), Some(_)) => {
                self.refuse("json", "`jsonpaths`");
                CopyFormat::JsonAuto
            }
            (None, Some(how)) if how.eq_ignore_ascii_case("auto ignorecase") => {
                CopyFormat::JsonAutoIgnoreCase
            }
            (None, Some(how)) if how.starts_with("s3://") => CopyFormat::JsonPaths(how),
            (None, Some(how)) if !how.eq_ignore_ascii_case("auto") => {
                if let Some(value) = self.option("json") {
                    self.problems.push(value.expected(
                        "`auto`, `auto ignorecase` or the `s3://` location of a JSONPaths file",
                    ));
                }
                CopyFormat::JsonAuto
            }
            _ => CopyFormat::JsonAuto,
        }
    }

    /// Redshift refuses options that belong to another format.
    fn refuse(&mut self, name: &str, format: &str) {
        if let Some(value) = self.option(name) {
            self.problems.push(
                Diagnostic::error(
                    "bad-copy-option",
                    format!("the COPY option `{name}` does not go with {format}"),
                )
                .at(value.span.clone()),
            );
        }
    }

    fn replacement(&mut self) -> Option<char> {
        let value = self.option("accept_inv_chars")?;
        match &value.value {
            YamlValue::Bool(true) => Some('?'),
            YamlValue::Bool(false) => None,
            _ => self.character("accept_inv_chars"),
        }
    }

    fn computes(&mut self) -> Vec<(String, String)> {
        let mut computes = Vec::new();
        for (name, known) in [
            ("compupdate", &["on", "off", "preset"][..]),
            ("statupdate", &["on", "off"][..]),
        ] {
            let Some(value) = self.option(name) else {
                continue;
            };
            let text = match value.as_bool() {
                Some(true) => "on".to_owned(),
                Some(false) => "off".to_owned(),
                None => value.key_text().to_lowercase(),
            };
            if known.contains(&text.as_str()) {
                computes.push((name.to_owned(), text));
            } else {
                self.problems
                    .push(value.expected(&format!("one of `{}` for `{name}`", known.join("`, `"))));
            }
        }
        computes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::project::yaml;

    fn load(text: &str) -> String {
        let yaml = yaml::parse(&Source::new("sources.yml", text)).unwrap();
        let mut problems = Diagnostics::default();
        let load = read(
            &yaml,
            TableAttributes::default(),
            &Relation::new("raw", "events"),
            &mut problems,
        );
        let told = problems.0.iter().map(|problem| {
            problem.to_string()
                + &problem
                    .help
                    .iter()
                    .map(|help| format!(" -- help: {help}"))
                    .collect::<String>()
        });
        let told = told.collect::<Vec<_>>().join("\n");
        match load {
            Some(load) => format!(
                "{told}{:?} {:?} {} {:?} {:?}",
                load.copy.from,
                load.copy.format,
                load.copy.max_error,
                load.copy.time_format,
                load.copy.computes
            ),
            None => told,
        }
    }

    #[test]
    fn options_are_read_in_both_spellings() {
        insta::assert_snapshot!(load("{location: 's3://b/p', file_format: json, copy: {jsonpaths: 's3://b/paths.json', timeformat: epochmillisecs, BLANKSASNULL: true, maxerror: 5, compupdate: off}}"), @r#""s3://b/p" JsonPaths("s3://b/paths.json") 5 Some("epochmillisecs") [("compupdate", "off")]"#);
        insta::assert_snapshot!(load("{location: 's3://b/p', file_format: csv, copy: {delimiter: '|', ignoreheader: 1}}"), @r#""s3://b/p" Csv { delimiter: '|', quote: '"', ignore_header: 1 } 0 None []"#);
        assert_eq!(
            load("{location: 's3://b/p'}"),
            "",
            "a table that is only described is not loaded"
        );
    }

    #[test]
    fn each_wrong_option_is_refused_by_name() {
        insta::assert_snapshot!(load("
location: fixtures/events
file_format: jsno
partition: x
copy:
  manifest: true
  blank_as_null: true
  gzip: sure
  max_error: -1
  ignore_header: 1
  compupdate: maybe
"), @r#"
error[unknown-key]: `external` of a table that is loaded has no key `partition` (sources.yml:4:1)
error[not-supported-yet]: the COPY option `manifest` is not supported yet (sources.yml:6:3)
error[unknown-copy-option]: COPY has no option `blank_as_null` (sources.yml:7:3) -- help: did you mean `blanks_as_null`?
error[bad-location]: COPY reads from S3 only (sources.yml:2:11) -- help: write an `s3://bucket/prefix`; a target may map it to a folder with `s3: {"s3://bucket/": "folder/"}`
error[unknown-value]: there is no file format `jsno` (sources.yml:3:14) -- help: did you mean `json`? -- help: write `json` or `csv`
error[yaml-type]: expected `true` or `false` for `gzip`, found the text `sure` (sources.yml:8:9)
error[yaml-type]: expected a number from 0 to 100000 for `max_error`, found the number `-1` (sources.yml:9:14)
error[yaml-type]: expected one of `on`, `off`, `preset` for `compupdate`, found the text `maybe` (sources.yml:11:15)
"#);
    }
}
