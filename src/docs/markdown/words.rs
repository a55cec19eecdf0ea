//! Words of the dictionary in Markdown, and links between its parts.

use crate::docs::dictionary::{Column, Link, Test};

/// Where the tables stand, which decides how one points to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// All in one file.
    OneFile,
    /// Each in a file of its own.
    FileEach,
}

impl Place {
    /// A link to a table of the dictionary.
    pub fn link_to(self, name: &str, anchor: &str) -> String {
        match self {
            Self::OneFile => format!("[{}](#{anchor})", cell(name)),
            Self::FileEach => format!("[{}]({anchor}.md)", cell(name)),
        }
    }

    /// A link, or the name alone of what has no place in the dictionary.
    pub fn link(self, link: &Link) -> String {
        match &link.anchor {
            Some(anchor) => self.link_to(&link.name, anchor),
            None => cell(&link.name),
        }
    }

    /// Links in a row.
    pub fn links(self, links: &[Link]) -> String {
        let links = links.iter().map(|link| self.link(link));
        links.collect::<Vec<_>>().join(", ")
    }

    /// What a column is a key of.
    pub fn key(self, column: &Column) -> String {
        let mut parts = Vec::new();
        if column.primary_key {
            parts.push("primary".to_owned());
        } else if column.unique {
            parts.push("unique".to_owned());
        }
        for reference in &column.references {
            parts.push(format!(
                "→ {}.{}",
                self.link(&reference.table),
                cell(&reference.column)
            ));
        }
        parts.join(", ")
    }
}

/// Whether a column may be NULL, where that is known.
pub fn null(nullable: Option<bool>) -> &'static str {
    match nullable {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    }
}

/// Tests with their last results.
pub fn tests(tests: &[Test]) -> String {
    let shown = tests.iter().map(|test| {
        let status = match (&test.status, test.failures) {
            (Some(status), Some(rows)) if rows > 0 => format!(" ({status}, {rows} rows)"),
            (Some(status), _) => format!(" ({status})"),
            (None, _) => " (not run)".to_owned(),
        };
        let kept = test.kept.as_ref();
        let kept = kept.map_or_else(String::new, |kept| format!(", {}", cell(&kept.told())));
        format!("{}{status}{kept}", cell(&test.label))
    });
    shown.collect::<Vec<_>>().join("; ")
}

/// Text that stays in its cell.
pub fn cell(text: &str) -> String {
    let text = prose(text).replace('|', "\\|");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Markdown of the user, without HTML.
pub fn prose(text: &str) -> String {
    let mut in_code = false;
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '`' => in_code = !in_code,
            '<' if !in_code => {
                safe.push_str("&lt;");
                continue;
            }
            _ => {}
        }
        safe.push(character);
    }
    // A code span that never ends is none: then nothing of it may hide HTML.
    if in_code {
        safe.replace('<', "&lt;")
    } else {
        safe
    }
}
