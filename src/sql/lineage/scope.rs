//! What a name can mean at some place of a query.

use std::ops::Range;
use std::sync::Arc;

use sqlparser::ast::Ident;
use sqlparser::tokenizer::Span;

use super::value::{How, Origin, Through, Value};
use super::{Finding, Output, Reader, Rest};
use crate::diagnostic::{meant, nearest};
use crate::sql::dialect::Dialect;
use crate::sql::fold;

/// A table, subquery or common table expression in a `from` clause.
#[derive(Clone, Debug, Default)]
pub(super) struct Visible {
    /// The name that qualifies its columns, in lower case.
    pub alias: String,
    /// The schema it was named with, where it has no alias.
    pub schema: Option<String>,
    pub columns: Arc<[Output]>,
    pub rest: Rest,
    /// Whether a join may fill it up with NULLs.
    pub outer: bool,
    /// What the alias itself stands for: an element of an array, a row of a function.
    pub element: Option<Value>,
    /// Whether it is a table by itself, and no query or function in the place of one.
    pub stored: bool,
    /// Whether its columns are seen only where it is named (the right side of a semi join).
    pub hidden: bool,
}

/// One level of a query.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub tables: Vec<Visible>,
    /// Columns that `using` or `natural` makes one.
    pub merged: Vec<(String, Value)>,
    /// Columns of the select list so far, that later expressions may name.
    pub aliases: Vec<(String, Value)>,
    /// Whether aliases can be seen at the place at hand.
    pub sees_aliases: bool,
    /// Whether what is merged is not known, so that a name may stand twice.
    pub fuzzy: bool,
    /// Named windows.
    pub windows: Vec<(String, sqlparser::ast::NamedWindowExpr)>,
    /// Columns that join, filter or group its rows.
    pub influences: super::Influences,
    /// Whether a condition of a join is read.
    pub joining: bool,
    /// The number of rows that each of its groups has at least.
    pub rows_of_groups: u64,
}

/// What became of a look-up in one scope.
enum Found {
    Value(Value),
    Ambiguous(Vec<String>),
    /// The table is known, and has no such column.
    Missing,
    /// Somebody may have it.
    Open,
    Nothing,
}

