//! What a warehouse answers, brought home: a diagnostic on the line of the model, the words of the database kept as they are.

use std::collections::BTreeSet;
use std::ops::Range;

use sqlparser::tokenizer::Token;

use crate::adapter::{Error, ErrorClass, Fault, LoadError, Statement};
use crate::compile::Sql;
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::node::{Column, Detail, Node};
use crate::manifest::{NodeId, ResourceType};
use crate::plan::{Planner, home, place_of, place_of_copy};
use crate::redact::{without_data, without_values};
use crate::sql::position::Lines;
use crate::sql::redshift;

use super::remedy;

/// Load errors that are told one by one; the rest is a number.
pub const MOST_LOAD_ERRORS: usize = 20;

/// An error and what is known about where it happened.
pub(super) struct Story<'a> {
    pub(super) planner: &'a Planner<'a>,
    pub(super) node: &'a Node,
    pub(super) sql: Option<&'a Sql>,
    pub(super) statement: Option<&'a Statement>,
    /// The query that was sent, where it was no statement.
    pub(super) text: Option<&'a str>,
}

impl Story<'_> {
    /// The diagnostics: one for the error, or one for each row that a load could not take.
    pub(super) fn told(&self, mut error: Error) -> Vec<Diagnostic> {
        let rows = std::mem::take(&mut error.load_errors);
        if rows.is_empty() {
            return vec![self.of_database(error)];
        }
        let mut told: Vec<Diagnostic> = rows
            .iter()
            .take(MOST_LOAD_ERRORS)
            .map(|row| self.of_row(row))
            .collect();
        if let Some(last) = told.last_mut() {
            if rows.len() > MOST_LOAD_ERRORS {
                let rest = rows.len() - MOST_LOAD_ERRORS;
                last.notes.push(format!("and {rest} more rows"));
            }
            last.help.extend(error.help);
        }
        told
    }

    fn of_database(&self, mut error: Error) -> Diagnostic {
        let loads = matches!(
            self.statement,
            Some(Statement::Copy(_) | Statement::Load { .. })
        );
        // A place is nobody's data.
        if loads && !error.is_about_files() && self.reads_personal() {
            error.message = without_values(&error.message);
            error.detail = error.detail.map(|detail| without_data(&detail));
        }
        let masked = !loads && error.is_about_values() && self.reads_personal();
        if masked {
            error = error.without_data();
        }
        let name = &self.node.name;
        let (code, message) = match (error.class, &error.fault) {
            (ErrorClass::ConnectionLost, _) => (
                "connection-lost",
                format!("the connection was lost at `{name}`"),
            ),
            (ErrorClass::Retryable { .. }, Some(fault)) if fault.code == "concurrent-change" => {
                (fault.code, fault.message.clone())
            }
            (ErrorClass::Retryable { .. }, _) => (
                "concurrent-change",
                format!("somebody else kept changing what `{name}` needs"),
            ),
            (_, Some(fault)) => (fault.code, fault.message.clone()),
            _ if self.has_a_key_twice(&error) => (
                "repeated-key",
                format!("the new rows of `{name}` have a `unique_key` more than once"),
            ),
            _ if matches!(self.statement, Some(Statement::Copy(_))) => (
                "load-error",
                format!("`{name}` could not be loaded: {}", error.message),
            ),
            (_, None) => ("database-error", format!("the database refused `{name}`")),
        };
        let said = |key: &str| self.node.config.origins.get(key).cloned();
        let place = match code {
            "repeated-key" => said("unique_key"),
            "unknown-database" => said("database").or_else(|| self.place(&error)),
            "refused-index" => self.index(&error).or_else(|| place_of(self.node)),
            _ => self.place(&error),
        };
        let rendered = self.rendered(&error, place.as_ref());
        let mut diagnostic = Diagnostic::error(code, message).at_some(place);
        if let Some(fault) = &error.fault {
            let itself =
                fault.code == "unknown-relation" && diagnostic.span.as_ref().is_some_and(is_this);
            let own = "it is what this node makes, and there is none before its first build: ask for it within `{% if is_incremental() %}`, or `{% if load_relation(this) %}`";
            let help = if itself {
                Some(own.to_owned())
            } else {
                self.unreferenced(fault)
            };
            diagnostic = match help {
                Some(help) => diagnostic.help(help),
                None => looked_up(diagnostic, fault),
            };
        }
        diagnostic.notes.extend(rendered);
        // A load's words are the message itself.
        if code != "load-error" {
            diagnostic.notes.push(match &error.sqlstate {
                Some(state) => format!("the database said ({state}): {}", error.message),
                None => format!("the database said: {}", error.message),
            });
        }
        diagnostic.notes.extend(error.detail);
        if masked {
            diagnostic.notes.push(
                "the value is not shown: what is read here is personal (`meta: {pii: true}`)"
                    .to_owned(),
            );
        }
        diagnostic.help.extend(error.help);
        if code == "load-error" && diagnostic.help.is_empty() {
            let help = remedy::of_load(&diagnostic.message);
            diagnostic.help.push(help.to_owned());
        }
        if code == "database-error" && diagnostic.help.is_empty() && self.sql.is_some() {
            let sent = "target/run/ has what was sent";
            diagnostic.help.push(match self.node.resource_type {
                ResourceType::Operation | ResourceType::UnitTest => sent.to_owned(),
                _ => format!("`redstart compile --select {name}` shows the whole SQL, {sent}"),
            });
        }
        if code == "repeated-key" {
            diagnostic.help.push("have the query give one row a key, such as with `qualify row_number() over (partition by … order by …) = 1`".to_owned());
        }
        diagnostic.help.extend(self.not_built(&error.message));
        diagnostic.about(name)
    }

    /// A relation that is missing under the name of a node, which the node does not say it reads.
    fn unreferenced(&self, fault: &Fault) -> Option<String> {
        if fault.code != "unknown-relation" {
            return None;
        }
        let name = fault.name.as_deref()?;
        let name = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
        let manifest = self.planner.manifest;
        let named = |id: &NodeId| {
            let node = manifest.node(*id);
            let kinds = [
                ResourceType::Model,
                ResourceType::Seed,
                ResourceType::Snapshot,
            ];
            kinds.contains(&node.resource_type) && node.name.eq_ignore_ascii_case(name)
        };
        // What it reads through others, ephemeral models and views, is named by them.
        let (mut seen, mut waiting) = (BTreeSet::new(), self.node.depends_on.clone());
        while let Some(id) = waiting.pop() {
            let node = manifest.node(id);
            let relation = node.relation.as_ref();
            let called = relation.map_or(node.name.as_str(), |it| it.identifier.as_str());
            if called.eq_ignore_ascii_case(name) {
                return None;
            }
            if seen.insert(id) {
                waiting.extend(&node.depends_on);
            }
        }
        let node = manifest.node(manifest.ids().find(named)?);
        (node.unique_id != self.node.unique_id).then(|| {
            format!(
                "`{0}` is a {1} of the project: write `{{{{ ref('{0}') }}}}`, so that it is built first and found in its schema",
                node.name,
                node.resource_type.as_str()
            )
        })
    }

    /// Where the index that was refused is declared.
    fn index(&self, error: &Error) -> Option<Span> {
        let column = error.fault.as_ref()?.name.as_ref()?;
        self.node.config.written("indexes", column)
    }

    /// Whether a `merge` found two rows of the query for one of the table: DuckDB and Redshift say it alike, PostgreSQL in its own words.
    fn has_a_key_twice(&self, error: &Error) -> bool {
        let said = error.message.to_lowercase();
        let twice = [
            "multiple matches to update the same tuple",
            "cannot affect row a second time",
        ];
        !self.node.config.unique_key.is_empty() && twice.iter().any(|words| said.contains(words))
    }

    /// Whether the node, or one that it reads, has personal columns. What an operation reads and fills is anyone's guess.
    fn reads_personal(&self) -> bool {
        let manifest = self.planner.manifest;
        if self.node.resource_type == ResourceType::Operation {
            let mut nodes = manifest.nodes.iter();
            return nodes.any(|node| !node.personal_columns().is_empty());
        }
        let read = self.node.depends_on.iter().map(|id| manifest.node(*id));
        let mut nodes = std::iter::once(self.node).chain(read);
        nodes.any(|node| !node.personal_columns().is_empty())
    }

    /// What the node reads, was not there when the run began, and is not part of the run, where the database speaks of it.
    fn not_built(&self, message: &str) -> Option<String> {
        let message = message.to_lowercase();
        let planner = self.planner;
        let outside = |id| {
            let node = planner.manifest.node(id);
            node.resource_type == ResourceType::Source && node.config.materialized == "source"
        };
        // What an ephemeral model reads is read here.
        let mut reads = self.node.depends_on.clone();
        let mut at = 0;
        while let Some(id) = reads.get(at) {
            let node = planner.manifest.node(*id);
            if node.config.materialized == "ephemeral" {
                for id in &node.depends_on {
                    if !reads.contains(id) {
                        reads.push(*id);
                    }
                }
            }
            at += 1;
        }
        let missing = reads.iter().find(|id| {
            let relation = planner.manifest.node(**id).relation.as_ref();
            (outside(**id) || !planner.selected.contains(id))
                && relation.is_some_and(|relation| {
                    planner.existing.get(relation).is_none()
                        && message.contains(&relation.identifier.to_lowercase())
                })
        })?;
        let node = planner.manifest.node(*missing);
        if matches!(&node.detail, Detail::Source(source) if source.location.is_some()) {
            return Some(format!(
                "the source `{}` is read from the files of its `external_location`; a relative path begins where the command runs",
                node.name
            ));
        }
        if let Detail::Source(source) = &node.detail
            && source.load.is_none()
            && source.external.is_some()
        {
            return Some(format!(
                "the source table `{}` is not in the warehouse, and its `external` has no `copy`: with `copy: {{}}` Redstart loads it from `location`; on Redshift `run-operation stage_external_sources` of dbt_external_tables makes it",
                node.name
            ));
        }
        if outside(*missing) {
            return Some(format!(
                "the source table `{}` is not in the warehouse: have it loaded there, say where it is (`schema`, `identifier`), or load it here with `external`",
                planner.manifest.node(*missing).name
            ));
        }
        Some(format!(
            "`{}` is not there yet: build it first, or with this: `--select +{}`",
            planner.manifest.node(*missing).name,
            self.node.name
        ))
    }

    /// Where the user wrote what went wrong.
    fn place(&self, error: &Error) -> Option<Span> {
        if let Some(Statement::Raw {
            origin: Some(origin),
            ..
        }) = self.statement
        {
            return Some(origin.clone());
        }
        if let Some(Statement::Copy(copy)) = self.statement {
            let said = format!(
                "{} {}",
                error.message,
                error.detail.as_deref().unwrap_or_default()
            );
            return place_of_copy(self.node, copy, &said).or_else(|| place_of(self.node));
        }
        let sql = self.sql;
        let at = sql.and_then(|sql| sql.map.span(self.range(error)?));
        if self.node.resource_type == ResourceType::Test {
            return self.of_test(error).or(at).or_else(|| place_of(self.node));
        }
        at.or_else(|| start_of(sql?))
            .or_else(|| place_of(self.node))
    }

    /// Where in the compiled SQL.
    fn range(&self, error: &Error) -> Option<Range<usize>> {
        let compiled = &self.sql?.text;
        let text = self
            .text
            .or_else(|| self.statement.and_then(Statement::user_sql))?;
        home(error.range.clone(), text, compiled).or_else(|| suspected(error, compiled))
    }

    /// What the line of SQL is, where the place holds a call and not the words that are wrong.
    fn rendered(&self, error: &Error, place: Option<&Span>) -> Option<String> {
        let sql = self.sql?;
        let range = self.range(error)?;
        let mapped = sql.map.span(range.clone());
        place.filter(|place| mapped.as_ref() == Some(place))?;
        sql.line_of_call(&range)
    }

    /// The part of a generic test's declaration that an error speaks of: its column, or its `where`.
    fn of_test(&self, error: &Error) -> Option<Span> {
        let name = error.fault.as_ref()?.name.as_ref()?;
        let Detail::Test(test) = &self.node.detail else {
            return None;
        };
        let config = &self.node.config;
        let in_where = config
            .where_clause
            .as_ref()
            .is_some_and(|text| text.contains(name.as_str()));
        if in_where {
            return config.written("where", name);
        }
        let attached = self.planner.manifest.node(test.attached_node?);
        let column = test.column_name.as_ref().filter(|column| *column == name)?;
        attached.columns.get(column)?.declared_at.clone()
    }

    fn of_row(&self, row: &LoadError) -> Diagnostic {
        let column = row.column.as_ref().and_then(|name| {
            let named = |(key, _): &(&String, &Column)| key.eq_ignore_ascii_case(name);
            self.node
                .columns
                .iter()
                .find(named)
                .map(|(_, column)| column)
        });
        let declared_as = row.column.as_deref();
        let declared_as = declared_as.and_then(|column| self.node.declared_type(column));
        // Each warehouse has names of its own for a type.
        let data_type = declared_as.or(row.data_type.as_deref());
        let what = match (&row.column, data_type) {
            (Some(column), Some(data_type)) => format!("column `{column}` {data_type} of "),
            (Some(column), None) => format!("column `{column}` of "),
            _ => String::new(),
        };
        let personal = self.node.is_personal(row.column.as_deref());
        let reason = if personal {
            without_values(&row.reason)
        } else {
            row.reason.clone()
        };
        let value = match row.raw_value.trim_end() {
            _ if personal => Some("the value is personal and not shown".to_owned()),
            "" => None,
            value => Some(format!("the value: {value}")),
        };
        let typed = || {
            let name = row.column.as_ref()?;
            self.node.config.written("column_types", name)
        };
        let declared = column
            .and_then(|column| column.declared_at.clone())
            .or_else(typed)
            .or_else(|| self.node.declared_at.clone())
            .or_else(|| place_of(self.node));
        // The line of a seed is shown only where no cell of it is personal.
        if let Some(place) = &row.place
            && !self.node.columns.values().any(Column::is_pii)
        {
            let message = format!("a cell does not fit {what}`{}`", self.node.name);
            let diagnostic = Diagnostic::error("load-error", message)
                .at(place.clone())
                .label(row.reason.clone())
                .help(remedy::of_cell(self.node, row));
            return match declared {
                Some(declared) => diagnostic.related("declared here", declared),
                None => diagnostic,
            };
        }
        let mut told = Diagnostic::error(
            "load-error",
            format!(
                "{}:{}: {what}`{}`: {reason}",
                row.file, row.line, self.node.name
            ),
        )
        .at_some(declared)
        .label("declared here")
        .help(match self.node.resource_type {
            ResourceType::Seed => remedy::of_cell(self.node, row),
            _ => remedy::of_row(row),
        });
        told.notes.extend(value);
        told
    }
}

