//! What is done to a warehouse, as data: a dry run prints it, a snapshot test reads it, an adapter says it in its own SQL.

mod copy;
pub mod copy_options;
mod unload;

pub use copy::{
    AccessKeys, Compression, Copy, CopyFormat, Credentials, Encoding, delimiter, fixed_width,
    json_format,
};
pub use unload::{ExistingFiles, UNLOAD_EXCLUDES, Unload, UnloadFormat};

use crate::diagnostic::Span;
use crate::relation::{Relation, RelationKind};

/// One thing to do in the warehouse.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// Makes a schema unless it is there.
    CreateSchema {
        /// Its database, where the target has one to name.
        database: Option<String>,
        /// Its name.
        schema: String,
    },
    /// Makes a table from a query.
    CreateTableAs {
        /// The new table.
        relation: Relation,
        /// A query in the dialect of the target, as compiled.
        query: String,
        /// Physical attributes of the table.
        attributes: TableAttributes,
        /// Whether it lives only as long as the connection.
        temporary: bool,
        /// Text before the statement (`sql_header`).
        header: Option<String>,
    },
    /// Makes an empty table from declared columns.
    CreateTable {
        /// The new table.
        relation: Relation,
        /// Its columns in order.
        columns: Vec<ColumnDefinition>,
        /// Constraints over several columns.
        constraints: Vec<TableConstraint>,
        /// Physical attributes of the table.
        attributes: TableAttributes,
        /// Whether it lives only as long as the connection.
        temporary: bool,
    },
    /// Makes a view.
    CreateView {
        /// The new view.
        relation: Relation,
        /// A query in the dialect of the target, as compiled.
        query: String,
        /// Whether the view is bound to its tables; `false` is Redshift's `with no schema binding`.
        bind: bool,
        /// Text before the statement (`sql_header`).
        header: Option<String>,
    },
    /// Makes a materialized view, filled.
    CreateMaterializedView {
        /// The new view.
        relation: Relation,
        /// A query in the dialect of the target, as compiled.
        query: String,
        /// Physical attributes of its rows.
        attributes: TableAttributes,
        /// Whether the warehouse refreshes it by itself.
        auto_refresh: bool,
    },
    /// Brings a materialized view up to date.
    RefreshMaterializedView {
        /// The view.
        relation: Relation,
    },
    /// Says whether the warehouse refreshes a materialized view by itself.
    SetAutoRefresh {
        /// The view.
        relation: Relation,
        /// Whether it does.
        auto_refresh: bool,
    },
    /// Gives a table or view another name in the same schema.
    Rename {
        /// Table or view.
        kind: RelationKind,
        /// As it is now.
        from: Relation,
        /// The new name.
        to: String,
    },
    /// Drops a table or view.
    Drop {
        /// Table or view.
        kind: RelationKind,
        /// What to drop.
        relation: Relation,
        /// Whether its absence is fine.
        if_exists: bool,
    },
    /// Adds the rows of a query or relation to a table.
    Insert {
        /// The table.
        into: Relation,
        /// Its columns that are filled, in the order of the query; empty means all.
        columns: Vec<String>,
        /// Where the rows come from.
        from: Rows,
    },
    /// Deletes all rows of a table, in the transaction that it stands in.
    Empty {
        /// The table.
        relation: Relation,
    },
    /// Deletes the rows of a table whose key stands in another relation.
    DeleteByKey {
        /// The table.
        from: Relation,
        /// The relation that holds the keys.
        using: Relation,
        /// The parts of the key, the same in both.
        key: Vec<Key>,
        /// More conditions on the table, in the target's dialect, joined by `and`.
        predicates: Vec<String>,
    },
    /// Updates the rows of a table that match another relation, and inserts the rest.
    Merge {
        /// The table.
        into: Relation,
        /// The relation that holds the new rows.
        using: Relation,
        /// The columns of the key, the same in both.
        key: Vec<String>,
        /// Columns set when matched; empty means that matched rows stay as they are.
        update: Vec<String>,
        /// Columns inserted when not matched.
        insert: Vec<String>,
        /// More conditions of the match, in the target's dialect.
        predicates: Vec<String>,
    },
    /// Ends the rows of a history that a table of changes marks as updated or deleted, unless they ended before.
    CloseVersions {
        /// The history.
        of: Relation,
        /// The changes; their `dbt_change_type` says what each is.
        using: Relation,
        /// The column by which a row is known, the same in both.
        id: String,
        /// The column that says when a row ended, the same in both.
        valid_to: String,
        /// What stands in it while a row holds, in the target's dialect, if not NULL.
        current: Option<String>,
    },
    /// Loads a table from files.
    Copy(Box<Copy>),
    /// Notes which files were loaded, in a table of [`LOADED_FILES`].
    Remember {
        /// The table.
        into: Relation,
        /// The files.
        files: Vec<super::copy::StoredFile>,
        /// The moment, as `2024-01-15 10:30:45`.
        at: String,
    },
    /// Writes the rows of a query to files.
    Unload(Box<Unload>),
    /// Loads a table from the rows of a seed.
    Load {
        /// The table.
        into: Relation,
        /// Its columns in the order of the file.
        columns: Vec<ColumnDefinition>,
        /// The rows, read from their file when they are loaded.
        rows: std::sync::Arc<super::seed::SeedRows>,
    },
    /// Adds a column to a table.
    AddColumn {
        /// The table.
        relation: Relation,
        /// The new column.
        name: String,
        /// Its type in the target's dialect.
        data_type: String,
    },
    /// Drops a column of a table.
    DropColumn {
        /// The table.
        relation: Relation,
        /// The column.
        name: String,
    },
    /// Lets a text column hold longer texts. Redshift takes it only outside of a transaction.
    WidenColumn {
        /// The table.
        relation: Relation,
        /// The column.
        name: String,
        /// Its new type, a longer one of the same kind.
        data_type: String,
    },
    /// Gives a column another type, and its values with it.
    ChangeColumnType {
        /// The table.
        relation: Relation,
        /// The column.
        name: String,
        /// Its new type in the target's dialect.
        data_type: String,
    },
    /// Says under which query group the session's statements run: that of a node, or none for the target's own.
    QueryGroup {
        /// The group.
        name: Option<String>,
    },
    /// Describes a relation or one of its columns in the warehouse.
    Comment {
        /// Table or view.
        kind: RelationKind,
        /// The relation.
        relation: Relation,
        /// The column, or none for the relation itself.
        column: Option<String>,
        /// Whether the column is known to be there; where not, whoever sends the statement looks first.
        is_there: bool,
        /// The words.
        text: String,
    },
    /// Gives a privilege.
    Grant {
        /// The relation.
        relation: Relation,
        /// Such as `select`.
        privilege: String,
        /// Users, or `group x`, `role x`.
        grantees: Vec<String>,
    },
    /// Takes a privilege back.
    Revoke {
        /// The relation.
        relation: Relation,
        /// Such as `select`.
        privilege: String,
        /// Users, or `group x`, `role x`.
        grantees: Vec<String>,
    },
    /// Opens a transaction.
    Begin,
    /// Commits it.
    Commit,
    /// Takes back what was done in it.
    Rollback,
    /// SQL that the user wrote (a hook, an operation), in the dialect of the target; may hold several statements.
    Raw {
        /// The text as rendered.
        sql: String,
        /// Where the user wrote it.
        origin: Option<Span>,
    },
    /// A `post-hook` that asks the warehouse while it is rendered: what it says is known only when it is due.
    LateHook {
        /// Its place among the hooks of its node.
        at: usize,
    },
}

