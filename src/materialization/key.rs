//! The key of a table by which new rows meet old ones, as `unique_key` says it.
//!
//! In: a node's configuration. Out: [`Key`]s: columns, and expressions over them as dbt takes them (`"id || '-' || line"`).

use super::Input;
use crate::adapter::statement::Key;
use crate::diagnostic::Diagnostic;

/// The parts of the key; a text that names several columns, `"id, line"`, counts as a list of them.
pub(super) fn of(input: &Input<'_>) -> Vec<Key> {
    let known = input.query_columns().unwrap_or_default();
    let parts = input.node.config.unique_key.iter().flat_map(|text| {
        if known.iter().any(|column| column.eq_ignore_ascii_case(text)) {
            return vec![Key::Column(text.clone())];
        }
        parts(text).into_iter().map(part).collect()
    });
    // Written as the query writes it: a quoted name is another one in another case.
    let spelled = |key| match key {
        Key::Column(name) => {
            let mut same = known
                .iter()
                .filter(|column| column.eq_ignore_ascii_case(&name));
            Key::Column(same.next().cloned().unwrap_or(name))
        }
        expression => expression,
    };
    parts.map(spelled).collect()
}

/// Refuses expressions where only columns can be compared.
pub(super) fn columns_only(input: &Input<'_>, keys: &[Key]) -> Option<Diagnostic> {
    let expression = keys.iter().find_map(|key| match key {
        Key::Expression(text) => Some(text),
        Key::Column(_) => None,
    })?;
    Some(
        Diagnostic::error(
            "bad-config",
            format!("`merge` compares columns, and `unique_key` of `{}` is the expression `{expression}`", input.node.name),
        )
        .at_some(input.place_of("unique_key", expression))
        .help("give the query a column with this value and name it, or use `incremental_strategy: delete+insert`"),
    )
}

/// Whether a text is a name that stands for itself without quotes.
pub(super) fn is_plain(name: &str) -> bool {
    name.chars()
        .all(|character| character.is_alphanumeric() || character == '_')
}

fn part(text: &str) -> Key {
    let quoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    match quoted.filter(|name| !name.contains('"')) {
        Some(name) => Key::Column(name.to_owned()),
        None if is_plain(text) => Key::Column(text.to_owned()),
        None => Key::Expression(text.to_owned()),
    }
}

/// A text at its commas, as far as they stand in no parentheses and no quotes.
fn parts(text: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_i32, None);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            (None, ',') if depth == 0 => {
                found.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(text[start..].trim());
    found.retain(|part| !part.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_columns_or_expressions() {
        let told = |text| {
            format!(
                "{:?}",
                parts(text).into_iter().map(part).collect::<Vec<_>>()
            )
        };
        insta::assert_snapshot!(told("id"), @r#"[Column("id")]"#);
        insta::assert_snapshot!(told("id, line"), @r#"[Column("id"), Column("line")]"#);
        insta::assert_snapshot!(told("\"Order ID\""), @r#"[Column("Order ID")]"#);
        insta::assert_snapshot!(told("id || ',' || coalesce(a, b)"), @r#"[Expression("id || ',' || coalesce(a, b)")]"#);
    }
}
