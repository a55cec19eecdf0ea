//! Date and time functions, date parts, intervals and time zones.

mod count;
mod interval;
mod part;
mod zone;

use super::{How, Kind, Returns, Row, row};
use crate::adapter::emulating::engine::Engine;
use crate::adapter::emulating::literal;
use crate::adapter::emulating::moment;
use crate::adapter::emulating::translator::Sql;
use crate::adapter::emulating::types::Type;
use count::{dateadd, datediff, interval_cmp, next_day};
pub(in super::super) use interval::{Qualifier, interval, qualified};
pub use part::is_date_part;
pub(in super::super) use part::{PARTS, date_part};
use part::{date_part_call, date_trunc};
pub(in super::super) use zone::zone;
use zone::{convert_timezone, date, timezone};

const TS: Returns = Returns::Is(Type::Timestamp);
const COMPARE: &str =
    "CASE WHEN {0:m} < {1:m} THEN -1 WHEN {0:m} > {1:m} THEN 1 WHEN {0:m} = {1:m} THEN 0 END";
const COMPARE_AS_TIMESTAMP: &str = "CASE WHEN CAST({0} AS TIMESTAMP) < CAST({1} AS TIMESTAMP) THEN -1 WHEN CAST({0} AS TIMESTAMP) > CAST({1} AS TIMESTAMP) THEN 1 WHEN CAST({0} AS TIMESTAMP) = CAST({1} AS TIMESTAMP) THEN 0 END";
const COMPARE_AS_ZONED: &str = "CASE WHEN CAST({0} AS TIMESTAMPTZ) < CAST({1} AS TIMESTAMPTZ) THEN -1 WHEN CAST({0} AS TIMESTAMPTZ) > CAST({1} AS TIMESTAMPTZ) THEN 1 WHEN CAST({0} AS TIMESTAMPTZ) = CAST({1} AS TIMESTAMPTZ) THEN 0 END";
const LEADER: &str = "it runs on the leader node only, apart from tables";

