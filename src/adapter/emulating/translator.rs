//! What a translation knows while it walks a query: the text, the tables in scope, the types it has learned.

use std::cell::Cell;
use std::ops::Range;

use sqlparser::ast::{Expr, Ident, Query};
use sqlparser::tokenizer::{Span, Token};

use super::engine::Engine;
use super::expression::place;
use super::grouping::Key;
use super::identifier;
use super::query::Correlation;
use super::types::Type;
use crate::adapter::Refusal;
use crate::sql::position::Lines;
use crate::sql::redshift;
use crate::sql::reserved::{is_reserved, needs_as};

/// What the caller knows of the place where a query will run: the engine, and the columns of relations that exist.
pub trait Catalog {
    /// The engine whose SQL is written.
    fn engine(&self) -> Engine {
        Engine::DuckDb
    }

    /// The database, where a schema may have its name too: DuckDB cannot tell which of the two `a.t` means.
    fn database(&self) -> Option<&str> {
        None
    }

    /// The columns of a relation in order, each with its type where that is known, or `None` when it is not known.
    fn columns(&self, schema: Option<&str>, table: &str) -> Option<Vec<(String, Option<Type>)>>;

    /// Those columns that number the rows of a table themselves, and take no value of anybody, as far as they are known.
    fn identities(&self, _schema: Option<&str>, _table: &str) -> Vec<String> {
        Vec::new()
    }

    /// Those columns that the rows of a table are spread or sorted by, as far as they are known.
    fn keys(&self, _schema: Option<&str>, _table: &str) -> Vec<String> {
        Vec::new()
    }
}

/// A catalog that knows nothing: types come from the text alone.
pub struct NoCatalog;

impl Catalog for NoCatalog {
    fn columns(&self, _schema: Option<&str>, _table: &str) -> Option<Vec<(String, Option<Type>)>> {
        None
    }
}

/// A translated expression.
#[derive(Clone, Debug)]
pub(super) struct Sql {
    /// DuckDB's SQL, safe to stand as an operand.
    pub text: String,
    /// Its Redshift type, where known.
    pub ty: Option<Type>,
    /// Its value, where it is a literal.
    pub constant: Option<Constant>,
    /// Whether it is made of columns of this query's own tables alone: then DuckDB knows its type where a macro is
    /// chosen. With aggregates, windows, aliases or outer columns inside, it does not, and picks the first.
    pub plain: bool,
    /// SQL that tells its type when the query is planned, where that is not the type DuckDB computes with.
    pub late: Option<String>,
}

/// The value of a literal.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant {
    Text(String),
    Number(String),
    Bool(bool),
    Null,
}

impl Sql {
    pub fn new(text: impl Into<String>, ty: Option<Type>) -> Self {
        Self {
            text: text.into(),
            ty,
            constant: None,
            plain: false,
            late: None,
        }
    }

    pub fn typed(text: impl Into<String>, ty: Type) -> Self {
        Self::new(text, Some(ty))
    }

