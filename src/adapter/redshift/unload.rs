//! `UNLOAD` as Redshift reads it, an option a line.

use super::copy::{delimiter_literal, flags, role, text};
use super::sql::{list, literal};
use crate::adapter::statement::{Compression, ExistingFiles, Unload, UnloadFormat};

/// The whole statement. The query is a text in it: what stands in quotes there is doubled.
pub(super) fn sql(unload: &Unload) -> String {
    let mut lines = vec![
        format!("unload ({})", literal(&unload.query)),
        format!("to {}", literal(&unload.to)),
    ];
    lines.extend(unload.iam_role.iter().map(|named| role(named)));
    text(&mut lines, "region", unload.region.as_deref());
    match unload.format {
        UnloadFormat::Text => {}
        UnloadFormat::Csv => lines.push("format csv".to_owned()),
        UnloadFormat::Json => lines.push("format json".to_owned()),
        UnloadFormat::Parquet => lines.push("format parquet".to_owned()),
    }
    if !unload.partition_by.is_empty() {
        let include = if unload.include { " include" } else { "" };
        lines.push(format!(
            "partition by ({}){include}",
            list(&unload.partition_by)
        ));
    }
    flags(
        &mut lines,
        &[
            (unload.manifest && !unload.verbose, "manifest"),
            (unload.verbose, "manifest verbose"),
            (unload.header, "header"),
        ],
    );
    if let Some(delimiter) = unload.delimiter {
        lines.push(format!(
            "delimiter {}",
            delimiter_literal(&delimiter.to_string())
        ));
    }
    if !unload.fixed_width.is_empty() {
        let widths = unload.fixed_width.iter();
        let widths = widths.map(|(label, width)| format!("{label}:{width}"));
        let widths = widths.collect::<Vec<_>>().join(",");
        text(&mut lines, "fixedwidth", Some(&widths));
    }
    flags(&mut lines, &[(unload.encrypted_auto, "encrypted auto")]);
    if let Some(key) = &unload.kms_key_id {
        text(&mut lines, "kms_key_id", Some(key));
        lines.push("encrypted".to_owned());
    }
    lines.extend(unload.compression.map(Compression::word).map(str::to_owned));
    flags(&mut lines, &[(unload.add_quotes, "addquotes")]);
    text(&mut lines, "null as", unload.null_as.as_deref());
    flags(
        &mut lines,
        &[
            (unload.escape, "escape"),
            (
                unload.existing == ExistingFiles::Overwrite,
                "allowoverwrite",
            ),
            (unload.existing == ExistingFiles::Clean, "cleanpath"),
            (!unload.parallel, "parallel off"),
        ],
    );
    if let Some(size) = unload.max_file_size {
        lines.push(format!("maxfilesize {size} mb"));
    }
    if let Some(size) = unload.row_group_size {
        lines.push(format!("rowgroupsize {size} mb"));
    }
    text(&mut lines, "extension", unload.extension.as_deref());
    lines.join("\n")
}
