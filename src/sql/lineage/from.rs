//! The `from` clause: tables, subqueries and joins.

use std::sync::Arc;

use sqlparser::ast::{
    Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Spanned, TableAlias,
    TableFactor, TableWithJoins,
};

use super::facts::{CrossJoin, Fact};
use super::query::Shape;
use super::scope::Visible;
use super::value::{How, Origin, Through, Value};
use super::{Finding, Influence, Influences, Output, Reader, Rest, Table};
use crate::diagnostic::nearest;
use crate::sql::dialect::Dialect;
use crate::sql::fold;

/// A name and where it is written.
type Named = (String, Option<std::ops::Range<usize>>);

/// Which side of a join may be filled up with NULLs.
#[derive(Clone, Copy, Debug, Default)]
struct Sides {
    left: bool,
    right: bool,
}

impl Reader<'_> {
    /// `filtered` says that a condition may join what stands side by side.
    pub(super) fn from(&mut self, from: &[TableWithJoins], filtered: bool) {
        for (number, table) in from.iter().enumerate() {
            let start = self.scope().tables.len();
            self.factor(&table.relation);
            self.note_side_by_side(table, number > 0 && !filtered, start);
            for join in &table.joins {
                self.join(join, start);
            }
        }
    }

    fn join(&mut self, join: &Join, start: usize) {
        let right = self.scope().tables.len();
        self.factor(&join.relation);
        let (constraint, sides, hides) = operator(&join.join_operator);
        if let JoinOperator::AsOf {
            match_condition, ..
        } = &join.join_operator
        {
            self.join_on(match_condition);
        }
        match constraint {
            Some(JoinConstraint::On(condition)) => self.join_on(condition),
            Some(JoinConstraint::Using(names)) => {
                let names: Vec<Named> = names
                    .iter()
                    .filter_map(|name| Some((last_name(name)?, self.range(name.span()))))
                    .collect();
                self.using(&names, start, right, sides);
            }
            Some(JoinConstraint::Natural) => self.natural(start, right, sides),
            Some(JoinConstraint::None) | None => {
                let written = matches!(
                    join.join_operator,
                    JoinOperator::CrossJoin(_)
                        | JoinOperator::CrossApply
                        | JoinOperator::OuterApply
                );
                if !written && self.quiet == 0 {
                    self.note_cross(right);
                }
            }
        }
        let scope = self.scope();
        let count = scope.tables.len();
        for (number, table) in scope.tables[start..count].iter_mut().enumerate() {
            let left = start + number < right;
            table.outer |= if left { sides.left } else { sides.right };
            table.hidden |= hides && !left;
        }
    }

    /// Two tables that stand side by side without a condition. A query or a function in the place of one may well have a single row.
    fn note_side_by_side(&mut self, table: &TableWithJoins, alone: bool, at: usize) {
        let scope = self.scope();
        let stored = |visible: &Visible| visible.stored;
        let both = scope.tables.len() > at
            && scope.tables[at..].iter().all(stored)
            && scope.tables[..at].iter().any(stored);
        if alone && both && self.quiet == 0 && matches!(table.relation, TableFactor::Table { .. }) {
            self.note_cross(at);
        }
    }

    fn note_cross(&mut self, right: usize) {
        let Some(table) = self
            .scope()
            .tables
            .get(right)
            .map(|table| table.alias.clone())
        else {
            return;
        };
        self.done.facts.cross_joins.push(Fact {
            range: None,
            what: CrossJoin { table },
        });
    }

    fn join_on(&mut self, condition: &sqlparser::ast::Expr) {
        let outer = std::mem::replace(&mut self.scope().joining, true);
        let value = self.expr(condition);
        self.scope().joining = outer;
        self.influence(&value, Influence::Join);
    }

    /// `join … using`: one column of two.
    fn using(&mut self, names: &[Named], start: usize, right: usize, sides: Sides) {
        for (name, place) in names {
            let merged = self.scope().merged.iter().find(|(known, _)| known == name);
            let merged = merged.map(|(_, value)| value.clone());
            let left_value = merged.or_else(|| self.side_column(name, start..right));
            let count = self.scope().tables.len();
            let right_value = self.side_column(name, right..count);
            let tables = &self.scope().tables;
            let closed = |range: std::ops::Range<usize>| {
                tables[range].iter().all(|table| table.rest.is_closed())
            };
            if left_value.is_none() && closed(start..right)
                || right_value.is_none() && closed(right..count)
            {
                let columns = tables[start..]
                    .iter()
                    .flat_map(|table| table.columns.iter());
                let names = columns.map(|column| column.name.as_str());
                let near = nearest(name, names.filter(|other| other != name));
                let help = near.map(|near| format!("did you mean `{near}`?"));
                // Nobody knows which columns would be one.
                self.scope().fuzzy = true;
                self.find(Finding {
                    code: "unknown-column",
                    message: format!(
                        "`using ({name})` names a column that one side of the join does not have"
                    ),
                    range: place.clone(),
                    label: None,
                    help,
                });
            }
            let (left_value, right_value) = (
                left_value.unwrap_or_default(),
                right_value.unwrap_or_default(),
            );
            self.influence(&left_value, Influence::Join);
            self.influence(&right_value, Influence::Join);
            let merged = match (sides.left, sides.right) {
                (true, true) => {
                    let never_null = left_value.never_null || right_value.never_null;
                    Value {
                        never_null,
                        ..left_value.with(right_value)
                    }
                }
                (true, false) => right_value,
                _ => left_value,
            };
            let scope = self.scope();
            match scope.merged.iter_mut().find(|(known, _)| known == name) {
                Some(known) => known.1 = merged,
                None => scope.merged.push((name.clone(), merged)),
            }
        }
    }

    fn natural(&mut self, start: usize, right: usize, sides: Sides) {
        let scope = self.scope();
        let closed = scope.tables[start..]
            .iter()
            .all(|table| table.rest.is_closed());
        if !closed {
            scope.fuzzy = true;
            return;
        }
        let names = |tables: &[Visible]| -> Vec<String> {
            tables
                .iter()
                .flat_map(|table| {
                    table
                        .columns
                        .iter()
                        .map(|column| column.name.to_lowercase())
                })
                .collect()
        };
        let (left, right_names) = (
            names(&scope.tables[start..right]),
            names(&scope.tables[right..]),
        );
        let mut common: Vec<Named> = left
            .into_iter()
            .filter(|name| right_names.contains(name))
            .map(|name| (name, None))
            .collect();
        common.dedup();
        self.using(&common, start, right, sides);
    }

    /// A column of some of the tables of the scope.
    fn side_column(&mut self, name: &str, tables: std::ops::Range<usize>) -> Option<Value> {
        let scope = self.scope();
        let part = super::scope::Scope {
            tables: scope.tables[tables].to_vec(),
            fuzzy: true,
            ..Default::default()
        };
        part.known(name)
    }

    fn factor(&mut self, factor: &TableFactor) {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                json_path,
                ..
            } => {
                let visible = self.named(name, json_path.is_some());
                let range = self.range(name.span());
                self.show_at(visible, alias.as_ref(), range);
            }
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                ..
            } => {
                let sees = *lateral || self.dialect == Dialect::DuckDb;
                let aside = (!sees).then(|| self.scopes.pop()).flatten();
                let shape = self.query(subquery);
                self.scopes.extend(aside);
                self.show_shape(shape, alias.as_ref());
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                let start = self.scope().tables.len();
                self.from(std::slice::from_ref(table_with_joins), true);
                if let Some(alias) = alias {
                    self.gather(start, alias);
                }
            }
            other => self.table_function(other),
        }
    }

    /// A table by its name: a common table expression, a table that somebody knows, an array of the tables before it.
    fn named(&mut self, name: &ObjectName, path: bool) -> Visible {
        let parts: Vec<String> = name
            .0
            .iter()
            .filter_map(ObjectNamePart::as_ident)
            .map(|ident| ident.value.clone())
            .collect();
        let lower: Vec<String> = parts.iter().map(|part| part.to_lowercase()).collect();
        let inlined = match lower.as_slice() {
            [only] => self.tables.inlined(only),
            _ => None,
        };
        if let [only] = lower.as_slice()
            && inlined.is_none()
            && let Some((_, shape)) = self.ctes.iter().rev().find(|(cte, _)| cte == only)
        {
            let shape = Arc::clone(shape);
            join_influences(&mut self.scope().influences, &shape.influences);
            return Visible {
                alias: only.clone(),
                columns: shape.columns.clone().into(),
                rest: shape.rest.clone(),
                ..Visible::default()
            };
        }
        // `from t, t.items as i` steps through an array.
        if path || self.is_path(&parts, &lower) {
            let idents: Vec<_> = name
                .0
                .iter()
                .filter_map(ObjectNamePart::as_ident)
                .cloned()
                .collect();
            let value = if idents.len() > 1 {
                self.compound(&idents)
            } else {
                self.bare(&idents[0])
            };
            let element = value.through(How::Transformed).nullable().typed(None);
            return Visible {
                alias: lower[lower.len() - 1].clone(),
                element: Some(element),
                rest: Rest::Unknown,
                ..Visible::default()
            };
        }
        let identifier = lower.last().cloned().unwrap_or_default();
        let schema = lower.len().checked_sub(2).map(|at| lower[at].clone());
        match inlined.or_else(|| self.tables.table(&parts)) {
            Some(table) => {
                if self.quiet == 0 {
                    self.done.tables.insert(Arc::clone(&table.key));
                }
                Visible {
                    alias: identifier,
                    schema,
                    ..of_table(&table)
                }
            }
            None => Visible {
                alias: identifier,
                schema,
                rest: Rest::Unknown,
                ..Visible::default()
            },
        }
    }

    /// Whether a name steps through an array of a table before it. An alias may well be called as the database or a schema is.
    fn is_path(&mut self, parts: &[String], lower: &[String]) -> bool {
        let [first, column, ..] = lower else {
            return false;
        };
        let mut tables = self.scope().tables.iter().rev();
        let Some(table) = tables.find(|table| &table.alias == first) else {
            return false;
        };
        if table.column(column).is_some() {
            return true;
        }
        let may = table.element.is_some() || !table.rest.is_closed();
        may && self.tables.table(parts).is_none()
    }

    pub(super) fn show_shape(&mut self, shape: Shape, alias: Option<&TableAlias>) {
        join_influences(&mut self.scope().influences, &shape.influences);
        let visible = Visible {
            columns: shape.columns.into(),
            rest: shape.rest,
            ..Visible::default()
        };
        self.show(visible, alias);
    }

    /// Puts a table into the scope under its alias.
    pub(super) fn show(&mut self, visible: Visible, alias: Option<&TableAlias>) {
        self.show_at(visible, alias, None);
    }

    /// The same for a table whose name stands somewhere.
    fn show_at(
        &mut self,
        mut visible: Visible,
        alias: Option<&TableAlias>,
        name: Option<std::ops::Range<usize>>,
    ) {
        if let Some(alias) = alias {
            visible.alias = fold(&alias.name);
            visible.schema = None;
            if !alias.columns.is_empty() {
                let names: Vec<String> = alias
                    .columns
                    .iter()
                    .map(|column| fold(&column.name))
                    .collect();
                let element = visible.element.take();
                if let Some(element) = element {
                    // The columns of a function are all made of what it is given.
                    visible.columns = names.iter().map(|name| output(name, &element)).collect();
                    visible.rest = Rest::Closed;
                } else {
                    let shape = Shape {
                        columns: visible.columns.to_vec(),
                        rest: visible.rest,
                        ..Shape::default()
                    };
                    let shape = self.renamed(shape, &names);
                    visible.columns = shape.columns.into();
                    visible.rest = shape.rest;
                }
            }
            if let Some(at) = &alias.at {
                let position = Visible {
                    alias: fold(at),
                    element: Some(Value::default()),
                    rest: Rest::Unknown,
                    ..Visible::default()
                };
                self.scope().tables.push(position);
            }
        }
        let namesake = |table: &Visible| table.alias == visible.alias;
        if !visible.alias.is_empty() && self.scope().tables.iter().any(namesake) {
            self.done.open = true;
        }
        let twice = !visible.alias.is_empty()
            && self
                .scope()
                .tables
                .iter()
                .any(|table| table.alias == visible.alias && table.schema == visible.schema);
        if twice {
            self.find(Finding {
                code: "duplicate-alias",
                message: format!("two tables of the query are called `{}`", visible.alias),
                range: match alias {
                    Some(alias) => self.range(alias.name.span),
                    None => name,
                },
                label: Some("the name is taken".to_owned()),
                help: Some("give one of them another alias".to_owned()),
            });
        }
        self.scope().tables.push(visible);
    }

    /// Joined tables under one alias.
    fn gather(&mut self, start: usize, alias: &TableAlias) {
        let scope = self.scope();
        let tables: Vec<Visible> = scope.tables.drain(start..).collect();
        let open: Vec<&Visible> = tables
            .iter()
            .filter(|table| !table.rest.is_closed())
            .collect();
        let rest = match open.as_slice() {
            [] => Rest::Closed,
            [one] => one.rest.clone(),
            _ => Rest::Unknown,
        };
        let columns: Vec<Output> = tables
            .iter()
            .flat_map(|table| table.columns.iter().cloned())
            .collect();
        self.show(
            Visible {
                columns: columns.into(),
                rest,
                ..Visible::default()
            },
            Some(alias),
        );
    }
}

