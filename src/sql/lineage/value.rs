//! What an expression is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::sources::Sources;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The key of the table.
    pub table: Arc<str>,
    /// The column, in lower case.
    pub column: Arc<str>,
}

/// How a value comes from a column; a later one says more happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// As it is.
    Copied,
    /// As it is, under another name.
    Renamed,
    /// Through an expression.
    Transformed,
    /// Through an aggregate of several rows.
    Aggregated,
}

impl How {
    /// Its word in artifacts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copied => "copied",
            Self::Renamed => "renamed",
            Self::Transformed => "transformed",
            Self::Aggregated => "aggregated",
        }
    }
}

/// The way of a value from a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    /// What happened to it.
    pub how: How,
    /// Functions that stand around it on every way (an `md5` that is passed by on one of two ways is none of them).
    pub functions: BTreeSet<Arc<str>>,
    /// What keeps it from being told on every way: aggregates by their name, and all that tell no row under [`AGGREGATE`](super::AGGREGATE),
    /// with the number of rows that their groups have at least; `sha2 with salt` and the like.
    pub guards: BTreeMap<Arc<str>, u64>,
}

impl Through {
    /// A way on which nothing stands around the value.
    pub fn of(how: How) -> Self {
        Self {
            how,
            functions: BTreeSet::new(),
            guards: BTreeMap::new(),
        }
    }
}

/// An expression's value.
#[derive(Clone, Debug, Default)]
pub(super) struct Value {
    pub sources: Sources,
    pub data_type: Option<Arc<str>>,
    pub never_null: bool,
}

impl Value {
    /// A value that no column goes into.
    pub fn constant(data_type: Option<&str>) -> Self {
        Self {
            sources: Sources::default(),
            data_type: data_type.map(Arc::from),
            never_null: true,
        }
    }

    /// Takes another value in, as one more way to this one.
    pub fn with(mut self, other: Self) -> Self {
        merge(&mut self.sources, other.sources);
        self.never_null &= other.never_null;
        self
    }

    /// The value after something happened to it.
    pub fn through(mut self, how: How) -> Self {
        for (_, way) in self.sources.iter_mut() {
            way.how = way.how.max(how);
        }
        self
    }

    /// The value after a function.
    pub fn inside(mut self, function: &Arc<str>) -> Self {
        for (_, way) in self.sources.iter_mut() {
            way.functions.insert(Arc::clone(function));
        }
        self
    }

    /// The value kept by something.
    pub fn guarded(mut self, by: &str, rows: u64) -> Self {
        let by: Arc<str> = by.into();
        for (_, way) in self.sources.iter_mut() {
            let known = way.guards.entry(Arc::clone(&by)).or_default();
            *known = rows.max(*known);
        }
        self
    }

    pub fn typed(mut self, data_type: Option<&str>) -> Self {
        self.data_type = data_type.map(Arc::from);
        self
    }

    pub fn nullable(mut self) -> Self {
        self.never_null = false;
        self
    }
}

/// Takes other ways in: what happened on any of them counts, functions and guards only where they stand on all.
pub(super) fn merge(into: &mut Sources, other: Sources) {
    if into.is_empty() {
        *into = other;
        return;
    }
    for (origin, way) in other {
        into.add(origin, way, |known, way| {
            known.how = known.how.max(way.how);
            known.functions.retain(|name| way.functions.contains(name));
            known
                .guards
                .retain(|name, rows| match way.guards.get(name) {
                    Some(others) => {
                        *rows = (*rows).min(*others);
                        true
                    }
                    None => false,
                });
        });
    }
}

/// Tells copies from renamed columns, now that the name of the output is known.
pub(super) fn name_copies(name: &str, sources: &mut Sources) {
    for (origin, way) in sources.iter_mut() {
        if way.how <= How::Renamed {
            way.how = if origin.column.eq_ignore_ascii_case(name) {
                How::Copied
            } else {
                How::Renamed
            };
        }
    }
}
