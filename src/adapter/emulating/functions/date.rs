//! Date and time functions, date parts, intervals and time zones.

use sqlparser::ast::{Expr, Spanned};
use sqlparser::tokenizer::Span;

use super::{Call, How, Kind, Returns, Row, row};
use crate::adapter::Refusal;
use crate::adapter::emulating::literal;
use crate::adapter::emulating::moment;
use crate::adapter::emulating::translator::{Constant, Sql, Translator, fold};
use crate::adapter::emulating::types::Type;
use crate::diagnostic::nearest;

const TS: Returns = Returns::Is(Type::Timestamp);
const COMPARE: &str =
    "CASE WHEN {0:m} < {1:m} THEN -1 WHEN {0:m} > {1:m} THEN 1 WHEN {0:m} = {1:m} THEN 0 END";
const COMPARE_AS_TIMESTAMP: &str = "CASE WHEN CAST({0} AS TIMESTAMP) < CAST({1} AS TIMESTAMP) THEN -1 WHEN CAST({0} AS TIMESTAMP) > CAST({1} AS TIMESTAMP) THEN 1 WHEN CAST({0} AS TIMESTAMP) = CAST({1} AS TIMESTAMP) THEN 0 END";
const LEADER: &str = "it runs on the leader node only, apart from tables";

