//! Comparisons. On Redshift trailing blanks do not count when texts are compared; on DuckDB they do.
//!
//! A side that is known to be no text leaves the comparison as it is. Sides known as text are trimmed. A side of
//! unknown type goes through the macro `key`, which trims texts and nothing else; where DuckDB does not know the type
//! when it chooses a macro (aggregates, aliases, outer columns), the whole comparison goes through one that asks later.

use std::borrow::Cow;

use sqlparser::ast::BinaryOperator;
use sqlparser::tokenizer::Span;

use super::engine::Engine;
use super::query::operand;
use super::translator::{Constant, Sql, Translator};
use super::types::Type;
use super::{json, literal, moment};
use crate::adapter::Refusal;

enum Side {
    /// Compared as it is: no text, or a literal without trailing blanks.
    AsIs(String),
    Known(String),
    /// Of unknown type, and DuckDB will know it.
    Plain(String),
    Unknown,
}

fn side(sql: &Sql) -> Side {
    match (&sql.constant, sql.ty) {
        (Some(Constant::Text(text)), _) => Side::AsIs(literal(text.trim_end_matches(' '))),
        (Some(_), _) => Side::AsIs(sql.text.clone()),
        (None, Some(ty)) if ty.is_text() => Side::Known(format!("rtrim({}, ' ')", sql.text)),
        (None, Some(_)) => Side::AsIs(sql.text.clone()),
        (None, None) if sql.plain => Side::Plain(format!("__rs.key({})", sql.text)),
        (None, None) => Side::Unknown,
    }
}

/// Whether a side is known to be no text: then no side needs trimming.
fn no_text(sql: &Sql) -> bool {
    sql.ty.is_some_and(|ty| !ty.is_text()) || (sql.is_null())
}

/// The two sides trimmed, or `None` where only a macro over both can tell.
fn sides(left: &Sql, right: &Sql) -> Option<(String, String)> {
    if no_text(left) || no_text(right) {
        return Some((left.text.clone(), right.text.clone()));
    }
    Some((trimmed(left)?, trimmed(right)?))
}

fn trimmed(sql: &Sql) -> Option<String> {
    match side(sql) {
        Side::AsIs(text) | Side::Known(text) | Side::Plain(text) => Some(text),
        Side::Unknown => None,
    }
}

impl Translator<'_> {
    /// Refuses a text beside a value of another kind: DuckDB makes a number of `'05'`, PostgreSQL compares neither, and no page of Amazon's
    /// says which of the two Redshift turns into the other. A text as it is written is read as the other side.
    ///
    /// # Errors
    /// The two are known not to be of one kind.
    pub(super) fn comparable(&self, a: &Sql, b: &Sql, span: Span) -> Result<(), Refusal> {
        // A number is no truth value on Redshift, and one of them would be cast: `2 = true` has two answers.
        let counts = |sql: &Sql| sql.ty.is_some_and(Type::is_number);
        if counts(a) && b.is(Type::Bool) || counts(b) && a.is(Type::Bool) {
            return Err(Refusal {
                help: Some("write `x <> 0`, or leave out the comparison with a boolean".to_owned()),
                ..self.unsupported(
                    span,
                    "a number is compared with a boolean",
                    "no page tells which of them Redshift casts",
                )
            });
        }
        for (text, other) in [(a, b), (b, a)] {
            let (Some(kind), None, Some(beside)) = (text.ty, &text.constant, other.ty) else {
                continue;
            };
            let counts = beside.is_number() || beside.is_moment() || beside == Type::Bool;
            if kind.is_text() && counts {
                let beside = match beside {
                    _ if beside.is_number() => "a number",
                    Type::Bool => "a boolean",
                    _ => "a date or time",
                };
                return Err(Refusal {
                    help: Some("cast one side, so that both are of one kind".to_owned()),
                    ..self.unsupported(
                        span,
                        format!("a text is compared with {beside}"),
                        "no page tells which of them Redshift casts",
                    )
                });
            }
        }
        Ok(())
    }
}

