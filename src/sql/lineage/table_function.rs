//! What stands in `from` and is no table: functions, arrays, pivots.

use std::collections::BTreeSet;

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, ObjectNamePart, PivotValueSource, TableAlias, TableFactor,
    Value as Literal,
};

use super::query::Shape;
use super::scope::Visible;
use super::value::{How, Value};
use super::{Output, Reader, Rest};
use crate::sql::fold;
use crate::sql::names::output_name;

impl Reader<'_> {
    pub(super) fn table_function(&mut self, factor: &TableFactor) {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: Some(args),
                ..
            } => {
                let called = name
                    .0
                    .last()
                    .and_then(ObjectNamePart::as_ident)
                    .map(fold)
                    .unwrap_or_default();
                let value = self.table_arguments(&args.args);
                self.rows(called, value, alias.as_ref());
            }
            TableFactor::Function {
                name, args, alias, ..
            } => {
                let called = name
                    .0
                    .last()
                    .and_then(ObjectNamePart::as_ident)
                    .map(fold)
                    .unwrap_or_default();
                let value = self.table_arguments(args);
                self.rows(called, value, alias.as_ref());
            }
            TableFactor::TableFunction { expr, alias } => {
                let value = self.expr(expr);
                self.rows(String::new(), value, alias.as_ref());
            }
            TableFactor::UNNEST {
                array_exprs,
                alias,
                with_offset_alias,
                ..
            } => {
                let value = self.all(array_exprs);
                self.rows("unnest".to_owned(), value, alias.as_ref());
                if let Some(offset) = with_offset_alias {
                    let visible = Visible {
                        alias: fold(offset),
                        element: Some(Value::default()),
                        rest: Rest::Unknown,
                        ..Visible::default()
                    };
                    self.scope().tables.push(visible);
                }
            }
            TableFactor::Pivot {
                table,
                aggregate_functions,
                value_column,
                value_source,
                alias,
                ..
            } => {
                self.done.open = true;
                let shape = self.apart(table);
                let shape = self.pivot(shape, aggregate_functions, value_column, value_source);
                self.show_shape(shape, alias.as_ref());
            }
            TableFactor::Unpivot {
                table,
                value,
                name,
                columns,
                alias,
                ..
            } => {
                self.done.open = true;
                let shape = self.apart(table);
                let values: Vec<&Expr> = columns.iter().map(|column| &column.expr).collect();
                let shape = unpivot(shape, value, &fold(name), &values);
                self.show_shape(shape, alias.as_ref());
            }
            TableFactor::UnpivotExpr {
                expression,
                value_alias,
                attribute_alias,
            } => {
                let value = self.expr(expression).through(How::Transformed).nullable();
                for alias in std::iter::once(value_alias).chain(attribute_alias) {
                    let visible = Visible {
                        alias: fold(alias),
                        element: Some(value.clone()),
                        rest: Rest::Unknown,
                        ..Visible::default()
                    };
                    self.scope().tables.push(visible);
                }
            }
            TableFactor::MatchRecognize { alias, .. }
            | TableFactor::JsonTable { alias, .. }
            | TableFactor::OpenJsonTable { alias, .. }
            | TableFactor::XmlTable { alias, .. }
            | TableFactor::SemanticView { alias, .. } => {
                self.show_shape(Shape::unknown(), alias.as_ref())
            }
            TableFactor::Table { .. }
            | TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. } => {}
        }
    }

    fn table_arguments(&mut self, arguments: &[FunctionArg]) -> Value {
        let mut all = Value::default();
        for argument in arguments {
            let (FunctionArg::Unnamed(argument)
            | FunctionArg::Named { arg: argument, .. }
            | FunctionArg::ExprNamed { arg: argument, .. }) = argument;
            if let FunctionArgExpr::Expr(expr) = argument {
                let value = self.expr(expr);
                all = all.with(value);
            }
        }
        all.through(How::Transformed).nullable().typed(None)
    }

    /// The rows of a function: all that is known of them is what goes in.
    fn rows(&mut self, name: String, value: Value, alias: Option<&TableAlias>) {
        let element = value.through(How::Transformed).nullable().typed(None);
        let visible = Visible {
            alias: name,
            element: Some(element),
            rest: Rest::Unknown,
            ..Visible::default()
        };
        self.show(visible, alias);
    }

    /// A table that is looked at before it joins the others.
    fn apart(&mut self, table: &TableFactor) -> Shape {
        let outer = std::mem::take(&mut self.scope().tables);
        let from = sqlparser::ast::TableWithJoins {
            relation: table.clone(),
            joins: Vec::new(),
        };
        self.from(std::slice::from_ref(&from), true);
        let tables = std::mem::replace(&mut self.scope().tables, outer);
        match tables.into_iter().next() {
            Some(visible) => Shape {
                columns: visible.columns.to_vec(),
                rest: visible.rest,
                ..Shape::default()
            },
            None => Shape::unknown(),
        }
    }

    fn pivot(
        &mut self,
        shape: Shape,
        aggregates: &[sqlparser::ast::ExprWithAlias],
        by: &[Expr],
        values: &PivotValueSource,
    ) -> Shape {
        let visible = Visible {
            columns: shape.columns.clone().into(),
            rest: shape.rest.clone(),
            ..Visible::default()
        };
        self.scopes.push(super::scope::Scope {
            tables: vec![visible],
            ..Default::default()
        });
        let chosen = self.all(by).through(How::Transformed);
        let mut used: BTreeSet<String> = by.iter().map(output_name).collect();
        let mut made = Vec::new();
        for aggregate in aggregates {
            let value = self.expr(&aggregate.expr);
            used.extend(
                value
                    .sources
                    .origins()
                    .map(|origin| origin.column.to_string()),
            );
            made.push((
                aggregate.alias.as_ref().map(fold),
                value.with(chosen.clone()),
            ));
        }
        self.scopes.pop();
        let mut columns: Vec<Output> = shape
            .columns
            .into_iter()
            .filter(|column| !used.contains(&column.name.to_lowercase()))
            .collect();
        let PivotValueSource::List(list) = values else {
            return Shape {
                columns,
                rest: Rest::Unknown,
                influences: shape.influences,
            };
        };
        for value in list {
            let name = value
                .alias
                .as_ref()
                .map(fold)
                .or_else(|| literal_name(&value.expr));
            for (alias, result) in &made {
                let name = match (&name, alias) {
                    (Some(name), Some(alias)) => format!("{name}_{alias}"),
                    (Some(name), None) => name.clone(),
                    (None, _) => continue,
                };
                columns.push(Output {
                    name,
                    range: None,
                    sources: result.sources.clone(),
                    data_type: result.data_type.clone(),
                    never_null: false,
                });
            }
        }
        // Names of generated columns are not the same in every dialect.
        let rest = if shape.rest.is_closed()
            && made.len() == 1
            && self.dialect == crate::sql::dialect::Dialect::Redshift
        {
            Rest::Closed
        } else {
            Rest::Unknown
        };
        Shape {
            columns,
            rest,
            influences: shape.influences,
        }
    }
}

/// The name of a column that stands for a value.
fn literal_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => Some(match &value.value {
            Literal::SingleQuotedString(text) => text.to_lowercase(),
            other => other.to_string().to_lowercase(),
        }),
        _ => None,
    }
}

fn unpivot(shape: Shape, value: &Expr, name: &str, columns: &[&Expr]) -> Shape {
    let taken: Vec<String> = columns.iter().map(|column| output_name(column)).collect();
    let (inside, mut rest): (Vec<Output>, Vec<Output>) = shape
        .columns
        .into_iter()
        .partition(|column| taken.contains(&column.name.to_lowercase()));
    let all = inside.into_iter().fold(Value::default(), |all, column| {
        all.with(Value {
            sources: column.sources,
            data_type: None,
            never_null: false,
        })
    });
    let all = all.through(How::Transformed);
    let plain = |name: String, value: &Value| Output {
        name,
        range: None,
        sources: value.sources.clone(),
        data_type: None,
        never_null: false,
    };
    rest.push(plain(name.to_owned(), &Value::default()));
    rest.push(plain(output_name(value), &all));
    Shape {
        columns: rest,
        rest: shape.rest,
        influences: shape.influences,
    }
}