/// Date functions: <https://docs.aws.amazon.com/redshift/latest/dg/Date_functions_header.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "add_months",
        How::Forms(&[(2, "__rs.add_months({0}, {1})")], TS),
        "r_ADD_MONTHS.html",
        &[
            (
                "SELECT ADD_MONTHS('2008-04-30'::date,1)",
                "2008-05-31 00:00:00",
            ),
            (
                "SELECT ADD_MONTHS('2024-01-30'::date,1)",
                "2024-02-29 00:00:00",
            ),
            (
                "SELECT ADD_MONTHS(TIMESTAMP '2024-02-29 10:00:00',-1)",
                "2024-01-31 10:00:00",
            ),
        ],
    ),
    row(
        "age",
        How::Refused(LEADER, "use `datediff`"),
        "c_SQL_functions_leader_node_only.html",
        &[],
    ),
    row(
        "clock_timestamp",
        How::Refused(LEADER, "use `getdate()`"),
        "c_SQL_functions_leader_node_only.html",
        &[],
    ),
    row(
        "convert_timezone",
        How::Native(Kind::Scalar, convert_timezone),
        "CONVERT_TIMEZONE.html",
        &[
            (
                "SELECT CONVERT_TIMEZONE('UTC','America/New_York',TIMESTAMP '2024-07-01 12:00:00')",
                "2024-07-01 08:00:00",
            ),
            (
                "SELECT CONVERT_TIMEZONE('America/New_York',TIMESTAMP '2024-07-01 12:00:00')",
                "2024-07-01 08:00:00",
            ),
            (
                "SELECT CONVERT_TIMEZONE('Europe/Berlin','UTC','2024-01-01 00:30:00')",
                "2023-12-31 23:30:00",
            ),
        ],
    ),
    row(
        "current_date",
        How::Forms(&[(0, "CAST(now() AS DATE)")], Returns::Is(Type::Date)),
        "r_CURRENT_DATE_function.html",
        &[("SELECT CURRENT_DATE = TRUNC(GETDATE())", "True")],
    ),
    row(
        "date_cmp",
        How::Forms(&[(2, COMPARE)], Returns::Is(Type::Int4)),
        "r_DATE_CMP.html",
        &[(
            "SELECT DATE_CMP('2024-01-01'::date,'2024-01-02'::date)",
            "-1",
        )],
    ),
    row(
        "date_cmp_timestamp",
        How::Forms(&[(2, COMPARE_AS_TIMESTAMP)], Returns::Is(Type::Int4)),
        "r_DATE_CMP_TIMESTAMP.html",
        &[(
            "SELECT DATE_CMP_TIMESTAMP('2008-06-18'::date, '2008-06-18 00:00:00'::timestamp)",
            "0",
        )],
    ),
    row(
        "date_part",
        How::Native(Kind::Scalar, date_part_call),
        "r_DATE_PART_function.html",
        &[
            ("SELECT DATE_PART(dow,'2024-01-07'::date)", "0"),
            ("SELECT DATE_PART(weekday,'2024-01-07'::date)", "0"),
            ("SELECT DATE_PART('year','2024-01-07'::date)", "2024"),
            ("SELECT DATE_PART(w,'2024-12-30'::date)", "1"),
            (
                "SELECT DATE_PART(minute, TIMESTAMP '2009-01-01 02:08:01')",
                "8",
            ),
        ],
    ),
    row(
        "pgdate_part",
        How::Native(Kind::Scalar, date_part_call),
        "r_DATE_PART_function.html",
        &[("SELECT PGDATE_PART('month','2024-03-07'::date)", "3")],
    ),
    row(
        "date_part_year",
        How::Forms(
            &[(1, "CAST(year({0:m}) AS INTEGER)")],
            Returns::Is(Type::Int4),
        ),
        "r_DATE_PART_YEAR.html",
        &[("SELECT DATE_PART_YEAR(DATE '2024-05-05')", "2024")],
    ),
    row(
        "date_trunc",
        How::Native(Kind::Scalar, date_trunc),
        "r_DATE_TRUNC.html",
        &[
            (
                "SELECT DATE_TRUNC('week','2024-01-07'::date)",
                "2024-01-01 00:00:00",
            ),
            (
                "SELECT DATE_TRUNC('month','2024-01-15 10:30:45'::timestamp)",
                "2024-01-01 00:00:00",
            ),
            (
                "SELECT DATE_TRUNC('qtr','2024-05-15'::timestamp)",
                "2024-04-01 00:00:00",
            ),
            (
                "SELECT DATE_TRUNC('hour', ts) FROM sales WHERE id = 1",
                "2024-01-15 10:00:00",
            ),
            (
                "SELECT DATE_TRUNC('year', d) FROM sales WHERE id = 1",
                "2024-01-01 00:00:00",
            ),
        ],
    ),
    row(
        "dateadd",
        How::Native(Kind::Scalar, dateadd),
        "r_DATEADD_function.html",
        &[
            (
                "SELECT DATEADD(day,7,'2024-01-28'::date)",
                "2024-02-04 00:00:00",
            ),
            (
                "SELECT DATEADD(month,1,'2008-04-30'::date)",
                "2008-05-30 00:00:00",
            ),
            (
                "SELECT DATEADD('month',1,'2024-01-15'::timestamp)",
                "2024-02-15 00:00:00",
            ),
            (
                "SELECT DATEADD(qtr,1,'2024-01-15'::timestamp)",
                "2024-04-15 00:00:00",
            ),
            (
                "SELECT DATEADD(hr,-3,'2024-01-15 10:00:00'::timestamp)",
                "2024-01-15 07:00:00",
            ),
            (
                "SELECT DATEADD(ms,1500,'2024-01-15'::timestamp)",
                "2024-01-15 00:00:01.500000",
            ),
            ("SELECT DATEADD(day,1,'2024-01-31')", "2024-02-01 00:00:00"),
            (
                "SELECT DATEADD(day,qty,d) FROM sales WHERE id=1",
                "2024-01-16 00:00:00",
            ),
            (
                "SELECT DATEADD(year,-1,'2024-02-29'::date)",
                "2023-02-28 00:00:00",
            ),
            (
                "SELECT DATEADD(minute, 90, ts) FROM sales WHERE id=3",
                "2024-03-31 01:30:00",
            ),
            (
                "SELECT DATEADD(us, 5, '2024-01-15'::timestamp)",
                "2024-01-15 00:00:00.000005",
            ),
            ("SELECT DATEADD(day, NULL, '2024-01-15'::date)", "null"),
            (
                "SELECT DATEADD(century, 1, '2024-01-15'::date)",
                "2124-01-15 00:00:00",
            ),
        ],
    ),
    row(
        "date_add",
        How::Refused("the name is `dateadd`", "write `dateadd(part, n, x)`"),
        "r_DATEADD_function.html",
        &[],
    ),
    row(
        "datediff",
        How::Native(Kind::Scalar, datediff),
        "r_DATEDIFF_function.html",
        &[
            ("SELECT DATEDIFF(day,'2024-01-01','2024-03-01')", "60"),
            (
                "SELECT DATEDIFF(month,'2024-01-31'::date,'2024-02-01'::date)",
                "1",
            ),
            (
                "SELECT DATEDIFF(year,'2023-12-31'::date,'2024-01-01'::date)",
                "1",
            ),
            (
                "SELECT DATEDIFF(qtr,'2023-12-31'::date,'2024-01-01'::date)",
                "1",
            ),
            (
                "SELECT DATEDIFF(hour,'2024-01-01 10:59:00'::timestamp,'2024-01-01 11:01:00'::timestamp)",
                "1",
            ),
            (
                "SELECT DATEDIFF(s,'2024-01-01 00:00:00'::timestamp,'2024-01-01 00:01:30'::timestamp)",
                "90",
            ),
            (
                "SELECT DATEDIFF(mins, '2024-01-01 10:59:59'::timestamp, '2024-01-01 10:00:00'::timestamp)",
                "-59",
            ),
            ("SELECT DATEDIFF(day, d, ts) FROM sales WHERE id = 2", "0"),
            (
                "SELECT DATEDIFF(decade, '2019-12-31'::date, '2020-01-01'::date)",
                "1",
            ),
        ],
    ),
    row(
        "date_diff",
        How::Native(Kind::Scalar, datediff),
        "r_DATEDIFF_function.html",
        &[(
            "SELECT DATE_DIFF('day','2024-01-01'::date,'2024-01-03'::date)",
            "2",
        )],
    ),
    row(
        "extract",
        How::Refused("the form is `extract(part from x)`", ""),
        "r_EXTRACT_function.html",
        &[
            ("SELECT EXTRACT(dow FROM DATE '2024-01-07')", "0"),
            ("SELECT EXTRACT(dayofweek FROM DATE '2024-01-07')", "0"),
            (
                "SELECT EXTRACT(epoch FROM TIMESTAMP '2024-01-01 00:00:00')",
                "1704067200",
            ),
            ("SELECT EXTRACT(qtr FROM DATE '2024-05-05')", "2"),
            ("SELECT EXTRACT(y FROM DATE '2024-05-05')", "2024"),
            ("SELECT EXTRACT(mon FROM DATE '2024-05-05')", "5"),
            ("SELECT EXTRACT(week FROM DATE '2024-12-30')", "1"),
            ("SELECT EXTRACT(doy FROM DATE '2024-12-30')", "365"),
            (
                "SELECT EXTRACT(hour FROM TIMESTAMP '2024-01-15 10:30:45')",
                "10",
            ),
            (
                "SELECT EXTRACT('day' FROM TIMESTAMP '2024-01-15 10:30:45')",
                "15",
            ),
            (
                "SELECT EXTRACT(milliseconds FROM TIMESTAMP '2009-09-09 12:08:43.101')",
                "101",
            ),
            ("SELECT EXTRACT(century FROM DATE '2000-01-01')", "20"),
            ("SELECT EXTRACT(dec FROM DATE '2019-01-01')", "201"),
        ],
    ),
    row(
        "getdate",
        How::Forms(&[(0, "date_trunc('second', CAST(now() AS TIMESTAMP))")], TS),
        "r_GETDATE.html",
        &[
            ("SELECT pg_typeof_marker(GETDATE())", "TIMESTAMP"),
            ("SELECT DATE_TRUNC('second', GETDATE()) = GETDATE()", "True"),
        ],
    ),
    row(
        "interval_cmp",
        How::Forms(&[(2, COMPARE)], Returns::Is(Type::Int4)),
        "r_INTERVAL_CMP.html",
        &[(
            "SELECT INTERVAL_CMP(INTERVAL '3 days', INTERVAL '1 year')",
            "-1",
        )],
    ),
    row(
        "last_day",
        How::Forms(&[(1, "last_day({0:m})")], Returns::Is(Type::Date)),
        "r_LAST_DAY.html",
        &[
            ("SELECT LAST_DAY('2024-02-10'::date)", "2024-02-29"),
            ("SELECT LAST_DAY('2023-02-01')", "2023-02-28"),
            ("SELECT LAST_DAY(ts) FROM sales WHERE id=1", "2024-01-31"),
        ],
    ),
    row(
        "localtime",
        How::Refused(LEADER, "use `getdate()`"),
        "c_SQL_functions_leader_node_only.html",
        &[],
    ),
    row(
        "localtimestamp",
        How::Refused(LEADER, "use `getdate()`"),
        "c_SQL_functions_leader_node_only.html",
        &[],
    ),
    row(
        "months_between",
        How::Forms(
            &[(2, "__rs.months_between({0}, {1})")],
            Returns::Is(Type::Float8),
        ),
        "r_MONTHS_BETWEEN_function.html",
        &[
            (
                "SELECT MONTHS_BETWEEN('1969-03-18'::date,'1969-01-18'::date)",
                "2",
            ),
            (
                "SELECT MONTHS_BETWEEN('2024-02-15'::date,'2024-01-01'::date)",
                "1.4516129032258065",
            ),
            (
                "SELECT MONTHS_BETWEEN('2024-01-31'::date,'2024-02-29'::date)",
                "-1",
            ),
        ],
    ),
    row(
        "next_day",
        How::Native(Kind::Scalar, next_day),
        "r_NEXT_DAY.html",
        &[
            ("SELECT NEXT_DAY('2024-01-15'::date,'Friday')", "2024-01-19"),
            ("SELECT NEXT_DAY('2014-08-20','Tuesday')", "2014-08-26"),
            ("SELECT NEXT_DAY('2024-01-15'::date,'Mo')", "2024-01-22"),
        ],
    ),
    row(
        "now",
        How::Refused(LEADER, "use `getdate()`"),
        "c_SQL_functions_leader_node_only.html",
        &[],
    ),
    row(
        "statement_timestamp",
        How::Refused(LEADER, "use `getdate()`"),
        "c_SQL_functions_leader_node_only.html",
        &[],
    ),
    row(
        "sysdate",
        How::Forms(&[(0, "CAST(now() AS TIMESTAMP)")], TS),
        "r_SYSDATE.html",
        &[("SELECT pg_typeof_marker(SYSDATE)", "TIMESTAMP")],
    ),
    row(
        "timeofday",
        How::Refused(LEADER, "use `getdate()`"),
        "r_TIMEOFDAY.html",
        &[],
    ),
    row(
        "timestamp_cmp",
        How::Forms(&[(2, COMPARE)], Returns::Is(Type::Int4)),
        "r_TIMESTAMP_CMP.html",
        &[(
            "SELECT TIMESTAMP_CMP('2008-01-24 06:43:29'::timestamp,'2008-01-24 06:43:29'::timestamp)",
            "0",
        )],
    ),
    row(
        "timestamp_cmp_date",
        How::Forms(&[(2, COMPARE_AS_TIMESTAMP)], Returns::Is(Type::Int4)),
        "r_TIMESTAMP_CMP_DATE.html",
        &[(
            "SELECT TIMESTAMP_CMP_DATE('2008-06-18 10:00:00'::timestamp, '2008-06-18'::date)",
            "1",
        )],
    ),
    row(
        "timestamp_cmp_timestamptz",
        How::Refused(
            "a timestamp with a zone compares in the zone of the session",
            "use `convert_timezone` first",
        ),
        "r_TIMESTAMP_CMP_TIMESTAMPTZ.html",
        &[],
    ),
    row(
        "timestamptz_cmp",
        How::Forms(&[(2, COMPARE)], Returns::Is(Type::Int4)),
        "r_TIMESTAMPTZ_CMP.html",
        &[(
            "SELECT TIMESTAMPTZ_CMP('2008-01-24 06:43:29+00'::timestamptz,'2008-01-24 05:43:29+00'::timestamptz)",
            "1",
        )],
    ),
    row(
        "timezone",
        How::Native(Kind::Scalar, timezone),
        "r_TIMEZONE.html",
        &[(
            "SELECT TIMEZONE('America/New_York',TIMESTAMP '2024-07-01 12:00:00'::timestamptz)",
            "2024-07-01 08:00:00",
        )],
    ),
    row(
        "transaction_timestamp",
        How::Refused(LEADER, "use `getdate()`"),
        "c_SQL_functions_leader_node_only.html",
        &[],
    ),
];

