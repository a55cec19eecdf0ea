//! Advice about the length of texts on Redshift.
//!
//! Source: the Amazon Redshift Database Developer Guide, "Use the smallest possible column size", `Character types`.

use super::{Code, Found, Look};
use crate::analyze::QueryColumn;
use crate::diagnostic::Diagnostic;
use crate::manifest::ResourceType;
use crate::sql::dialect::Dialect;

pub(super) const CODES: &[Code] = &[
    Code::off("text-without-length"),
    Code::warning("text-too-long"),
    Code::warning("text-wider-than-needed"),
    Code::warning("char-blanks"),
];

/// The length that a text without one has. What is no longer costs little, however short its values are.
const DEFAULT_LENGTH: u64 = 256;

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    if look.project.dialect != Dialect::Redshift || look.node.resource_type != ResourceType::Model {
        return;
    }
    casts(look, found);
    wide_columns(look, found);
    wide_contract(look, found);
}

fn casts(look: &Look<'_>, found: &mut Found<'_>) {
    let Some(query) = look.query() else {
        return;
    };
    for fact in &query.facts.casts {
        let at = look.span(fact.range.as_ref()).or_else(|| look.place());
        let to = &fact.what.to;
        match length(to) {
            None if !to.starts_with("char") => found.tell(
                Diagnostic::warning(
                    "text-without-length",
                    format!("`{to}` without a length is `varchar(256)`"),
                )
                .at_some(at)
                .help("give the length that is meant"),
            ),
            Some("max" | "65535") => found.tell(
                Diagnostic::warning(
                    "text-too-long",
                    format!("`{to}` takes memory for its whole length while a query runs"),
                )
                .at_some(at)
                .help("give the length that is needed"),
            ),
            Some(length) if to.starts_with("char(") && length != "1" => found.tell(
                Diagnostic::warning(
                    "char-blanks",
                    format!("`{to}` fills its values with blanks up to that length"),
                )
                .at_some(at)
                .label("they are shown, and count for nothing in comparisons and `len`")
                .help("cast to `varchar`"),
            ),
            _ => {}
        }
    }
}

/// Columns of the node that are cast to more than their values can ever need. A cast inside of the query may be there for the other side of
/// a `union`, or for a recursion that makes its texts longer.
fn wide_columns(look: &Look<'_>, found: &mut Found<'_>) {
    let Some(query) = look.query().filter(|query| query.facts.one_select) else {
        return;
    };
    for fact in &query.facts.casts {
        let is_column =
            |column: &&QueryColumn| column.range.is_some() && column.range == fact.range;
        let Some(from) = fact.what.from.as_deref() else {
            continue;
        };
        if let Some(QueryColumn { name: column, .. }) = query.columns.iter().find(is_column)
            && let Some(needed) = less_than_half(&fact.what.to, from)
        {
            found.tell(
                wide(column, &fact.what.to, from, needed)
                    .at_some(look.span(fact.range.as_ref()).or_else(|| look.place())),
            );
        }
    }
}

/// Columns whose contract gives them more than the query can ever need.
fn wide_contract(look: &Look<'_>, found: &mut Found<'_>) {
    let Some(query) = look
        .query()
        .filter(|_| look.node.config.contract_enforced && look.node.config.materialized != "view")
    else {
        return;
    };
    for declared in look.node.columns.values() {
        let of_query = query
            .columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(&declared.name))
            .and_then(|column| column.data_type.as_deref());
        if let (Some(to), Some(from)) = (&declared.data_type, of_query)
            && let Some(needed) = less_than_half(&to.to_lowercase(), from)
        {
            found.tell(
                wide(&declared.name, to, from, needed)
                    .at_some(declared.declared_at.clone().or_else(|| look.place())),
            );
        }
    }
}

fn wide(column: &str, to: &str, from: &str, needed: u64) -> Diagnostic {
    let message = format!("`{column}` is `{to}`, and its values are `{from}`");
    Diagnostic::warning("text-wider-than-needed", message)
        .label("a query takes memory for the whole length of a column")
        .help(format!("`varchar({needed})` holds every value"))
}

/// The length that every value of a type has room in, where a long text has more than twice as much.
fn less_than_half(to: &str, from: &str) -> Option<u64> {
    let is_text = ["varchar", "character varying", "nvarchar"]
        .iter()
        .any(|text| to.starts_with(text));
    let room: u64 = length(to).filter(|_| is_text)?.parse().ok()?;
    let needed = needed(from)?;
    (room >= DEFAULT_LENGTH && room != 65535 && needed < room / 2).then_some(needed)
}

/// The length of the longest text that a value of a type can be.
fn needed(data_type: &str) -> Option<u64> {
    let (name, _) = data_type.split_once('(').unwrap_or((data_type, ""));
    match name.trim() {
        "varchar" | "character varying" | "nvarchar" | "char" | "character" | "bpchar" => {
            length(data_type)?.parse().ok().filter(|length| *length > 0)
        }
        "smallint" | "int2" => Some(6),
        "integer" | "int" | "int4" => Some(11),
        "bigint" | "int8" => Some(20),
        "date" => Some(10),
        _ => None,
    }
}

/// What stands between the parentheses of a type.
fn length(data_type: &str) -> Option<&str> {
    let (_, length) = data_type.split_once('(')?;
    Some(length.trim_end().trim_end_matches(')').trim())
}

#[cfg(test)]
mod tests {
    use super::less_than_half;

    #[test]
    fn a_length_is_too_much_where_half_of_it_would_do_and_it_is_more_than_the_default() {
        assert_eq!(less_than_half("varchar(500)", "varchar(20)"), Some(20));
        assert_eq!(less_than_half("character varying(300)", "bigint"), Some(20));
        for (to, from) in [
            ("varchar(255)", "varchar(20)"),
            ("varchar(500)", "varchar(250)"),
            ("varchar(500)", "super"),
            ("varchar(500)", "varchar"),
            ("varchar", "varchar(20)"),
            ("varchar(max)", "varchar(20)"),
            ("varchar(65535)", "varchar(20)"),
            ("char(500)", "varchar(20)"),
        ] {
            assert_eq!(less_than_half(to, from), None, "{from} to {to}");
        }
    }
}
