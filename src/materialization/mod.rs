//! How a node becomes a table, a view or an answer: a query in, typed statements out.
//!
//! In: [`Input`], a node with its compiled query and what exists. Out: [`Work`], statements in sections, as data.
//! Runs nothing, and knows no warehouse's SQL beyond the queries that it puts around the model's own.
//! A new materialization is a file here and a line in [`ALL`].

mod columns;
mod conditions;
mod ephemeral;
mod files;
#[cfg(test)]
pub(crate) mod fixture;
mod freshness;
mod grants;
mod history;
mod incremental;
#[cfg(test)]
mod incremental_tests;
mod key;
mod load;
mod materialized_view;
#[cfg(test)]
mod materialized_view_tests;
mod publish;
mod rejects;
mod restored;
mod schema_change;
mod seed;
#[cfg(test)]
mod situations_tests;
mod snapshot;
#[cfg(test)]
mod snapshot_tests;
mod table;
mod test;
#[cfg(test)]
mod tests;
pub mod together;
pub mod unit;
mod view;

use std::collections::{BTreeMap, BTreeSet};

pub use columns::column_definition;
pub use files::{FileLoad, loaded_files};
pub use freshness::freshness;
pub use history::History;
pub use publish::{as_shown, failed, left_of_next, leftovers, next_of};
pub use rejects::{REASONS, Rejects, kept_rejects, rejects_of};
pub use restored::{Restored, numbers_rows, restored};
pub use schema_change::SchemaChange;
pub use test::{Hidden, TestQuery};

use crate::adapter::Statement;
use crate::compile::HookSql;
use crate::data_tests::RowRule;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::manifest::config::KnownMaterialization;
use crate::manifest::microbatch::Batch;
use crate::manifest::{Node, NodeId, ResourceType};
use crate::project::seed::Seed;
use crate::relation::{Column, ExistingRelations, Relation, RelationKind};

/// A way to materialize a node.
#[derive(Clone, Copy, Debug)]
pub struct Materialization {
    /// Its name, as `materialized` says it.
    pub name: &'static str,
    /// What it does with a node.
    pub work: fn(&Input<'_>) -> Result<Work, Diagnostics>,
    /// The configuration keys that mean something to it, beside those of every node.
    pub keys: &'static [&'static str],
}

/// Every materialization there is.
pub const ALL: [Materialization; 9] = [
    view::MATERIALIZATION,
    table::MATERIALIZATION,
    materialized_view::MATERIALIZATION,
    incremental::MATERIALIZATION,
    ephemeral::MATERIALIZATION,
    seed::MATERIALIZATION,
    snapshot::MATERIALIZATION,
    load::MATERIALIZATION,
    test::MATERIALIZATION,
];

/// Those whose rows may be rejected one by one.
const REJECTING: [&str; 3] = ["table", "incremental", "load"];

/// Every materialization, as configuration names it.
pub fn known() -> Vec<KnownMaterialization> {
    let names = ALL.iter().map(|found| KnownMaterialization {
        name: found.name,
        keys: found.keys,
    });
    names.collect()
}

/// Everything that a materialization looks at.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The node.
    pub node: &'a Node,
    /// Its query as compiled, ephemerals inlined; none for a seed or a load.
    pub query: Option<&'a str>,
    /// The names of the query's columns in order, where they are known without running it. They are asked for only where they
    /// matter: to tell them the query is translated.
    pub columns_of_query: &'a dyn Fn() -> Option<&'a [String]>,
    /// The words that the target understands: `redshift`, `postgres` or `duckdb`.
    pub dialect: &'a str,
    /// The batch that is built, of a model that is built in batches.
    pub batch: Option<Batch>,
    /// What the warehouse holds.
    pub existing: &'a ExistingRelations,
    /// Whether `--full-refresh` was given; a node's own `full_refresh` overrides it.
    pub full_refresh: bool,
    /// Whether `--store-failures` was given; a test's own `store_failures` overrides it.
    pub store_failures: bool,
    /// Whether the node is shown only once its tests have passed.
    pub audit: bool,
    /// The node's tests that look at one row at a time, asked for only where they matter.
    pub row_rules: &'a dyn Fn() -> Result<Vec<RowRule>, Diagnostics>,
    /// The current moment, without a time zone, in the SQL of the target.
    pub now: &'a str,
    /// The target's own database.
    pub database: &'a str,
    /// Whether the warehouse itself keeps when a table was changed.
    pub keeps_loads: bool,
    /// Whether others may hold on to a table: by privileges on it, and by views that are bound to it.
    pub has_holders: bool,
    /// Whether texts have the lengths of their columns, as on Redshift: then a column grows with what comes into it.
    pub lengths: bool,
    /// The node's hooks, rendered.
    pub hooks: Hooks<'a>,
    /// A seed's columns and rows.
    pub seed: Option<&'a Seed>,
    /// The relations that this run makes anew after this node: views may be bound to the old table if they are among them.
    pub rebuilt: &'a BTreeSet<(String, String)>,
    /// The relations that this run makes anew before this node: what was bound to one of them is bound to its old rows.
    pub replaced: &'a BTreeSet<(String, String)>,
    /// The other nodes, for foreign keys and for the columns that a test must not show.
    pub node_of: &'a dyn Fn(NodeId) -> Option<&'a Node>,
}

