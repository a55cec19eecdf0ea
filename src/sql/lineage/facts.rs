//! What checks look at: things a query does that are not wrong in themselves.

use std::ops::Range;
use std::sync::Arc;

use super::Origin;

/// One thing that a query does, and where.
#[derive(Clone, Debug)]
pub struct Fact<T> {
    /// Where it stands in the text.
    pub range: Option<Range<usize>>,
    /// What it is.
    pub what: T,
}

/// A call of a function.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its name in lower case, with its schema where one is written.
    pub name: Arc<str>,
    /// The types of its arguments, where known.
    pub arguments: Vec<Option<Arc<str>>>,
    /// Whether it is a window function.
    pub window: bool,
}

/// Two values side by side: `a = b`, `a / b`.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The operator as written.
    pub operator: &'static str,
    /// The type of the left side, where known.
    pub left: Option<Arc<str>>,
    /// The type of the right side, where known.
    pub right: Option<Arc<str>>,
    /// The column on the left side, where it is nothing but a column.
    pub left_column: Option<Origin>,
    /// The column on the right side, where it is nothing but a column.
    pub right_column: Option<Origin>,
    /// Whether a side is a literal.
    pub literal: bool,
    /// Whether it joins tables.
    pub joins: bool,
}

/// A cast to a text type.
#[derive(Clone, Debug)]
pub struct TextCast {
    /// The type as written, in lower case.
    pub to: String,
    /// The type of what is cast, where known.
    pub from: Option<Arc<str>>,
}

/// A cast of a value whose type is known.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// The type of what is cast.
    pub from: Arc<str>,
    /// The type as written, in lower case.
    pub to: String,
}

/// Tables side by side that nothing joins.
#[derive(Clone, Debug)]
pub struct CrossJoin {
    /// The name of the table.
    pub table: String,
}

/// `not in (select …)`.
#[derive(Clone, Debug)]
pub struct NotIn {
    /// Whether the subquery is known to give no NULL.
    pub never_null: bool,
}

/// Two queries joined by `union`, `except` or `intersect`.
#[derive(Clone, Debug)]
pub struct SetOperation {
    /// Whether it is a `union` that looks for doubles.
    pub distinct_union: bool,
    /// Names and types of the columns on both sides, by their place.
    pub columns: Vec<SetColumn>,
}

/// A column of a set operation.
#[derive(Clone, Debug)]
pub struct SetColumn {
    /// Its name.
    pub name: String,
    /// Its type on the left, where known.
    pub left: Option<Arc<str>>,
    /// Its type on the right, where known.
    pub right: Option<Arc<str>>,
    /// Where the right one stands.
    pub range: Option<Range<usize>>,
}

/// Everything that a query does that a check may want to know.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Calls of functions.
    pub calls: Vec<Fact<Call>>,
    /// Comparisons and divisions.
    pub comparisons: Vec<Fact<Comparison>>,
    /// Columns inside a function that is compared with something in `where`.
    pub wrapped_filters: Vec<Fact<Origin>>,
    /// `not in (select …)`.
    pub not_in: Vec<Fact<NotIn>>,
    /// Set operations.
    pub sets: Vec<Fact<SetOperation>>,
    /// Joins without a condition that nobody wrote as `cross join`.
    pub cross_joins: Vec<Fact<CrossJoin>>,
    /// `select *` of the outermost query, or of all it reads.
    pub stars: Vec<Fact<()>>,
    /// `order by` of the outermost query without a limit.
    pub final_order: Option<Fact<()>>,
    /// Casts to a text type.
    pub casts: Vec<Fact<TextCast>>,
    /// Casts of what has a type.
    pub conversions: Vec<Fact<Conversion>>,
    /// Whether the outermost query is one `select`, and joins no others by `union` and the like.
    pub one_select: bool,
    /// Text literals that are read as a moment and name a zone.
    pub zoned_literals: Vec<Fact<String>>,
}