/// `sysdate`: the start of the transaction, in UTC, without a zone.
pub(in super::super) fn sysdate() -> Sql {
    Sql {
        plain: true,
        ..Sql::typed("CAST(now() AS TIMESTAMP)", Type::Timestamp)
    }
}

/// Date parts with their abbreviations, and DuckDB's name:
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html>.
pub(in super::super) const PARTS: &[(&str, &[&str])] = &[
    ("millennium", &["millennium", "millennia", "mil", "mils"]),
    ("century", &["century", "centuries", "c", "cent", "cents"]),
    ("decade", &["decade", "decades", "dec", "decs"]),
    ("epoch", &["epoch"]),
    ("year", &["year", "years", "y", "yr", "yrs"]),
    ("quarter", &["quarter", "quarters", "qtr", "qtrs"]),
    ("month", &["month", "months", "mon", "mons"]),
    ("week", &["week", "weeks", "w"]),
    ("dow", &["dayofweek", "dow", "dw", "weekday"]),
    ("doy", &["dayofyear", "doy", "dy", "yearday"]),
    ("day", &["day", "days", "d"]),
    ("hour", &["hour", "hours", "h", "hr", "hrs"]),
    ("minute", &["minute", "minutes", "m", "min", "mins"]),
    ("second", &["second", "seconds", "s", "sec", "secs"]),
    (
        "millisecond",
        &[
            "millisecond",
            "milliseconds",
            "ms",
            "msec",
            "msecs",
            "msecond",
            "mseconds",
            "millisec",
            "millisecs",
            "millisecon",
        ],
    ),
    (
        "microsecond",
        &[
            "microsecond",
            "microseconds",
            "microsec",
            "microsecs",
            "usecond",
            "useconds",
            "us",
            "usec",
            "usecs",
        ],
    ),
];

