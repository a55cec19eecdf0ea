//! Aggregate functions.

use sqlparser::ast::{OrderByExpr, OrderBySort, Spanned};

use super::{Call, How, Kind, Returns, Row, row};
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Constant, Sql, Translator};
use crate::adapter::emulating::types::{MAX_LENGTH, Type};

const FLOAT: Returns = Returns::Is(Type::Float8);
const SAME: Returns = Returns::SameAs(0);

/// Aggregates: <https://docs.aws.amazon.com/redshift/latest/dg/c_Aggregate_Functions.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "any_value",
        How::Aggregate("any_value", SAME),
        "r_ANY_VALUE.html",
        &[("SELECT ANY_VALUE(region) FROM sales WHERE id = 1", "east")],
    ),
    row(
        "approximate",
        How::Refused("the form is `approximate count(distinct x)`", ""),
        "r_COUNT.html",
        &[
            ("SELECT APPROXIMATE COUNT(DISTINCT region) FROM sales", "2"),
            (
                "SELECT APPROXIMATE PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY amt) FROM sales",
                "10.00",
            ),
        ],
    ),
    row(
        "avg",
        How::Native(Kind::Aggregate, avg),
        "r_AVG.html",
        &[
            ("SELECT AVG(qty) FROM sales", "2"),
            ("SELECT AVG(amt) FROM sales", "18.94"),
            ("SELECT AVG(qty::float) FROM sales", "2.75"),
            ("SELECT AVG(qty::int) FROM sales", "2"),
            ("SELECT AVG(qty * 1.0) FROM sales", "2.8"),
            ("SELECT AVG(qty) FROM sales WHERE id = 4", "null"),
            ("SELECT AVG(DISTINCT qty) FROM sales", "2"),
            (
                "SELECT AVG(qty) OVER (PARTITION BY region) FROM sales WHERE id IN (1,2) LIMIT 1",
                "1",
            ),
        ],
    ),
    row(
        "bit_and",
        How::Aggregate("bit_and", SAME),
        "r_BIT_AND.html",
        &[("SELECT BIT_AND(qty) FROM sales", "0")],
    ),
    row(
        "bit_or",
        How::Aggregate("bit_or", SAME),
        "r_BIT_OR.html",
        &[("SELECT BIT_OR(qty) FROM sales", "7")],
    ),
    row(
        "bool_and",
        How::Aggregate("bool_and", Returns::Is(Type::Bool)),
        "r_BOOL_AND.html",
        &[("SELECT BOOL_AND(qty > 0) FROM sales", "True")],
    ),
    row(
        "bool_or",
        How::Aggregate("bool_or", Returns::Is(Type::Bool)),
        "r_BOOL_OR.html",
        &[("SELECT BOOL_OR(qty>4) FROM sales", "True")],
    ),
    row(
        "count",
        How::Native(Kind::Aggregate, count),
        "r_COUNT.html",
        &[
            ("SELECT COUNT(*) FROM sales", "5"),
            ("SELECT COUNT(qty) FROM sales", "4"),
            ("SELECT COUNT(DISTINCT region) FROM sales", "2"),
            ("SELECT COUNT(region)/COUNT(*) FROM sales", "0"),
            (
                "SELECT COUNT(DISTINCT x) FROM (SELECT 'a'::varchar(5) x UNION ALL SELECT 'a '::varchar(5))",
                "1",
            ),
        ],
    ),
    row(
        "grouping",
        How::Native(Kind::Aggregate, grouping),
        "r_GROUP_BY_aggregation-extensions.html",
        &[(
            "SELECT SUM(g) FROM (SELECT GROUPING(region) AS g FROM sales GROUP BY ROLLUP(region))",
            "1",
        )],
    ),
    row(
        "listagg",
        How::Native(Kind::Aggregate, listagg),
        "r_LISTAGG.html",
        &[
            (
                "SELECT LISTAGG(rep,',') WITHIN GROUP (ORDER BY rep DESC) FROM sales",
                "eve,dan,cat,bob,ann",
            ),
            (
                "SELECT LISTAGG(DISTINCT region,',') WITHIN GROUP (ORDER BY region) FROM sales",
                "east,west",
            ),
            (
                "SELECT LISTAGG(rep) WITHIN GROUP (ORDER BY rep) FROM sales",
                "annbobcatdaneve",
            ),
            (
                "SELECT LISTAGG(rep,',') WITHIN GROUP (ORDER BY rep) OVER (PARTITION BY region) FROM sales WHERE id=1",
                "ann",
            ),
            (
                "SELECT LISTAGG(qty, '-') WITHIN GROUP (ORDER BY id) FROM sales",
                "1-2-3-5",
            ),
            (
                "SELECT LISTAGG(note, ',') WITHIN GROUP (ORDER BY id) FROM sales",
                "a,b,d",
            ),
            (
                "SELECT LISTAGG(note, ',') WITHIN GROUP (ORDER BY id) OVER (PARTITION BY 1) FROM sales LIMIT 1",
                "a,b,d",
            ),
            (
                "SELECT LISTAGG(DISTINCT note, ',') WITHIN GROUP (ORDER BY note) FROM sales",
                "a,b,d",
            ),
            (
                "SELECT LISTAGG(RPAD(rep, 20000, 'x'), ',') FROM sales",
                "ERROR",
            ),
        ],
    ),
    row(
        "max",
        How::Aggregate("max", SAME),
        "r_MAX.html",
        &[
            ("SELECT MAX(qty) FROM sales", "5"),
            (
                "SELECT MAX(qty) OVER (PARTITION BY region) FROM sales WHERE id = 1",
                "1",
            ),
        ],
    ),
    row(
        "median",
        How::Native(Kind::Aggregate, median),
        "r_MEDIAN.html",
        &[
            ("SELECT MEDIAN(amt) FROM sales", "15.25"),
            ("SELECT MEDIAN(qty) FROM sales", "2.5"),
            (
                "SELECT MEDIAN(d::date) FROM sales WHERE id < 4",
                "2024-02-29",
            ),
            (
                "SELECT MEDIAN(qty) OVER (PARTITION BY 1) FROM sales LIMIT 1",
                "2.5",
            ),
        ],
    ),
    row(
        "min",
        How::Aggregate("min", SAME),
        "r_MIN.html",
        &[("SELECT MIN(rep) FROM sales", "ann")],
    ),
    row(
        "percentile_cont",
        How::Native(Kind::Aggregate, percentile),
        "r_PERCENTILE_CONT.html",
        &[
            (
                "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amt) FROM sales",
                "15.25",
            ),
            (
                "SELECT DISTINCT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amt) OVER (PARTITION BY 1) FROM sales",
                "15.25",
            ),
            (
                "SELECT PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY qty DESC) FROM sales",
                "3.5",
            ),
            (
                "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY d::date) FROM sales WHERE id < 4",
                "2024-02-29",
            ),
        ],
    ),
    row(
        "percentile_disc",
        How::Native(Kind::Aggregate, percentile),
        "r_APPROXIMATE_PERCENTILE_DISC.html",
        &[(
            "SELECT PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY amt) FROM sales",
            "10.00",
        )],
    ),
    row(
        "stddev",
        How::Aggregate("stddev_samp", FLOAT),
        "r_STDDEV_functions.html",
        &[("SELECT ROUND(STDDEV(qty),4) FROM sales", "1.7078")],
    ),
    row(
        "stddev_pop",
        How::Aggregate("stddev_pop", FLOAT),
        "r_STDDEV_functions.html",
        &[("SELECT ROUND(STDDEV_POP(qty),4) FROM sales", "1.479")],
    ),
    row(
        "stddev_samp",
        How::Aggregate("stddev_samp", FLOAT),
        "r_STDDEV_functions.html",
        &[("SELECT ROUND(STDDEV_SAMP(qty),4) FROM sales", "1.7078")],
    ),
    row(
        "string_agg",
        How::Refused(
            "Redshift has no such function",
            "write `listagg(x, ',') within group (order by …)`",
        ),
        "r_LISTAGG.html",
        &[],
    ),
    row(
        "array_agg",
        How::Refused("Redshift has no such function", "write `listagg(…)`"),
        "r_LISTAGG.html",
        &[],
    ),
    row(
        "sum",
        How::Native(Kind::Aggregate, sum),
        "r_SUM.html",
        &[
            ("SELECT SUM(qty)/COUNT(*) FROM sales", "2"),
            ("SELECT SUM(qty) FROM sales", "11"),
            ("SELECT SUM(amt) FROM sales", "75.75"),
            (
                "SELECT SUM(n)/COUNT(*) FROM (SELECT COUNT(*) AS n FROM sales GROUP BY region)",
                "1.6667",
            ),
            ("SELECT SUM(amt)/COUNT(*) FROM sales", "15.15"),
            ("SELECT SUM(amt)/COUNT(DISTINCT id)/7 FROM sales", "2.1643"),
            (
                "SELECT SUM(qty) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) FROM sales ORDER BY id LIMIT 1 OFFSET 2",
                "6",
            ),
            ("SELECT SUM(SUM(qty)) OVER () FROM sales", "11"),
            ("SELECT SUM(qty) OVER (ORDER BY id) FROM sales", "ERROR"),
            ("SELECT SUM(qty) FILTER (WHERE id > 1) FROM sales", "ERROR"),
            (
                "SELECT SUM(bigs)/3 FROM (SELECT id::bigint AS bigs FROM sales WHERE id = 1)",
                "0.3333",
            ),
        ],
    ),
    row(
        "var_pop",
        How::Aggregate("var_pop", FLOAT),
        "r_VARIANCE_functions.html",
        &[("SELECT ROUND(VAR_POP(qty),4) FROM sales", "2.1875")],
    ),
    row(
        "var_samp",
        How::Aggregate("var_samp", FLOAT),
        "r_VARIANCE_functions.html",
        &[("SELECT ROUND(VAR_SAMP(qty),4) FROM sales", "2.9167")],
    ),
    row(
        "variance",
        How::Aggregate("var_samp", FLOAT),
        "r_VARIANCE_functions.html",
        &[("SELECT ROUND(VARIANCE(qty),4) FROM sales", "2.9167")],
    ),
];

