//! What the files of a staged load hold: said by `file_format`, by `copy.format`, or by an option that only one format has.

use super::options::Options;
use crate::adapter::statement::{CopyFormat, delimiter, fixed_width, json_format};
use crate::diagnostic::Diagnostic;
use crate::project::yaml::Yaml;

/// Formats by their names in YAML, and the option that stands for each.
const FORMATS: [(&str, &str); 12] = [
    ("csv", "csv"),
    ("json", "json"),
    ("text", "text"),
    ("textfile", "text"),
    ("delimited", "text"),
    ("fixedwidth", "fixedwidth"),
    ("fixed_width", "fixedwidth"),
    ("avro", "avro"),
    ("parquet", "parquet"),
    ("orc", "orc"),
    ("shapefile", "shapefile"),
    ("txt", "text"),
];

pub(super) fn read(external: &Yaml, options: &mut Options<'_, '_>) -> CopyFormat {
    let named = named(external.get("file_format"), options);
    let inside = named_inside(options);
    let by_option = ["fixedwidth", "csv", "avro", "parquet", "orc", "shapefile"]
        .into_iter()
        .find(|key| options.has(key));
    let by_json = (options.has("json") || options.has("jsonpaths")).then_some("json");
    let by_delimiter = options.has("delimiter").then_some("text");
    if let (Some(outside), Some(inside)) = (named, inside)
        && outside != inside
    {
        options.refuse(
            "format",
            &format!("is not the `file_format`, which is `{outside}`"),
        );
    }
    let format = named.or(inside).or(by_option).or(by_json);
    options.format = format.filter(|format| *format != "text");
    if let Some(format) = options.format
        && options.option(format).and_then(Yaml::as_bool) == Some(false)
    {
        options.refuse(format, "says no to the format of the files");
    }
    if format == Some("text") {
        for key in by_option.into_iter().chain(by_json) {
            options.refuse(key, "does not go with a text with delimiters");
        }
    }
    if format.is_some_and(|format| !["json", "avro", "text"].contains(&format)) {
        options.refuse("jsonpaths", "goes with JSON and Avro alone");
    }
    match format.or(by_delimiter) {
        Some("csv") => csv(options),
        Some("json") => json(options),
        Some("text") => CopyFormat::Delimited {
            delimiter: separator(options).unwrap_or_else(|| "|".to_owned()),
            escape: options.flag("escape"),
            remove_quotes: options.flag("remove_quotes"),
        },
        Some("fixedwidth") => widths(external, options),
        Some("avro") => CopyFormat::Avro(avro(options)),
        Some("parquet") => CopyFormat::Parquet,
        Some("orc") => CopyFormat::Orc,
        Some("shapefile") => CopyFormat::Shapefile,
        _ => {
            if external.get("file_format").is_none() && options.option("format").is_none() {
                options.problems.push(
                    Diagnostic::error("missing-key", "`external` does not say what the files hold")
                        .at(external.span.clone())
                        .help("add `file_format: csv`, `json`, `text` (with a delimiter), `fixedwidth`, `avro`, `parquet` or `orc`"),
                );
            }
            CopyFormat::JsonAuto
        }
    }
}

/// The format that a value names.
fn named(value: Option<&Yaml>, options: &mut Options<'_, '_>) -> Option<&'static str> {
    let value = value?;
    let text = value.key_text().to_lowercase();
    let found = FORMATS.iter().find(|(name, _)| *name == text);
    if found.is_none() {
        options.problems.push(
            Diagnostic::error(
                "unknown-value",
                format!("there is no file format `{}`", value.key_text()),
            )
            .did_you_mean(&text, FORMATS.map(|(name, _)| name))
            .at(value.span.clone())
            .help("write `csv`, `json`, `text` (with a delimiter), `fixedwidth`, `avro`, `parquet` or `orc`"),
        );
    }
    found.map(|(_, format)| *format)
}

fn named_inside(options: &mut Options<'_, '_>) -> Option<&'static str> {
    let value = options.option("format");
    named(value, options)
}

fn csv(options: &mut Options<'_, '_>) -> CopyFormat {
    let delimiter = separator(options).unwrap_or_else(|| ",".to_owned());
    let quote = options.character("quote").unwrap_or('"');
    if delimiter == quote.to_string() {
        options.refuse("delimiter", "is the character in which values are quoted");
    }
    CopyFormat::Csv { delimiter, quote }
}

fn separator(options: &mut Options<'_, '_>) -> Option<String> {
    let text = options.text("delimiter")?;
    match delimiter(&text) {
        Ok(delimiter) => Some(delimiter),
        Err(expected) => {
            options.expected("delimiter", expected);
            None
        }
    }
}

fn widths(external: &Yaml, options: &mut Options<'_, '_>) -> CopyFormat {
    let Some(text) = options.text("fixedwidth") else {
        if options.option("fixedwidth").is_none() {
            options.problems.push(
                Diagnostic::error("missing-key", "files of fixed width need the widths of their columns")
                    .at(external.span.clone())
                    .help("add `fixedwidth: \"id:3,name:25\"` to `copy`: a label and a width for each column, in order"),
            );
        }
        return CopyFormat::FixedWidth(Vec::new());
    };
    match fixed_width(&text) {
        Ok(columns) => CopyFormat::FixedWidth(columns),
        Err(expected) => {
            options.expected("fixedwidth", expected);
            CopyFormat::FixedWidth(Vec::new())
        }
    }
}

fn json(options: &mut Options<'_, '_>) -> CopyFormat {
    match (options.text("jsonpaths"), options.text("json")) {
        (Some(paths), None) => {
            if !paths.starts_with("s3://") {
                options.expected("jsonpaths", "the `s3://` place of a JSONPaths file");
            }
            CopyFormat::JsonPaths(paths)
        }
        (Some(_), Some(_)) => {
            options.refuse("json", "does not go with `jsonpaths`");
            CopyFormat::JsonAuto
        }
        (None, Some(how)) => json_format(&how).unwrap_or_else(|| {
            options.expected(
                "json",
                "`auto`, `auto ignorecase`, `noshred` or the `s3://` place of a JSONPaths file",
            );
            CopyFormat::JsonAuto
        }),
        (None, None) => CopyFormat::JsonAuto,
    }
}

fn avro(options: &mut Options<'_, '_>) -> String {
    let Some(how) = options.text("avro") else {
        return "auto".to_owned();
    };
    if !matches!(json_format(&how), Some(format) if format != CopyFormat::JsonNoShred) {
        options.expected(
            "avro",
            "`auto`, `auto ignorecase` or the `s3://` place of a JSONPaths file",
        );
    }
    how
}