impl Statement {
    /// The part that the user wrote and that an error of the database can point into.
    pub fn user_sql(&self) -> Option<&str> {
        match self {
            Self::CreateTableAs { query, .. }
            | Self::CreateView { query, .. }
            | Self::CreateMaterializedView { query, .. }
            | Self::Insert {
                from: Rows::Query(query),
                ..
            } => Some(query),
            Self::Raw { sql, .. } => Some(sql),
            _ => None,
        }
    }
}

/// A part of a key by which rows are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A column, by its name.
    Column(String),
    /// An expression over columns, in the dialect of the target.
    Expression(String),
}

impl Key {
    /// Its SQL: a column as `quote` writes its name.
    pub fn sql(&self, quote: impl Fn(&str) -> String) -> String {
        match self {
            Self::Column(name) => quote(name),
            Self::Expression(text) => format!("({text})"),
        }
    }

    /// The name or the expression.
    pub fn text(&self) -> &str {
        match self {
            Self::Column(text) | Self::Expression(text) => text,
        }
    }
}

/// Where inserted rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// A query in the dialect of the target.
    Query(String),
    /// The same columns of another relation.
    Relation(Relation),
}

/// A declared column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// Its name as declared.
    pub name: String,
    /// Its type in the dialect of the target, such as `varchar(256)`.
    pub data_type: String,
    /// Whether NULL is refused.
    pub not_null: bool,
    /// Declared as primary key (informational on Redshift).
    pub primary_key: bool,
    /// Declared unique (informational on Redshift).
    pub unique: bool,
    /// `ENCODE`, such as `zstd`.
    pub encode: Option<String>,
    /// `IDENTITY(seed, step)`.
    pub identity: Option<(i64, i64)>,
    /// Whether the identity is one `generated by default`, which takes values too.
    pub by_default: bool,
    /// `DEFAULT` expression in the dialect of the target.
    pub default: Option<String>,
    /// Where the user declared it.
    pub origin: Option<Span>,
}

