//! Expressions: the columns in them, and what becomes of these.

use std::sync::Arc;

use sqlparser::ast::{
    AccessExpr, BinaryOperator, CeilFloorKind, Expr, JsonPathElem, OneOrManyWithParens, Query,
    Spanned, Subscript, UnaryOperator, Value as Literal,
};

use super::facts::{Comparison, Conversion, Fact, NotIn, TextCast};
use super::query::{Shape, first_line};
use super::scope::{Scope, Visible};
use super::value::{How, Origin, Value};
use super::{Finding, Influence, Reader};
use crate::sql::fold;

impl Reader<'_> {
    pub(super) fn expr(&mut self, expr: &Expr) -> Value {
        stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.expr_inner(expr))
    }

    /// The values of several expressions, as one that something is made of.
    pub(super) fn all<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Value {
        let start = Value {
            never_null: true,
            ..Value::default()
        };
        exprs.into_iter().fold(start, |all, expr| {
            let value = self.expr(expr);
            all.with(value)
        })
    }

    fn made<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Value {
        self.all(exprs).through(How::Transformed)
    }

    fn test<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Value {
        self.made(exprs).typed(Some("boolean"))
    }

    fn expr_inner(&mut self, expr: &Expr) -> Value {
        match expr {
            Expr::Identifier(ident) => self.bare(ident),
            Expr::CompoundIdentifier(parts) => self.compound(parts),
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            Expr::JsonAccess { value, path } => {
                let keys = path.path.iter().filter_map(|step| match step {
                    JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } => Some(key),
                    JsonPathElem::Dot { .. } => None,
                });
                let all: Vec<&Expr> = std::iter::once(value.as_ref()).chain(keys).collect();
                self.made(all).nullable()
            }
            Expr::Nested(inner) | Expr::OuterJoin(inner) | Expr::Prior(inner) => self.expr(inner),
            Expr::Collate { expr, .. } | Expr::Named { expr, .. } => self.expr(expr),
            Expr::Prefixed { value, .. } => self.expr(value),
            Expr::Value(value) => literal(&value.value),
            Expr::TypedString(typed) => {
                let data_type = typed.data_type.to_string().to_lowercase();
                self.note_zone(&typed.value.value, &data_type, expr);
                Value::constant(Some(&data_type))
            }
            Expr::Interval(interval) => {
                self.made([interval.value.as_ref()]).typed(Some("interval"))
            }
            Expr::IsFalse(e)
            | Expr::IsNotFalse(e)
            | Expr::IsTrue(e)
            | Expr::IsNotTrue(e)
            | Expr::IsNull(e)
            | Expr::IsNotNull(e)
            | Expr::IsUnknown(e)
            | Expr::IsNotUnknown(e) => {
                let value = self.test([e.as_ref()]);
                Value {
                    never_null: true,
                    ..value
                }
            }
            Expr::IsJson { expr, .. } | Expr::IsNormalized { expr, .. } => {
                self.test([expr.as_ref()])
            }
            Expr::IsDistinctFrom(a, b) | Expr::IsNotDistinctFrom(a, b) => {
                self.test([a.as_ref(), b.as_ref()])
            }
            Expr::InList { expr, list, .. } => {
                self.test(std::iter::once(expr.as_ref()).chain(list))
            }
            Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => self.in_subquery(expr, subquery, *negated),
            Expr::InUnnest {
                expr, array_expr, ..
            } => self.test([expr.as_ref(), array_expr.as_ref()]),
            Expr::Between {
                expr, low, high, ..
            } => self.test([expr.as_ref(), low.as_ref(), high.as_ref()]),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, expr),
            Expr::Like {
                expr,
                pattern,
                escape_char,
                ..
            }
            | Expr::ILike {
                expr,
                pattern,
                escape_char,
                ..
            }
            | Expr::SimilarTo {
                expr,
                pattern,
                escape_char,
                ..
            } => {
                let parts = [Some(expr), Some(pattern), escape_char.as_ref()];
                self.test(parts.into_iter().flatten().map(AsRef::as_ref))
            }
            Expr::RLike { expr, pattern, .. } => self.test([expr.as_ref(), pattern.as_ref()]),
            Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => {
                self.test([left.as_ref(), right.as_ref()])
            }
            Expr::UnaryOp { op, expr } => {
                let value = self.expr(expr);
                match op {
                    UnaryOperator::Not => value.through(How::Transformed).typed(Some("boolean")),
                    UnaryOperator::Plus => value,
                    _ => value.through(How::Transformed),
                }
            }
            Expr::Cast {
                expr: inner,
                data_type,
                kind,
                ..
            } => {
                let value = self.expr(inner);
                let name = data_type.to_string().to_lowercase();
                self.note_cast(inner, value.data_type.as_ref(), &name, expr);
                let value = value.through(How::Transformed).typed(Some(&name));
                match kind {
                    sqlparser::ast::CastKind::TryCast | sqlparser::ast::CastKind::SafeCast => {
                        value.nullable()
                    }
                    _ => value,
                }
            }
            Expr::Convert {
                expr,
                data_type,
                styles,
                ..
            } => {
                let name = data_type
                    .as_ref()
                    .map(|name| name.to_string().to_lowercase());
                self.made(std::iter::once(expr.as_ref()).chain(styles))
                    .typed(name.as_deref())
            }
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => {
                let value = self.made([timestamp.as_ref(), time_zone.as_ref()]);
                value.typed(None)
            }
            Expr::Extract { expr, .. } => self.made([expr.as_ref()]).typed(None),
            Expr::Ceil { expr, field } | Expr::Floor { expr, field } => {
                let _: &CeilFloorKind = field;
                self.made([expr.as_ref()])
            }
            Expr::Position { expr, r#in } => self
                .made([expr.as_ref(), r#in.as_ref()])
                .typed(Some("integer")),
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                let parts = [Some(expr), substring_from.as_ref(), substring_for.as_ref()];
                let value = self.made(parts.into_iter().flatten().map(AsRef::as_ref));
                value.inside(&Arc::from("substring")).typed(None)
            }
            Expr::Trim {
                expr,
                trim_what,
                trim_characters,
                ..
            } => {
                let parts = std::iter::once(expr.as_ref())
                    .chain(trim_what.as_deref())
                    .chain(trim_characters.iter().flatten());
                let parts: Vec<&Expr> = parts.collect();
                self.made(parts).inside(&Arc::from("trim"))
            }
            Expr::Overlay {
                expr,
                overlay_what,
                overlay_from,
                overlay_for,
            } => {
                let parts = [
                    Some(expr),
                    Some(overlay_what),
                    Some(overlay_from),
                    overlay_for.as_ref(),
                ];
                self.made(parts.into_iter().flatten().map(AsRef::as_ref))
            }
            Expr::Function(function) => self.function(function, expr.span()),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => {
                let mut tests: Vec<&Expr> = operand.iter().map(AsRef::as_ref).collect();
                tests.extend(conditions.iter().map(|when| &when.condition));
                let results: Vec<&Expr> = conditions
                    .iter()
                    .map(|when| &when.result)
                    .chain(else_result.as_deref())
                    .collect();
                self.choice(&tests, &results, else_result.is_some())
            }
            Expr::Exists { subquery, .. } => {
                self.done.open = true;
                let shape = self.subquery(subquery);
                self.filter_by(&shape);
                Value::constant(Some("boolean"))
            }
            Expr::Subquery(query) => self.scalar(query),
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                self.all(sets.iter().flatten())
            }
            Expr::Tuple(list) => self.made(list),
            Expr::Struct { values, .. } => self.made(values).typed(None),
            Expr::Dictionary(fields) => self.made(fields.iter().map(|field| field.value.as_ref())),
            Expr::Map(map) => self.made(
                map.entries
                    .iter()
                    .flat_map(|entry| [entry.key.as_ref(), entry.value.as_ref()]),
            ),
            Expr::Array(array) => self.made(&array.elem).typed(None),
            Expr::Lambda(lambda) => {
                let names = match &lambda.params {
                    OneOrManyWithParens::One(one) => vec![fold(&one.name)],
                    OneOrManyWithParens::Many(all) => {
                        all.iter().map(|one| fold(&one.name)).collect()
                    }
                };
                let tables = names.into_iter().map(|alias| Visible {
                    alias,
                    element: Some(Value::default()),
                    ..Visible::default()
                });
                self.scopes.push(Scope {
                    tables: tables.collect(),
                    ..Scope::default()
                });
                let body = self.expr(&lambda.body);
                self.scopes.pop();
                body.through(How::Transformed)
            }
            _ => self.open(),
        }
    }

    /// One of several results, as tests tell.
    pub(super) fn choice(&mut self, tests: &[&Expr], results: &[&Expr], total: bool) -> Value {
        let chosen_by = self.made(tests.iter().copied());
        let results: Vec<Value> = results.iter().map(|result| self.expr(result)).collect();
        let data_type = common(&results);
        let never_null = total && results.iter().all(|value| value.never_null);
        let all = results
            .into_iter()
            .fold(chosen_by, Value::with)
            .through(How::Transformed);
        Value {
            data_type,
            never_null,
            ..all
        }
    }

    fn access(&mut self, root: &Expr, chain: &[AccessExpr]) -> Value {
        let mut value = match (root, chain) {
            // `t.column.field[0]`: the parser hands the names over one by one.
            (Expr::Identifier(first), [AccessExpr::Dot(Expr::Identifier(second)), ..]) => {
                self.compound(&[first.clone(), second.clone()])
            }
            _ => self.expr(root),
        };
        for step in chain {
            let inside = match step {
                AccessExpr::Subscript(Subscript::Index { index }) => vec![index],
                AccessExpr::Subscript(Subscript::Slice {
                    lower_bound,
                    upper_bound,
                    stride,
                }) => [lower_bound, upper_bound, stride]
                    .into_iter()
                    .flatten()
                    .collect(),
                AccessExpr::Dot(_) => Vec::new(),
            };
            let more = self.all(inside);
            value = value.with(more);
        }
        value.through(How::Transformed).nullable().typed(None)
    }

    fn in_subquery(&mut self, expr: &Expr, query: &Query, negated: bool) -> Value {
        self.done.open = true;
        let tested = self.test([expr]);
        let shape = self.subquery(query);
        let wanted = match expr {
            Expr::Tuple(parts) => parts.len(),
            _ => 1,
        };
        self.count_columns(query, &shape, wanted);
        self.filter_by(&shape);
        if negated && self.quiet == 0 {
            let never_null = shape.columns.first().is_none_or(|column| column.never_null)
                || !shape.rest.is_closed();
            let range = self.range(expr.span());
            self.done.facts.not_in.push(Fact {
                range,
                what: NotIn { never_null },
            });
        }
        tested
    }

    /// The columns of a query that only tells rows apart.
    fn filter_by(&mut self, shape: &Shape) {
        for column in &shape.columns {
            let value = Value {
                sources: column.sources.clone(),
                ..Value::default()
            };
            self.influence(&value, Influence::Filter);
        }
    }

    /// Looks whether a query in the place of values has a column for each.
    fn count_columns(&mut self, query: &Query, shape: &Shape, wanted: usize) {
        let has = shape.columns.len();
        if !shape.rest.is_closed() || has == wanted {
            return;
        }
        let range = self.range(query.body.span());
        self.find(Finding {
            code: "subquery-columns",
            message: match wanted {
                1 => format!("a query in the place of a value has {has} columns"),
                _ => format!("{wanted} values are looked for in a query of {has} columns"),
            },
            range: range.map(|range| first_line(&self.lines, range)),
            label: None,
            help: Some(match wanted {
                1 => "select one column in it".to_owned(),
                _ => format!("select {wanted} columns in it"),
            }),
        });
    }

    fn scalar(&mut self, query: &Query) -> Value {
        let shape = self.subquery(query);
        self.count_columns(query, &shape, 1);
        let data_type = match shape.columns.as_slice() {
            [one] => one.data_type.clone(),
            _ => None,
        };
        let all = shape
            .columns
            .into_iter()
            .fold(Value::default(), |all, column| {
                all.with(Value {
                    sources: column.sources,
                    data_type: None,
                    never_null: false,
                })
            });
        Value {
            data_type,
            ..all.through(How::Transformed)
        }
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, whole: &Expr) -> Value {
        let (a, b) = (self.expr(left), self.expr(right));
        self.note_comparison(left, &a, op, right, &b, whole);
        let data_type = match op {
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
            | BinaryOperator::And
            | BinaryOperator::Or
            | BinaryOperator::Xor => Some(Arc::from("boolean")),
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
                if a.data_type == b.data_type =>
            {
                a.data_type.clone().filter(|name| is_integer(name))
            }
            _ => None,
        };
        let both = a.with(b).through(How::Transformed);
        Value { data_type, ..both }
    }

    fn note_comparison(
        &mut self,
        left: &Expr,
        a: &Value,
        op: &BinaryOperator,
        right: &Expr,
        b: &Value,
        whole: &Expr,
    ) {
        let operator = match op {
            BinaryOperator::Eq => "=",
            BinaryOperator::NotEq => "<>",
            BinaryOperator::Lt => "<",
            BinaryOperator::LtEq => "<=",
            BinaryOperator::Gt => ">",
            BinaryOperator::GtEq => ">=",
            BinaryOperator::Divide => "/",
            _ => return,
        };
        if self.quiet > 0 {
            return;
        }
        let joins = self.scope().joining;
        let range = self.range(whole.span());
        self.done.facts.comparisons.push(Fact {
            range,
            what: Comparison {
                operator,
                left: a.data_type.clone(),
                right: b.data_type.clone(),
                left_column: plain(a),
                right_column: plain(b),
                literal: [left, right]
                    .into_iter()
                    .any(|side| matches!(side, Expr::Value(_) | Expr::TypedString(_))),
                joins,
            },
        });
    }

    fn note_cast(&mut self, inner: &Expr, from: Option<&Arc<str>>, data_type: &str, whole: &Expr) {
        if self.quiet > 0 {
            return;
        }
        let range = self.range(whole.span());
        if let Some(from) = from {
            self.done.facts.conversions.push(Fact {
                range: range.clone(),
                what: Conversion {
                    from: Arc::clone(from),
                    to: data_type.to_owned(),
                },
            });
        }
        if [
            "varchar",
            "character varying",
            "text",
            "char",
            "character",
            "nvarchar",
        ]
        .iter()
        .any(|text| data_type.starts_with(text))
        {
            self.done.facts.casts.push(Fact {
                range,
                what: TextCast {
                    to: data_type.to_owned(),
                    from: from.map(Arc::clone),
                },
            });
        }
        if let Expr::Value(value) = inner {
            self.note_zone(&value.value, data_type, whole);
        }
    }

    /// Notes a literal that names a zone, and whose type has none.
    fn note_zone(&mut self, literal: &Literal, data_type: &str, whole: &Expr) {
        if self.quiet == 0
            && let Literal::SingleQuotedString(text) = literal
            && matches!(data_type, "timestamp" | "timestamp without time zone")
            && names_a_zone(text)
        {
            let range = self.range(whole.span());
            self.done.facts.zoned_literals.push(Fact {
                range,
                what: text.clone(),
            });
        }
    }

    /// Notes columns that a condition puts into a function before it compares them.
    pub(super) fn note_wrapped(&mut self, condition: &Expr) {
        if self.quiet > 0 {
            return;
        }
        match condition {
            Expr::Nested(inner) => self.note_wrapped(inner),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => {
                self.note_wrapped(left);
                self.note_wrapped(right);
            }
            Expr::BinaryOp { left, op, right } if is_comparison(op) => {
                self.note_wrapped_side(left, right);
                self.note_wrapped_side(right, left);
            }
            Expr::Between { expr, low, .. } => self.note_wrapped_side(expr, low),
            Expr::InList { expr, list, .. } => {
                if let Some(first) = list.first() {
                    self.note_wrapped_side(expr, first);
                }
            }
            _ => {}
        }
    }

    fn note_wrapped_side(&mut self, side: &Expr, other: &Expr) {
        if !matches!(
            side,
            Expr::Function(_) | Expr::Cast { .. } | Expr::Extract { .. } | Expr::Substring { .. }
        ) {
            return;
        }
        self.quiet += 1;
        let (value, compared) = (self.expr(side), self.expr(other));
        self.quiet -= 1;
        if !compared.sources.is_empty() {
            return;
        }
        let mut columns = value.sources.origins();
        if let (Some(only), None) = (columns.next(), columns.next()) {
            let range = self.range(side.span());
            self.done.facts.wrapped_filters.push(Fact {
                range,
                what: only.clone(),
            });
        }
    }
}

