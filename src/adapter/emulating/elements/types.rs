//! Types of values.

use super::{Element, element};

pub(super) const ROWS: &[Element] = &[
    element(
        "`smallint`, `int2`",
        "",
        "r_Numeric_types201.html",
        &[
            ("SELECT 32767::smallint", "32767"),
            ("SELECT 32768::int2", "ERROR"),
        ],
    ),
    element(
        "`integer`, `int`, `int4`",
        "",
        "r_Numeric_types201.html",
        &[
            ("SELECT '7'::integer", "7"),
            ("SELECT 2147483648::int", "ERROR"),
            ("SELECT 2.5::float::int4", "3"),
        ],
    ),
    element(
        "`bigint`, `int8`",
        "",
        "r_Numeric_types201.html",
        &[
            ("SELECT 9223372036854775807::bigint", "9223372036854775807"),
            ("SELECT 9223372036854775808::int8", "ERROR"),
        ],
    ),
    element(
        "`decimal(p, s)`, `numeric`",
        "",
        "r_Numeric_types201.html",
        &[
            ("SELECT 1.255::decimal(5,2)", "1.26"),
            ("SELECT 1.7::numeric", "2"),
            ("SELECT 1000::decimal(5,2)", "ERROR"),
            ("SELECT 99999999999999999999999", "99999999999999999999999"),
            (
                "SELECT 9223372036854775807 + 9223372036854775808",
                "18446744073709551615",
            ),
            ("SELECT 1::decimal(39,0)", "ERROR"),
        ],
    ),
    element(
        "`real`, `float4`",
        "",
        "r_Numeric_types201.html",
        &[
            ("SELECT 0.1::real::float8 = 0.1::float8", "False"),
            ("SELECT 1e39::real", "ERROR"),
        ],
    ),
    element(
        "`double precision`, `float8`, `float`",
        "",
        "r_Numeric_types201.html",
        &[
            ("SELECT 0.1::float + 0.2", "0.30000000000000004"),
            ("SELECT 1::float", "1"),
        ],
    ),
    element(
        "`boolean`, `bool`",
        "",
        "r_Boolean_type.html",
        &[
            ("SELECT 'yes'::boolean", "True"),
            ("SELECT 0::bool", "False"),
            ("SELECT TRUE::varchar", "ERROR"),
        ],
    ),
    element(
        "`char(n)`, `character`, `nchar`",
        "",
        "r_Character_types.html",
        &[
            ("SELECT LEN('ab'::char(5))", "2"),
            ("SELECT 'abc'::char(2)", "ab"),
            ("SELECT 'é'::char(2)", "ERROR"),
            ("SELECT ('é' || rep)::char(5) FROM sales", "ERROR"),
            ("SELECT rep::char(2) FROM sales WHERE id = 1", "an"),
            ("SELECT 'x'::char(4097)", "ERROR"),
        ],
    ),
    element(
        "`bpchar`",
        "a `char` without a length is not emulated; write `char(n)`",
        "r_Character_types.html",
        &[("SELECT 'a '::bpchar = 'a'", "ERROR")],
    ),
    element(
        "`varchar(n)`, `character varying`, `nvarchar`",
        "",
        "r_Character_types.html",
        &[
            ("SELECT 'abc'::varchar(2)", "ab"),
            ("SELECT 'é'::varchar(1)", ""),
            ("SELECT 'x'::varchar(65536)", "ERROR"),
        ],
    ),
    element(
        "`text`",
        "",
        "r_Character_types.html",
        &[("SELECT LEN('abc'::text)", "3")],
    ),
    element(
        "`date`",
        "",
        "r_Datetime_types.html",
        &[
            ("SELECT '2024-02-29'::date", "2024-02-29"),
            ("SELECT '02/29/2024'::date", "2024-02-29"),
            ("SELECT '2023-02-29'::date", "ERROR"),
            ("SELECT '0044-03-15 BC'::date", "ERROR"),
            ("SELECT ('0044-03-15 ' || 'BC')::date", "ERROR"),
        ],
    ),
    element(
        "`timestamp`",
        "",
        "r_Datetime_types.html",
        &[
            (
                "SELECT '2024-02-29 10:00'::timestamp",
                "2024-02-29 10:00:00",
            ),
            (
                "SELECT CONVERT(DATETIME, '2008-02-18 02:36:48')",
                "2008-02-18 02:36:48",
            ),
        ],
    ),
    element(
        "`timestamptz`",
        "",
        "r_Datetime_types.html",
        &[(
            "SELECT '2024-02-29 10:00:00+02'::timestamptz::timestamp",
            "2024-02-29 08:00:00",
        )],
    ),
    element(
        "`time`",
        "",
        "r_Datetime_types.html",
        &[("SELECT '10:30:00'::time", "10:30:00")],
    ),
    element(
        "`timetz`",
        "",
        "r_Datetime_types.html",
        &[
            ("SELECT '10:30:00+00'::timetz IS NOT NULL", "True"),
            ("SELECT '13:24:55 PST'::timetz::varchar", "21:24:55+00"),
            ("SELECT EXTRACT(hour FROM '20:00:00 PST'::timetz)", "4"),
            (
                "SELECT EXTRACT(hour FROM (note || '20:00:00-08')::timetz) FROM sales WHERE id = 5",
                "4",
            ),
        ],
    ),
    element(
        "`interval`",
        "",
        "r_interval_data_types.html",
        &[
            (
                "SELECT DATE '2024-01-31' + INTERVAL '1 month'",
                "2024-02-29 00:00:00",
            ),
            (
                "SELECT DATE '2024-01-31' + INTERVAL '1' MONTH",
                "2024-02-29",
            ),
            (
                "SELECT d - 2 * INTERVAL '1-2' YEAR TO MONTH FROM sales WHERE id = 2",
                "2021-10-29",
            ),
            (
                "SELECT ts + INTERVAL '13 months' YEAR FROM sales WHERE id = 3",
                "2025-03-31 00:00:00",
            ),
            (
                "SELECT d + INTERVAL '1 2:3:4.5678' DAY TO SECOND FROM sales WHERE id = 1",
                "2024-01-16 02:03:04.567800",
            ),
            (
                "SELECT d + INTERVAL '1.5' DAY FROM sales WHERE id = 1",
                "2024-01-16 00:00:00",
            ),
            (
                "SELECT d + INTERVAL '2:2' HOUR TO MINUTE FROM sales WHERE id = 1",
                "2024-01-15 02:02:00",
            ),
            (
                "SELECT d + INTERVAL '1.234567' SECOND(3) FROM sales WHERE id = 1",
                "2024-01-15 00:00:01.235000",
            ),
            (
                "SELECT d + INTERVAL '1 year 1 day' DAY TO SECOND FROM sales",
                "ERROR",
            ),
            ("SELECT d + INTERVAL '1' WEEK FROM sales", "ERROR"),
        ],
    ),
    element(
        "`super`",
        "",
        "r_SUPER_type.html",
        &[("SELECT JSON_PARSE('[1,2]')[0]::int", "1")],
    ),
    element(
        "`varbyte`, `varbinary`, `binary varying`",
        "",
        "r_VARBYTE_type.html",
        &[
            ("SELECT TO_HEX('abc'::varbyte(3))", "616263"),
            ("SELECT TO_HEX('ab'::char(4)::varbyte)", "61622020"),
            ("SELECT TO_HEX(5::smallint::varbyte)", "0005"),
            ("SELECT TO_HEX((-5)::int::varbyte)", "fffffffb"),
            ("SELECT TO_HEX(5::bigint::varbyte)", "0000000000000005"),
            ("SELECT rep::varbyte(2) FROM sales", "ERROR"),
            ("SELECT TO_HEX('a'::varbyte + 'b'::varbyte)", "6162"),
            ("SELECT FROM_VARBYTE(~'a'::varbyte, 'binary')", "10011110"),
            (
                "SELECT FROM_VARBYTE('a'::varbyte & 'b'::varbyte, 'binary')",
                "01100000",
            ),
            (
                "SELECT TO_HEX('a'::varbyte | 'b'::varbyte) || TO_HEX('a'::varbyte # 'b'::varbyte)",
                "6303",
            ),
            ("SELECT 'abc'::varbyte::varchar", "abc"),
            ("SELECT UPPER('abc'::varbyte)", "ERROR"),
        ],
    ),
    element(
        "`geometry`, `geography`",
        "spatial values are not emulated",
        "geospatial-overview.html",
        &[("SELECT NULL::geometry", "ERROR")],
    ),
    element(
        "`hllsketch`",
        "sketches are not emulated",
        "r_HLLSKTECH_type.html",
        &[("SELECT NULL::hllsketch", "ERROR")],
    ),
    element(
        "arrays, `json`, `uuid`, `bytea`, `serial`, `money`, `xml`",
        "Redshift does not have them",
        "c_unsupported-postgresql-datatypes.html",
        &[
            ("SELECT '{1}'::int[]", "ERROR"),
            ("SELECT 'x'::uuid", "ERROR"),
            ("SELECT '{}'::jsonb", "ERROR"),
        ],
    ),
];
