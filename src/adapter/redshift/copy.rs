//! `COPY` as Redshift reads it, an option a line.

use super::sql::{list, literal, name};
use crate::adapter::statement::{Copy, CopyFormat};

/// The whole statement.
pub(super) fn sql(copy: &Copy) -> String {
    let mut lines = vec![format!("copy {}", name(&copy.into))];
    // With a list, COPY fills the identity column itself instead of looking for it in the file.
    if copy.filled().count() < copy.columns.len() {
        let filled = copy
            .filled()
            .map(|column| column.name.clone())
            .collect::<Vec<_>>();
        lines[0] = format!("{} ({})", lines[0], list(&filled));
    }
    lines.push(format!("from {}", literal(&copy.from)));
    flags(&mut lines, &[(copy.manifest, "manifest")]);
    lines.extend(authorization(copy));
    text(&mut lines, "region", copy.region.as_deref());
    if let Some(key) = &copy.master_symmetric_key {
        lines.push("encrypted".to_owned());
        text(&mut lines, "master_symmetric_key", Some(key.expose()));
    }
    lines.extend(format(&copy.format));
    flags(&mut lines, &[(copy.serialize_to_json, "serializetojson")]);
    lines.extend(copy.compression.map(|how| how.word().to_owned()));
    if copy.ignore_header > 0 {
        lines.push(format!("ignoreheader {}", copy.ignore_header));
    }
    conversions(copy, &mut lines);
    operations(copy, &mut lines);
    lines.join("\n")
}

/// `iam_role default`, or a role in quotes, or a chain of them.
pub(super) fn role(role: &str) -> String {
    if role.eq_ignore_ascii_case("default") {
        "iam_role default".to_owned()
    } else {
        format!("iam_role {}", literal(role))
    }
}

fn authorization(copy: &Copy) -> Vec<String> {
    let mut lines = copy.iam_role.iter().map(|named| role(named)).collect();
    if let Some(keys) = &copy.keys {
        text(&mut lines, "access_key_id", Some(keys.id.expose()));
        text(&mut lines, "secret_access_key", Some(keys.secret.expose()));
        let token = keys.session_token.as_ref();
        text(
            &mut lines,
            "session_token",
            token.map(super::super::statement::Secret::expose),
        );
    }
    lines
}

fn format(format: &CopyFormat) -> Vec<String> {
    let named = |word: &str, how: &str| vec![format!("format {word} {}", literal(how))];
    match format {
        CopyFormat::JsonAuto => named("json", "auto"),
        CopyFormat::JsonAutoIgnoreCase => named("json", "auto ignorecase"),
        CopyFormat::JsonNoShred => named("json", "noshred"),
        CopyFormat::JsonPaths(file) => named("json", file),
        CopyFormat::Avro(how) => named("avro", how),
        CopyFormat::Parquet => vec!["format parquet".to_owned()],
        CopyFormat::Orc => vec!["format orc".to_owned()],
        CopyFormat::Shapefile => vec!["format shapefile".to_owned()],
        CopyFormat::Csv { delimiter, quote } => {
            let mut lines = vec!["format csv".to_owned()];
            if delimiter != "," {
                lines.push(format!("delimiter {}", delimiter_literal(delimiter)));
            }
            if *quote != '"' {
                lines.push(format!("quote {}", literal(&quote.to_string())));
            }
            lines
        }
        CopyFormat::Delimited {
            delimiter,
            escape,
            remove_quotes,
        } => {
            let mut lines = vec![format!("delimiter {}", delimiter_literal(delimiter))];
            flags(
                &mut lines,
                &[(*escape, "escape"), (*remove_quotes, "removequotes")],
            );
            lines
        }
        CopyFormat::FixedWidth(columns) => {
            let columns = columns
                .iter()
                .map(|(label, width)| format!("{label}:{width}"))
                .collect::<Vec<_>>();
            vec![format!("fixedwidth {}", literal(&columns.join(",")))]
        }
    }
}

fn conversions(copy: &Copy, lines: &mut Vec<String>) {
    if let Some(encoding) = copy.encoding {
        lines.push(format!("encoding {}", encoding.word()));
    }
    text(lines, "timeformat", copy.time_format.as_deref());
    text(lines, "dateformat", copy.date_format.as_deref());
    text(lines, "null as", copy.null_as.as_deref());
    lines.extend(
        copy.accept_invalid_characters
            .map(|with| format!("acceptinvchars as {}", literal(&with.to_string()))),
    );
    flags(
        lines,
        &[
            (copy.accept_any_date, "acceptanydate"),
            (copy.blanks_as_null, "blanksasnull"),
            (copy.empty_as_null, "emptyasnull"),
            (copy.explicit_ids, "explicit_ids"),
            (copy.fill_record, "fillrecord"),
            (copy.ignore_blank_lines, "ignoreblanklines"),
            (copy.round_decimals, "roundec"),
            (copy.trim_blanks, "trimblanks"),
            (copy.truncate_columns, "truncatecolumns"),
        ],
    );
}

fn operations(copy: &Copy, lines: &mut Vec<String>) {
    if copy.max_error > 0 {
        lines.push(format!("maxerror {}", copy.max_error));
    }
    flags(
        lines,
        &[
            (copy.ignore_all_errors, "ignoreallerrors"),
            (copy.no_load, "noload"),
        ],
    );
    lines.extend(
        copy.computes
            .iter()
            .map(|(option, value)| format!("{} {value}", option.to_lowercase())),
    );
}

pub(super) fn flags(lines: &mut Vec<String>, all: &[(bool, &str)]) {
    let said = all.iter().filter(|(said, _)| *said);
    lines.extend(said.map(|(_, word)| (*word).to_owned()));
}

pub(super) fn text(lines: &mut Vec<String>, word: &str, value: Option<&str>) {
    lines.extend(value.map(|value| format!("{word} {}", literal(value))));
}

/// A delimiter as people write it: control characters by their names, as COPY reads `\t` and octal digits.
pub(super) fn delimiter_literal(delimiter: &str) -> String {
    let mut said = String::new();
    for letter in delimiter.chars() {
        match letter {
            '\t' => said.push_str("\\t"),
            '\\' => said.push_str("\\\\"),
            '\'' => said.push_str("''"),
            letter if letter.is_ascii_control() => {
                said.push_str(&format!("\\{:03o}", u32::from(letter)));
            }
            letter => said.push(letter),
        }
    }
    format!("'{said}'")
}