fn part(translator: &Translator<'_>, name: &str, span: Span) -> Result<&'static str, Refusal> {
    let name = name.trim_matches('\'').to_lowercase();
    let found = PARTS
        .iter()
        .find(|(_, spellings)| spellings.contains(&name.as_str()))
        .map(|(part, _)| *part);
    found.ok_or_else(|| {
        if name.starts_with("timezone") {
            return translator.unsupported(
                span,
                format!("the date part `{name}` is not emulated"),
                "all times are in UTC here",
            );
        }
        let near = nearest(
            &name,
            PARTS
                .iter()
                .flat_map(|(_, spellings)| spellings.iter().copied()),
        );
        Refusal {
            help: near.map(|near| format!("did you mean `{near}`?")),
            ..translator.refuse(
                "unknown-date-part",
                span,
                format!("`{name}` is not a date part of Redshift"),
            )
        }
    })
}

/// The date part that an argument names: a bare word or a text.
fn part_argument(translator: &mut Translator<'_>, expr: &Expr) -> Result<&'static str, Refusal> {
    let name = match expr {
        Expr::Identifier(ident) => fold(ident),
        _ => match translator.expr(expr)?.constant {
            Some(Constant::Text(text)) => text,
            _ => {
                return Err(translator.unsupported(
                    expr.span(),
                    "a date part that is not constant is not emulated",
                    "write it as a word",
                ));
            }
        },
    };
    part(translator, &name, expr.span())
}

/// A value as DuckDB's date functions take it: a text becomes a timestamp.
pub(super) fn moment_of(value: &Sql) -> String {
    match value.ty {
        Some(ty) if ty.is_text() => as_timestamp(value),
        _ => value.text.clone(),
    }
}

/// A value as a timestamp.
fn as_timestamp(value: &Sql) -> String {
    match (value.constant_text(), value.ty) {
        (Some(text), _) => match moment::parse_local(text) {
            Some(text) => format!("CAST({} AS TIMESTAMP)", literal(&text)),
            None => format!("CAST({} AS TIMESTAMP)", value.text),
        },
        (_, Some(Type::Timestamp)) => value.text.clone(),
        (_, Some(ty)) if ty.is_text() => format!("CAST(__rs_moment({}) AS TIMESTAMP)", value.text),
        (_, None) => format!("__rs.timestamp({})", value.text),
        _ => format!("CAST({} AS TIMESTAMP)", value.text),
    }
}

/// `extract(part from x)`: an integer.
pub(in super::super) fn date_part(
    translator: &mut Translator<'_>,
    name: &str,
    value: &Sql,
    span: Span,
) -> Result<Sql, Refusal> {
    let part = part(translator, name, span)?;
    let x = moment_of(value);
    let text = match part {
        "epoch" => {
            return Ok(
                Sql::typed(format!("CAST(floor(epoch({x})) AS BIGINT)"), Type::Int8).of([value]),
            );
        }
        "millisecond" => format!("(date_part('millisecond', {x}) % 1000)"),
        "microsecond" => format!("(date_part('microsecond', {x}) % 1000000)"),
        _ => format!("date_part('{part}', {x})"),
    };
    Ok(Sql::typed(format!("CAST({text} AS INTEGER)"), Type::Int4).of([value]))
}

fn date_part_call(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 2, 2)?;
    let part = part_argument(translator, call.args[0])?;
    let value = translator.expr(call.args[1])?;
    let sql = date_part(translator, part, &value, call.args[0].span())?;
    // The documentation says DOUBLE: date_part(…) / 2 keeps its half.
    Ok(Sql {
        text: format!("CAST({} AS DOUBLE)", sql.text),
        ty: Some(Type::Float8),
        ..sql
    })
}

fn date_trunc(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 2, 2)?;
    let part = part_argument(translator, call.args[0])?;
    if matches!(part, "dow" | "doy" | "epoch") {
        return Err(translator.not_redshift(
            call.args[0].span(),
            format!("`date_trunc` has no part `{part}`"),
            "",
        ));
    }
    let value = translator.expr(call.args[1])?;
    let ty = match value.ty {
        Some(Type::TimestampTz) => Some(Type::TimestampTz),
        None => None,
        _ => Some(Type::Timestamp),
    };
    let text = format!("date_trunc('{part}', {})", moment_of(&value));
    Ok(Sql::new(text, ty).of([&value]))
}

