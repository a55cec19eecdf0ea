//! Queries, common table expressions and set operations.

use std::sync::Arc;

use sqlparser::ast::{
    Cte, Expr, LimitClause, OrderByKind, Query, SetExpr, SetOperator, SetQuantifier, Spanned,
    Values, With,
};

use super::facts::{Fact, SetColumn, SetOperation};
use super::scope::Scope;
use super::value::{How, Value, merge};
use super::{Finding, Influence, Influences, Output, Reader, Rest};
use crate::sql::dialect::Dialect;
use crate::sql::fold;

/// What a query puts out.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    pub columns: Vec<Output>,
    pub rest: Rest,
    pub influences: Influences,
}

impl Shape {
    /// A query of which nothing can be told.
    pub fn unknown() -> Self {
        Self {
            rest: Rest::Unknown,
            ..Self::default()
        }
    }
}

impl Reader<'_> {
    /// A query in a scope of its own; the scopes around it stay visible to it.
    pub(super) fn query(&mut self, query: &Query) -> Shape {
        stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.query_inner(query))
    }

    fn query_inner(&mut self, query: &Query) -> Shape {
        let outer = self.ctes.len();
        self.depth += 1;
        if let Some(with) = &query.with {
            self.with(with);
        }
        if self.depth == 1 {
            self.done.facts.one_select = matches!(query.body.as_ref(), SetExpr::Select(_));
        }
        self.scopes.push(Scope::default());
        let mut shape = self.set_expr(&query.body, Some(query));
        if !query.pipe_operators.is_empty() {
            shape = Shape::unknown();
        }
        self.scopes.pop();
        self.depth -= 1;
        self.ctes.truncate(outer);
        shape
    }

    fn with(&mut self, with: &With) {
        for cte in &with.cte_tables {
            let name = fold(&cte.alias.name);
            if self.tables.inlined(&name).is_some() {
                continue;
            }
            if with.recursive && reads(&cte.query, &name) {
                self.recursive(cte, &name);
                continue;
            }
            let shape = self.query(&cte.query);
            let names: Vec<String> = cte
                .alias
                .columns
                .iter()
                .map(|column| fold(&column.name))
                .collect();
            if shape.rest.is_closed()
                && let Some(first) = cte.alias.columns.get(shape.columns.len())
            {
                let (name, range) = (&names[shape.columns.len()], self.range(first.name.span));
                self.find(Finding {
                    code: "too-many-names",
                    message: format!("no column of the query is left for the name `{name}`"),
                    range,
                    label: None,
                    help: Some(format!(
                        "select as many columns as there are names: {}",
                        names.len()
                    )),
                });
            }
            let shape = self.renamed(shape, &names);
            self.ctes.push((name, Arc::new(shape)));
        }
    }

    /// A common table expression that reads itself: its first part tells its columns, then what the others add.
    fn recursive(&mut self, cte: &Cte, name: &str) {
        let names: Vec<String> = cte
            .alias
            .columns
            .iter()
            .map(|column| fold(&column.name))
            .collect();
        let place = self.ctes.len();
        self.ctes
            .push((name.to_owned(), Arc::new(Shape::unknown())));
        self.quiet += 1;
        let mut known = match cte.query.body.as_ref() {
            SetExpr::SetOperation { left, .. } => {
                self.scopes.push(Scope::default());
                let first = self.set_expr(left, None);
                self.scopes.pop();
                self.renamed(first, &names)
            }
            _ => Shape::unknown(),
        };
        self.done.open = true;
        // A value may walk from one column to the next with each round.
        for _ in 0..=known.columns.len() {
            let before: Vec<_> = known.columns.iter().map(|it| it.sources.clone()).collect();
            self.ctes[place].1 = Arc::new(known);
            known = self.query(&cte.query);
            known = self.renamed(known, &names);
            if known.columns.iter().map(|it| &it.sources).eq(&before) {
                break;
            }
        }
        self.quiet -= 1;
        self.ctes[place].1 = Arc::new(known);
        let last = self.query(&cte.query);
        let last = self.renamed(last, &names);
        self.ctes[place].1 = Arc::new(last);
    }

    /// Columns under the names of an alias list, where there is one.
    pub(super) fn renamed(&mut self, mut shape: Shape, names: &[String]) -> Shape {
        for (column, name) in shape.columns.iter_mut().zip(names) {
            column.name.clone_from(name);
        }
        if !names.is_empty() && !shape.rest.is_closed() {
            // Which column is the n-th cannot be told.
            let sources = &shape.columns.iter().fold(Value::default(), |all, column| {
                all.with(Value {
                    sources: column.sources.clone(),
                    data_type: None,
                    never_null: false,
                })
            });
            shape.columns = names
                .iter()
                .map(|name| Output {
                    name: name.clone(),
                    range: None,
                    sources: sources.clone().through(How::Transformed).sources,
                    data_type: None,
                    never_null: false,
                })
                .collect();
            shape.rest = Rest::Unknown;
        }
        shape
    }

    fn set_expr(&mut self, body: &SetExpr, ordered: Option<&Query>) -> Shape {
        match body {
            SetExpr::Select(select) => self.select(select, ordered),
            SetExpr::Query(inner) => self.query(inner),
            SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                let left_shape = self.side(left);
                let right_shape = self.side(right);
                self.set_operation(*op, *set_quantifier, left_shape, right_shape, right)
            }
            SetExpr::Values(values) => self.values(values),
            _ => Shape::unknown(),
        }
    }

    /// One side of a set operation, in a scope of its own: the order of the whole does not belong to it.
    fn side(&mut self, body: &SetExpr) -> Shape {
        self.scopes.push(Scope::default());
        let shape = stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.set_expr(body, None));
        self.scopes.pop();
        shape
    }

    fn set_operation(
        &mut self,
        op: SetOperator,
        quantifier: SetQuantifier,
        left: Shape,
        right: Shape,
        second: &SetExpr,
    ) -> Shape {
        let by_name = matches!(
            quantifier,
            SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName
        );
        let mut influences = left.influences;
        super::from::join_influences(&mut influences, &right.influences);
        if !matches!(op, SetOperator::Union) {
            // The second query only chooses among the rows of the first.
            for column in &right.columns {
                for origin in column.sources.origins() {
                    influences
                        .entry(origin.clone())
                        .or_default()
                        .insert(Influence::Filter);
                }
            }
            return Shape {
                columns: left.columns,
                rest: left.rest,
                influences,
            };
        }
        let closed = left.rest.is_closed() && right.rest.is_closed();
        if closed && !by_name {
            self.compare_sides(op, quantifier, &left.columns, &right.columns, second);
        }
        let mut columns = left.columns;
        if closed && !by_name {
            for (column, other) in columns.iter_mut().zip(right.columns) {
                join_column(column, other);
            }
            return Shape {
                columns,
                rest: Rest::Closed,
                influences,
            };
        }
        for other in right.columns {
            match columns
                .iter_mut()
                .find(|column| column.name.eq_ignore_ascii_case(&other.name))
            {
                Some(column) => join_column(column, other),
                None => columns.push(other),
            }
        }
        let rest = match (left.rest, right.rest) {
            (Rest::Closed, Rest::Closed) => Rest::Closed,
            (Rest::Of(mut tables), Rest::Of(more)) => {
                tables.extend(more);
                tables.sort();
                tables.dedup();
                Rest::Of(tables)
            }
            _ => Rest::Unknown,
        };
        Shape {
            columns,
            rest,
            influences,
        }
    }

    fn compare_sides(
        &mut self,
        op: SetOperator,
        quantifier: SetQuantifier,
        left: &[Output],
        right: &[Output],
        second: &SetExpr,
    ) {
        let range = self.range(second.span());
        if left.len() != right.len() {
            let word = op.to_string().to_lowercase();
            self.find(Finding {
                code: "union-columns",
                message: format!(
                    "the queries of a `{word}` have {} and {} columns",
                    left.len(),
                    right.len()
                ),
                range: range.map(|range| first_line(&self.lines, range)),
                label: Some(format!("this one has {}", right.len())),
                help: Some("give both the same columns, in the same order".to_owned()),
            });
            return;
        }
        if self.quiet > 0 {
            return;
        }
        let columns = left.iter().zip(right).map(|(left, right)| SetColumn {
            name: left.name.clone(),
            left: left.data_type.clone(),
            right: right.data_type.clone(),
            range: right.range.clone(),
        });
        let distinct = matches!(quantifier, SetQuantifier::None | SetQuantifier::Distinct);
        self.done.facts.sets.push(Fact {
            range: range.map(|range| first_line(&self.lines, range)),
            what: SetOperation {
                distinct_union: distinct && op == SetOperator::Union,
                columns: columns.collect(),
            },
        });
    }

    fn values(&mut self, values: &Values) -> Shape {
        let mut columns: Vec<Output> = Vec::new();
        for row in &values.rows {
            for (number, expr) in row.content.iter().enumerate() {
                let value = self.expr(expr);
                match columns.get_mut(number) {
                    Some(column) => merge(&mut column.sources, value.sources),
                    None => columns.push(Output {
                        name: match self.dialect {
                            Dialect::DuckDb => format!("col{number}"),
                            _ => format!("column{}", number + 1),
                        },
                        range: self.range(expr.span()),
                        sources: value.sources,
                        data_type: value.data_type,
                        never_null: false,
                    }),
                }
            }
        }
        Shape {
            columns,
            ..Shape::default()
        }
    }

    /// The order of a query's rows bears on them only where some are left out.
    pub(super) fn order_and_limit(&mut self, query: &Query, chooses: bool) {
        let limits = chooses
            || query.fetch.is_some()
            || match &query.limit_clause {
                Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                    limit.is_some() || offset.is_some()
                }
                Some(LimitClause::OffsetCommaLimit { .. }) => true,
                None => false,
            };
        let Some(order) = &query.order_by else {
            return;
        };
        let OrderByKind::Expressions(orders) = &order.kind else {
            return;
        };
        for order in orders {
            let value = self.expr(&order.expr);
            if limits {
                self.influence(&value, Influence::Filter);
            }
        }
    }

    /// Looks whether a number in `order by` or `group by` stands for a column of the list.
    pub(super) fn placed(&mut self, clause: &str, key: &Expr, shape: &Shape) {
        let has = shape.columns.len();
        if let Some(number) = position(key)
            && shape.rest.is_closed()
            && !(1..=has).contains(&number)
        {
            let range = self.range(key.span());
            self.find(Finding {
                code: "no-such-place",
                message: format!("`{clause} {number}` stands for no column: the query has {has}"),
                range,
                label: None,
                help: Some("name the column, or write its place in the list".to_owned()),
            });
        }
    }

    /// Notes that a value bears on the rows of the query at hand.
    pub(super) fn influence(&mut self, value: &Value, influence: Influence) {
        let origins: Vec<_> = value.sources.origins().cloned().collect();
        let into = &mut self.scope().influences;
        for origin in origins {
            into.entry(origin).or_default().insert(influence);
        }
    }

    /// A query inside an expression: its columns, and what its rows depend on counts for the rows around it.
    pub(super) fn subquery(&mut self, query: &Query) -> Shape {
        let shape = self.query(query);
        let into = &mut self.scope().influences;
        super::from::join_influences(into, &shape.influences);
        shape
    }
}

fn join_column(column: &mut Output, other: Output) {
    merge(&mut column.sources, other.sources);
    column.never_null &= other.never_null;
    if column.data_type != other.data_type {
        column.data_type = None;
    }
}

/// The first line of a range: a caret under a whole query says less.
pub(super) fn first_line(
    lines: &crate::sql::position::Lines<'_>,
    range: std::ops::Range<usize>,
) -> std::ops::Range<usize> {
    let text = lines.text().get(range.clone()).unwrap_or("");
    let length = text.find('\n').unwrap_or(text.len());
    range.start..range.start + length
}

/// Whether a query names a table anywhere.
fn reads(query: &Query, name: &str) -> bool {
    use core::ops::ControlFlow;
    let found = sqlparser::ast::visit_relations(query, |relation| {
        let own = relation.0.len() == 1
            && relation.0[0]
                .as_ident()
                .is_some_and(|ident| ident.value.eq_ignore_ascii_case(name));
        if own {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    found.is_break()
}

/// Whether an expression is a number that stands for a column of the list.
pub(super) fn position(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Value(value) => match &value.value {
            sqlparser::ast::Value::Number(number, _) => number.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}