impl<'a> Input<'a> {
    /// The relation that the node stands for.
    fn relation(&self) -> Result<&'a Relation, Diagnostics> {
        self.node.relation.as_ref().ok_or_else(|| {
            self.error(
                "no-relation",
                format!("`{}` has no place in the warehouse", self.node.name),
            )
        })
    }

    /// The names of the query's columns in order, where they are known.
    fn query_columns(&self) -> Option<&'a [String]> {
        (self.columns_of_query)()
    }

    /// The compiled query.
    fn query(&self) -> Result<&'a str, Diagnostics> {
        self.query
            .filter(|query| !query.trim().is_empty())
            .ok_or_else(|| {
                let message = format!("`{}` has no SQL to build it from", self.node.name);
                Diagnostic::error("empty-query", message)
                    .at_some(self.place())
                    .help("write a `select`, or disable it with `enabled: false`")
                    .into()
            })
    }

    /// Whether the node is built as if nothing were there.
    fn full_refresh(&self) -> bool {
        let goes_on = self.batch.is_some_and(|batch| batch.goes_on);
        !goes_on && self.node.config.full_refresh.unwrap_or(self.full_refresh)
    }

    fn error(&self, code: &'static str, message: String) -> Diagnostics {
        Diagnostic::error(code, message)
            .at_some(self.place())
            .into()
    }

    /// Where the node is written: its file, or else its declaration.
    fn place(&self) -> Option<Span> {
        let code = self.node.code.as_ref();
        code.map(|code| Span::new(&code.source, first_line(code.text(), code.range.start)))
            .or_else(|| self.node.declared_at.clone())
    }

    /// Where the configuration names a word under a key, or else the node.
    fn place_of(&self, key: &str, word: &str) -> Option<Span> {
        self.node
            .config
            .written(key, word)
            .or_else(|| self.node.declared_at.clone())
            .or_else(|| self.place())
    }

    /// An error about a column that the configuration names and that is not among the node's.
    fn unknown_column<'b>(
        &self,
        what: &str,
        column: &str,
        known: impl Iterator<Item = &'b str> + Clone,
    ) -> Diagnostic {
        let count = known.clone().count();
        Diagnostic::error(
            "unknown-column",
            format!(
                "{what} names `{column}`, which `{}` does not have",
                self.node.name
            ),
        )
        .at_some(self.place_of(what.trim_matches('`'), column))
        .label(format!("not among its {count} columns"))
        .one_of(column, known)
    }
}

fn first_line(text: &str, start: usize) -> std::ops::Range<usize> {
    start..start + text.find('\n').unwrap_or(text.len())
}

/// The hooks of a node, rendered, in order; a hook that renders to nothing runs nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hooks<'a> {
    /// `pre-hook`.
    pub pre: &'a [HookSql],
    /// `post-hook`.
    pub post: &'a [HookSql],
}

/// What a materialization answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Statements that make the node's relation.
    Build(Box<Build>),
    /// A query whose answer decides a data test.
    Test(Box<TestQuery>),
    /// Nothing runs in the warehouse: an ephemeral model.
    Nothing,
}

/// The statements that make a node's relation, in sections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Build {
    /// The sections, in order.
    pub sections: Vec<Section>,
    /// What else there is to do, once the sections ran and what it waits for can be asked.
    pub then: Option<Box<Rest>>,
    /// What is built beside and not yet published: dropped when the build fails on the way.
    pub staging: Option<(RelationKind, Relation)>,
    /// What else is built beside, and dropped with it.
    pub also: Vec<(RelationKind, Relation)>,
    /// How what is built beside is kept to be looked at, where its tests failed; empty where it cannot be tested beside.
    pub keep: Vec<Statement>,
    /// How the rows that were to come to a table that stays are kept to be looked at, where its tests failed: once its transaction was taken
    /// back.
    pub keep_added: Vec<Statement>,
    /// The table whose rows the report counts, if any.
    pub counts: Option<Relation>,
    /// Drops of what was replaced and something is still bound to: for the end of the run, when all of that was made anew.
    pub last: Vec<Statement>,
    /// What is worth a look, though it stops nothing.
    pub warnings: Vec<Diagnostic>,
}

