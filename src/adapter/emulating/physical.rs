//! The physical attributes of a table as its `create` says them: distribution, sort key, encodings, backup, informational keys.
//!
//! In: the words of a statement. Out: [`Attributes`]; nothing of them changes what is stored. [`Attributes::check`] tells what of them a
//! cluster refuses. Sources: `CREATE TABLE`, "Quotas and limits" and "Compression encodings" in Amazon Redshift's guides.

use std::collections::BTreeMap;

use sqlparser::tokenizer::Token;

use crate::adapter::Refusal;
use crate::adapter::redshift::encodings;
use crate::sql::words::Words;

/// What is recorded of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// `even`, `all`, `key` or `auto`.
    pub diststyle: Option<String>,
    /// The column that rows are spread by.
    pub distkey: Option<String>,
    /// `compound`, `interleaved` or `auto`.
    pub sort_type: Option<String>,
    /// The columns that rows are sorted by.
    pub sortkeys: Vec<String>,
    /// Whether the table is part of backups.
    pub backup: bool,
    /// Whether a materialized view refreshes itself.
    pub auto_refresh: bool,
    /// How columns are compressed, by their names.
    pub encodings: BTreeMap<String, String>,
    /// Keys that are declared.
    pub constraints: Vec<Constraint>,
    /// Whether it is said how rows are spread, beside by which column.
    styled: bool,
    /// How many columns are said to spread the rows.
    spread_by: usize,
    /// How often it is said by what the rows are sorted.
    sorted_by: usize,
}

/// A key that is declared and not enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// `primary key`, `unique` or `foreign key`.
    pub kind: &'static str,
    /// Its columns.
    pub columns: Vec<String>,
    /// As the catalog shows it.
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
            styled: false,
            spread_by: 0,
            sorted_by: 0,
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

    /// Reads what a table is altered to: `at` is the place behind `alter`.
    pub fn altered(words: &Words, at: usize) -> Self {
        let mut read = Self::default();
        let mut place = at;
        while place < words.len() {
            if words.word(place) == "distkey" && !words.is(place + 1, &Token::LParen) {
                read.spread_by += 1;
                read.dist_by(words.name(place + 1).0.pop());
                place += 2;
            } else {
                place = read.attribute(words, place);
            }
        }
        read
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
                self.styled = true;
                at + 2
            }
            "distkey" => {
                let (columns, after) = words.list(at + 1);
                self.spread_by += columns.len();
                self.dist_by(columns.into_iter().next());
                after.max(at + 1)
            }
            "compound" | "interleaved" if next == "sortkey" => {
                let (columns, after) = words.list(at + 2);
                self.sorted_by += 1;
                self.sort_type = Some(words.word(at));
                self.sortkeys = columns;
                after
            }
            "sortkey" if next == "auto" => {
                self.sorted_by += 1;
                self.sort_type = Some("auto".to_owned());
                at + 2
            }
            "sortkey" => {
                let (columns, after) = words.list(at + 1);
                self.sorted_by += 1;
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
        if !self.styled {
            self.diststyle = Some("key".to_owned());
        }
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
                "distkey" => {
                    self.spread_by += 1;
                    self.dist_by(Some(name.clone()));
                }
                "sortkey" => {
                    self.sorted_by += 1;
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
}

const MAX_COMPOUND: usize = 400;
const MAX_INTERLEAVED: usize = 8;

/// A column of a table that is made, in lower case, and its type in Redshift's words where that is known.
pub type Made = (String, Option<String>);

impl Attributes {
    /// What a cluster refuses of a new table though an engine that knows no such attributes would take it.
    ///
    /// # Errors
    /// The first of: several keys where one is enough, keys on columns that are not there, encodings that are none or do not fit.
    pub fn check(&self, table: &str, columns: Option<&[Made]>) -> Result<(), Refusal> {
        self.check_alone(table)?;
        let Some(columns) = columns else {
            return Ok(());
        };
        let find = |wanted: &str| columns.iter().find(|(name, _)| name == wanted);
        for key in self.distkey.iter().chain(&self.sortkeys) {
            match find(key) {
                None => {
                    return Err(Refusal::new(
                        "unknown-column",
                        format!(
                            "column `{key}` specified as distkey/sortkey is not in the table `{table}`"
                        ),
                    ));
                }
                Some((_, Some(ty))) if ty == "super" => {
                    return Err(Refusal::new(
                        "invalid-table",
                        format!("column `{key}` of type super cannot be a distkey or sortkey"),
                    ));
                }
                Some(_) => {}
            }
        }
        for constraint in &self.constraints {
            let missing = constraint.columns.iter().find(|name| find(name).is_none());
            if let Some(name) = missing {
                return Err(Refusal::new(
                    "unknown-column",
                    format!("column `{name}` named in key does not exist"),
                ));
            }
        }
        for (column, encoding) in &self.encodings {
            let data_type = find(column).and_then(|(_, ty)| ty.as_deref());
            check_encoding(column, encoding, data_type)?;
        }
        Ok(())
    }

    /// The same of what it says for itself.
    fn check_alone(&self, table: &str) -> Result<(), Refusal> {
        let most = match self.sort_type.as_deref() {
            Some("interleaved") => MAX_INTERLEAVED,
            _ => MAX_COMPOUND,
        };
        if self.sortkeys.len() > most {
            return Err(Refusal::new(
                "too-many-keys",
                format!("a sort key of this kind can have at most {most} columns"),
            ));
        }
        let style = self.diststyle.as_deref().unwrap_or("key");
        let primary = self.constraints.iter();
        let wrong = if self.spread_by > 1 {
            format!("table `{table}` has more than one distkey column")
        } else if self.distkey.is_some() && style != "key" {
            format!("a distkey column needs the diststyle key, and table `{table}` has {style}")
        } else if self.distkey.is_none() && self.styled && style == "key" {
            format!("table `{table}` has the diststyle key and no distkey column")
        } else if self.sorted_by > 1 {
            format!("table `{table}` has more than one sortkey")
        } else if primary.filter(|key| key.kind == "primary key").count() > 1 {
            format!("multiple primary keys for table `{table}` are not allowed")
        } else {
            return Ok(());
        };
        Err(Refusal::new("invalid-table", wrong))
    }
}

/// Refuses an encoding that is none, or that columns of a type, where that is known, cannot have.
///
/// # Errors
/// As told.
pub fn check_encoding(
    column: &str,
    encoding: &str,
    data_type: Option<&str>,
) -> Result<(), Refusal> {
    let fits = encodings::fits(encoding, data_type.unwrap_or("bigint"));
    match (fits, data_type) {
        (None, _) => Err(Refusal {
            help: crate::diagnostic::nearest(encoding, encodings::NAMES)
                .map(|near| format!("did you mean `{near}`?")),
            ..Refusal::new("unknown-encoding", format!("`{encoding}` is no encoding"))
        }),
        (Some(false), Some(data_type)) => Err(Refusal::new(
            "bad-encoding",
            format!("column `{column}` of type {data_type} cannot have the encoding {encoding}"),
        )),
        _ => Ok(()),
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
