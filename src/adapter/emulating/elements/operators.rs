//! Operators and conditions.

use super::{Element, element};

pub(super) const ROWS: &[Element] = &[
    element(
        "`+`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[
            ("SELECT 1 + 2", "3"),
            ("SELECT 32767::smallint + 1", "32768"),
            ("SELECT 1e308 + 1e308", "ERROR"),
            ("SELECT DATE '2024-01-31' + 1", "2024-02-01"),
            (
                "SELECT t.x.a + t.x.b FROM (SELECT JSON_PARSE('{\"a\":5,\"b\":2.5,\"t\":\"x\"}') AS x) t",
                "7.5",
            ),
            (
                "SELECT (t.x.a + 1)::int FROM (SELECT JSON_PARSE('{\"a\":5,\"b\":2.5,\"t\":\"x\"}') AS x) t",
                "6",
            ),
            (
                "SELECT t.x.t + 'y' FROM (SELECT JSON_PARSE('{\"a\":5,\"b\":2.5,\"t\":\"x\"}') AS x) t",
                "\"xy\"",
            ),
            (
                "SELECT t.x.t + 1 FROM (SELECT JSON_PARSE('{\"a\":5,\"b\":2.5,\"t\":\"x\"}') AS x) t",
                "null",
            ),
            (
                "SELECT t.x.a + CURRENT_DATE FROM (SELECT JSON_PARSE('{\"a\":5,\"b\":2.5,\"t\":\"x\"}') AS x) t",
                "ERROR",
            ),
        ],
    ),
    element(
        "`-`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[
            ("SELECT 1 - 2", "-1"),
            ("SELECT -(-32768)::smallint", "ERROR"),
            ("SELECT DATE '2024-03-01' - DATE '2024-02-01'", "29"),
            ("SELECT -region FROM sales", "ERROR"),
            ("SELECT -d FROM sales", "ERROR"),
            (
                "SELECT -t.x.a FROM (SELECT JSON_PARSE('{\"a\":5,\"b\":2.5,\"t\":\"x\"}') AS x) t",
                "-5",
            ),
            (
                "SELECT -t.x.t FROM (SELECT JSON_PARSE('{\"a\":5,\"b\":2.5,\"t\":\"x\"}') AS x) t",
                "null",
            ),
        ],
    ),
    element(
        "`*`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[
            ("SELECT 200::smallint * 200", "40000"),
            ("SELECT 1.5 * 1.5", "2.25"),
            ("SELECT 1e308 * 10", "ERROR"),
            ("SELECT 0.1::real * 10 = 1", "False"),
            (
                "SELECT t.x.a * 2 FROM (SELECT JSON_PARSE('{\"a\":5,\"b\":2.5,\"t\":\"x\"}') AS x) t",
                "10",
            ),
        ],
    ),
    element(
        "`/`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[
            ("SELECT 7 / 2", "3"),
            ("SELECT 7.0 / 2", "3.5000"),
            ("SELECT 1 / 0", "ERROR"),
            ("SELECT 1e308 / 0.1::float", "ERROR"),
            (
                "SELECT t.x.b / t.x.a FROM (SELECT JSON_PARSE('{\"a\":5,\"b\":2.5,\"t\":\"x\"}') AS x) t",
                "0.5",
            ),
            (
                "SELECT t.x.a / 2 FROM (SELECT JSON_PARSE('{\"a\":5,\"b\":2.5,\"t\":\"x\"}') AS x) t",
                "ERROR",
            ),
        ],
    ),
    element(
        "`%`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[
            ("SELECT -7 % 3", "-1"),
            ("SELECT 1 % 0", "ERROR"),
            (
                "SELECT t.x.a % 3 FROM (SELECT JSON_PARSE('{\"a\":5,\"b\":2.5,\"t\":\"x\"}') AS x) t",
                "2",
            ),
        ],
    ),
    element(
        "`^`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[
            ("SELECT 2 ^ 10", "1024"),
            ("SELECT 2 * 3 ^ 2", "18"),
            ("SELECT -2 ^ 2", "4"),
            ("SELECT 10 ^ 400", "ERROR"),
        ],
    ),
    element(
        "`|/`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[("SELECT |/ 16.0", "4"), ("SELECT |/ 25 * 4", "ERROR")],
    ),
    element(
        "`||/`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[("SELECT ||/ 27.0", "3")],
    ),
    element(
        "`@`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[
            ("SELECT @ -3", "3"),
            ("SELECT @ -3 * 2", "6"),
            ("SELECT @ 3 - 5", "ERROR"),
        ],
    ),
    element(
        "`&`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[
            ("SELECT 6 & 3", "2"),
            ("SELECT TRUE & FALSE", "ERROR"),
            ("SELECT 1.5 & 1", "ERROR"),
        ],
    ),
    element(
        "`|`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[("SELECT 6 | 3", "7"), ("SELECT 8 | 7 & 3", "3")],
    ),
    element(
        "`#`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[("SELECT 6 # 3", "5"), ("SELECT 5 # 1 & 3", "0")],
    ),
    element(
        "`~` before a number",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[("SELECT ~6", "-7"), ("SELECT ~5 + 1", "-7")],
    ),
    element(
        "`<<`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[
            ("SELECT 1 << 3", "8"),
            ("SELECT 1 | 1 << 2", "4"),
            ("SELECT 1 << 1.5", "ERROR"),
            ("SELECT 1 << true", "ERROR"),
            ("SELECT 1 << 30", "1073741824"),
            ("SELECT 1::bigint << 31", "2147483648"),
            ("SELECT 1 << 31", "ERROR"),
            ("SELECT 1 << 32", "ERROR"),
            ("SELECT 1.5 << 1", "ERROR"),
        ],
    ),
    element(
        "`>>`",
        "",
        "r_OPERATOR_SYMBOLS.html",
        &[
            ("SELECT 8 >> 2", "2"),
            ("SELECT 8 >> qty FROM sales WHERE id = 2", "2"),
            ("SELECT 8 >> (qty - 9) FROM sales WHERE id = 2", "ERROR"),
        ],
    ),
    element(
        "`||`",
        "",
        "r_concat_op.html",
        &[
            ("SELECT 'a' || 1", "a1"),
            ("SELECT 'n' || 1 + 1", "n2"),
            ("SELECT 'a' || NULL", "null"),
            ("SELECT 'a' || TRUE", "ERROR"),
        ],
    ),
    element(
        "`=`",
        "",
        "r_comparison_condition.html",
        &[
            ("SELECT 'a ' = 'a'", "True"),
            ("SELECT NULL = NULL", "null"),
            ("SELECT id FROM sales WHERE qty = TRUE", "ERROR"),
            (
                "SELECT COUNT(*) FROM sales a JOIN (SELECT id::varchar AS i FROM sales) b ON a.id = b.i",
                "ERROR",
            ),
            (
                "SELECT COUNT(*) FROM sales a JOIN (SELECT rep || ' ' AS r FROM sales) b ON a.rep = b.r",
                "5",
            ),
        ],
    ),
    element(
        "`<>`",
        "",
        "r_comparison_condition.html",
        &[("SELECT 1 <> 2", "True")],
    ),
    element(
        "`!=`",
        "",
        "r_comparison_condition.html",
        &[("SELECT 1 != 1", "False")],
    ),
    element(
        "`<`, `<=`, `>`, `>=`",
        "",
        "r_comparison_condition.html",
        &[
            ("SELECT 1 < 2 AND 2 <= 2 AND 3 > 2 AND 3 >= 3", "True"),
            ("SELECT 'B' < 'a'", "True"),
        ],
    ),
    element(
        "`and`",
        "",
        "r_logical_condition.html",
        &[
            ("SELECT TRUE AND NULL", "null"),
            ("SELECT FALSE AND NULL", "False"),
            ("SELECT qty AND TRUE FROM sales", "ERROR"),
        ],
    ),
    element(
        "`or`",
        "",
        "r_logical_condition.html",
        &[("SELECT TRUE OR NULL", "True"), ("SELECT 1 OR 0", "ERROR")],
    ),
    element(
        "`not`",
        "",
        "r_logical_condition.html",
        &[("SELECT NOT FALSE", "True"), ("SELECT NOT 1", "ERROR")],
    ),
    element(
        "`is [not] null`",
        "",
        "r_null_condition.html",
        &[
            ("SELECT NULL IS NULL", "True"),
            ("SELECT '' IS NULL", "False"),
        ],
    ),
    element(
        "`is [not] true`, `false`, `unknown`",
        "",
        "r_Boolean_type.html",
        &[
            ("SELECT (1 = 2) IS NOT TRUE", "True"),
            ("SELECT (NULL = 1) IS UNKNOWN", "True"),
            ("SELECT 1 IS TRUE", "ERROR"),
        ],
    ),
    element(
        "`[not] between`",
        "",
        "r_range_condition.html",
        &[
            ("SELECT 2 BETWEEN 1 AND 2", "True"),
            ("SELECT 2 NOT BETWEEN 1 AND 2", "False"),
            ("SELECT 2 BETWEEN 3 AND 1", "False"),
        ],
    ),
    element(
        "`[not] in (…)`",
        "",
        "r_in_condition.html",
        &[
            ("SELECT 1 IN (1, 2)", "True"),
            ("SELECT 3 NOT IN (1, NULL)", "null"),
        ],
    ),
    element(
        "`[not] in (select …)`",
        "",
        "r_in_condition.html",
        &[(
            "SELECT COUNT(*) FROM sales WHERE id IN (SELECT qty FROM sales)",
            "4",
        )],
    ),
    element(
        "`[not] exists`",
        "",
        "r_exists_condition.html",
        &[(
            "SELECT COUNT(*) FROM sales s WHERE NOT EXISTS (SELECT 1 FROM sales o WHERE o.id = s.id + 1)",
            "1",
        )],
    ),
    element(
        "`any`, `some`, `all` with a subquery",
        "",
        "r_comparison_condition.html",
        &[
            ("SELECT 5 >= ALL (SELECT id FROM sales)", "True"),
            ("SELECT 1 = ANY (SELECT id FROM sales)", "True"),
        ],
    ),
    element(
        "`[not] like`, `~~`",
        "",
        "r_patternmatching_condition_like.html",
        &[
            ("SELECT 'abc' LIKE 'a%'", "True"),
            ("SELECT 'abc' NOT LIKE '_b_'", "False"),
            ("SELECT 15 LIKE '1%'", "True"),
            ("SELECT 5 ~~ '5'", "True"),
            ("SELECT rep LIKE 5 FROM sales WHERE id = 1", "False"),
            ("SELECT (qty > 1) LIKE 't%' FROM sales", "ERROR"),
        ],
    ),
    element(
        "`[not] ilike`",
        "",
        "r_patternmatching_condition_like.html",
        &[("SELECT 'ABC' ILIKE 'a%'", "True")],
    ),
    element(
        "`[not] similar to`",
        "",
        "pattern-matching-conditions-similar-to.html",
        &[("SELECT 'abc' SIMILAR TO '(abc|d)'", "True")],
    ),
    element(
        "`~`, `!~`, `~*`, `!~*`",
        "",
        "pattern-matching-conditions-posix.html",
        &[
            ("SELECT 'abc' ~ 'b'", "True"),
            ("SELECT 15 ~ '^1'", "True"),
            ("SELECT TRUE ~ 't'", "ERROR"),
            ("SELECT 'abc' !~* 'B'", "False"),
        ],
    ),
    element(
        "`case`",
        "",
        "r_CASE_function.html",
        &[
            ("SELECT CASE WHEN 1 = 2 THEN 'a' ELSE 'b' END", "b"),
            ("SELECT CASE 2 WHEN 1 THEN 'a' END", "null"),
            ("SELECT CASE WHEN 1 THEN 'a' END", "ERROR"),
        ],
    ),
    element(
        "`::`, `cast`, `convert`",
        "",
        "r_CAST_function.html",
        &[
            ("SELECT '5'::int", "5"),
            ("SELECT CAST('5' AS INT)", "5"),
            ("SELECT CONVERT(INT, '5')", "5"),
        ],
    ),
    element(
        "`at time zone`",
        "",
        "r_AT_TIME_ZONE.html",
        &[(
            "SELECT TIMESTAMP '2024-07-01 12:00:00' AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin'",
            "2024-07-01 14:00:00",
        )],
    ),
    element(
        "a step into `super`: `.`, `[n]`",
        "",
        "query-super.html",
        &[(
            "SELECT x.a[1]::int FROM (SELECT JSON_PARSE('{\"a\":[1,2]}') AS x) t",
            "2",
        )],
    ),
    element(
        "`collate`",
        "the comparison would not be Redshift's",
        "r_COLLATE.html",
        &[("SELECT 'a' COLLATE case_insensitive", "ERROR")],
    ),
    element(
        "`(+)`",
        "it has no translation; write `left join`",
        "r_WHERE_oracle_outer.html",
        &[(
            "SELECT COUNT(*) FROM sales a, sales b WHERE a.id = b.id(+)",
            "ERROR",
        )],
    ),
    element(
        "`is distinct from`",
        "Redshift has no such operator",
        "r_comparison_condition.html",
        &[("SELECT 1 IS DISTINCT FROM 2", "ERROR")],
    ),
];