fn dateadd(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 3, 3)?;
    let part = part_argument(translator, call.args[0])?;
    let count = translator.expr(call.args[1])?;
    let value = translator.expr(call.args[2])?;
    let (function, times) = match part {
        "millennium" => ("to_years", 1000),
        "century" => ("to_years", 100),
        "decade" => ("to_years", 10),
        "year" => ("to_years", 1),
        "quarter" => ("to_months", 3),
        "month" => ("to_months", 1),
        "week" => ("to_days", 7),
        "day" | "doy" | "dow" => ("to_days", 1),
        "hour" => ("to_hours", 1),
        "minute" => ("to_minutes", 1),
        "second" => ("to_seconds", 1),
        "millisecond" => ("to_microseconds", 1000),
        "microsecond" => ("to_microseconds", 1),
        _ => {
            return Err(translator.not_redshift(
                call.args[0].span(),
                format!("`dateadd` has no part `{part}`"),
                "",
            ));
        }
    };
    let whole = match function {
        "to_years" | "to_months" | "to_days" => "INTEGER",
        _ => "BIGINT",
    };
    let number = match times {
        1 if matches!(count.constant, Some(Constant::Number(_))) => count.text.clone(),
        1 => format!("CAST({} AS {whole})", count.text),
        _ => format!("CAST({} * {times} AS {whole})", count.text),
    };
    let zoned = value.is(Type::TimestampTz) || matches!(value.ty, Some(Type::Time | Type::TimeTz));
    let (base, ty) = if zoned {
        (value.text.clone(), value.ty)
    } else {
        (as_timestamp(&value), Some(Type::Timestamp))
    };
    Ok(Sql::new(format!("({base} + {function}({number}))"), ty).of([&count, &value]))
}

