//! What keeps a value from being told: aggregates over groups that have some number of rows at least, hashes with a salt.
//!
//! In: a `select` and the calls in it. Out: [`Through::guards`](super::Through). Says nothing where it is not sure.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    ObjectNamePart, Select, SelectItem, Value as Literal, visit_expressions,
};

use crate::sql::fold;
use crate::sql::redshift::APPROXIMATE;

/// Under this name stand all aggregates of which no row's own value can be read.
pub const AGGREGATE: &str = "aggregate";

/// Behind the name of a function whose argument is joined to a salt.
pub const SALTED: &str = " with salt";

/// Aggregates whose result is the value of no single row. `count` tells none at all.
const BLEND: [&str; 8] = [
    "avg",
    "sum",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "var_pop",
    "var_samp",
    "variance",
];

/// Functions that may choose some rows of a group.
const CHOOSE: [&str; 8] = [
    "decode", "greatest", "if", "iff", "least", "nullif", "nvl2", "sign",
];

/// A shorter text beside a value is a separator, and no salt.
const SALT: usize = 8;

/// The number of rows that every group of a query has at least, as its `having` says; 0 where it does not say.
pub(super) fn rows_of_groups(select: &Select) -> u64 {
    let having = select.having.as_ref();
    having.map_or(0, |condition| at_least(condition, select))
}

fn at_least(condition: &Expr, select: &Select) -> u64 {
    match condition {
        Expr::Nested(inner) => at_least(inner, select),
        Expr::Between {
            expr,
            negated: false,
            low,
            ..
        } if counts(expr, select) => number(low).unwrap_or(0),
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::And => at_least(left, select).max(at_least(right, select)),
            BinaryOperator::Or => at_least(left, select).min(at_least(right, select)),
            _ if counts(left, select) => bound(op, right),
            _ if counts(right, select) => match op {
                BinaryOperator::Lt => bound(&BinaryOperator::Gt, left),
                BinaryOperator::LtEq => bound(&BinaryOperator::GtEq, left),
                BinaryOperator::Eq => bound(op, left),
                _ => 0,
            },
            _ => 0,
        },
        _ => 0,
    }
}

/// What a count is at least that stands on the left of a number.
fn bound(op: &BinaryOperator, right: &Expr) -> u64 {
    match (op, number(right)) {
        (BinaryOperator::GtEq | BinaryOperator::Eq, Some(number)) => number,
        (BinaryOperator::Gt, Some(number)) => number.saturating_add(1),
        _ => 0,
    }
}

fn number(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Nested(inner) => number(inner),
        Expr::Value(value) => match &value.value {
            Literal::Number(text, _) => text.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an expression counts rows of the group: never more than there are.
fn counts(expr: &Expr, select: &Select) -> bool {
    match expr {
        Expr::Nested(inner) => counts(inner, select),
        Expr::Function(call) => {
            let parts: Vec<String> = names(call);
            call.over.is_none() && parts.len() == 1 && parts[0] == "count"
        }
        Expr::Identifier(ident) => select.projection.iter().any(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } => {
                fold(alias) == fold(ident)
                    && matches!(expr, Expr::Function(_))
                    && counts(expr, select)
            }
            _ => false,
        }),
        _ => false,
    }
}

fn names(call: &Function) -> Vec<String> {
    let parts = call.name.0.iter().filter_map(ObjectNamePart::as_ident);
    parts.map(fold).collect()
}

/// The names under which an aggregate of groups with so many rows keeps its values, each with that number.
///
/// One that looks only at some rows of the group (`filter`, `case` in the argument) keeps nothing: the others do not hide them.
pub(super) fn of_aggregate(call: &Function, rows: u64) -> Vec<(String, u64)> {
    let name = names(call).pop().unwrap_or_default();
    let approximate = names(call).iter().any(|part| part == APPROXIMATE);
    if name == "count" && !approximate {
        return vec![(AGGREGATE.to_owned(), u64::MAX)];
    }
    if rows == 0 || call.over.is_some() || call.filter.is_some() || chooses(call) {
        return Vec::new();
    }
    let blends = BLEND.contains(&name.as_str());
    let all = blends.then(|| (AGGREGATE.to_owned(), rows));
    all.into_iter().chain([(name, rows)]).collect()
}

fn chooses(call: &Function) -> bool {
    let found = visit_expressions(&call.args, |expr| {
        let chooses = match expr {
            Expr::Case { .. }
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsFalse(_)
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Exists { .. }
            | Expr::Subquery(_)
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. } => true,
            Expr::BinaryOp { op, .. } => matches!(
                op,
                BinaryOperator::Eq
                    | BinaryOperator::NotEq
                    | BinaryOperator::Lt
                    | BinaryOperator::LtEq
                    | BinaryOperator::Gt
                    | BinaryOperator::GtEq
            ),
            Expr::Function(inner) => {
                let name = names(inner).pop().unwrap_or_default();
                CHOOSE.contains(&name.as_str())
            }
            _ => false,
        };
        match chooses {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    found.is_break()
}

/// Whether the argument of a function joins a text to the value that is long enough for a salt.
pub(super) fn is_salted(call: &Function) -> bool {
    let FunctionArguments::List(list) = &call.args else {
        return false;
    };
    match list.args.first() {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))) => joins_salt(expr),
        _ => false,
    }
}

fn joins_salt(expr: &Expr) -> bool {
    let salt = |part: &Expr| is_salt(part) || joins_salt(part);
    match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => joins_salt(inner),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::StringConcat,
            right,
        } => salt(left) || salt(right),
        Expr::Function(call) => {
            let FunctionArguments::List(list) = &call.args else {
                return false;
            };
            names(call).last().is_some_and(|name| name == "concat")
                && list.args.iter().any(|arg| {
                    matches!(arg, FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) if salt(expr))
                })
        }
        _ => false,
    }
}

fn is_salt(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => match &value.value {
            Literal::SingleQuotedString(text) => text.chars().count() >= SALT,
            _ => false,
        },
        _ => false,
    }
}