/// The second half of a build, which waits for something that only its turn can tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Rest {
    /// Of an incremental model.
    SchemaChange(Box<SchemaChange>),
    /// Of a snapshot.
    History(Box<History>),
    /// Of a load that picks its files.
    Files(Box<FileLoad>),
    /// Of a node whose rows are tested one by one.
    Rejects(Box<Rejects>),
}

/// What the second half of a build waits for.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// The columns of a relation.
    Columns(&'a Relation),
    /// The files of a load.
    Files(&'a FileLoad),
}

impl Rest {
    /// What decides how it goes on.
    pub fn wants(&self) -> Wanted<'_> {
        match self {
            Self::SchemaChange(rest) => Wanted::Columns(rest.staging()),
            Self::History(rest) => Wanted::Columns(rest.source()),
            Self::Files(rest) => Wanted::Files(rest),
            Self::Rejects(rest) => Wanted::Columns(rest.all()),
        }
    }

    /// What remains to be done when the relation that it waits for has these columns.
    ///
    /// # Errors
    /// When the configuration does not fit to them.
    pub fn sections(&self, columns: &[Column]) -> Result<Vec<Section>, Box<Diagnostic>> {
        match self {
            Self::SchemaChange(rest) => rest.sections(columns),
            Self::History(rest) => rest.sections(columns),
            Self::Files(rest) => Ok(rest.pattern().to_vec()),
            Self::Rejects(rest) => rest.sections(columns),
        }
    }

    /// What there is to do after that, once what it waits for can be asked.
    pub fn next(&self, columns: &[Column]) -> Option<Self> {
        match self {
            Self::Rejects(rest) => rest.next(columns),
            _ => None,
        }
    }
}

/// Statements that stand or fall together.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// What the section is for.
    pub phase: Phase,
    /// Whether they run in one transaction.
    pub transaction: bool,
    /// Whether the whole may be tried again when somebody else was first: only when all statements are ours.
    pub retryable: bool,
    /// The statements, without `begin` and `commit`.
    pub statements: Vec<Statement>,
}

/// What a [`Section`] is for. Between `Build` and `Publish` a new relation can be looked at before anyone reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Leftovers are removed, hooks run.
    Prepare,
    /// The new rows are made.
    Build,
    /// The new rows become visible.
    Publish,
    /// What was replaced is dropped, hooks run.
    Clean,
}

/// What a node does, by its `materialized`.
///
/// # Errors
/// What is wrong with its configuration, or that nothing has this name.
pub fn work(input: &Input<'_>) -> Result<Work, Diagnostics> {
    let name = match input.node.resource_type {
        ResourceType::Test => "test",
        ResourceType::Seed => "seed",
        ResourceType::Source => "load",
        ResourceType::Snapshot => "snapshot",
        _ => input.node.config.materialized.as_str(),
    };
    if input.node.config.rejects && !REJECTING.contains(&name) {
        let message = format!(
            "`rejects` is for tables, incremental models and loads, and `{}` is a {name}",
            input.node.name
        );
        return Err(Diagnostic::error("no-rejects", message)
            .at_some(input.place_of("rejects", ""))
            .help(
                "test its rows in a model of their own: `materialized: table` with `rejects: true`",
            )
            .into());
    }
    match ALL.iter().find(|known| known.name == name) {
        Some(known) => (known.work)(input),
        None => Err(Diagnostic::error(
            "unknown-materialization",
            format!("there is no materialization `{name}`"),
        )
        .at_some(input.place_of("materialized", name))
        .did_you_mean(name, ALL.iter().map(|known| known.name))
        .into()),
    }
}

/// A relation by all its names, as SQL of ours has to call it: two parts can mean two things where a schema is called like the database.
fn in_full(input: &Input<'_>, relation: &Relation) -> String {
    let own = (!input.database.is_empty()).then(|| input.database.to_owned());
    name(&Relation {
        database: relation.database.clone().or(own),
        ..relation.clone()
    })
}

/// A relation as every dialect calls it.
fn name(relation: &Relation) -> String {
    let mut parts: Vec<String> = relation.database.iter().map(|name| quote(name)).collect();
    if !relation.schema.is_empty() {
        parts.push(quote(&relation.schema));
    }
    parts.push(quote(&relation.identifier));
    parts.join(".")
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Sections without empty ones.
fn sections(all: impl IntoIterator<Item = Section>) -> Vec<Section> {
    all.into_iter()
        .filter(|section| !section.statements.is_empty())
        .collect()
}

/// The columns of a node as the warehouse knows them, by lower-case name.
fn by_name<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, &'a str> {
    names
        .into_iter()
        .map(|name| (name.to_lowercase(), name))
        .collect()
}