/// Date functions: <https://docs.aws.amazon.com/redshift/latest/dg/Date_functions_header.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "add_months",
        How::Forms(&[(2, "__rs.add_months({0:m}, {1})")], TS),
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
        "current_timestamp",
        How::Refused(LEADER, "use `getdate()`"),
        "c_SQL_functions_leader_node_only.html",
        &[],
    ),
    row(
        "date",
        How::Native(Kind::Scalar, date),
        "r_CAST_function.html",
        &[
            (
                "SELECT DATE(ts::timestamp) FROM sales WHERE id = 1",
                "2024-01-15",
            ),
            ("SELECT DATE('03/31/2024')", "2024-03-31"),
        ],
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
        "date_cmp_timestamptz",
        How::Forms(&[(2, COMPARE_AS_ZONED)], Returns::Is(Type::Int4)),
        "r_DATE_CMP_TIMESTAMPTZ.html",
        &[(
            "SELECT DATE_CMP_TIMESTAMPTZ('2008-06-18'::date, '2008-06-17 23:00:00-02'::timestamptz)",
            "-1",
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
            (
                "SELECT DATE_PART(sec, TIMESTAMP '2009-09-21 11:10:03.189717')",
                "3.189717",
            ),
            (
                "SELECT DATE_PART(microsecond, TIMESTAMP '20220502 04:05:06.789')",
                "789000",
            ),
            ("SELECT DATE_PART(second, d) FROM sales WHERE id = 1", "0"),
            (
                "SELECT pgdate_part FROM (SELECT DATE_PART(year, ts) FROM sales WHERE id = 1)",
                "2024",
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
                "SELECT DATE_TRUNC('century', '2000-12-31'::date)",
                "1901-01-01 00:00:00",
            ),
            (
                "SELECT DATE_TRUNC('millennium', '2001-02-28'::timestamp)",
                "2001-01-01 00:00:00",
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
                "SELECT DATEADD(year, 1, '2016-02-29')",
                "2017-03-01 00:00:00",
            ),
            (
                "SELECT DATEADD(month, 12, '2016-02-29')",
                "2017-02-28 00:00:00",
            ),
            (
                "SELECT DATEADD(year, 4, d) FROM sales WHERE id = 2",
                "2028-02-29 00:00:00",
            ),
            (
                "SELECT DATEADD(year, qty, ts) FROM sales WHERE id = 2",
                "2026-03-01 23:59:59",
            ),
            (
                "SELECT date_add FROM (SELECT DATEADD(day, 1, d) FROM sales WHERE id = 1)",
                "2024-01-16 00:00:00",
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
                "SELECT DATEADD(day, 1, 'today') = DATEADD(day, 1, CURRENT_DATE)",
                "True",
            ),
            ("SELECT 'tomorrow'::date - CURRENT_DATE", "1"),
            ("SELECT DATEADD(hour, 1.5, '2024-01-15'::date)", "ERROR"),
            ("SELECT DATEADD(hour, qty::float, d) FROM sales", "ERROR"),
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
            (
                "SELECT DATEDIFF(century, '2000-12-31'::date, '2001-01-01'::date)",
                "1",
            ),
            (
                "SELECT DATEDIFF(mil, '1999-12-31'::date, '2000-12-31'::date)",
                "0",
            ),
            (
                "SELECT date_diff FROM (SELECT DATEDIFF(day, d, ts) FROM sales WHERE id = 1)",
                "0",
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
            ("SELECT EXTRACT(dec FROM DATE '2019-01-01')", "202"),
            (
                "SELECT EXTRACT(decade FROM TIMESTAMP '1999-02-16 20:38:40')",
                "200",
            ),
            (
                "SELECT EXTRACT(decade FROM ts) FROM sales WHERE id = 1",
                "203",
            ),
            ("SELECT EXTRACT(mil FROM TIMESTAMP '2000-12-16')", "2"),
            (
                "SELECT EXTRACT(sec FROM TIMESTAMP '2009-09-21 11:10:03.189717')",
                "3",
            ),
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
        How::Native(Kind::Scalar, interval_cmp),
        "r_INTERVAL_CMP.html",
        &[
            ("SELECT INTERVAL_CMP('3 days','1 year')", "-1"),
            ("SELECT INTERVAL_CMP('7 days','1 week')", "0"),
            (
                "SELECT INTERVAL_CMP(INTERVAL '3 days', INTERVAL '1 year')",
                "-1",
            ),
        ],
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
            &[(2, "__rs.months_between({0:m}, {1:m})")],
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
            ("SELECT NEXT_DAY('2014-08-20','W')", "2014-08-27"),
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
        How::Forms(&[(2, COMPARE_AS_ZONED)], Returns::Is(Type::Int4)),
        "r_TIMESTAMP_CMP_TIMESTAMPTZ.html",
        &[(
            "SELECT TIMESTAMP_CMP_TIMESTAMPTZ('2008-01-24 06:43:29'::timestamp, '2008-01-24 06:43:29+00'::timestamptz)",
            "0",
        )],
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
        "timestamptz_cmp_date",
        How::Forms(&[(2, COMPARE_AS_ZONED)], Returns::Is(Type::Int4)),
        "r_TIMESTAMPTZ_CMP_DATE.html",
        &[(
            "SELECT TIMESTAMPTZ_CMP_DATE('2008-06-18 01:00:00+01'::timestamptz, '2008-06-18'::date)",
            "0",
        )],
    ),
    row(
        "timestamptz_cmp_timestamp",
        How::Forms(&[(2, COMPARE_AS_ZONED)], Returns::Is(Type::Int4)),
        "r_TIMESTAMPTZ_CMP_TIMESTAMP.html",
        &[(
            "SELECT TIMESTAMPTZ_CMP_TIMESTAMP('2008-01-24 06:43:29+00'::timestamptz, '2008-01-24 05:43:29'::timestamp)",
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

/// A value as DuckDB's date functions take it: a text becomes a timestamp.
pub(super) fn moment_of(engine: Engine, value: &Sql) -> String {
    match value.ty {
        Some(ty) if ty.is_text() => as_timestamp(engine, value),
        _ => value.text.clone(),
    }
}

/// What `'today'` and its like stand for.
pub(in super::super) fn named(engine: Engine, text: &str) -> Option<String> {
    let days = moment::word_of_time(text)?;
    let now = match engine {
        Engine::DuckDb => "now()",
        Engine::Postgres => "now() AT TIME ZONE 'UTC'",
    };
    Some(match days {
        None => format!("CAST({now} AS TIMESTAMP)"),
        Some(days) => format!("(CAST({now} AS DATE) + ({days}))"),
    })
}

/// A value as a timestamp.
fn as_timestamp(engine: Engine, value: &Sql) -> String {
    if let Some(moment) = value.constant_text().and_then(|text| named(engine, text)) {
        return format!("CAST({moment} AS TIMESTAMP)");
    }
    match (value.constant_text(), value.ty) {
        (Some(text), _) => match moment::parse_local(text) {
            Some(text) => format!("CAST({} AS TIMESTAMP)", literal(&text)),
            None => format!("CAST({} AS TIMESTAMP)", value.text),
        },
        (_, Some(Type::Timestamp)) => value.text.clone(),
        (_, Some(ty)) if ty.is_text() => {
            format!(
                "CAST({}({}) AS TIMESTAMP)",
                engine.own("moment"),
                value.text
            )
        }
        (_, None) => format!("__rs.timestamp({})", value.text),
        _ => format!("CAST({} AS TIMESTAMP)", value.text),
    }
}