fn grouping(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, usize::MAX)?;
    let text: Vec<String> = args.iter().map(|arg| translator.grouped_by(arg)).collect();
    Ok(Sql::typed(
        format!("CAST(grouping({}) AS INTEGER)", text.join(", ")),
        Type::Int4,
    ))
}

fn distinct(call: &Call<'_>) -> &'static str {
    if call.distinct { "DISTINCT " } else { "" }
}

pub(super) fn count(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let over = translator.over(call)?;
    if call.star {
        return Ok(Sql::typed(format!("count(*){over}"), Type::Int8));
    }
    let args = translator.arguments(call, 1, 1)?;
    let value = &args[0];
    // Texts that differ in trailing blanks alone are one value.
    let text = match value.ty {
        Some(ty) if call.distinct && ty.is_text() => format!("rtrim({}, ' ')", value.text),
        None if call.distinct && value.plain => format!("__rs.key({})", value.text),
        None if call.distinct => format!(
            "CASE WHEN typeof({0}) = 'VARCHAR' THEN rtrim(CAST({0} AS VARCHAR), ' ') ELSE CAST({0} AS VARCHAR) END",
            value.text
        ),
        _ => value.text.clone(),
    };
    Ok(Sql::typed(
        format!("count({}{text}){over}", distinct(call)),
        Type::Int8,
    ))
}

/// `sum` of small integers is a bigint, of bigints a decimal: that decides how it divides.
fn sum(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 1)?;
    let over = translator.over(call)?;
    let value = &args[0];
    let (argument, ty) = match value.ty {
        Some(Type::Int2 | Type::Int4) => (value.text.clone(), Some(Type::Int8)),
        Some(Type::Int8) => (
            format!("CAST({} AS DECIMAL(38, 0))", value.text),
            Some(Type::Decimal(38, 0)),
        ),
        Some(Type::Decimal(_, scale)) => (value.text.clone(), Some(Type::Decimal(38, scale))),
        Some(Type::Float4) if translator.on_postgres() => (
            format!("CAST({} AS DOUBLE PRECISION)", value.text),
            Some(Type::Float8),
        ),
        Some(Type::Float4 | Type::Float8) => (value.text.clone(), Some(Type::Float8)),
        Some(Type::Bool) => {
            return Err(translator.not_redshift(
                call.args[0].span(),
                "a boolean has no sum",
                "write `sum(case when … then 1 else 0 end)`",
            ));
        }
        Some(Type::Interval) => (value.text.clone(), Some(Type::Interval)),
        Some(Type::Super) => {
            return Err(translator.unsupported(
                call.args[0].span(),
                "the sum of `super` values is not emulated",
                "cast them to a number: `x::int`",
            ));
        }
        Some(ty) if ty.is_text() => {
            return Err(translator.not_redshift(
                call.args[0].span(),
                "a text has no sum",
                "cast it to a number",
            ));
        }
        _ if translator.on_postgres() => (value.text.clone(), None),
        _ if value.plain => (format!("__rs.summand({})", value.text), None),
        // A sum or another value that DuckDB types late: a whole number is made a decimal by adding one.
        _ => (
            format!("({} + CAST(0 AS DECIMAL(38, 0)))", value.text),
            None,
        ),
    };
    let text = format!("sum({}{argument}){over}", distinct(call));
    // DuckDB sums integers to a type that Redshift does not have.
    let text = if ty == Some(Type::Int8) {
        format!("CAST({text} AS BIGINT)")
    } else {
        text
    };
    Ok(Sql::new(text, ty))
}