fn datediff(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 3, 3)?;
    let part = part_argument(translator, call.args[0])?;
    let (from, to) = (
        translator.expr(call.args[1])?,
        translator.expr(call.args[2])?,
    );
    if part == "week" {
        return Err(Refusal {
            help: Some("write `datediff(day, date_trunc('week', a), date_trunc('week', b)) / 7` for weeks that begin on Monday".into()),
            ..translator.unsupported(
                call.args[0].span(),
                "`datediff` in weeks is not emulated",
                "the day on which Redshift begins a week here is not documented",
            )
        });
    }
    let part = match part {
        "doy" | "dow" => "day",
        "epoch" => {
            return Err(translator.not_redshift(
                call.args[0].span(),
                "`datediff` has no part `epoch`",
                "",
            ));
        }
        part => part,
    };
    let time = |value: &Sql| matches!(value.ty, Some(Type::Time | Type::TimeTz));
    let side = |value: &Sql| {
        if time(value) {
            value.text.clone()
        } else {
            as_timestamp(value)
        }
    };
    Ok(Sql::typed(
        format!("date_diff('{part}', {}, {})", side(&from), side(&to)),
        Type::Int8,
    )
    .of([&from, &to]))
}

fn next_day(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 2, 2)?;
    let value = translator.expr(call.args[0])?;
    let day = translator.expr(call.args[1])?;
    let Some(name) = day.constant_text() else {
        return Err(translator.unsupported(
            call.args[1].span(),
            "a weekday that is not constant is not emulated",
            "write its name",
        ));
    };
    let Some(day) = moment::weekday(name) else {
        return Err(translator.not_redshift(
            call.args[1].span(),
            format!("`{name}` is not a weekday"),
            "write `Sunday`, `Sun` or `Su`",
        ));
    };
    let date = format!("CAST({} AS DATE)", as_timestamp(&value));
    Ok(Sql::typed(
        format!("({date} + CAST(({day} - date_part('dow', {date}) + 6) % 7 + 1 AS INTEGER))"),
        Type::Date,
    )
    .of([&value]))
}

