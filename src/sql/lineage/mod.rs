//! The columns of one query, and where each comes from.
//!
//! In: a parsed query, and through [`Tables`] what is known of the tables in it. Out: [`Lineage`]: the query's columns with the columns
//! they are made of, what else its rows depend on, and the names that mean nothing.
//! Does not know nodes, files or warehouses. What is not understood is left open, and then nothing is said about it: a table whose
//! columns are not all known may have any.

mod expression;
mod facts;
mod from;
mod function;
mod grouping;
mod guard;
mod query;
mod scope;
mod select;
mod sources;
mod table_function;
#[cfg(test)]
mod tests;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use sqlparser::ast::Query;

use super::dialect::Dialect;
use super::position::Lines;

pub use facts::{Call, Comparison, CrossJoin, Fact, Facts, NotIn, SetOperation, TextCast};
pub use function::is_aggregate;
pub use guard::{AGGREGATE, SALTED};
pub use sources::Sources;
pub use value::{How, Origin, Through};

/// What is known of the tables that a query may name.
pub trait Tables {
    /// The table of a name of one to three parts as written (`[schema, table]`); none for one that nobody knows.
    fn table(&self, parts: &[String]) -> Option<Table>;

    /// The table that a common table expression of this name stands for: its text was put there in the table's place, and is not read.
    fn inlined(&self, _name: &str) -> Option<Table> {
        None
    }
}

/// A table that a query reads.
#[derive(Clone, Debug)]
pub struct Table {
    /// What names it in an [`Origin`].
    pub key: Arc<str>,
    /// Its columns, as far as they are known.
    pub columns: Arc<[TableColumn]>,
    /// Whether these are all.
    pub complete: bool,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// Its type in the words of the dialect, where known.
    pub data_type: Option<Arc<str>>,
    /// Whether it is known to hold no NULL.
    pub never_null: bool,
}

/// Where the columns come from that a query has beside those that can be named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rest {
    /// There are none.
    #[default]
    Closed,
    /// They are columns of the same name of each of these tables.
    Of(Vec<Arc<str>>),
    /// Nobody can tell.
    Unknown,
}

impl Rest {
    /// Whether all columns are known.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

/// A column that a query puts out.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name, as the dialect folds it.
    pub name: String,
    /// Where its expression stands in the text, where it stands there.
    pub range: Option<Range<usize>>,
    /// The columns that its values are made of.
    pub sources: Sources,
    /// Its type, where the text and the tables tell it.
    pub data_type: Option<Arc<str>>,
    /// Whether it is known to hold no NULL.
    pub never_null: bool,
}

/// What the rows of a query depend on beside the values in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Influence {
    /// It stands in `where`, `having`, `qualify`, or orders rows of which some are left out.
    Filter,
    /// It joins tables.
    Join,
    /// Rows are grouped by it.
    Group,
}

impl Influence {
    /// Its word in artifacts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Join => "join",
            Self::Group => "group",
        }
    }
}

/// Columns of tables, and how they bear on the rows.
pub type Influences = BTreeMap<Origin, BTreeSet<Influence>>;

/// A name that means nothing, or another mistake that the text and the tables show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable kebab-case code.
    pub code: &'static str,
    /// What, names in backticks.
    pub message: String,
    /// Where in the text.
    pub range: Option<Range<usize>>,
    /// Why, for under the caret.
    pub label: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

/// What one query says.
#[derive(Clone, Debug, Default)]
pub struct Lineage {
    /// Its columns in order, as far as they can be named.
    pub columns: Vec<Output>,
    /// Where the others come from, if there may be others.
    pub rest: Rest,
    /// Whether what went into its columns is not sure to the last: a name or an expression was not understood, a `*` follows the order of
    /// the columns in the warehouse, rows are told by a subquery, tables are turned, or read themselves.
    pub open: bool,
    /// What its rows depend on.
    pub influences: Influences,
    /// Keys of the tables it reads.
    pub tables: BTreeSet<Arc<str>>,
    /// Columns of tables that are named in it although the table is not known to have them.
    pub asked: BTreeSet<Origin>,
    /// What is wrong in it.
    pub findings: Vec<Finding>,
    /// What checks look at.
    pub facts: Facts,
}

/// Reads the columns and the lineage of a query; `text` is what it was parsed from.
pub fn lineage(query: &Query, text: &str, dialect: Dialect, tables: &dyn Tables) -> Lineage {
    let mut reader = Reader {
        lines: Lines::new(text),
        dialect,
        tables,
        scopes: Vec::new(),
        ctes: Vec::new(),
        depth: 0,
        quiet: 0,
        done: Lineage::default(),
    };
    let shape = reader.query(query);
    let mut done = reader.done;
    done.columns = shape.columns;
    done.rest = shape.rest;
    done.influences = shape.influences;
    for column in &mut done.columns {
        value::name_copies(&column.name, &mut column.sources);
        column.sources.shrink();
    }
    done
}

/// Walks a query.
struct Reader<'a> {
    lines: Lines<'a>,
    dialect: Dialect,
    tables: &'a dyn Tables,
    scopes: Vec<scope::Scope>,
    ctes: Vec<(String, Arc<query::Shape>)>,
    /// How many queries stand around the place at hand: 1 in the outermost.
    depth: usize,
    /// While above zero, nothing is found and no fact is noted: the text is walked again.
    quiet: usize,
    done: Lineage,
}
