//! Aggregates where they may not stand, and columns beside aggregates that no group has one value of.
//!
//! Says only what every database refuses: an expression that is not understood here may be a key of the groups, and is left alone.

use std::collections::BTreeSet;

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, ObjectNamePart,
    Select, SelectItem, Spanned,
};

use super::query::position;
use super::{Finding, Reader};
use crate::sql::dialect::Dialect;
use crate::sql::fold;

/// Aggregates of all three dialects.
const AGGREGATES: [&str; 21] = [
    "any_value",
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "bit_and",
    "bit_or",
    "count",
    "listagg",
    "max",
    "median",
    "min",
    "percentile_cont",
    "percentile_disc",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "variance",
    "var_samp",
];

/// Functions of one row, whose arguments are looked at.
const SCALARS: [&str; 24] = [
    "abs",
    "coalesce",
    "concat",
    "date_part",
    "date_trunc",
    "dateadd",
    "datediff",
    "greatest",
    "initcap",
    "least",
    "left",
    "length",
    "lower",
    "ltrim",
    "md5",
    "nullif",
    "nvl",
    "replace",
    "right",
    "round",
    "rtrim",
    "to_char",
    "to_date",
    "upper",
];

impl Reader<'_> {
    /// Looks at the clauses of one `select`, whose tables are in scope.
    pub(super) fn aggregates(&mut self, select: &Select) {
        if self.scopes.len() == 1
            && let Some(condition) = &select.selection
            && let Some(call) = first_aggregate(condition)
        {
            let name = name(call);
            self.misuse(
                call.span(),
                format!("`{name}` stands in `where`, before rows are grouped"),
                "write the condition in `having`",
            );
        }
        for expr in outputs(select) {
            if let Some(outer) = first_aggregate(expr)
                && let Some(inner) = arguments(outer).into_iter().find_map(first_aggregate)
            {
                let message = format!("`{}` stands inside `{}`", name(inner), name(outer));
                self.misuse(
                    inner.span(),
                    message,
                    "aggregate the inner one in a query of its own",
                );
                return;
            }
        }
        let Some(keys) = self.keys(select) else {
            return;
        };
        // An aggregate in `having` is no column, and what stands beside it is one of the group's.
        for expr in outputs(select).chain(&select.having) {
            let mut columns = Vec::new();
            ungrouped(expr, &keys, &mut columns);
            for column in columns {
                self.ungrouped_column(select, column, keys.is_empty());
            }
        }
    }

    /// The keys of the groups as texts; none where there are no groups, or not all keys are understood.
    fn keys(&self, select: &Select) -> Option<BTreeSet<String>> {
        let GroupByExpr::Expressions(expressions, modifiers) = &select.group_by else {
            return None;
        };
        let grouped = !expressions.is_empty() || !modifiers.is_empty();
        // PostgreSQL takes columns that depend on a key which it knows.
        if grouped && self.dialect == Dialect::Postgres {
            return None;
        }
        if !grouped
            && select.having.is_none()
            && !outputs(select).any(|expr| first_aggregate(expr).is_some())
        {
            return None;
        }
        let mut keys = BTreeSet::new();
        for expression in expressions {
            match expression {
                Expr::Rollup(sets) | Expr::Cube(sets) | Expr::GroupingSets(sets) => {
                    keys.extend(sets.iter().flatten().map(said));
                }
                Expr::Tuple(parts) => keys.extend(parts.iter().map(said)),
                _ => {
                    keys.insert(said(expression));
                }
            }
            if let Some(number) = position(expression) {
                let stars = select.projection.iter().any(|item| {
                    matches!(
                        item,
                        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
                    )
                });
                if stars {
                    return None;
                }
                keys.extend(outputs(select).nth(number.checked_sub(1)?).map(said));
            }
        }
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { expr, alias } = item
                && keys.contains(&fold(alias))
            {
                keys.insert(said(expr));
            }
        }
        Some(keys)
    }

    fn ungrouped_column(&mut self, select: &Select, column: &Expr, whole: bool) {
        let (of, name) = match column {
            Expr::Identifier(ident) => (None, fold(ident)),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [of, name] => (Some(fold(of)), fold(name)),
                _ => return,
            },
            _ => return,
        };
        let is_alias = select.projection.iter().any(
            |item| matches!(item, SelectItem::ExprWithAlias { alias, .. } if fold(alias) == name),
        );
        let scope = self.scope();
        let known = scope.tables.iter().any(|table| {
            !table.hidden
                && of.as_ref().is_none_or(|of| table.alias == *of)
                && table
                    .columns
                    .iter()
                    .any(|column| column.name.eq_ignore_ascii_case(&name))
        });
        if !known || (of.is_none() && is_alias) {
            return;
        }
        let message = match whole {
            true => format!("`{name}` stands beside an aggregate of all rows"),
            false => format!("`{name}` is neither a key of the groups nor in an aggregate"),
        };
        self.misuse(
            column.span(),
            message,
            "add it to `group by`, or aggregate it",
        );
    }

    fn misuse(&mut self, span: sqlparser::tokenizer::Span, message: String, help: &str) {
        let finding = Finding {
            code: "aggregate-misuse",
            message,
            range: self.range(span),
            label: None,
            help: Some(help.to_owned()),
        };
        self.find(finding);
    }
}