/// The name of a time zone. Offsets are refused: POSIX counts them the other way round.
pub(in super::super) fn zone(
    translator: &Translator<'_>,
    zone: &Sql,
    span: Span,
) -> Result<String, Refusal> {
    match zone.constant_text() {
        Some(name)
            if name.contains(['+', '-']) && name.chars().any(|c| c.is_ascii_digit())
                || zone.ty == Some(Type::Interval) =>
        {
            Err(translator.unsupported(
                span,
                format!("the time zone `{name}` is not emulated"),
                "the sign of an offset means one thing in POSIX and the other in ISO 8601",
            ))
        }
        Some(name) => Ok(literal(name)),
        None if zone.ty == Some(Type::Interval) => Err(translator.unsupported(
            span,
            "an interval as time zone is not emulated",
            "name the zone",
        )),
        None => Ok(zone.text.clone()),
    }
}

fn convert_timezone(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 2, 3)?;
    let (source, target, value) = match args.as_slice() {
        [source, target, value] => (zone(translator, source, call.span)?, target, value),
        [target, value] => (literal("UTC"), target, value),
        _ => {
            return Err(translator.not_redshift(
                call.span,
                "`convert_timezone` takes 2 or 3 arguments",
                "",
            ));
        }
    };
    let target = zone(translator, target, call.span)?;
    let text = format!(
        "(({} AT TIME ZONE {source}) AT TIME ZONE {target})",
        as_timestamp(value)
    );
    Ok(Sql::typed(text, Type::Timestamp).of(&args))
}

fn timezone(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 2, 2)?;
    let zone = zone(translator, &args[0], call.span)?;
    let value = &args[1];
    let (text, ty) = match value.ty {
        Some(Type::TimestampTz) => (value.text.clone(), Type::Timestamp),
        Some(_) => (as_timestamp(value), Type::TimestampTz),
        None => {
            return Err(translator.unsupported(
                call.args[1].span(),
                "`timezone` of a value of unknown type is not emulated",
                "cast it to timestamp or timestamptz: the two go opposite ways",
            ));
        }
    };
    Ok(Sql::typed(format!("({text} AT TIME ZONE {zone})"), ty).of(&args))
}

/// An interval literal as DuckDB reads it: numbers and units, or a clock.
pub(in super::super) fn interval(text: &str, unit: Option<&str>) -> Option<String> {
    if let Some(unit) = unit {
        let number: f64 = text.trim().parse().ok()?;
        let part = unit_of(unit)?;
        return Some(format!("{} {part}", trimmed_number(number)));
    }
    let spaced: Vec<String> = split_units(text);
    let mut out = Vec::new();
    let mut words = spaced.iter().peekable();
    while let Some(word) = words.next() {
        if word.contains(':') {
            out.push(word.clone());
            continue;
        }
        word.parse::<f64>().ok()?;
        match words.next() {
            Some(unit) => out.push(format!("{word} {}", unit_of(unit)?)),
            // A number alone counts seconds.
            None => out.push(format!("{word} seconds")),
        }
    }
    (!out.is_empty()).then(|| out.join(" "))
}

/// `1day2hours` as words.
fn split_units(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut kind = None;
    for character in text.chars() {
        if character.is_whitespace() || character == ',' {
            kind = None;
            continue;
        }
        let letter = character.is_alphabetic();
        if kind != Some(letter) {
            words.push(String::new());
        }
        kind = Some(letter);
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    words
}

fn unit_of(unit: &str) -> Option<&'static str> {
    let unit = unit.to_lowercase();
    PARTS
        .iter()
        .find(|(part, spellings)| {
            spellings.contains(&unit.as_str()) && !matches!(*part, "dow" | "doy" | "epoch")
        })
        .map(|(part, _)| *part)
}

fn trimmed_number(number: f64) -> String {
    crate::adapter::emulating::number::float_text(number)
}