    /// Plain when all its parts are.
    #[must_use]
    pub fn of<'s>(mut self, parts: impl IntoIterator<Item = &'s Sql>) -> Self {
        self.plain = parts.into_iter().all(|part| part.plain);
        self
    }

    pub fn is_text(&self) -> bool {
        self.ty.is_some_and(Type::is_text)
    }

    pub fn is(&self, ty: Type) -> bool {
        self.ty == Some(ty)
    }

    pub fn constant_text(&self) -> Option<&str> {
        match &self.constant {
            Some(Constant::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The value of a whole number as it is written.
    pub fn whole_number(&self) -> Option<i64> {
        match &self.constant {
            Some(Constant::Number(number)) => number.parse().ok(),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        self.constant == Some(Constant::Null)
    }
}

/// A column that a query puts out or a table has: its name, and its type where known.
pub(super) type Named = (String, Option<Type>);

/// A table, subquery or common table expression in a `from` clause.
#[derive(Clone, Debug)]
pub(super) struct Visible {
    /// The name that qualifies its columns.
    pub alias: String,
    /// Its columns, where known.
    pub columns: Option<Vec<Named>>,
}

/// One level of a query: what its expressions can see.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub tables: Vec<Visible>,
    /// Columns that `join … using` makes one, in the order in which `*` begins with them.
    pub merged: Vec<Merged>,
    /// Whether the order of the columns behind `*` is not the order of the tables, and cannot be said.
    pub scattered: bool,
    /// Aliases of the select list so far (lateral column aliases).
    pub aliases: Vec<Named>,
    /// Aliases that cannot be seen: rows are chosen before the select list has names.
    pub hidden: Vec<Named>,
    /// What those aliases stand for, on an engine that does not know them inside the list.
    pub lateral: Vec<Lateral>,
    /// Whether columns of an outer query can be seen.
    pub correlated: bool,
    /// What its rows are grouped by, where trailing blanks matter.
    pub keys: Vec<Key>,
    /// Whether the expression at hand is read before rows are grouped.
    pub ungrouped: bool,
    /// The columns it puts out: what the outermost `order by` can name.
    pub outputs: Vec<Output>,
    /// The order that an aggregate of its rows sorts them by: Redshift sorts them once.
    pub sorted: Option<String>,
    /// Whether its rows are wrapped by a `distinct`: then `order by` sees the columns put out alone.
    pub distinct: bool,
    /// Whether it is a `select distinct` that nothing wraps.
    pub unique: bool,
}

/// A column that `join … using` makes of two.
#[derive(Clone, Debug)]
pub(super) struct Merged {
    pub name: String,
    /// The tables that the join is made of, by their places in the scope.
    pub tables: Range<usize>,
    /// What stands for it, where that can be said.
    pub sql: Option<Sql>,
    /// Whether DuckDB merges the columns itself.
    pub native: bool,
}

/// An alias of the select list, and the expression that it stands for.
#[derive(Clone, Debug)]
pub(super) struct Lateral {
    pub name: String,
    pub value: Sql,
    /// Whether the expression reads a column of the same name: then the name means the column.
    pub hides: bool,
}

/// A column that a select puts out.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// `None` for the columns of a `*`.
    pub name: Option<String>,
    /// The expression.
    pub sql: Sql,
    /// Whether it is a `*` without `exclude`.
    pub whole: bool,
}

/// How a column reference resolved.
pub(super) struct Resolved {
    pub ty: Option<Type>,
    pub plain: bool,
    /// Whether it belongs to a query that is not the one around.
    pub skips: bool,
}

pub(super) struct Translator<'a> {
    pub text: &'a str,
    lines: Lines<'a>,
    pub catalog: &'a dyn Catalog,
    pub engine: Engine,
    pub scopes: Vec<Scope>,
    pub ctes: Vec<(String, Option<Vec<Named>>)>,
    /// The place of the innermost expression that has one, for parts that have none.
    pub near: Option<Range<usize>>,
    /// How many aggregates and window functions were met so far.
    pub aggregates: usize,
    /// What the subqueries of the query at hand name of it.
    pub correlation: Cell<Correlation>,
    /// The scopes around the queries in `from` that are read, which those do not see.
    pub walled: Vec<Vec<Scope>>,
    /// The queries behind a row and `in` by which rows are chosen, by their place in memory: NULL is as good as false for them.
    pub choosing: Vec<*const Query>,
    /// Where all that is wrong with a query is looked for: what was refused so far.
    pub refused: Option<Vec<Refusal>>,
}

impl<'a> Translator<'a> {
    pub fn new(text: &'a str, catalog: &'a dyn Catalog) -> Self {
        Self {
            text,
            lines: Lines::new(text),
            catalog,
            engine: catalog.engine(),
            scopes: Vec::new(),
            ctes: Vec::new(),
            near: None,
            aggregates: 0,
            correlation: Cell::default(),
            walled: Vec::new(),
            choosing: Vec::new(),
            refused: None,
        }
    }

    /// Reads a part of a query on which the parts beside it do not stand. Where all that is wrong is looked for, one that is refused is
    /// noted, and something stands in its place.
    pub fn part<T>(
        &mut self,
        in_its_place: T,
        work: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if self.refused.is_none() {
            return work(self);
        }
        let (scopes, ctes, near) = (self.scopes.clone(), self.ctes.clone(), self.near.clone());
        let (walled, choosing) = (self.walled.clone(), self.choosing.clone());
        work(self).or_else(|refusal| {
            (self.scopes, self.ctes, self.near) = (scopes, ctes, near);
            (self.walled, self.choosing) = (walled, choosing);
            self.refused.get_or_insert_default().push(refusal);
            Ok(in_its_place)
        })
    }

