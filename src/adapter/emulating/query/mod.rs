//! Queries and their common table expressions; a file each for what a query is made of.

mod correlated;
mod join;
mod order;
mod pivot;
mod select;
mod set;
mod table;

use sqlparser::ast::{Cte, Query, SetExpr, SetOperator, SetQuantifier, Spanned, TableFactor, With};

use super::engine::Engine;
use super::translator::{Named, Scope, Sql, Translator, fold, quote};
use super::types::Type;
use super::{identifier, postgres};
use crate::adapter::Refusal;
pub(in crate::adapter::emulating) use correlated::Correlation;
use order::OrderOf;

/// A translated query and the columns it puts out, where they are known.
pub(in crate::adapter::emulating) struct QuerySql {
    pub text: String,
    pub columns: Option<Vec<Named>>,
    /// The table that `select … into` makes.
    pub into: Option<Into>,
    /// The number of rows of `top`, to be printed after the `order by`.
    limit: Option<String>,
}

impl QuerySql {
    /// What stands in the place of a query that was refused: nobody knows its columns.
    pub(in crate::adapter::emulating) const fn refused() -> Self {
        Self {
            text: String::new(),
            columns: None,
            into: None,
            limit: None,
        }
    }
}

/// The target of `select … into`.
pub(in crate::adapter::emulating) struct Into {
    pub table: String,
    pub temporary: bool,
}

impl Translator<'_> {
    /// A query whose expressions cannot see the columns around it: a statement, a derived table, a common table expression.
    pub fn query(&mut self, query: &Query) -> Result<QuerySql, Refusal> {
        self.query_in(query, false)
    }

    fn query_in(&mut self, query: &Query, correlated: bool) -> Result<QuerySql, Refusal> {
        stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || {
            self.query_inner(query, correlated)
        })
    }

    fn query_inner(&mut self, query: &Query, correlated: bool) -> Result<QuerySql, Refusal> {
        let span = query.span();
        if !query.locks.is_empty() {
            return Err(self.not_redshift(
                span,
                "`for update` is not a part of Redshift's `select`",
                "",
            ));
        }
        if query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return Err(self.not_redshift(
                span,
                "this clause is not a part of Redshift's `select`",
                "",
            ));
        }
        let outer = self.ctes.len();
        let refused = self.refused_so_far();
        let mut text = String::new();
        if let Some(with) = &query.with {
            text.push_str(&self.with(with)?);
        }
        self.scopes.push(Scope {
            correlated,
            ..Scope::default()
        });
        let before = self.refused_so_far();
        let body = self.part(QuerySql::refused(), |translator| {
            translator.set_expr(&query.body, correlated)
        })?;
        match &query.order_by {
            // Nobody knows what its names mean.
            _ if self.refused_so_far() > before => {}
            None => text.push_str(&body.text),
            Some(order_by) => {
                let of = match query.body.as_ref() {
                    SetExpr::Select(_) => OrderOf::Select,
                    SetExpr::SetOperation { .. } => OrderOf::Sets,
                    _ => OrderOf::Query,
                };
                text.push_str(&self.ordered(order_by, &body, of)?);
            }
        }
        match (&query.limit_clause, body.limit) {
            (Some(_), Some(_)) => {
                return Err(self.not_redshift(
                    span,
                    "`top` and `limit` exclude each other",
                    "leave one out",
                ));
            }
            (Some(limit), None) => text.push_str(&self.limit(limit, span)?),
            (None, Some(top)) => text.push_str(&format!(" LIMIT {top}")),
            (None, None) => {}
        }
        if query.fetch.is_some() {
            return Err(self.not_redshift(
                span,
                "`fetch first` is not a part of Redshift's `select`",
                "write `limit`",
            ));
        }
        self.scopes.pop();
        self.ctes.truncate(outer);
        self.with_all_parts(refused)?;
        Ok(QuerySql {
            text,
            columns: body.columns,
            into: body.into,
            limit: None,
        })
    }

    pub(in crate::adapter::emulating) fn with(&mut self, with: &With) -> Result<String, Refusal> {
        let mut parts = Vec::new();
        for cte in &with.cte_tables {
            let known = self.ctes.len();
            parts.push(self.part(String::new(), |translator| {
                translator.cte(cte, with.recursive)
            })?);
            // One that was refused is still there for those that read it.
            if self.ctes.len() == known {
                self.ctes.push((fold(&cte.alias.name), None));
            }
        }
        let recursive = if with.recursive { "RECURSIVE " } else { "" };
        Ok(format!("WITH {recursive}{} ", parts.join(", ")))
    }

    /// Refuses what a query that reads itself cannot be made of on Redshift:
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_WITH_clause.html>, "Recursive common table expressions".
    fn is_recursion(&self, query: &Query) -> Result<(), Refusal> {
        let SetExpr::SetOperation {
            op: SetOperator::Union,
            set_quantifier: SetQuantifier::All,
            left,
            right,
        } = query.body.as_ref()
        else {
            return Err(self.not_redshift(
                query.body.span(),
                "a query that reads itself is two queries with `union all` between them",
                "write `union all`: the first query begins, the second reads what is there so far",
            ));
        };
        let several = [left, right]
            .into_iter()
            .find(|side| matches!(side.as_ref(), SetExpr::SetOperation { .. }));
        if let Some(side) = several {
            return Err(self.not_redshift(
                side.span(),
                "a query that reads itself is made of two queries, not of more",
                "put the others into a common table expression of their own",
            ));
        }
        if query.order_by.is_some() || query.limit_clause.is_some() {
            return Err(self.not_redshift(
                query.span(),
                "a query that reads itself has no `order by` and no `limit`",
                "write them in the query that reads it",
            ));
        }
        Ok(())
    }

    fn cte(&mut self, cte: &Cte, recursive: bool) -> Result<String, Refusal> {
        if cte.from.is_some() || cte.materialized.is_some() {
            return Err(self.not_redshift(
                cte.alias.name.span,
                "`materialized` is not a part of Redshift's `with`",
                "leave it out",
            ));
        }
        self.is_free(&cte.alias.name)?;
        let name = fold(&cte.alias.name);
        let names: Vec<String> = cte
            .alias
            .columns
            .iter()
            .map(|column| fold(&column.name))
            .collect();
        if recursive && reads(&cte.query.body, &name) {
            self.is_recursion(&cte.query)?;
        }
        if recursive && names.is_empty() && reads(&cte.query.body, &name) {
            return Err(self.not_redshift(
                cte.alias.name.span,
                format!("`{name}` reads itself and has no list of columns"),
                &format!("write `with recursive {name}(…) as`"),
            ));
        }
        if recursive {
            let columns = (!names.is_empty())
                .then(|| names.iter().map(|name| (name.clone(), None)).collect());
            self.ctes.push((name.clone(), columns));
        }
        let inner = self.apart(|translator| translator.query(&cte.query))?;
        if recursive {
            self.ctes.pop();
        }
        self.no_more_names(inner.columns.as_deref(), &cte.alias)?;
        let columns = renamed(inner.columns, &names);
        self.ctes.push((name, columns));
        let columns = if names.is_empty() {
            String::new()
        } else {
            format!("({})", join(names.iter().map(|name| identifier(name))))
        };
        Ok(format!(
            "{}{columns} AS ({})",
            quote(&cte.alias.name),
            inner.text
        ))
    }
}