/// A value beside another one: where the other is known as a text or a boolean and it is not, it must prove one when the
/// query runs.
pub(super) fn beside<'s>(engine: Engine, value: &'s Sql, other: &Sql) -> Cow<'s, Sql> {
    let unknown = value.ty.is_none() && value.constant.is_none();
    if !unknown || engine == Engine::Postgres {
        return Cow::Borrowed(value);
    }
    let text = other.is_text() && other.constant.is_none();
    match text {
        _ if other.is(Type::Bool) => Cow::Owned(Sql {
            text: format!("__rs.condition({})", value.text),
            ty: Some(Type::Bool),
            ..value.clone()
        }),
        true => Cow::Owned(Sql {
            text: format!("__rs.only_text({})", value.text),
            ty: Some(Type::Text),
            ..value.clone()
        }),
        false => Cow::Borrowed(value),
    }
}

/// DuckDB's symbol of a comparison.
pub(super) fn symbol(op: &BinaryOperator) -> Option<&'static str> {
    Some(match op {
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        _ => return None,
    })
}

fn macro_name(symbol: &str) -> &'static str {
    match symbol {
        "=" => "eq",
        "<>" => "ne",
        "<" => "lt",
        "<=" => "le",
        ">" => "gt",
        _ => "ge",
    }
}

/// A comparison with a `super` value: of values of two kinds none is equal, smaller or larger.
///
/// <https://docs.aws.amazon.com/redshift/latest/dg/query-super.html>, "Dynamic typing".
fn of_super(left: &Sql, symbol: &str, right: &Sql) -> Option<Sql> {
    if !(left.is(Type::Super) || right.is(Type::Super)) || left.is_null() || right.is_null() {
        return None;
    }
    let as_super = |value: &Sql| match value.ty {
        Some(Type::Super) => value.text.clone(),
        Some(Type::Bool) => format!("to_json({})", value.text),
        Some(ty) if ty.is_text() || ty.is_number() => format!("to_json({})", value.text),
        // What is a date at last stops the query.
        _ => format!("__rs.super({})", value.text),
    };
    let (a, b) = (as_super(left), as_super(right));
    let text = match symbol {
        "=" => format!("__rs.super_key({a}) = __rs.super_key({b})"),
        "<>" => format!("__rs.super_ne({a}, {b})"),
        _ => {
            if let Some(left) = as_other(left, right) {
                return Some(compare(&left, symbol, right));
            }
            if let Some(right) = as_other(right, left) {
                return Some(compare(left, symbol, &right));
            }
            format!("__rs.super_order({a}, {b}) {symbol} 0")
        }
    };
    Some(operand(text, Some(Type::Bool), &[left, right]))
}

/// A `super` value as what it is compared with: NULL where it holds something else. DuckDB would cast it, and round a number to do so.
fn as_other(value: &Sql, other: &Sql) -> Option<Sql> {
    let ty = other.ty.filter(|_| value.is(Type::Super))?;
    let scalar = json::scalar(&value.text);
    let (kinds, read) = match ty {
        _ if ty.is_text() => ("'VARCHAR'", scalar),
        _ if ty.is_float() => (NUMBERS, format!("TRY_CAST({scalar} AS DOUBLE)")),
        _ if ty.is_number() => (NUMBERS, format!("TRY_CAST({scalar} AS DECIMAL(38, 15))")),
        Type::Bool => ("'BOOLEAN'", format!("({scalar} = 'true')")),
        _ => return None,
    };
    let text = format!(
        "(CASE WHEN json_type({}) IN ({kinds}) THEN {read} END)",
        value.text
    );
    Some(Sql::typed(text, ty).of([value]))
}

const NUMBERS: &str = "'UBIGINT', 'BIGINT', 'HUGEINT', 'DOUBLE'";