/// `avg` of integers is cut to an integer, of decimals keeps their scale.
fn avg(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 1)?;
    let over = translator.over(call)?;
    let (x, of) = (&args[0].text, distinct(call));
    let (sum, count) = (
        format!("sum({of}{x}){over}"),
        format!("count({of}{x}){over}"),
    );
    if translator.on_postgres() {
        let text = match args[0].ty {
            Some(ty) if ty.is_integer() => format!(
                "CAST(div(CAST({sum} AS NUMERIC), CAST(nullif({count}, 0) AS NUMERIC)) AS BIGINT)"
            ),
            Some(Type::Decimal(_, scale)) => format!(
                "CAST(__rs.quotient({sum}, CAST(nullif({count}, 0) AS NUMERIC), {scale}) AS NUMERIC(38, {scale}))"
            ),
            None => format!("__rs.mean({sum}, {count}, min({of}{x}){over})"),
            _ => String::new(),
        };
        let ty = match args[0].ty {
            Some(ty) if ty.is_integer() => Some(Type::Int8),
            Some(Type::Decimal(_, scale)) => Some(Type::Decimal(38, scale)),
            _ => None,
        };
        if !text.is_empty() {
            return Ok(Sql::new(text, ty));
        }
    }
    Ok(match args[0].ty {
        Some(ty) if ty.is_integer() => Sql::typed(
            format!("CAST({sum} // nullif({count}, 0) AS BIGINT)"),
            Type::Int8,
        ),
        Some(Type::Decimal(_, scale)) => Sql::typed(
            format!(
                "CAST(__rs_divide(CAST({sum} AS VARCHAR), CAST(nullif({count}, 0) AS VARCHAR), {scale}) AS DECIMAL(38, {scale}))"
            ),
            Type::Decimal(38, scale),
        ),
        Some(ty) if ty.is_float() => Sql::typed(format!("avg({of}{x}){over}"), Type::Float8),
        Some(Type::Interval) if translator.on_postgres() => {
            Sql::typed(format!("avg({of}{x}){over}"), Type::Interval)
        }
        Some(Type::Interval) | None => Sql::new(format!("__rs.mean({sum}, {count})"), None),
        Some(ty) => {
            return Err(translator.not_redshift(
                call.args[0].span(),
                format!("a {ty} has no average"),
                "cast it to a number",
            ));
        }
    })
}