fn output(name: &str, value: &Value) -> Output {
    Output {
        name: name.to_owned(),
        range: None,
        sources: value.clone().through(How::Transformed).sources,
        data_type: None,
        never_null: false,
    }
}

fn of_table(table: &Table) -> Visible {
    let columns = table.columns.iter().map(|column| {
        let origin = Origin {
            table: Arc::clone(&table.key),
            column: column.name.to_lowercase().into(),
        };
        let way = Through::of(How::Copied);
        Output {
            name: column.name.clone(),
            range: None,
            sources: [(origin, way)].into_iter().collect(),
            data_type: column.data_type.clone(),
            never_null: column.never_null,
        }
    });
    let rest = if table.complete {
        Rest::Closed
    } else {
        Rest::Of(vec![Arc::clone(&table.key)])
    };
    Visible {
        columns: columns.collect(),
        rest,
        stored: true,
        ..Visible::default()
    }
}

/// Takes over what the rows of another query depend on.
pub(super) fn join_influences(into: &mut Influences, more: &Influences) {
    for (origin, kinds) in more {
        into.entry(origin.clone()).or_default().extend(kinds);
    }
}

fn last_name(name: &ObjectName) -> Option<String> {
    name.0.last().and_then(ObjectNamePart::as_ident).map(fold)
}

