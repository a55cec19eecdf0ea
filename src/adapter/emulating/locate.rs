//! Brings a failure of a translated query home to the Redshift text.

use std::ops::Range;

use sqlparser::tokenizer::Token;

use super::identifier;
use crate::sql::position::Lines;
use crate::sql::redshift;

/// A failure of DuckDB brought home to the Redshift text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Bytes of the Redshift text.
    pub range: Range<usize>,
    /// The name that DuckDB did not find.
    pub name: String,
    /// Names that exist there.
    pub candidates: Vec<String>,
}

/// Where in the Redshift text a failure of the translated query stands, by the name that DuckDB complains about.
///
/// DuckDB's own position points into the translation; the name in its message is the user's.
pub fn locate(duckdb_error: &str, redshift_sql: &str) -> Option<Located> {
    let words = missing_name(duckdb_error)?;
    let tokens = redshift::tokens(redshift_sql).ok()?;
    let lines = Lines::new(redshift_sql);
    let last = words.last()?;
    let mut fallback = None;
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word(word) = &token.token else {
            continue;
        };
        if !word.value.eq_ignore_ascii_case(last) {
            continue;
        }
        let range = lines.range(token.span)?;
        let qualified = match words.as_slice() {
            [.., table, _] => matches!(
                (at.checked_sub(1).map(|at| &tokens[at].token), at.checked_sub(2).map(|at| &tokens[at].token)),
                (Some(Token::Period), Some(Token::Word(before))) if before.value.eq_ignore_ascii_case(table)
            ),
            // A bare name is no name of a table before a dot.
            _ => tokens
                .get(at + 1)
                .is_none_or(|next| next.token != Token::Period),
        };
        if qualified {
            fallback = Some(range);
            break;
        }
        fallback.get_or_insert(range);
    }
    Some(Located {
        range: fallback?,
        name: words.join("."),
        candidates: candidates(duckdb_error),
    })
}

/// The statement without the aliases that repeat a column's name, if one of them hides what DuckDB misses.
///
/// Translated columns all carry their name as an alias, so that a table has the names that Redshift gives. DuckDB takes a column
/// that nothing has for a use of that alias, and complains about the order; without the alias it says what is missing.
pub fn without_own_aliases(duckdb_error: &str, sql: &str) -> Option<String> {
    if !duckdb_error.contains("cannot be referenced before it is defined") {
        return None;
    }
    let name = identifier(missing_name(duckdb_error)?.last()?);
    let aliased = format!("{name} AS {name}");
    sql.contains(&aliased).then(|| sql.replace(&aliased, &name))
}

/// The name in DuckDB's message, in its parts.
fn missing_name(message: &str) -> Option<Vec<String>> {
    for (before, after) in [
        ("Referenced column \"", "\" not found"),
        ("does not have a column named \"", "\""),
        ("does not have a column with name \"", "\""),
        ("Referenced update column ", " not found in table"),
        ("Table with name ", " does not exist"),
        ("Referenced table \"", "\" not found"),
        ("column \"", "\""),
        ("Column \"", "\""),
        ("Ambiguous reference to column name \"", "\""),
    ] {
        if let Some((_, rest)) = message.split_once(before)
            && let Some((name, _)) = rest.split_once(after)
            && !name.contains('\n')
        {
            let column = name.trim_matches('"').to_owned();
            if before.starts_with("does not have") {
                let table = message.split('"').nth(1)?.to_owned();
                return Some(vec![table, column]);
            }
            return Some(
                column
                    .split('.')
                    .map(|part| part.trim_matches('"').to_owned())
                    .collect(),
            );
        }
    }
    None
}

fn candidates(message: &str) -> Vec<String> {
    let Some((_, rest)) = message
        .split_once("Candidate bindings: ")
        .or_else(|| message.split_once("Did you mean"))
    else {
        return Vec::new();
    };
    let line = rest.lines().next().unwrap_or("");
    line.split('"')
        .skip(1)
        .step_by(2)
        .map(|name| name.rsplit('.').next().unwrap_or(name).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_column_is_found_in_the_text_of_the_user() {
        let sql = "select o.id,\n  o.amont -- amont\nfrom orders o";
        let error = "Binder Error: Table \"o\" does not have a column named \"amont\"\n\nCandidate bindings: : \"amount\"\n\nLINE 1: SELECT";
        let located = locate(error, sql).unwrap();
        assert_eq!(&sql[located.range.clone()], "amont");
        assert_eq!(located.range.start, 17);
        let error = "Binder Error: Referenced column \"amont\" not found in FROM clause!\nCandidate bindings: \"amount\", \"o.at\"";
        let located = locate(error, sql).unwrap();
        assert_eq!(&sql[located.range], "amont");
        assert_eq!(located.candidates, ["amount", "at"]);
    }

    #[test]
    fn an_unknown_table_is_found_by_its_name() {
        let sql = "select 1 from analytics.Orders";
        let error =
            "Catalog Error: Table with name orders does not exist!\nDid you mean \"order_items\"?";
        let located = locate(error, sql).unwrap();
        assert_eq!(&sql[located.range], "Orders");
        assert_eq!(located.candidates, ["order_items"]);
    }

    #[test]
    fn a_message_without_a_name_is_nowhere() {
        assert_eq!(locate("Out of Memory Error", "select 1"), None);
    }
}