/// Aggregates that sort their rows must sort them by the same values; those of windows need not.
///
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_LISTAGG.html>
fn sorted(translator: &mut Translator<'_>, call: &Call<'_>, order: String) -> Result<(), Refusal> {
    if call.over.is_some() {
        return Ok(());
    }
    let order = order.to_lowercase();
    match translator.scope().sorted.replace(order.clone()) {
        Some(other) if other != order => Err(translator.not_redshift(
            call.span,
            "the aggregates of one query that sort their rows must sort them by the same values",
            "compute one of them in a query of its own, and join",
        )),
        _ => Ok(()),
    }
}

fn sort_text(order: &[OrderByExpr]) -> String {
    let keys = order
        .iter()
        .map(|key| format!("{}{}", key.expr, direction(key)));
    keys.collect::<Vec<_>>().join(", ")
}

fn median(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 1)?;
    sorted(translator, call, call.args[0].to_string())?;
    let over = translator.over(call)?;
    let ty = interpolated(args[0].ty);
    if translator.on_postgres() {
        if call.over.is_some() || call.distinct {
            return Err(translator.not_on_postgres(call.span, "`median` of a window"));
        }
        no_moment_between(translator, call, args[0].ty)?;
        let text = format!(
            "percentile_cont(0.5) WITHIN GROUP (ORDER BY {})",
            args[0].text
        );
        return Ok(Sql::new(text, ty));
    }
    let text = format!("median({}{}){over}", distinct(call), args[0].text);
    Ok(Sql::new(of_date(text, ty), ty))
}

