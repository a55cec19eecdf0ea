//! The elements of Redshift's SQL beside its functions: operators, types, parts of dates, elements of format models, statements.
//!
//! A row names the page of the documentation and examples that a test executes; a row that is refused says why. What no row and no
//! function names is refused.

mod formats;
mod operators;
mod parts;
mod statements;
mod types;

/// One row.
pub(super) struct Element {
    /// What it is, as the page shows it.
    pub name: &'static str,
    /// Why it is refused; empty where it is emulated.
    pub refused: &'static str,
    /// The documentation's page, below `https://docs.aws.amazon.com/redshift/latest/dg/`.
    pub page: &'static str,
    /// Queries or scripts, and the value that Redshift gives.
    pub examples: &'static [(&'static str, &'static str)],
}

const fn element(
    name: &'static str,
    refused: &'static str,
    page: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> Element {
    Element {
        name,
        refused,
        page,
        examples,
    }
}

/// Rows whose examples are single queries, by category.
pub(super) const QUERIES: &[(&str, &[Element])] = &[
    ("Operators and conditions", operators::ROWS),
    ("Types", types::ROWS),
    ("Parts of dates and times", parts::ROWS),
    ("Elements of formats", formats::ROWS),
];

/// Rows whose examples are scripts of statements.
pub(super) const STATEMENTS: (&str, &[Element]) = ("Statements", statements::ROWS);

/// All rows, by category.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static [Element])> {
    QUERIES.iter().copied().chain([STATEMENTS])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::emulating::functions::date;

    #[test]
    fn a_row_is_refused_when_all_its_examples_are() {
        for row in all().flat_map(|(_, rows)| rows) {
            assert!(!row.examples.is_empty(), "{}", row.name);
            let errors = row.examples.iter().all(|(_, value)| *value == "ERROR");
            assert_eq!(errors, !row.refused.is_empty(), "{}", row.name);
        }
    }

    #[test]
    fn every_part_of_a_date_has_a_row() {
        let rows: Vec<&str> = parts::ROWS.iter().map(|row| row.name).collect();
        for (_, spellings) in date::PARTS {
            let named = format!("`{}`", spellings[0]);
            assert!(rows.contains(&named.as_str()), "{named}");
        }
    }
}