/// Whether one of the queries of a set operation reads a table of a name.
fn reads(body: &SetExpr, name: &str) -> bool {
    match body {
        SetExpr::SetOperation { left, right, .. } => reads(left, name) || reads(right, name),
        SetExpr::Query(query) => reads(&query.body, name),
        SetExpr::Select(select) => select.from.iter().any(|table| {
            let joined = table.joins.iter().map(|join| &join.relation);
            let mut all = std::iter::once(&table.relation).chain(joined);
            all.any(|factor| matches!(factor, TableFactor::Table { name: of, .. } if of.to_string().eq_ignore_ascii_case(name)))
        }),
        _ => false,
    }
}

/// Whether a column may hold text: then trailing blanks must not tell rows apart.
fn may_hold_text(columns: &Option<Vec<Named>>) -> bool {
    let wrapped = |ty: Type| ty.is_text() || ty == Type::Super;
    columns
        .as_ref()
        .is_none_or(|columns| columns.iter().any(|(_, ty)| ty.is_none_or(wrapped)))
}

/// Whether one of the columns is `super`, whose values are equal where their texts are not (`1`, `1.0`).
fn holds_super(columns: Option<&[Named]>) -> bool {
    let mut columns = columns.into_iter().flatten();
    columns.any(|(_, ty)| *ty == Some(Type::Super))
}

/// What two equal values of a column have in common.
fn column_key(column: &str, ty: Option<Type>) -> String {
    match ty {
        Some(Type::Super) => format!("__rs.super_key({column})"),
        Some(ty) if !ty.is_text() => column.to_owned(),
        _ => format!("__rs.key({column})"),
    }
}

/// One row of each set of rows that are equal on Redshift. DuckDB knows the types of a derived table's columns.
fn distinct(engine: Engine, query: &str, columns: Option<&[Named]>) -> String {
    if engine == Engine::Postgres {
        return postgres::distinct(query, columns);
    }
    let Some(columns) = columns.filter(|_| holds_super(columns)) else {
        return format!("SELECT DISTINCT ON (__rs.key(COLUMNS(*))) * FROM ({query}) AS __rs_rows");
    };
    let numbered = || (1..=columns.len()).map(|at| format!("c{at}"));
    let keys = join(
        numbered()
            .zip(columns)
            .map(|(column, (_, ty))| column_key(&column, *ty)),
    );
    let named = join(
        numbered()
            .zip(columns)
            .map(|(column, (name, _))| format!("{column} AS {}", identifier(name))),
    );
    format!(
        "SELECT DISTINCT ON ({keys}) {named} FROM ({query}) AS __rs_rows({})",
        join(numbered())
    )
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// An expression made of others, printed as one operand.
pub(super) fn operand(text: String, ty: Option<Type>, parts: &[&Sql]) -> Sql {
    Sql::new(format!("({text})"), ty).of(parts.iter().copied())
}

/// Columns under the names of an alias list, where there is one.
fn renamed(columns: Option<Vec<Named>>, names: &[String]) -> Option<Vec<Named>> {
    let mut columns = columns?;
    for (column, name) in columns.iter_mut().zip(names) {
        column.0.clone_from(name);
    }
    Some(columns)
}
