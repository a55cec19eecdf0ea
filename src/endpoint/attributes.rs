//! The physical attributes of a table as its `create` says them: distribution, sort key, encodings, backup, informational keys.
//!
//! In: the words of a statement. Out: [`Attributes`], to be recorded; nothing of them changes what is stored.

use std::collections::BTreeMap;

use sqlparser::tokenizer::Token;

use super::words::Words;
use crate::adapter::emulating::literal;

/// What is recorded of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attributes {
    pub diststyle: Option<String>,
    pub distkey: Option<String>,
    pub sort_type: Option<String>,
    pub sortkeys: Vec<String>,
    pub backup: bool,
    pub auto_refresh: bool,
    pub encodings: BTreeMap<String, String>,
    pub constraints: Vec<Constraint>,
}

/// A key that is declared and not enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Constraint {
    pub kind: &'static str,
    pub columns: Vec<String>,
    pub definition: String,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            diststyle: None,
            distkey: None,
            sort_type: None,
            sortkeys: Vec::new(),
            backup: true,
            auto_refresh: false,
            encodings: BTreeMap::new(),
            constraints: Vec::new(),
        }
    }
}

impl Attributes {
    /// Reads the words of a `create` from behind the name to its query or end.
    pub fn read(words: &Words, from: usize, to: usize) -> Self {
        let mut found = Self::default();
        let mut at = from;
        if words.is(at, &Token::LParen)
            && let Some(end) = words.closing(at)
        {
            found.columns(words, at + 1, end);
            at = end + 1;
        }
        while at < to {
            at = found.attribute(words, at);
        }
        found
    }

    /// Reads one attribute behind the columns, and gives the place behind it.
    pub fn attribute(&mut self, words: &Words, at: usize) -> usize {
        let next = words.word(at + 1);
        match words.word(at).as_str() {
            "backup" => {
                self.backup = next != "no";
                at + 2
            }
            "diststyle" => {
                self.diststyle = Some(next);
                at + 2
            }
            "distkey" => {
                let (columns, after) = words.list(at + 1);
                self.dist_by(columns.into_iter().next());
                after.max(at + 1)
            }
            "compound" | "interleaved" if next == "sortkey" => {
                let (columns, after) = words.list(at + 2);
                self.sort_type = Some(words.word(at));
                self.sortkeys = columns;
                after
            }
            "sortkey" if next == "auto" => {
                self.sort_type = Some("auto".to_owned());
                at + 2
            }
            "sortkey" => {
                let (columns, after) = words.list(at + 1);
                self.sort_type = Some("compound".to_owned());
                self.sortkeys = columns;
                after.max(at + 1)
            }
            "auto" if next == "refresh" => {
                self.auto_refresh = words.word(at + 2) == "yes";
                at + 3
            }
            _ => at + 1,
        }
    }

    fn dist_by(&mut self, column: Option<String>) {
        self.diststyle = Some("key".to_owned());
        self.distkey = column;
    }

    fn columns(&mut self, words: &Words, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            let end = end_of_column(words, at, to);
            self.column(words, at, end);
            at = end + 1;
        }
    }

    /// One column, or one key of the table.
    pub fn column(&mut self, words: &Words, mut at: usize, end: usize) {
        if words.word(at) == "constraint" {
            at += 2;
        }
        let key = |kind: &'static str, columns: Vec<String>| Constraint {
            kind,
            definition: format!("{} ({})", kind.to_uppercase(), columns.join(", ")),
            columns,
        };
        if words.are(at, &["primary", "key"]) {
            self.constraints
                .push(key("primary key", words.list(at + 2).0));
            return;
        }
        if words.word(at) == "unique" && words.is(at + 1, &Token::LParen) {
            self.constraints.push(key("unique", words.list(at + 1).0));
            return;
        }
        if words.are(at, &["foreign", "key"]) {
            self.constraints
                .push(key("foreign key", words.list(at + 2).0));
            return;
        }
        let Some(name) = words.name(at).0.pop() else {
            return;
        };
        for place in at + 1..end {
            match words.word(place).as_str() {
                "distkey" => self.dist_by(Some(name.clone())),
                "sortkey" => {
                    self.sort_type = Some("compound".to_owned());
                    self.sortkeys.push(name.clone());
                }
                "encode" => {
                    // As the catalog of a cluster calls it.
                    let encoding = match words.word(place + 1) {
                        raw if raw == "raw" => "none".to_owned(),
                        other => other,
                    };
                    self.encodings.insert(name.clone(), encoding);
                }
                "primary" => self
                    .constraints
                    .push(key("primary key", vec![name.clone()])),
                "unique" => self.constraints.push(key("unique", vec![name.clone()])),
                "references" => self
                    .constraints
                    .push(key("foreign key", vec![name.clone()])),
                _ => {}
            }
        }
    }

    /// The encodings as a map of DuckDB.
    pub fn encodings_sql(&self) -> String {
        let pairs: Vec<String> = self
            .encodings
            .iter()
            .map(|(column, encoding)| format!("{}: {}", literal(column), literal(encoding)))
            .collect();
        if pairs.is_empty() {
            return "null".to_owned();
        }
        format!("map {{{}}}", pairs.join(", "))
    }
}

/// The comma behind a column, or the end.
fn end_of_column(words: &Words, from: usize, to: usize) -> usize {
    let mut depth = 0usize;
    for at in from..to {
        match words.token(at) {
            Some(Token::LParen) => depth += 1,
            Some(Token::RParen) => depth = depth.saturating_sub(1),
            Some(Token::Comma) if depth == 0 => return at,
            _ => {}
        }
    }
    to
}

/// Names as a list of DuckDB; none is NULL.
pub(super) fn list_sql(names: &[String]) -> String {
    if names.is_empty() {
        return "null".to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    format!("[{}]", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_stand_on_columns_and_behind_them() {
        let words = Words::new(
            "create table t (id int primary key distkey, name varchar(10) encode zstd, at timestamp sortkey, unique (name, at)) backup no",
        );
        let found = Attributes::read(&words, 3, words.len());
        assert_eq!(found.diststyle.as_deref(), Some("key"));
        assert_eq!(found.distkey.as_deref(), Some("id"));
        assert_eq!(found.sortkeys, ["at"]);
        assert_eq!(found.encodings["name"], "zstd");
        assert_eq!(found.constraints.len(), 2);
        assert!(!found.backup);
        let words = Words::new(
            "create table t diststyle key distkey (\"a\") interleaved sortkey (a, b) as (select 1)",
        );
        let found = Attributes::read(&words, 3, words.find(3, "as").unwrap());
        assert_eq!(
            (found.distkey.as_deref(), found.sort_type.as_deref()),
            (Some("a"), Some("interleaved"))
        );
        assert_eq!(found.sortkeys, ["a", "b"]);
    }
}