fn is_comparison(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Eq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
    )
}

/// The column that a value is, untouched.
fn plain(value: &Value) -> Option<Origin> {
    let mut sources = value.sources.iter();
    match (sources.next(), sources.next()) {
        (Some((origin, way)), None) if way.how <= How::Renamed => Some(origin.clone()),
        _ => None,
    }
}

/// Whether a type holds whole numbers.
pub(super) fn is_integer(name: &str) -> bool {
    matches!(
        name,
        "smallint" | "integer" | "int" | "bigint" | "int2" | "int4" | "int8"
    )
}

/// The type that all of some values have.
pub(super) fn common(values: &[Value]) -> Option<Arc<str>> {
    let first = values.first()?.data_type.clone()?;
    values
        .iter()
        .all(|value| value.data_type.as_ref() == Some(&first))
        .then_some(first)
}

fn literal(value: &Literal) -> Value {
    match value {
        Literal::Null => Value::default(),
        Literal::Boolean(_) => Value::constant(Some("boolean")),
        Literal::Number(number, _) if number.parse::<i32>().is_ok() => {
            Value::constant(Some("integer"))
        }
        Literal::Number(number, _) if number.parse::<i64>().is_ok() => {
            Value::constant(Some("bigint"))
        }
        _ => Value::constant(None),
    }
}

/// Whether the text of a moment ends in a zone: `2024-01-01 00:00:00+02`, `… UTC`, `…Z`.
fn names_a_zone(text: &str) -> bool {
    let Some((_, time)) = text.split_once([' ', 'T']) else {
        return false;
    };
    time.contains(':')
        && (time.contains('+')
            || time.contains('-')
            || time
                .ends_with(|last: char| last.is_ascii_alphabetic() && !matches!(last, 'M' | 'm')))
}