    /// How many parts were refused so far.
    pub fn refused_so_far(&self) -> usize {
        self.refused.as_ref().map_or(0, Vec::len)
    }

    /// Ends a query of which a part was refused: what stands around it would be read on a wrong ground.
    pub fn with_all_parts(&mut self, refused_before: usize) -> Result<(), Refusal> {
        match &mut self.refused {
            Some(refused) if refused.len() > refused_before => Err(refused.remove(refused_before)),
            _ => Ok(()),
        }
    }

    pub fn on_postgres(&self) -> bool {
        self.engine == Engine::Postgres
    }

    /// Something that DuckDB takes and PostgreSQL does not yet.
    pub fn not_on_postgres(&self, span: Span, what: &str) -> Refusal {
        Refusal {
            help: Some("a `duckdb` target with `emulate: redshift` takes it".to_owned()),
            ..self.unsupported(
                span,
                format!("{what} is not emulated on PostgreSQL yet"),
                "it has no translation that gives Redshift's answer there",
            )
        }
    }

    pub fn range(&self, span: Span) -> Option<Range<usize>> {
        self.lines.range(span).or_else(|| self.near.clone())
    }

    pub fn range_of(&self, expr: &Expr) -> Option<Range<usize>> {
        self.range(place(expr))
    }

    pub fn refuse(&self, code: &'static str, span: Span, message: impl Into<String>) -> Refusal {
        Refusal {
            code,
            message: message.into(),
            range: self.range(span),
            reason: None,
            help: None,
        }
    }

    /// Refuses what this engine cannot answer as Redshift does.
    pub fn unsupported(&self, span: Span, message: impl Into<String>, reason: &str) -> Refusal {
        Refusal {
            reason: Some(reason.to_owned()),
            ..self.refuse("not-emulated", span, message)
        }
    }

    /// Refuses what Redshift itself refuses.
    pub fn not_redshift(&self, span: Span, message: impl Into<String>, help: &str) -> Refusal {
        Refusal {
            reason: Some("Redshift refuses this".to_owned()),
            help: (!help.is_empty()).then(|| help.to_owned()),
            ..self.refuse("not-redshift", span, message)
        }
    }

    /// Refuses a word that Redshift keeps for itself where a name stands.
    pub fn is_free(&self, name: &Ident) -> Result<(), Refusal> {
        if name.quote_style.is_some() || !is_reserved(&name.value) {
            return Ok(());
        }
        Err(self.not_redshift(
            name.span,
            format!("`{}` is a reserved word", name.value),
            &format!("write \"{}\"", name.value.to_lowercase()),
        ))
    }

    /// Refuses a reserved word as the alias of a column where `as` is left out.
    pub fn is_alias(&self, alias: &Ident) -> Result<(), Refusal> {
        if alias.quote_style.is_some() || !needs_as(&alias.value) || self.is_behind_as(alias) {
            return Ok(());
        }
        Err(self.not_redshift(
            alias.span,
            format!(
                "`{}` is a reserved word, and names a column only behind `as`",
                alias.value
            ),
            &format!("write `as {}`", alias.value),
        ))
    }

    fn is_behind_as(&self, name: &Ident) -> bool {
        // The tree does not keep whether `as` was written.
        let Ok(tokens) = redshift::tokens(self.text) else {
            return true;
        };
        let code: Vec<_> = tokens
            .iter()
            .filter(|token| redshift::is_code(token))
            .collect();
        let at = code
            .iter()
            .position(|token| token.span.start == name.span.start);
        let before = at.and_then(|at| code.get(at.checked_sub(1)?));
        // A place that is not found was made up, and by nobody who leaves `as` out.
        before.is_none_or(|token| {
            matches!(&token.token, Token::Word(word) if word.value.eq_ignore_ascii_case("as"))
        })
    }