/// Where the user wrote what the warehouse could not run: the place that it names, else the first line.
pub(crate) fn place_in(sql: &Sql, error: &Error) -> Option<Span> {
    let range = error.range.clone().or_else(|| suspected(error, &sql.text));
    range
        .and_then(|range| sql.map.span(range))
        .or_else(|| start_of(sql))
}

/// The only division of a query that divided by zero, the only word that a fault can be about, else the only cast of one in which a value
/// did not fit.
fn suspected(error: &Error, sql: &str) -> Option<Range<usize>> {
    let fault = error.fault.as_ref()?;
    match (fault.code, fault.of) {
        ("division-by-zero", _) => only(sql, |token| matches!(token, Token::Div | Token::Mod)),
        ("bad-value", []) => only(sql, is_cast),
        (_, words) => only_call(sql, words),
    }
}

/// Whether a place of a template is `{{ this }}`.
fn is_this(place: &Span) -> bool {
    let text = place.text().trim();
    let inside = text
        .strip_prefix("{{")
        .and_then(|rest| rest.strip_suffix("}}"));
    inside.unwrap_or(text).trim() == "this"
}

/// The only call of one of these functions, or cast to one of these types after `::`, or `at time zone`.
fn only_call(sql: &str, words: &[&str]) -> Option<Range<usize>> {
    let tokens = redshift::tokens(sql).ok()?;
    let said: Vec<_> = tokens
        .iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_)))
        .collect();
    let word = |at: usize| match said.get(at).map(|token| &token.token) {
        Some(Token::Word(word)) if word.quote_style.is_none() => word.value.to_lowercase(),
        Some(Token::DoubleColon) => "::".to_owned(),
        _ => String::new(),
    };
    let mut calls = (0..said.len()).filter(|&at| match word(at).as_str() {
        "::" => words.contains(&format!("::{}", word(at + 1)).as_str()),
        "zone" => words.contains(&"zone") && at > 0 && word(at - 1) == "time",
        called => {
            let is_call = said
                .get(at + 1)
                .is_some_and(|next| next.token == Token::LParen);
            is_call && words.contains(&called)
        }
    });
    let (at, None) = (calls.next()?, calls.next()) else {
        return None;
    };
    Lines::new(sql).range(said[at].span)
}

