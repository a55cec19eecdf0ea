//! Calls of functions: which join rows, which name parts of dates instead of columns, which give no NULL.

use std::sync::Arc;

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments,
    NamedWindowExpr, ObjectNamePart, OrderByExpr, WindowSpec, WindowType,
};
use sqlparser::tokenizer::Span;

use super::facts::{Call, Fact};
use super::guard::{self, SALTED};
use super::value::{How, Value};
use super::{Reader, expression};
use crate::sql::fold;
use crate::sql::redshift::APPROXIMATE;

impl Reader<'_> {
    pub(super) fn function(&mut self, function: &Function, span: Span) -> Value {
        let parts: Vec<String> = function
            .name
            .0
            .iter()
            .filter_map(ObjectNamePart::as_ident)
            .map(fold)
            .collect();
        let parts: Vec<&str> = parts
            .iter()
            .map(String::as_str)
            .filter(|part| *part != APPROXIMATE)
            .collect();
        let name = parts.last().copied().unwrap_or_default();
        let full: Arc<str> = parts.join(".").into();
        let arguments = self.arguments(&function.args, takes_part(name));
        let parameters = self.arguments(&function.parameters, false);
        // `percentile_cont(0.5) within group (order by x)` is a value of `x`.
        let ordered_set = name.starts_with("percentile_") || name == "mode";
        let ordered = ordered_set.then(|| self.orders(&function.within_group));
        let types: Vec<Option<Arc<str>>> = arguments
            .iter()
            .map(|value| value.data_type.clone())
            .collect();
        let data_type = result_type(name, &arguments);
        let some = arguments.iter().any(|value| value.never_null);
        let all = arguments.iter().all(|value| value.never_null);
        let never_null = match name {
            "count" | "row_number" | "rank" | "dense_rank" | "getdate" | "now" => true,
            "coalesce" | "nvl" | "ifnull" => some,
            "upper" | "lower" | "trim" | "md5" | "sha1" | "sha2" | "abs" | "length" | "len"
            | "date_trunc" | "round" | "floor" | "ceil" => all,
            _ => false,
        };
        let aggregate = is_aggregate(name);
        let mut value = arguments
            .into_iter()
            .chain(parameters)
            .chain(ordered)
            .fold(Value::default(), Value::with);
        value = value.inside(&full).through(if aggregate {
            How::Aggregated
        } else {
            How::Transformed
        });
        if aggregate {
            let rows = self.scope().rows_of_groups;
            for (guard, rows) in guard::of_aggregate(function, rows) {
                value = value.guarded(&guard, rows);
            }
        } else if guard::is_salted(function) {
            value = value.guarded(&format!("{full}{SALTED}"), 1);
        }
        let beside = self.beside(function, ordered_set);
        value = value.with(beside);
        if self.quiet == 0 {
            let range = self.range(span);
            let window = function.over.is_some();
            self.done.facts.calls.push(Fact {
                range,
                what: Call {
                    name: full,
                    arguments: types,
                    window,
                },
            });
        }
        Value {
            data_type,
            never_null,
            ..value
        }
    }

    fn arguments(&mut self, arguments: &FunctionArguments, part_first: bool) -> Vec<Value> {
        match arguments {
            FunctionArguments::None => Vec::new(),
            FunctionArguments::Subquery(query) => {
                let shape = self.subquery(query);
                let columns = shape.columns.into_iter().map(|column| Value {
                    sources: column.sources,
                    data_type: column.data_type,
                    never_null: false,
                });
                columns.collect()
            }
            FunctionArguments::List(list) => {
                let mut values: Vec<Value> = Vec::with_capacity(list.args.len());
                for (number, argument) in list.args.iter().enumerate() {
                    let (FunctionArg::Unnamed(argument)
                    | FunctionArg::Named { arg: argument, .. }
                    | FunctionArg::ExprNamed { arg: argument, .. }) = argument;
                    if number == 0
                        && part_first
                        && matches!(argument, FunctionArgExpr::Expr(Expr::Identifier(_)))
                    {
                        values.push(Value::constant(None));
                        continue;
                    }
                    values.push(self.argument(argument));
                }
                for clause in &list.clauses {
                    let more = match clause {
                        FunctionArgumentClause::Where(expr)
                        | FunctionArgumentClause::Limit(expr) => self.expr(expr),
                        FunctionArgumentClause::OrderBy(orders) => self.orders(orders),
                        FunctionArgumentClause::Having(bound) => self.expr(&bound.1),
                        _ => continue,
                    };
                    values.push(more);
                }
                values
            }
        }
    }

    fn argument(&mut self, argument: &FunctionArgExpr) -> Value {
        match argument {
            FunctionArgExpr::Expr(expr) => self.expr(expr),
            // `count(t.*)` looks at the rows, `count(*)` at nothing in them.
            FunctionArgExpr::QualifiedWildcard(name) => {
                match name.0.last().and_then(ObjectNamePart::as_ident) {
                    Some(ident) => self.bare(ident),
                    None => Value::default(),
                }
            }
            FunctionArgExpr::Wildcard | FunctionArgExpr::WildcardWithOptions(_) => Value::default(),
        }
    }

    /// What stands behind the arguments: `filter`, `within group`, `over`.
    fn beside(&mut self, function: &Function, ordered_set: bool) -> Value {
        let mut all = match ordered_set {
            true => Value::default(),
            false => self.orders(&function.within_group),
        };
        if let Some(filter) = &function.filter {
            let value = self.expr(filter);
            all = all.with(value);
        }
        match &function.over {
            Some(WindowType::WindowSpec(spec)) => {
                let value = self.window(spec, 0);
                all = all.with(value);
            }
            Some(WindowType::NamedWindow(name)) => {
                let value = self.named_window(&fold(name), 0);
                all = all.with(value);
            }
            None => {}
        }
        all.through(How::Transformed)
    }

    fn orders(&mut self, orders: &[OrderByExpr]) -> Value {
        self.all(orders.iter().map(|order| &order.expr))
    }

    fn window(&mut self, spec: &WindowSpec, depth: usize) -> Value {
        let mut all = self.all(&spec.partition_by);
        let orders = self.orders(&spec.order_by);
        all = all.with(orders);
        if let Some(name) = &spec.window_name {
            let value = self.named_window(&fold(name), depth + 1);
            all = all.with(value);
        }
        all
    }

    fn named_window(&mut self, name: &str, depth: usize) -> Value {
        let known = self.scopes.iter().rev().flat_map(|scope| &scope.windows);
        let Some((_, window)) = known.into_iter().find(|(known, _)| known == name).cloned() else {
            return Value::default();
        };
        match window {
            // Windows that name one another in a circle are refused by every database.
            _ if depth > 10 => Value::default(),
            NamedWindowExpr::NamedWindow(other) => self.named_window(&fold(&other), depth + 1),
            NamedWindowExpr::WindowSpec(spec) => self.window(&spec, depth),
        }
    }
}

