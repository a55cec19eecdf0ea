//! How a setting is written, for who wrote it wrong.
//!
//! In: a key and what its value must be. Out: the setting as YAML, in backticks.

/// A setting rightly written; none where the message says it all.
pub(super) fn of(key: &str, what: &str) -> Option<String> {
    if what == "`true` or `false`" {
        // `docs: show` is a key inside of another.
        return Some(match key.split_once(": ") {
            Some((outer, inner)) => format!("`{outer}: {{{inner}: true}}` or `{{{inner}: false}}`"),
            None => format!("`{key}: true` or `{key}: false`"),
        });
    }
    let example = match key {
        "tags" => "`tags: daily` or `tags: [daily, finance]`",
        "unique_key" => "`unique_key: id` or `unique_key: [day, id]`",
        "indexes" => "`indexes: [{columns: [id], unique: true}]`",
        "sort" => "`sort: day` or `sort: [day, id]`",
        "dist" => "`dist: user_id`, `dist: even`, `dist: all` or `dist: auto`",
        "quoting" => "`quoting: {database: true, schema: true, identifier: true}`",
        "contract" => "`contract: {enforced: true}`",
        "docs" => "`docs: {show: true}`",
        "meta" => "`meta: {owner: finance}`",
        "grants" => "`grants: {select: [reporter]}`",
        "column_types" => "`column_types: {id: bigint, name: varchar(256)}`",
        "delimiter" => "`delimiter: \";\"`, or `delimiter: \"\\t\"` for a tab",
        "limit" => "`limit: 100`",
        "warn_if" | "error_if" => "`\"> 10\"`, an operator and a number",
        "severity" => "`severity: warn` or `severity: error`",
        "rejects" => "`rejects: true`, and `reject_limit: 5%` for how many are too many",
        _ if key.starts_with("grants: ") => "`grants: {select: [reporter]}`",
        _ if what.starts_with("a text or a list") => {
            return Some(format!("`{key}: one` or `{key}: [one, two]`"));
        }
        _ if what.starts_with("a text") => return Some(format!("`{key}: \"…\"`")),
        _ if what.starts_with("a mapping") => return Some(format!("`{key}: {{name: value}}`")),
        _ => return None,
    };
    Some(example.to_owned())
}
