//! Aggregates that sort their rows: `listagg`, `median`, percentiles.

use sqlparser::ast::{OrderByExpr, OrderBySort, Spanned};

use super::Call;
use super::aggregate::distinct;
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Constant, Sql, Translator};
use crate::adapter::emulating::types::{MAX_LENGTH, Type};

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

pub(super) fn median(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 1)?;
    sorted(translator, call, call.args[0].to_string())?;
    let over = translator.over(call)?;
    let ty = interpolated(args[0].ty);
    if translator.on_postgres() {
        if call.over.is_some() || call.distinct {
            return Err(translator.not_on_postgres(call.span, "`median` of a window"));
        }
        no_moment_between(translator, call, args[0].ty)?;
        let x = &args[0].text;
        let text = match args[0].ty {
            // Half of the two in the middle: by doubles it would have 15 digits.
            Some(of) if of.digits().is_some() => format!(
                "((CAST(percentile_disc(0.5) WITHIN GROUP (ORDER BY {x}) AS NUMERIC) + CAST(percentile_disc(0.5) WITHIN GROUP (ORDER BY {x} DESC) AS NUMERIC)) * 0.5)"
            ),
            _ => format!("percentile_cont(0.5) WITHIN GROUP (ORDER BY {x})"),
        };
        return Ok(Sql::new(text, ty));
    }
    let distinct = distinct(call);
    let text = of_exact(&args[0], "0.5", |value| {
        format!("median({distinct}{value}){over}")
    });
    Ok(Sql::new(of_date(text, ty), ty))
}

/// A value between two others, of whole numbers and decimals with as many digits as it can have: DuckDB would compute it at the scale of
/// the column, and cut it there.
fn of_exact(value: &Sql, fraction: &str, aggregate: impl FnOnce(&str) -> String) -> String {
    /// DuckDB interpolates by doubles: what they miss is behind these digits.
    const GUARD: u8 = 6;
    let Some((precision, scale)) = value.ty.and_then(Type::digits) else {
        return match value.ty {
            // DuckDB would cut what lies between two decimals at their scale.
            None if value.plain => aggregate(&format!("__rs.between({})", value.text)),
            _ => aggregate(&value.text),
        };
    };
    let more = fraction
        .split_once('.')
        .map_or(0, |(_, digits)| digits.trim_end_matches('0').len());
    let whole = precision - scale;
    let most = 38 - whole;
    let told = scale
        .saturating_add(u8::try_from(more).unwrap_or(38))
        .min(most);
    let inner = told.saturating_add(GUARD).min(most);
    let argument = format!(
        "CAST({} AS DECIMAL({}, {inner}))",
        value.text,
        whole + inner
    );
    format!("CAST({} AS DECIMAL(38, {told}))", aggregate(&argument))
}

/// The digits of a double that can be trusted; every `integer` has fewer.
const EXACT: u8 = 15;

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

pub(super) fn listagg(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
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

pub(super) fn percentile(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
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
    if !fraction
        .parse()
        .is_ok_and(|part: f64| (0.0..=1.0).contains(&part))
    {
        return Err(translator.not_redshift(
            call.span,
            "a percentile is a fraction from 0 to 1",
            "write such as `0.5` for the middle",
        ));
    }
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
        let text = match value.ty.and_then(Type::digits) {
            Some((precision, _)) if continuous && precision > EXACT => {
                let what = format!("`{}` of numbers of more than {EXACT} digits", call.name);
                return Err(translator.not_on_postgres(call.span, &what));
            }
            // PostgreSQL interpolates by doubles, and Redshift gives a decimal.
            Some(_) if continuous => format!("CAST({text} AS NUMERIC)"),
            _ => text,
        };
        let ty = value.ty.filter(|_| !continuous);
        return Ok(Sql::new(text, ty));
    }
    let function = if continuous {
        "quantile_cont"
    } else {
        "quantile_disc"
    };
    let asked = if descending {
        format!("1 - {fraction}")
    } else {
        fraction.clone()
    };
    if !continuous {
        let text = format!("{function}({}, {asked}){over}", value.text);
        return Ok(Sql::new(text, value.ty));
    }
    let text = of_exact(&value, fraction, |value| {
        format!("{function}({value}, {asked}){over}")
    });
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