/// A literal text beside a moment, in the words that the engine reads: `'03/31/2024'` is a date on Redshift.
fn read_beside<'s>(value: &'s Sql, other: &Sql) -> Cow<'s, Sql> {
    let moment = match other.ty {
        Some(Type::Date | Type::Timestamp) => value.constant_text().and_then(moment::parse_local),
        Some(Type::TimestampTz) => value.constant_text().and_then(moment::parse),
        _ => None,
    };
    match moment {
        Some(text) => Cow::Owned(Sql {
            text: literal(&text),
            constant: Some(Constant::Text(text)),
            ..value.clone()
        }),
        None => Cow::Borrowed(value),
    }
}

/// Whether a value is compared in double precision with a `real`: any number that is none itself. A small whole number is the same
/// in both.
fn doubles(sql: &Sql) -> bool {
    let small = match &sql.constant {
        Some(Constant::Number(number)) => number.parse().is_ok_and(|n: i64| n.abs() < 1 << 24),
        _ => false,
    };
    !small && sql.ty.is_some_and(|ty| ty.is_number() && !ty.is_float())
}

/// Values that are compared with each other: a `real` beside a decimal or whole number is a double on Redshift, where the engines take
/// the number for a `real`: <https://docs.aws.amazon.com/redshift/latest/dg/r_numeric_computations201.html>.
fn in_doubles<'s, const N: usize>(values: [&'s Sql; N]) -> [Cow<'s, Sql>; N] {
    let mixed = values.iter().any(|value| doubles(value));
    values.map(|value| match mixed && value.is(Type::Float4) {
        true => Cow::Owned(double(value)),
        false => Cow::Borrowed(value),
    })
}

/// A `real` as a double.
pub(super) fn double(value: &Sql) -> Sql {
    Sql {
        text: format!("CAST({} AS FLOAT8)", value.text),
        ty: Some(Type::Float8),
        constant: None,
        ..value.clone()
    }
}

/// `left symbol right`, trailing blanks not counted.
pub(super) fn compare(left: &Sql, symbol: &str, right: &Sql) -> Sql {
    let (left, right) = (&*read_beside(left, right), &*read_beside(right, left));
    let [left, right] = in_doubles([left, right]);
    let (left, right) = (&*left, &*right);
    if let Some(compared) = of_super(left, symbol, right) {
        return compared;
    }
    match sides(left, right) {
        Some((a, b)) => operand(
            format!("{a} {symbol} {b}"),
            Some(Type::Bool),
            &[left, right],
        ),
        None => Sql::typed(
            format!("__rs.{}({}, {})", macro_name(symbol), left.text, right.text),
            Type::Bool,
        ),
    }
}

/// `expr [not] in (list)`.
pub(super) fn in_list(expr: &Sql, list: &[Sql], negated: bool) -> Sql {
    let mut list: Vec<Sql> = list
        .iter()
        .map(|item| read_beside(item, expr).into_owned())
        .collect();
    let mut expr = Cow::Borrowed(expr);
    if doubles(&expr) || list.iter().any(doubles) {
        let mut all = std::iter::once(expr.to_mut()).chain(&mut list);
        all.by_ref()
            .filter(|value| value.is(Type::Float4))
            .for_each(|value| *value = double(value));
    }
    let (expr, list) = (&*expr, list.as_slice());
    let not = if negated { "NOT " } else { "" };
    if expr.is(Type::Super) || list.iter().any(|item| item.is(Type::Super)) {
        let equal: Vec<Sql> = list.iter().map(|item| compare(expr, "=", item)).collect();
        let any: Vec<&str> = equal.iter().map(|equal| equal.text.as_str()).collect();
        return Sql::typed(format!("({not}({}))", any.join(" OR ")), Type::Bool).of(&equal);
    }
    let left_as_is = no_text(expr) || list.iter().any(no_text_constant);
    let items: Option<Vec<String>> = list
        .iter()
        .map(|item| {
            if left_as_is {
                Some(item.text.clone())
            } else {
                trimmed(item)
            }
        })
        .collect();
    let left = if left_as_is {
        Some(expr.text.clone())
    } else {
        trimmed(expr)
    };
    match (left, items) {
        (Some(left), Some(items)) => Sql::typed(
            format!("({left} {not}IN ({}))", items.join(", ")),
            Type::Bool,
        )
        .of(std::iter::once(expr).chain(list)),
        _ => {
            let parts: Vec<String> = list
                .iter()
                .map(|item| format!("__rs.eq({}, {})", expr.text, item.text))
                .collect();
            Sql::typed(format!("({not}({}))", parts.join(" OR ")), Type::Bool)
        }
    }
}

