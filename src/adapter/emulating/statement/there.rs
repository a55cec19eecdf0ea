//! What statements without a meaning here speak of: Redshift refuses them where it is not there.
//!
//! In: `grant`, `revoke`, `analyze`, `vacuum`, `lock`. Out: queries that fail where a relation or schema is missing.

use sqlparser::tokenizer::Token;

use super::Part;
use super::attributes::word;
use crate::adapter::emulating::{Work, identifier, literal};

/// What must be there.
pub(super) enum Named {
    /// A table or view, with its schema where it is written.
    Relation(Option<String>, String),
    /// A schema.
    Schema(String),
}

/// Words of `vacuum` and `analyze` that are no name of a table.
pub const TENDING: [&str; 16] = [
    "all",
    "boost",
    "columns",
    "compression",
    "comprows",
    "delete",
    "full",
    "only",
    "percent",
    "predicate",
    "recluster",
    "reindex",
    "sort",
    "table",
    "to",
    "verbose",
];

impl Part<'_> {
    /// Nothing to do, once what is named is there.
    pub(super) fn if_there(&self, named: Vec<Named>) -> Work {
        if named.is_empty() {
            return Work::Nothing;
        }
        let on_postgres = self.translator.on_postgres();
        let check = |named: &Named| match named {
            Named::Relation(schema, name) if on_postgres => {
                let schema = schema.as_ref();
                let schema =
                    schema.map_or_else(String::new, |name| format!("{}.", identifier(name)));
                format!(
                    "SELECT {}::regclass",
                    literal(&(schema + &identifier(name)))
                )
            }
            Named::Schema(name) if on_postgres => {
                format!("SELECT {}::regnamespace", literal(&identifier(name)))
            }
            Named::Relation(schema, name) => {
                let (schema, temporary) = match schema {
                    Some(schema) => (literal(schema), ""),
                    None => (
                        "lower(current_schema())".to_owned(),
                        " OR table_type = 'LOCAL TEMPORARY'",
                    ),
                };
                format!(
                    "SELECT CASE WHEN count(*) = 0 THEN error({}) END FROM information_schema.tables WHERE lower(table_name) = {} AND (table_catalog = current_database() AND lower(table_schema) = {schema}{temporary})",
                    literal(&format!("relation \"{name}\" does not exist")),
                    literal(name)
                )
            }
            Named::Schema(name) => format!(
                "SELECT CASE WHEN count(*) = 0 THEN error({}) END FROM information_schema.schemata WHERE catalog_name = current_database() AND lower(schema_name) = {}",
                literal(&format!("schema \"{name}\" does not exist")),
                literal(name)
            ),
        };
        Work::Sql(named.iter().map(check).collect())
    }

    /// What a `grant` or `revoke` is on, where that lives in a database: <https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html>.
    pub(super) fn granted_on(&self) -> Vec<Named> {
        let words = self.said_words();
        // `revoke grant option for …` has no other `for`; that of `grant … for tables in schema` speaks of what will be.
        if words.iter().any(|word| word == "for") && words.get(1).is_none_or(|word| word != "grant")
        {
            return Vec::new();
        }
        let Some(on) = words.iter().position(|word| word == "on") else {
            return Vec::new();
        };
        let kind: Vec<&str> = words
            .iter()
            .skip(on + 1)
            .take(4)
            .map(String::as_str)
            .collect();
        match kind.as_slice() {
            ["all", "tables" | "functions" | "procedures", "in", "schema"] => self.schemas(on + 5),
            ["schema", ..] => self.schemas(on + 2),
            ["table", ..] => self.relations(on + 2),
            [
                "all" | "copy" | "database" | "datashare" | "external" | "function" | "language"
                | "model" | "procedure" | "tables",
                ..,
            ] => Vec::new(),
            _ => self.relations(on + 1),
        }
    }

    /// The tables of a `lock`, `analyze` or `vacuum`.
    pub(super) fn tended(&self) -> Vec<Named> {
        let words = self.said_words();
        let mut at = 1;
        if words[0] == "lock" {
            if words.get(1).is_some_and(|word| word == "table") {
                at = 2;
            }
            return self.relations(at);
        }
        while words
            .get(at)
            .is_some_and(|word| TENDING.contains(&word.as_str()))
        {
            at += 1;
        }
        match self.name(at) {
            Some((name, _)) => vec![relation(name)],
            None => Vec::new(),
        }
    }

    fn said_words(&self) -> Vec<String> {
        let words = self.code.iter().map(word);
        words.map(Option::unwrap_or_default).collect()
    }

    fn relations(&self, at: usize) -> Vec<Named> {
        self.names(at).into_iter().map(relation).collect()
    }

    fn schemas(&self, at: usize) -> Vec<Named> {
        let names = self.names(at).into_iter();
        names
            .filter_map(|mut name| name.pop().map(Named::Schema))
            .collect()
    }

    /// Names with commas between them.
    fn names(&self, mut at: usize) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        while let Some((name, after)) = self.name(at) {
            all.push(name);
            let comma = self.code.get(after).map(|token| &token.token);
            if comma != Some(&Token::Comma) {
                break;
            }
            at = after + 1;
        }
        all
    }

    /// The parts of the name at a token, in lower case, and the token behind it.
    fn name(&self, mut at: usize) -> Option<(Vec<String>, usize)> {
        let mut parts = Vec::new();
        loop {
            let Token::Word(part) = &self.code.get(at)?.token else {
                return None;
            };
            parts.push(part.value.to_lowercase());
            if self.code.get(at + 1).map(|token| &token.token) != Some(&Token::Period) {
                return Some((parts, at + 1));
            }
            at += 2;
        }
    }
}

/// The last two parts of a name: the database is the one there is.
fn relation(mut parts: Vec<String>) -> Named {
    let name = parts.pop().unwrap_or_default();
    Named::Relation(parts.pop(), name)
}