/// The type of a value between two others; unknown for whole numbers and decimals, of which the documentation does not tell the scale.
///
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_MEDIAN.html>
fn interpolated(ty: Option<Type>) -> Option<Type> {
    ty.filter(|ty| !ty.is_integer() && !matches!(ty, Type::Decimal(..)))
}

/// PostgreSQL finds a value between numbers and intervals only.
fn no_moment_between(
    translator: &Translator<'_>,
    call: &Call<'_>,
    ty: Option<Type>,
) -> Result<(), Refusal> {
    match ty {
        Some(Type::Date | Type::Timestamp | Type::TimestampTz) => {
            let what = format!("`{}` of dates", call.name);
            Err(translator.not_on_postgres(call.span, &what))
        }
        _ => Ok(()),
    }
}

/// Between two dates lies a date; DuckDB has a timestamp there.
fn of_date(text: String, ty: Option<Type>) -> String {
    match ty {
        Some(Type::Date) => format!("CAST({text} AS DATE)"),
        _ => text,
    }
}

fn listagg(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 1, 2)?;
    if !call.within_group.is_empty() {
        sorted(translator, call, sort_text(call.within_group))?;
    }
    let value = translator.expr(call.args[0])?;
    let text = value.ty.is_none_or(Type::is_text);
    // DuckDB wants the very same expression under `order by` where `distinct` is asked for.
    let same =
        call.distinct && call.within_group.len() == 1 && call.within_group[0].expr == *call.args[0];
    let value = if same && value.ty.is_none() {
        value
    } else {
        translator.as_text(value, call.args[0].span())?
    };
    let delimiter = match call.args.get(1) {
        Some(delimiter) => translator.text_operand(delimiter)?.text,
        None => "''".to_owned(),
    };
    let order = if call.within_group.is_empty() {
        String::new()
    } else {
        let order = if same {
            format!("{}{}", value.text, direction(&call.within_group[0]))
        } else {
            translator.order_list(call.within_group)?
        };
        format!(" ORDER BY {order}")
    };
    let over = match call.over {
        Some(_) if translator.on_postgres() => translator.listagg_window(call)?,
        _ => translator.over(call)?,
    };
    let order = match call.over {
        Some(_) if translator.on_postgres() => String::new(),
        _ => order,
    };
    // Empty strings are left out, as NULLs are.
    let list = format!(
        "{}(string_agg({}{value}, {delimiter}{order}) FILTER (WHERE {value} <> ''){over})",
        translator.engine.own("listed"),
        distinct(call),
        value = value.text
    );
    // Texts that differ in trailing blanks alone are one value; which of them is joined cannot be chosen here.
    let list = if call.distinct && text && translator.on_postgres() {
        format!(
            "CASE WHEN count(DISTINCT rtrim(CAST({0} AS VARCHAR), ' ')) < count(DISTINCT CAST({0} AS VARCHAR)) THEN __rs.padded(min(CAST({0} AS VARCHAR))) ELSE {list} END",
            value.text
        )
    } else if call.distinct && text {
        format!(
            "CASE WHEN count(DISTINCT rtrim(CAST({0} AS VARCHAR), ' ')) < count(DISTINCT CAST({0} AS VARCHAR)) THEN __rs.padded() ELSE {list} END",
            value.text
        )
    } else {
        list
    };
    Ok(Sql::typed(list, Type::Varchar(MAX_LENGTH)))
}