    /// Refuses a text in the place of a name: `1 as 'x'`, and `'a' 'b'`, which the parser reads as the same.
    pub fn is_name(&self, name: &Ident) -> Result<(), Refusal> {
        if name.quote_style != Some('\'') {
            return Ok(());
        }
        let written = format!("'{}'", name.value);
        let place = self.text.find(&written);
        let refused = self.not_redshift(
            name.span,
            format!("`{written}` is a text, and stands where a name may stand"),
            "write a name as it is or in double quotes, and join texts with `||`",
        );
        // The parser keeps no place for it.
        let found = place.map(|at| at..at + written.len());
        Err(Refusal {
            range: refused.range.clone().or(found),
            ..refused
        })
    }

    pub fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    /// Whether a name qualifies columns here or in an outer query.
    pub fn is_table(&self, name: &str) -> bool {
        self.visible_scopes()
            .any(|scope| scope.tables.iter().any(|table| table.alias == name))
    }

    /// What stands for a column that a join merged.
    pub fn merged(&self, column: &str) -> Option<Sql> {
        for (depth, scope) in self.visible_scopes().enumerate() {
            if let Some(merged) = scope.merged.iter().find(|merged| merged.name == column) {
                let sql = merged.sql.clone().filter(|_| !merged.native)?;
                return Some(Sql {
                    plain: sql.plain && depth == 0,
                    ..sql
                });
            }
            let mut known = scope
                .tables
                .iter()
                .flat_map(|table| table.columns.iter().flatten());
            if known.any(|(name, _)| name == column) {
                return None;
            }
        }
        None
    }

    /// Whether a name stands for the elements of an array in `from`.
    pub fn is_element(&self, name: &str) -> bool {
        self.visible_scopes()
            .flat_map(|scope| &scope.tables)
            .find(|table| table.alias == name)
            .and_then(|table| table.columns.as_deref())
            .is_some_and(|columns| is_elements(columns, name))
    }

    /// The scopes that an expression can see, innermost first.
    fn visible_scopes(&self) -> impl Iterator<Item = &Scope> {
        let mut open = true;
        self.scopes.iter().rev().take_while(move |scope| {
            let seen = open;
            open = open && scope.correlated;
            seen
        })
    }

    /// What is known of a column.
    pub fn resolve(&self, table: Option<&str>, column: &str) -> Resolved {
        for (depth, scope) in self.visible_scopes().enumerate() {
            let own = depth == 0;
            let candidates: Vec<&Visible> = scope
                .tables
                .iter()
                .filter(|visible| table.is_none_or(|table| visible.alias == table))
                .collect();
            if table.is_some() {
                if let Some(found) = candidates.first() {
                    if !own {
                        self.note_outer(depth);
                    }
                    return Resolved {
                        ty: find(found.columns.as_deref(), column).flatten(),
                        plain: own,
                        skips: depth > 1,
                    };
                }
                continue;
            }
            for visible in &candidates {
                if let Some(ty) = find(visible.columns.as_deref(), column) {
                    if !own {
                        self.note_outer(depth);
                    }
                    return Resolved {
                        ty,
                        plain: own,
                        skips: depth > 1,
                    };
                }
            }
            let alias = find(Some(&scope.aliases), column);
            let all_known = candidates.iter().all(|visible| visible.columns.is_some());
            match alias {
                Some(ty) if all_known => {
                    return Resolved {
                        ty,
                        plain: false,
                        skips: false,
                    };
                }
                Some(_) => {
                    return Resolved {
                        ty: None,
                        plain: false,
                        skips: false,
                    };
                }
                None if !all_known => {
                    return Resolved {
                        ty: None,
                        plain: own && !scope.correlated,
                        skips: false,
                    };
                }
                None => {}
            }
        }
        Resolved {
            ty: None,
            plain: false,
            skips: false,
        }
    }
}

/// Whether a table is the elements of an array, and perhaps their places.
pub(super) fn is_elements(columns: &[Named], alias: &str) -> bool {
    let mut names = columns.iter();
    let first = names.next();
    names.len() <= 1 && first.is_some_and(|(name, ty)| name == alias && *ty == Some(Type::Super))
}

fn find(columns: Option<&[Named]>, name: &str) -> Option<Option<Type>> {
    columns?
        .iter()
        .find(|(column, _)| column == name)
        .map(|(_, ty)| ty.filter(|ty| *ty != Type::Null))
}

pub(super) use crate::sql::fold;

/// A name in DuckDB's quotes.
pub(super) fn quote(ident: &Ident) -> String {
    identifier(&ident.value)
}