impl ColumnDefinition {
    /// A nullable column with nothing special.
    pub fn new(name: impl Into<String>, data_type: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            data_type: data_type.into(),
            not_null: false,
            primary_key: false,
            unique: false,
            encode: None,
            identity: None,
            by_default: false,
            default: None,
            origin: None,
        }
    }
}

/// A declared constraint of a table, informational on Redshift.
#[derive(Clone, Debug, PartialEq)]
pub enum TableConstraint {
    /// `primary key (…)`.
    PrimaryKey(Vec<String>),
    /// `unique (…)`.
    Unique(Vec<String>),
    /// `foreign key (…) references … (…)`.
    ForeignKey {
        /// Columns here.
        columns: Vec<String>,
        /// The table they point to.
        to: Relation,
        /// The columns there.
        to_columns: Vec<String>,
    },
    /// In the words of the warehouse: `check (…)`.
    Written(String),
}

/// How a warehouse keeps a table: the first four are Redshift's, the others PostgreSQL's. An engine without such a thing drops it knowingly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableAttributes {
    /// `dist`.
    pub dist: Option<Dist>,
    /// `sort`: the columns of the sort key; empty means none.
    pub sort: Vec<String>,
    /// `sort_type`.
    pub sort_type: Option<SortType>,
    /// `backup: false` says `backup no`.
    pub backup: Option<bool>,
    /// `indexes`.
    pub indexes: Vec<Index>,
    /// `unlogged`: faster to fill, empty after a crash.
    pub unlogged: bool,
}

/// An index of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// Whether no two rows may be the same in them.
    pub unique: bool,
    /// The method, such as `hash`; `btree` where none is named.
    pub method: Option<String>,
}

/// How rows are spread over the slices of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dist {
    /// Everywhere.
    All,
    /// Round robin.
    Even,
    /// Left to Redshift.
    Auto,
    /// By a column.
    Key(String),
}

/// How a sort key of several columns works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortType {
    /// In the order of its columns.
    Compound,
    /// Each column the same weight.
    Interleaved,
    /// Left to Redshift.
    Auto,
}

/// A text that is printed for a warehouse and never for a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(*****)")
    }
}

/// The columns of a table that remembers which files were loaded.
pub const LOADED_FILES: [(&str, &str); 4] = [
    ("file", "varchar(1024)"),
    ("size", "bigint"),
    ("etag", "varchar(128)"),
    ("loaded_at", "timestamp"),
];
