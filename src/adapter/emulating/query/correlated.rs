//! Subqueries that name columns of the query around them. Redshift makes joins of them, and refuses those of which it cannot:
//! <https://docs.aws.amazon.com/redshift/latest/dg/r_correlated_subqueries.html>.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, GroupByExpr, Ident, Query, SelectItem, SetExpr, Spanned, visit_expressions,
};

use super::QuerySql;
use crate::adapter::Refusal;
use crate::adapter::emulating::functions::{How, Kind, find};
use crate::adapter::emulating::translator::{Scope, Translator, fold};

/// What is asked of the subqueries of an expression while they are read.
#[derive(Clone, Copy, Debug)]
pub(in crate::adapter::emulating) struct Correlation {
    /// The outermost query whose columns are named, by its place in the stack of scopes.
    outermost: usize,
    /// How many window functions the query has.
    windows: usize,
    /// Whether the condition of a join is read.
    joining: bool,
    /// How many correlated subqueries the query has.
    subqueries: usize,
}

impl Default for Correlation {
    fn default() -> Self {
        Self {
            outermost: usize::MAX,
            windows: 0,
            joining: false,
            subqueries: 0,
        }
    }
}

impl Translator<'_> {
    /// Notes that a column of the scope so many levels outside is named.
    pub fn note_outer(&self, depth: usize) {
        let mut seen = self.correlation.get();
        let scope = self.scopes.len().saturating_sub(depth + 1);
        seen.outermost = seen.outermost.min(scope);
        self.correlation.set(seen);
    }

    /// Notes a window function.
    pub fn note_window(&self) {
        let mut seen = self.correlation.get();
        seen.windows += 1;
        self.correlation.set(seen);
    }

    /// Reads the condition of a join.
    pub fn joining<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.correlation.get().joining;
        self.correlation.get_mut().joining = true;
        let result = work(self);
        self.correlation.get_mut().joining = outer;
        result
    }

    /// A query in an expression, which may name columns of the query around it.
    ///
    /// # Errors
    /// A correlation that Redshift cannot plan.
    pub fn subquery(&mut self, query: &Query) -> Result<QuerySql, Refusal> {
        Ok(self.correlated(query)?.0)
    }

    /// The same, and whether it does.
    pub fn correlated(&mut self, query: &Query) -> Result<(QuerySql, bool), Refusal> {
        let outer = self.correlation.take();
        let inner = self.query_in(query, true);
        let seen = self.correlation.get();
        let correlated = seen.outermost < self.scopes.len();
        self.correlation.set(Correlation {
            outermost: outer.outermost.min(seen.outermost),
            subqueries: outer.subqueries + usize::from(correlated),
            ..outer
        });
        let inner = inner?;
        if inner.into.is_some() {
            return Err(self.not_redshift(
                query.span(),
                "`select … into` stands inside another query",
                "",
            ));
        }
        let refused = match (correlated && outer.joining, correlated && seen.windows > 0) {
            (true, _) => Some("a correlated subquery does not stand in the `on` of a join"),
            (_, true) => Some("a correlated subquery has no window functions"),
            _ => None,
        };
        match refused {
            Some(message) => Err(self.not_redshift(
                query.span(),
                message,
                "join the inner query, grouped by the columns that it is compared by",
            )),
            None => Ok((inner, correlated)),
        }
    }

    /// Refuses `x in (select sum(…) … group by …)` where the inner query names columns of the outer one.
    pub fn no_grouped_aggregate(&self, query: &Query) -> Result<(), Refusal> {
        let SetExpr::Select(select) = query.body.as_ref() else {
            return Ok(());
        };
        let grouped = match &select.group_by {
            GroupByExpr::Expressions(keys, more) => !keys.is_empty() || !more.is_empty(),
            GroupByExpr::All(_) => true,
        };
        if !grouped || !select.projection.iter().any(sums) {
            return Ok(());
        }
        Err(self.not_redshift(
            query.span(),
            "a correlated subquery of `in` does not group and aggregate, but for `min` and `max`",
            "join the inner query",
        ))
    }

    /// How many correlated subqueries the query at hand has so far.
    pub fn correlated_subqueries(&self) -> usize {
        self.correlation.get().subqueries
    }

    /// Reads a query that does not see the tables around it: one in `from`, or a common table expression.
    pub fn apart<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let scopes = std::mem::take(&mut self.scopes);
        let seen = self.correlation.take();
        self.walled.push(scopes);
        let result = work(self);
        self.scopes = self.walled.pop().unwrap_or_default();
        self.correlation.set(seen);
        result
    }

    /// Refuses the name of a table that stands around a query in `from`: DuckDB would join it sideways.
    pub fn no_sideways_table(&self, table: &Ident) -> Result<(), Refusal> {
        let name = fold(table);
        let named = |scope: &Scope| scope.tables.iter().any(|visible| visible.alias == name);
        match self.walled.iter().flatten().any(named) {
            true => Err(self.sideways(table)),
            false => Ok(()),
        }
    }

    /// The same for a column without a table, where the query's own tables are known not to have it.
    pub fn no_sideways_column(&self, column: &Ident) -> Result<(), Refusal> {
        if self.walled.is_empty() {
            return Ok(());
        }
        let name = fold(column);
        let open = |scope: &Scope| {
            let mut tables = scope.tables.iter();
            tables.any(|table| table.columns.is_none())
                || scope.aliases.iter().any(|(alias, _)| *alias == name)
                || scope.hidden.iter().any(|(alias, _)| *alias == name)
        };
        let has = |scope: &Scope| {
            let mut columns = scope
                .tables
                .iter()
                .flat_map(|table| table.columns.iter().flatten());
            columns.any(|(column, _)| *column == name)
        };
        if self.scopes.iter().any(|scope| open(scope) || has(scope)) {
            return Ok(());
        }
        match self.walled.iter().flatten().any(has) {
            true => Err(self.sideways(column)),
            false => Ok(()),
        }
    }

    fn sideways(&self, name: &Ident) -> Refusal {
        self.not_redshift(
            name.span,
            format!(
                "`{}` stands outside of this query, which does not see the tables around it",
                fold(name)
            ),
            "join on a condition: Redshift has no `lateral`",
        )
    }
}

/// Whether an item of a select list aggregates, other than by `min` and `max`.
fn sums(item: &SelectItem) -> bool {
    let expr = match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => expr,
        _ => return false,
    };
    visit_expressions(expr, |expr| {
        let name = match expr {
            Expr::Function(function) => function.name.0.last().and_then(|part| part.as_ident()),
            _ => None,
        };
        let sums = name.map(fold).is_some_and(|name| {
            let row = find(&name).filter(|_| name != "min" && name != "max");
            row.is_some_and(|row| {
                matches!(
                    row.how,
                    How::Aggregate(..) | How::Native(Kind::Aggregate, _)
                )
            })
        });
        match sums {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })
    .is_break()
}
