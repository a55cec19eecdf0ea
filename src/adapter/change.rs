//! Changes of tables that an engine has no words for, and a session makes in steps of its own.

use crate::relation::{Relation, RelationKind};

/// What a table becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeOfTable {
    /// One with one column more, which has a check.
    Add {
        /// The table.
        table: Relation,
        /// The column as the engine declares it.
        definition: String,
        /// What the rows that are there have in it.
        value: String,
    },
    /// One with room for longer texts in a column.
    Widen {
        /// The table.
        table: Relation,
        /// The column.
        column: String,
        /// Its new type in the words of the target's dialect.
        data_type: String,
    },
    /// A new one with the columns of another.
    Like {
        /// The new table; without a schema where it is temporary.
        table: Relation,
        /// The other one.
        of: Relation,
        /// Whether it ends with the session.
        temporary: bool,
        /// Whether one that is there may stay.
        if_not_exists: bool,
        /// Whether its columns have the defaults of the other one's.
        defaults: bool,
    },
    /// Relations on which nothing stands, so that they can be dropped; the SQL does that.
    Freed {
        /// Tables or views; none for schemas.
        kind: Option<RelationKind>,
        /// The relations; of a schema, its name alone.
        dropped: Vec<Relation>,
        /// Whether what stands on them is dropped with them.
        cascade: bool,
    },
}

impl ChangeOfTable {
    /// The part of a text whose place it takes; nothing where it comes before the statement.
    pub fn place(&self, statement: std::ops::Range<usize>) -> std::ops::Range<usize> {
        match self {
            Self::Freed { .. } => statement.start..statement.start,
            Self::Add { .. } | Self::Widen { .. } | Self::Like { .. } => statement,
        }
    }
}