/// The condition of a join, which sides it fills up with NULLs, and whether its right side is not seen after it.
fn operator(operator: &JoinOperator) -> (Option<&JoinConstraint>, Sides, bool) {
    let (left, right) = (
        Sides {
            left: true,
            right: false,
        },
        Sides {
            left: false,
            right: true,
        },
    );
    let neither = Sides::default();
    match operator {
        JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::CrossJoin(on)
        | JoinOperator::StraightJoin(on) => (Some(on), neither, false),
        JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (Some(on), right, false),
        JoinOperator::Right(on) | JoinOperator::RightOuter(on) => (Some(on), left, false),
        JoinOperator::FullOuter(on) => (
            Some(on),
            Sides {
                left: true,
                right: true,
            },
            false,
        ),
        JoinOperator::Semi(on)
        | JoinOperator::LeftSemi(on)
        | JoinOperator::RightSemi(on)
        | JoinOperator::Anti(on)
        | JoinOperator::LeftAnti(on)
        | JoinOperator::RightAnti(on) => (Some(on), neither, true),
        JoinOperator::AsOf { constraint, .. } => (Some(constraint), right, false),
        JoinOperator::CrossApply | JoinOperator::ArrayJoin | JoinOperator::InnerArrayJoin => {
            (None, neither, false)
        }
        JoinOperator::OuterApply | JoinOperator::LeftArrayJoin => (None, right, false),
    }
}
