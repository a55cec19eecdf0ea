//! The declared length of a text column, kept by DuckDB as a check.
//!
//! In: a [`Type`] of Redshift. Out: a check, and from the check the type again.

use crate::adapter::emulating::Type;

/// The check that holds text to its length in bytes. DuckDB forgets the length of a `varchar(n)`, so the check is also
/// where the declared type is read from again: `strlen(c) <= n` is a `varchar`, `n >= strlen(c)` a `char`.
pub(super) fn length_check(kind: Type, column: &str) -> Option<String> {
    match kind {
        Type::Varchar(bytes) => Some(format!("check (strlen({column}) <= {bytes})")),
        Type::Char(bytes) => Some(format!("check ({bytes} >= strlen({column}))")),
        _ => None,
    }
}

/// The type that a check made by [`length_check`] stands for.
pub(super) fn of_check(check: &str) -> Option<Type> {
    let inner = check.trim_start_matches("CHECK").trim_matches(['(', ')']);
    if let Some((left, right)) = inner.split_once(" <= ") {
        left.starts_with("strlen(").then_some(())?;
        right.trim().parse().ok().map(Type::Varchar)
    } else {
        let (left, right) = inner.split_once(" >= ")?;
        right.starts_with("strlen(").then_some(())?;
        left.trim().parse().ok().map(Type::Char)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_text_column_is_read_from_its_check() {
        assert_eq!(
            of_check("CHECK((strlen(v) <= 12))"),
            Some(Type::Varchar(12))
        );
        assert_eq!(
            of_check("CHECK((3 >= strlen(\"a b\")))"),
            Some(Type::Char(3))
        );
        assert_eq!(of_check("CHECK((a <= 12))"), None);
    }
}