fn no_text_constant(sql: &Sql) -> bool {
    matches!(sql.constant, Some(Constant::Number(_) | Constant::Bool(_)))
}

/// `expr [not] between low and high`.
pub(super) fn between(expr: &Sql, low: &Sql, high: &Sql, negated: bool) -> Sql {
    let (low, high) = (&*read_beside(low, expr), &*read_beside(high, expr));
    let [expr, low, high] = in_doubles([expr, low, high]);
    let (expr, low, high) = (&*expr, &*low, &*high);
    let not = if negated { "NOT " } else { "" };
    if [expr, low, high]
        .into_iter()
        .any(|part| part.is(Type::Super))
    {
        let (from, to) = (compare(expr, ">=", low), compare(expr, "<=", high));
        let text = format!("({not}({} AND {}))", from.text, to.text);
        return Sql::typed(text, Type::Bool).of([&from, &to]);
    }
    let all = if no_text(expr) || no_text(low) || no_text(high) {
        Some((expr.text.clone(), low.text.clone(), high.text.clone()))
    } else {
        (|| Some((trimmed(expr)?, trimmed(low)?, trimmed(high)?)))()
    };
    match all {
        Some((expr_text, low_text, high_text)) => operand(
            format!("{expr_text} {not}BETWEEN {low_text} AND {high_text}"),
            Some(Type::Bool),
            &[expr, low, high],
        ),
        None => Sql::typed(
            format!(
                "({not}(__rs.ge({0}, {1}) AND __rs.le({0}, {2})))",
                expr.text, low.text, high.text
            ),
            Type::Bool,
        ),
    }
}

/// A value and a column of a query that it is looked for in, both trimmed where they may hold text; `None` where only DuckDB knows
/// the value's type, and late.
pub(super) fn in_column(left: &Sql, ty: Option<Type>, column: &str) -> Option<(String, String)> {
    let of_query = Sql::new(column, ty);
    let [value, of_query] = in_doubles([left, &of_query]);
    if no_text(left) || ty.is_some_and(|ty| !ty.is_text()) {
        return Some((value.text.clone(), of_query.text.clone()));
    }
    Some((trimmed(left)?, format!("__rs.key({column})")))
}

/// `expr words (query)`, where the words are `in`, `not in`, `< any` and their like.
pub(super) fn with_query(left: &Sql, words: &str, ty: Option<Type>, query: &str) -> Sql {
    let as_it_is = format!("{} {words} ({query})", left.text);
    let text = match in_column(left, ty, "q.c") {
        Some((value, column)) if column == "q.c" => format!("{value} {words} ({query})"),
        Some((value, column)) => {
            format!("{value} {words} (SELECT {column} FROM ({query}) AS q(c))")
        }
        None => format!(
            "CASE WHEN typeof({0}) = 'VARCHAR' THEN rtrim(CAST({0} AS VARCHAR), ' ') {words} (SELECT rtrim(CAST(q.c AS VARCHAR), ' ') FROM ({query}) AS q(c)) ELSE {as_it_is} END",
            left.text
        ),
    };
    Sql::typed(format!("({text})"), Type::Bool)
}