fn direction(order: &OrderByExpr) -> &'static str {
    match order.options.sort {
        Some(OrderBySort::Desc) => " DESC",
        _ => "",
    }
}

fn percentile(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 1)?;
    let [order] = call.within_group else {
        return Err(translator.not_redshift(
            call.span,
            format!("`{}` needs `within group (order by x)`", call.name),
            "",
        ));
    };
    let Some(Constant::Number(fraction)) = &args[0].constant else {
        return Err(translator.unsupported(
            call.span,
            "a percentile that is not constant is not emulated",
            "write a number from 0 to 1",
        ));
    };
    let value = translator.expr(&order.expr)?;
    let descending = matches!(order.options.sort, Some(OrderBySort::Desc));
    let over = translator.over(call)?;
    let continuous = call.name == "percentile_cont";
    if continuous {
        sorted(translator, call, sort_text(call.within_group))?;
    }
    if descending && !continuous {
        return Err(translator.unsupported(
            call.span,
            "`percentile_disc` over a descending order is not emulated",
            "order ascending and take 1 minus the fraction, where no value lies on the border",
        ));
    }
    if translator.on_postgres() {
        if call.over.is_some() {
            let what = format!("`{}` of a window", call.name);
            return Err(translator.not_on_postgres(call.span, &what));
        }
        if continuous {
            no_moment_between(translator, call, value.ty)?;
        }
        let direction = if descending { " DESC" } else { "" };
        let text = format!(
            "{}({fraction}) WITHIN GROUP (ORDER BY {}{direction})",
            call.name, value.text
        );
        let ty = value.ty.filter(|_| !continuous);
        return Ok(Sql::new(text, ty));
    }
    let function = if continuous {
        "quantile_cont"
    } else {
        "quantile_disc"
    };
    let fraction = if descending {
        format!("1 - {fraction}")
    } else {
        fraction.clone()
    };
    let text = format!("{function}({}, {fraction}){over}", value.text);
    if !continuous {
        return Ok(Sql::new(text, value.ty));
    }
    let ty = interpolated(value.ty);
    Ok(Sql::new(of_date(text, ty), ty))
}

impl Translator<'_> {
    /// The window of a `listagg` on PostgreSQL, where the order of the values is that of the window, all of it in the frame.
    fn listagg_window(&mut self, call: &Call<'_>) -> Result<String, Refusal> {
        let over = self.over(call)?;
        let inner = over.trim_start_matches(" OVER (").trim_end_matches(')');
        let mut parts = Vec::new();
        if !inner.is_empty() {
            parts.push(over[" OVER (".len()..over.len() - 1].to_owned());
        }
        if !call.within_group.is_empty() {
            parts.push(format!("ORDER BY {}", self.order_list(call.within_group)?));
            parts.push("ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING".to_owned());
        }
        Ok(format!(" OVER ({})", parts.join(" ")))
    }
}