impl Visible {
    fn find(&self, name: &str) -> Option<&Output> {
        let mut columns = self.columns.iter();
        columns.find(|column| column.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn column(&self, name: &str) -> Option<Value> {
        let column = self.find(name)?;
        Some(Value {
            sources: column.sources.clone(),
            data_type: column.data_type.clone(),
            never_null: column.never_null && !self.outer,
        })
    }

    /// A column that is not known, of tables that may have it.
    fn assumed(&self, name: &str) -> Option<Value> {
        let Rest::Of(tables) = &self.rest else {
            return None;
        };
        let column: Arc<str> = name.to_lowercase().into();
        let origins = tables.iter().map(|table| {
            let origin = Origin {
                table: Arc::clone(table),
                column: Arc::clone(&column),
            };
            let way = Through::of(How::Copied);
            (origin, way)
        });
        Some(Value {
            sources: origins.collect(),
            data_type: None,
            never_null: false,
        })
    }

    /// The value of the whole row.
    fn row(&self) -> Value {
        let mut whole = self.element.clone().unwrap_or_default();
        for column in self.columns.iter() {
            super::value::merge(&mut whole.sources, column.sources.clone());
        }
        whole.through(How::Transformed).nullable().typed(None)
    }
}

/// How many of some tables are known whole.
fn closed(tables: &[&Visible]) -> usize {
    tables.iter().filter(|table| table.rest.is_closed()).count()
}

impl Scope {
    fn all_closed(&self) -> bool {
        self.tables.iter().all(|table| table.rest.is_closed())
    }

    /// A column without a table.
    fn bare(&self, name: &str) -> Found {
        if let Some((_, value)) = self.merged.iter().find(|(merged, _)| merged == name) {
            return Found::Value(value.clone());
        }
        let seen = || self.tables.iter().filter(|table| !table.hidden);
        let having: Vec<&Visible> = seen().filter(|table| table.find(name).is_some()).collect();
        match having.as_slice() {
            [one] => return one.column(name).map_or(Found::Nothing, Found::Value),
            [] => {}
            // What is only declared for a table of which more is not known may not be there.
            [first, ..] if self.fuzzy || closed(&having) < 2 => {
                return first.column(name).map_or(Found::Nothing, Found::Value);
            }
            several => {
                let names = several.iter().map(|table| table.alias.clone());
                return Found::Ambiguous(names.collect());
            }
        }
        let element = |table: &&Visible| table.alias == name && table.element.is_some();
        if let Some(value) = seen().find(element).and_then(|table| table.element.clone()) {
            return Found::Value(value);
        }
        if self.sees_aliases
            && let Some((_, value)) = self.aliases.iter().rev().find(|(alias, _)| alias == name)
        {
            return Found::Value(value.clone());
        }
        let open: Vec<&Visible> = seen().filter(|table| !table.rest.is_closed()).collect();
        match open.as_slice() {
            [] => Found::Nothing,
            [one] => one.assumed(name).map_or(Found::Open, Found::Value),
            _ => Found::Open,
        }
    }

    /// A column, where it is known to be there.
    pub fn known(&self, name: &str) -> Option<Value> {
        match self.bare(name) {
            Found::Value(value) => Some(value),
            _ => None,
        }
    }

    fn qualified(&self, table: &str, name: &str) -> Found {
        let Some(table) = self
            .tables
            .iter()
            .rev()
            .find(|visible| visible.alias == table)
        else {
            return Found::Nothing;
        };
        if let Some(value) = table.column(name) {
            return Found::Value(value);
        }
        if let Some(element) = &table.element {
            return Found::Value(
                element
                    .clone()
                    .through(How::Transformed)
                    .nullable()
                    .typed(None),
            );
        }
        match &table.rest {
            Rest::Closed => Found::Missing,
            Rest::Unknown => Found::Open,
            Rest::Of(_) => table.assumed(name).map_or(Found::Open, Found::Value),
        }
    }
}

/// Names that a table has without anybody having made them a column.
fn is_of_the_system(dialect: Dialect, name: &str) -> bool {
    match dialect {
        Dialect::Redshift => matches!(
            name,
            "oid"
                | "tableoid"
                | "ctid"
                | "xmin"
                | "xmax"
                | "cmin"
                | "cmax"
                | "$path"
                | "$size"
                | "$spectrum_oid"
                | "level"
                | "sysdate"
                | "user"
        ),
        Dialect::Postgres => matches!(
            name,
            "oid" | "tableoid" | "ctid" | "xmin" | "xmax" | "cmin" | "cmax"
        ),
        Dialect::DuckDb => matches!(
            name,
            "rowid"
                | "filename"
                | "file_row_number"
                | "file_index"
                | "ordinality"
                | "offset"
                | "excluded"
        ),
    }
}

/// Words that are values.
fn is_a_word_of_sql(name: &str) -> bool {
    matches!(
        name,
        "sysdate"
            | "current_date"
            | "current_time"
            | "current_timestamp"
            | "localtime"
            | "localtimestamp"
            | "current_user"
            | "session_user"
            | "user"
            | "current_user_id"
            | "current_schema"
            | "current_database"
            | "current_catalog"
            | "current_role"
            | "getdate"
            | "default"
            | "true"
            | "false"
            | "null"
            | "value"
            | "today"
            | "now"
            | "systimestamp"
            | "max"
            | "unlimited"
    )
}

impl Reader<'_> {
    pub(super) fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    pub(super) fn range(&self, span: Span) -> Option<Range<usize>> {
        self.lines.range(span)
    }

    /// A name of one part.
    pub(super) fn bare(&mut self, ident: &Ident) -> Value {
        let name = fold(ident);
        for scope in self.scopes.iter().rev() {
            match scope.bare(&name) {
                Found::Value(value) => return self.asked(value, &name),
                Found::Ambiguous(tables) => {
                    self.ambiguous(ident, &tables);
                    return Value::default();
                }
                Found::Open | Found::Missing => return self.open(),
                Found::Nothing => {}
            }
        }
        if let Some(row) = self.row_of(&name) {
            return row;
        }
        let unquoted = ident.quote_style.is_none();
        if unquoted && (is_a_word_of_sql(&name)) || is_of_the_system(self.dialect, &name) {
            return Value::default();
        }
        self.unknown_column(ident, None);
        Value::default()
    }

    /// A value that may be made of any column.
    pub(super) fn open(&mut self) -> Value {
        self.done.open = true;
        Value::default()
    }

    /// The row of a table whose alias stands for a value (`count(t)`, `to_json(t)`).
    fn row_of(&self, name: &str) -> Option<Value> {
        let mut tables = self.scopes.iter().rev().flat_map(|scope| &scope.tables);
        Some(tables.find(|table| table.alias == name)?.row())
    }

    /// A name of several parts: `table.column`, `column.field`, `schema.table.column`.
    pub(super) fn compound(&mut self, parts: &[Ident]) -> Value {
        let names: Vec<String> = parts.iter().map(fold).collect();
        for skipped in 0..names.len().saturating_sub(1).min(3) {
            let [table, column, path @ ..] = &names[skipped..] else {
                continue;
            };
            // A schema before the table must be the one that the table was named with.
            let named = |visible: &Visible| match skipped {
                0 => true,
                _ => visible.schema.as_deref() == Some(names[skipped - 1].as_str()),
            };
            let found = self.scopes.iter().rev().find_map(|scope| {
                let known = scope
                    .tables
                    .iter()
                    .any(|visible| visible.alias == *table && named(visible));
                known.then(|| scope.qualified(table, column))
            });
            let ident = &parts[skipped + 1];
            match found {
                Some(Found::Value(value)) => {
                    let value = self.asked(value, column);
                    return if path.is_empty() {
                        value
                    } else {
                        value.through(How::Transformed).nullable().typed(None)
                    };
                }
                Some(Found::Missing) if !is_of_the_system(self.dialect, column) => {
                    self.unknown_column(ident, Some(table));
                    return Value::default();
                }
                Some(_) => return self.open(),
                None => {}
            }
        }
        self.field(parts, &names)
    }

    /// A column and the way into its value, or a table that is not there.
    fn field(&mut self, parts: &[Ident], names: &[String]) -> Value {
        for scope in self.scopes.iter().rev() {
            match scope.bare(&names[0]) {
                Found::Value(value) => {
                    let value = self.asked(value, &names[0]);
                    return value.through(How::Transformed).nullable().typed(None);
                }
                Found::Ambiguous(_) | Found::Open | Found::Missing => return self.open(),
                Found::Nothing => {}
            }
        }
        let table = names
            .get(names.len().saturating_sub(2))
            .unwrap_or(&names[0])
            .clone();
        let near = {
            let aliases = self.scopes.iter().flat_map(|scope| &scope.tables);
            let aliases: Vec<&str> = aliases.map(|table| table.alias.as_str()).collect();
            let near = nearest(&table, aliases.iter().copied());
            near.map(|near| format!("did you mean `{near}`?"))
        };
        let ident = &parts[names.len().saturating_sub(2)];
        let seen: Vec<String> = self
            .scopes
            .last()
            .into_iter()
            .flat_map(|scope| &scope.tables)
            .map(|table| format!("`{}`", table.alias))
            .collect();
        let label = match seen.as_slice() {
            [] => "the query reads no table here".to_owned(),
            all => format!("not among {}", all.join(", ")),
        };
        self.find(Finding {
            code: "unknown-alias",
            message: format!("there is no table `{table}` in this query"),
            range: self.range(ident.span),
            label: Some(label),
            help: near,
        });
        Value::default()
    }

    /// Notes a column that was taken on trust.
    fn asked(&mut self, value: Value, name: &str) -> Value {
        if self.quiet == 0 {
            let taken = value
                .sources
                .iter()
                .filter(|(origin, way)| way.how == How::Copied && &*origin.column == name);
            let taken: Vec<Origin> = taken.map(|(origin, _)| origin.clone()).collect();
            self.done.asked.extend(taken);
        }
        value
    }

    pub(super) fn find(&mut self, finding: Finding) {
        if self.quiet == 0 && !self.done.findings.contains(&finding) {
            self.done.findings.push(finding);
        }
    }

    fn ambiguous(&mut self, ident: &Ident, tables: &[String]) {
        let name = &ident.value;
        let all: Vec<String> = tables.iter().map(|table| format!("`{table}`")).collect();
        self.find(Finding {
            code: "ambiguous-column",
            message: format!("`{name}` may be a column of {}", all.join(" or ")),
            range: self.range(ident.span),
            label: Some("several tables of the query have it".to_owned()),
            help: Some(format!("write `{}.{name}`", tables[0])),
        });
    }

    fn unknown_column(&mut self, ident: &Ident, table: Option<&str>) {
        let name = &ident.value;
        let scope = self.scopes.last();
        let tables: Vec<&Visible> = scope
            .into_iter()
            .flat_map(|scope| &scope.tables)
            .filter(|visible| table.is_none_or(|table| visible.alias == table))
            .collect();
        let columns: Vec<&str> = tables
            .iter()
            .flat_map(|table| table.columns.iter())
            .map(|column| column.name.as_str())
            .collect();
        let hidden = scope.is_some_and(|scope| {
            scope.all_closed()
                && scope
                    .aliases
                    .iter()
                    .any(|(alias, _)| alias.eq_ignore_ascii_case(name))
        });
        let (message, label, help) = if hidden && table.is_none() {
            (
                format!("`{name}` is an alias of the select list, which cannot be named here"),
                Some("rows are chosen before the select list has names".to_owned()),
                Some("write the expression out, or put the query into a subquery".to_owned()),
            )
        } else {
            let (message, label) = match tables.as_slice() {
                [one] => {
                    let of = match one.alias.as_str() {
                        "" => "the subquery".to_owned(),
                        alias => format!("`{alias}`"),
                    };
                    (
                        format!("{of} has no column `{name}`"),
                        Some(format!("not among the {} columns of {of}", columns.len())),
                    )
                }
                [] => (
                    format!("there is no column `{name}`: the query reads no table here"),
                    None,
                ),
                _ => (
                    format!("no table of this query has a column `{name}`"),
                    None,
                ),
            };
            (message, label, meant(name, columns.iter().copied()))
        };
        self.find(Finding {
            code: "unknown-column",
            message,
            range: self.range(ident.span),
            label,
            help,
        });
    }
}