/// The expressions of the list.
fn outputs(select: &Select) -> impl Iterator<Item = &Expr> {
    select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    })
}

/// An expression as a text in which names of tables, quotes and case do not count.
fn said(expr: &Expr) -> String {
    let mut out = String::new();
    let text = expr.to_string().to_lowercase();
    let mut word = String::new();
    for character in text.chars().filter(|character| *character != '"') {
        match character {
            '.' if word.chars().any(char::is_alphabetic) => word.clear(),
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            _ => {
                out.push_str(&word);
                word.clear();
                if !matches!(character, ' ' | '(' | ')') {
                    out.push(character);
                }
            }
        }
    }
    out + &word
}

fn name(call: &Function) -> String {
    let last = call.name.0.last().and_then(ObjectNamePart::as_ident);
    last.map(fold).unwrap_or_default()
}

/// Whether a call joins rows, and is no window function.
fn is_aggregate(call: &Function) -> bool {
    call.over.is_none() && AGGREGATES.contains(&name(call).as_str())
}

fn arguments(call: &Function) -> Vec<&Expr> {
    let FunctionArguments::List(list) = &call.args else {
        return Vec::new();
    };
    let args = list.args.iter().filter_map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    });
    args.collect()
}

/// The parts of an expression that are looked into; none of a subquery, and none of what is not known to be of one row.
fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Nested(inner)
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::UnaryOp { expr: inner, .. }
        | Expr::Cast { expr: inner, .. }
        | Expr::Extract { expr: inner, .. }
        | Expr::Ceil { expr: inner, .. }
        | Expr::Floor { expr: inner, .. }
        | Expr::Trim { expr: inner, .. }
        | Expr::Substring { expr: inner, .. }
        | Expr::InList { expr: inner, .. }
        | Expr::Like { expr: inner, .. } => vec![inner],
        Expr::BinaryOp { left, right, .. } => vec![left, right],
        Expr::Between {
            expr, low, high, ..
        } => vec![expr, low, high],
        Expr::Case {
            operand,
            conditions,
            else_result,
            ..
        } => {
            let conditions = conditions
                .iter()
                .flat_map(|when| [&when.condition, &when.result]);
            let others = operand.iter().chain(else_result).map(AsRef::as_ref);
            conditions.chain(others).collect()
        }
        Expr::Function(call) if call.over.is_none() && SCALARS.contains(&name(call).as_str()) => {
            arguments(call)
        }
        _ => Vec::new(),
    }
}

/// The first aggregate in an expression.
fn first_aggregate(expr: &Expr) -> Option<&Function> {
    match expr {
        Expr::Function(call) if is_aggregate(call) => Some(call),
        _ => parts(expr).into_iter().find_map(first_aggregate),
    }
}

/// Columns of an expression outside of aggregates that are not in a key.
fn ungrouped<'e>(expr: &'e Expr, keys: &BTreeSet<String>, columns: &mut Vec<&'e Expr>) {
    if keys.contains(&said(expr)) {
        return;
    }
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => columns.push(expr),
        _ => {
            for part in parts(expr) {
                ungrouped(part, keys, columns);
            }
        }
    }
}