fn is_cast(token: &Token) -> bool {
    let casts = |word: &str| ["cast", "convert"].contains(&word.to_lowercase().as_str());
    match token {
        Token::DoubleColon => true,
        Token::Word(word) => word.quote_style.is_none() && casts(&word.value),
        _ => false,
    }
}

/// Where the first line that says something was written.
pub(crate) fn start_of(sql: &Sql) -> Option<Span> {
    sql.map.span(first_line(&sql.text)?)
}

/// The name that comes nearest, or all there are where none is near.
fn looked_up(diagnostic: Diagnostic, fault: &Fault) -> Diagnostic {
    let Some(name) = &fault.name else {
        return diagnostic;
    };
    let candidates = fault.candidates.iter().map(String::as_str);
    // What is there under the very name is in another place.
    let candidates = candidates.filter(|other| other != name);
    match fault.code {
        "unknown-column" => diagnostic.one_of(name, candidates),
        // Others than those that are near are not worth a word.
        _ => diagnostic.did_you_mean(name, candidates),
    }
}

/// The first line that says something.
fn first_line(sql: &str) -> Option<Range<usize>> {
    let start = sql.len() - sql.trim_start().len();
    let line = sql[start..].lines().next()?;
    Some(start..start + line.trim_end().len())
}

/// The token of a kind, where a query has one alone.
fn only(sql: &str, kind: impl Fn(&Token) -> bool) -> Option<Range<usize>> {
    let tokens = redshift::tokens(sql).ok()?;
    let mut of_kind = tokens.iter().filter(|token| kind(&token.token));
    let (token, None) = (of_kind.next()?, of_kind.next()) else {
        return None;
    };
    Lines::new(sql).range(token.span)
}
