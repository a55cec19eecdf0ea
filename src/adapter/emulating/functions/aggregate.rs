//! Aggregate functions.

use sqlparser::ast::Spanned;

use super::sorted::{listagg, median, percentile};
use super::{Call, How, Kind, Returns, Row, row};
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Sql, Translator};
use crate::adapter::emulating::types::Type;

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
            (
                "SELECT PERCENTILE_CONT(-0.5) WITHIN GROUP (ORDER BY qty) FROM sales",
                "ERROR",
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

pub(super) fn distinct(call: &Call<'_>) -> &'static str {
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
        Some(Type::Super) if call.distinct && !translator.on_postgres() => {
            format!("__rs.super_key({})", value.text)
        }
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
        Some(ty) if ty.is_interval() => (value.text.clone(), Some(ty)),
        Some(ty) if ty.is_moment() => {
            return Err(translator.not_redshift(
                call.args[0].span(),
                format!("`sum` takes numbers, and this is {ty}"),
                "",
            ));
        }
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
    let text = match ty {
        Some(Type::Int8) => format!("CAST({text} AS BIGINT)"),
        Some(Type::Float8) if !translator.on_postgres() => format!("__rs_finite({text})"),
        _ => text,
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
        Some(ty) if ty.is_float() && !translator.on_postgres() => {
            Sql::typed(format!("__rs_finite(avg({of}{x}){over})"), Type::Float8)
        }
        Some(ty) if ty.is_float() => Sql::typed(format!("avg({of}{x}){over}"), Type::Float8),
        Some(ty) if ty.is_interval() && translator.on_postgres() => {
            Sql::typed(format!("avg({of}{x}){over}"), Type::Interval)
        }
        None | Some(Type::Interval | Type::Months) => {
            Sql::new(format!("__rs.mean({sum}, {count})"), None)
        }
        Some(ty) => {
            return Err(translator.not_redshift(
                call.args[0].span(),
                format!("a {ty} has no average"),
                "cast it to a number",
            ));
        }
    })
}