/// Functions whose first argument is a part of a date, written like a column.
fn takes_part(name: &str) -> bool {
    matches!(
        name,
        "datediff"
            | "dateadd"
            | "date_diff"
            | "date_add"
            | "date_part"
            | "datepart"
            | "timestampdiff"
            | "timestampadd"
            | "date_sub"
            | "pgdate_part"
    )
}

/// Whether a function makes one value of those of several rows.
pub fn is_aggregate(name: &str) -> bool {
    matches!(
        name,
        "avg"
            | "count"
            | "sum"
            | "min"
            | "max"
            | "listagg"
            | "median"
            | "variance"
            | "any_value"
            | "bool_and"
            | "bool_or"
            | "bit_and"
            | "bit_or"
            | "bit_xor"
            | "every"
            | "string_agg"
            | "array_agg"
            | "group_concat"
            | "arg_max"
            | "arg_min"
            | "max_by"
            | "min_by"
            | "first"
            | "last"
            | "list"
            | "mode"
            | "approx_count_distinct"
            | "corr"
            | "json_agg"
            | "jsonb_agg"
            | "json_object_agg"
            | "jsonb_object_agg"
            | "xmlagg"
            | "product"
            | "sumkahan"
            | "fsum"
            | "kahan_sum"
            | "kurtosis"
            | "skewness"
            | "entropy"
            | "histogram"
            | "count_if"
            | "countif"
            | "count_star"
            | "mad"
            | "json_group_array"
            | "json_group_object"
            | "approx_quantile"
            | "favg"
            | "geomean"
            | "sem"
            | "ratio_to_report"
    ) || [
        "stddev",
        "var_",
        "percentile_",
        "regr_",
        "covar_",
        "hll_",
        "quantile",
        "approx_top",
        "approx_percentile",
    ]
    .iter()
    .any(|start| name.starts_with(start))
}

/// The type of a result, where it is the same in every dialect.
fn result_type(name: &str, arguments: &[Value]) -> Option<Arc<str>> {
    let known = match name {
        "count" | "row_number" | "rank" | "dense_rank" => "bigint",
        "sum" => match arguments
            .first()
            .and_then(|value| value.data_type.as_deref())
        {
            Some("smallint" | "integer" | "int" | "int2" | "int4") => "bigint",
            _ => return None,
        },
        // What changes letters or takes some away leaves a text's type as it is.
        "upper" | "lower" | "initcap" | "trim" | "btrim" | "ltrim" | "rtrim" => {
            let of = arguments.first()?.data_type.as_ref()?;
            let is_text = of.starts_with("varchar") || of.starts_with("character varying");
            return is_text.then(|| Arc::clone(of));
        }
        "min" | "max" | "first_value" | "last_value" | "lag" | "lead" | "any_value" | "nullif" => {
            return arguments.first()?.data_type.clone();
        }
        "coalesce" | "nvl" => return expression::common(arguments),
        _ => return None,
    };
    Some(known.into())
}
