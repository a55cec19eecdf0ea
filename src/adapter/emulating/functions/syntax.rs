//! What has a syntax of its own: operators, literals, clauses, statements. For the table of documentation and tests.

/// A form of Redshift's SQL that is no function.
pub(in super::super) struct Form {
    pub name: &'static str,
    pub page: &'static str,
    pub examples: &'static [(&'static str, &'static str)],
}

const fn form(
    name: &'static str,
    page: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> Form {
    Form {
        name,
        page,
        examples,
    }
}

pub(in super::super) const FORMS: &[Form] = &[
    form(
        "comments, one inside the other as in PostgreSQL",
        "cm_chap_SQLCommandRef.html",
        &[
            ("SELECT 1 -- one", "1"),
            ("SELECT /* a /* b */ c */ 1", "1"),
            ("SELECT /* a /* b */ 1", "ERROR"),
        ],
    ),
    form(
        "integer division cuts, and by zero fails",
        "r_OPERATOR_SYMBOLS.html",
        &[
            ("SELECT 7/2", "3"),
            ("SELECT -7/2", "-3"),
            ("SELECT qty/2 FROM sales WHERE id=3", "1"),
            ("SELECT 1/(qty-1) FROM sales WHERE id=1", "ERROR"),
            ("SELECT 1/0", "ERROR"),
            ("SELECT 1.0/0", "ERROR"),
            ("SELECT SUM(qty)/SUM(qty) FROM sales", "1"),
            ("SELECT COUNT(*) / 0 FROM sales", "ERROR"),
            ("SELECT qty / id FROM sales WHERE id = 4", "null"),
        ],
    ),
    form(
        "division of decimals has the scale of the documentation",
        "r_numeric_computations201.html",
        &[
            ("SELECT 7/2.0", "3.5"),
            (
                "SELECT CAST(1 AS DECIMAL(10,2))/CAST(3 AS DECIMAL(10,2))",
                "0.33333333333",
            ),
            ("SELECT 2.0/3", "0.666666666667"),
            ("SELECT amt/3 FROM sales WHERE id=1", "3.3333333333333"),
            ("SELECT 7::float/2", "3.5"),
            ("SELECT amt/qty FROM sales WHERE id=2", "10.25"),
            ("SELECT 100.0 * 1 / 3", "33.333333333333"),
            (
                "SELECT CAST(1.5 AS DECIMAL(4,2))*CAST(2.25 AS DECIMAL(4,2))",
                "3.3750",
            ),
            ("SELECT 1::decimal(38,0)/3", "0.3333"),
        ],
    ),
    form(
        "operators of numbers",
        "r_OPERATOR_SYMBOLS.html",
        &[
            ("SELECT -7 % 3", "-1"),
            ("SELECT 5 ^ 2", "25"),
            ("SELECT |/ 25.0", "5"),
            ("SELECT ||/ 27.0", "3"),
            ("SELECT @ -5", "5"),
            ("SELECT 5 # 1", "4"),
            ("SELECT (5 & 4) | 2", "6"),
            ("SELECT 1 << 4", "16"),
            ("SELECT ~5", "-6"),
            ("SELECT 2147483647 + 1", "ERROR"),
            ("SELECT '5' + 1", "6"),
            ("SELECT region::varchar + 1 FROM sales", "ERROR"),
            ("SELECT JSON_PARSE('1') + 1", "2"),
            ("SELECT TRUE + 1", "ERROR"),
            ("SELECT 1e-400", "ERROR"),
            ("SELECT 123456789012345678901234567890123456789", "ERROR"),
        ],
    ),
    form(
        "trailing blanks do not count in comparisons",
        "r_Character_types.html",
        &[
            ("SELECT 'a '='a'", "True"),
            ("SELECT count(*) FROM sales WHERE rep || '  ' = 'ann'", "1"),
            ("SELECT 'a ' IN ('a','b')", "True"),
            (
                "SELECT count(*) FROM sales WHERE rep || ' ' IN ('ann','bob')",
                "2",
            ),
            (
                "SELECT CASE rep || ' ' WHEN 'ann' THEN 1 END FROM sales WHERE id=1",
                "1",
            ),
            (
                "SELECT count(*) FROM sales s JOIN (SELECT 'ann '::varchar(5) AS r) q ON s.rep = q.r",
                "1",
            ),
            (
                "SELECT count(*) FROM sales WHERE rep IN (SELECT 'ann '::varchar(9))",
                "1",
            ),
            ("SELECT MAX(rep) || ' ' = 'eve' FROM sales", "True"),
            ("SELECT 'a ' <> 'a'", "False"),
            ("SELECT id FROM sales WHERE d::date = '03/31/2024'", "3"),
            (
                "SELECT id FROM sales WHERE d::date IN ('03/31/2024', '1/1/1999')",
                "3",
            ),
            (
                "SELECT COUNT(*) FROM sales WHERE ts::timestamp BETWEEN '01/15/2024' AND '20240229'",
                "1",
            ),
            ("SELECT count(*) FROM sales WHERE 3 = qty", "1"),
            (
                "SELECT count(*) FROM sales a WHERE EXISTS (SELECT 1 FROM sales b WHERE b.rep = a.rep AND b.id = a.id)",
                "5",
            ),
            ("SELECT id FROM sales GROUP BY id HAVING MAX(qty) > 4", "5"),
            (
                "SELECT x FROM (SELECT qty * 10 AS ten, CASE WHEN ten > 9 AND ten < 100 THEN 1 END AS x FROM sales WHERE id = 1)",
                "1",
            ),
            (
                "SELECT count(*) FROM sales WHERE d BETWEEN '2024-01-01' AND '2024-03-31'",
                "3",
            ),
            (
                "SELECT count(*) FROM sales WHERE ts >= '2024-02-29 23:59:59'",
                "3",
            ),
        ],
    ),
    form(
        "`like` escapes with a backslash",
        "r_patternmatching_condition_like.html",
        &[
            ("SELECT 'aXb' LIKE 'a\\\\_b'", "False"),
            ("SELECT 'a_b' LIKE 'a\\\\_b'", "True"),
            ("SELECT 'ABC' ILIKE 'a%'", "True"),
            ("SELECT 'a_b' LIKE 'a^_b' ESCAPE '^'", "True"),
            ("SELECT 'a ' LIKE 'a'", "False"),
            ("SELECT 'abc' ~~ 'a%'", "True"),
        ],
    ),
    form(
        "`similar to` is a pattern of SQL",
        "pattern-matching-conditions-similar-to.html",
        &[
            ("SELECT 'abc' SIMILAR TO '%(b|d)%'", "True"),
            ("SELECT 'abc' SIMILAR TO 'b'", "False"),
            ("SELECT 'a.c' NOT SIMILAR TO 'a.c'", "False"),
        ],
    ),
    form(
        "`~` searches",
        "pattern-matching-conditions-posix.html",
        &[
            ("SELECT 'abc' ~ '^a'", "True"),
            ("SELECT 'ABC' ~* '^a'", "True"),
            ("SELECT 'abc' !~ '^b'", "True"),
            ("SELECT 'xabcx' ~ 'abc'", "True"),
            ("SELECT 'ABC' !~* 'b'", "False"),
        ],
    ),
    form(
        "`||` joins any value but booleans",
        "r_concat_op.html",
        &[
            ("SELECT 'a'||NULL", "null"),
            ("SELECT 'n='||42", "n=42"),
            ("SELECT 'rows: '||count(*) FROM sales", "rows: 5"),
            ("SELECT 'x' || TRUE", "ERROR"),
            ("SELECT rep || amt FROM sales WHERE id=1", "ann10.00"),
            ("SELECT 'q' || qty::float FROM sales WHERE id=1", "q1"),
            ("SELECT 'd' || d FROM sales WHERE id=1", "d2024-01-15"),
            ("SELECT 'b' || (qty > 1) FROM sales", "ERROR"),
        ],
    ),
    form(
        "literals",
        "r_Examples_with_character_types.html",
        &[
            ("SELECT 'it\\'s'", "it's"),
            ("SELECT 'a\\\\b'", "a\\b"),
            ("SELECT 'it''s'", "it's"),
            ("SELECT $$a'b$$", "a'b"),
        ],
    ),
    form(
        "dates and intervals",
        "r_interval_literals.html",
        &[
            ("SELECT DATE '2024-01-31' + 1", "2024-02-01"),
            ("SELECT DATE '2024-01-31' - DATE '2024-01-01'", "30"),
            (
                "SELECT DATE '2024-01-31' + INTERVAL '1 month'",
                "2024-02-29 00:00:00",
            ),
            (
                "SELECT TIMESTAMP '2024-01-01' + INTERVAL '1 day 2 hours'",
                "2024-01-02 02:00:00",
            ),
            (
                "SELECT TIMESTAMP '2024-01-01' + INTERVAL '3' day",
                "2024-01-04 00:00:00",
            ),
            (
                "SELECT TIMESTAMP 'epoch' + 1704067200 * INTERVAL '1 second'",
                "2024-01-01 00:00:00",
            ),
            (
                "SELECT 'epoch'::timestamp + 1704067200 * INTERVAL '1 second'",
                "2024-01-01 00:00:00",
            ),
            (
                "SELECT TIMESTAMP 'epoch' + (id*1000)/1000 * INTERVAL '1 second' FROM sales WHERE id=2",
                "1970-01-01 00:00:02",
            ),
            (
                "SELECT TIMESTAMP 'epoch' + id::bigint * INTERVAL '1 second' FROM sales WHERE id=2",
                "1970-01-01 00:00:02",
            ),
            (
                "SELECT (TIMESTAMP '2024-07-01 12:00:00' AT TIME ZONE 'UTC') AT TIME ZONE 'America/New_York'",
                "2024-07-01 08:00:00",
            ),
            (
                "SELECT d + INTERVAL '36 hours' FROM sales WHERE id=1",
                "2024-01-16 12:00:00",
            ),
            (
                "SELECT '2024-01-01' + INTERVAL '1 day'",
                "2024-01-02 00:00:00",
            ),
            ("SELECT d + 7 FROM sales WHERE id=1", "2024-01-22"),
            ("SELECT d::date - '2024-01-01' FROM sales WHERE id=1", "14"),
            ("SELECT d::date + '2024-01-01' FROM sales", "ERROR"),
            (
                "SELECT '2024-01-01'::date + '1 day'::interval",
                "2024-01-02 00:00:00",
            ),
        ],
    ),
    form(
        "NULL comes last ascending, first descending",
        "r_ORDER_BY_clause.html",
        &[
            ("SELECT amt FROM sales ORDER BY amt DESC LIMIT 1", "null"),
            ("SELECT amt FROM sales ORDER BY amt LIMIT 1", "5.25"),
            (
                "SELECT rep FROM (SELECT rep, ROW_NUMBER() OVER (ORDER BY amt DESC) rn FROM sales) WHERE rn=1",
                "cat",
            ),
            (
                "SELECT amt FROM sales ORDER BY amt DESC NULLS LAST LIMIT 1",
                "40.00",
            ),
        ],
    ),
    form(
        "names fold to lower case, quoted too",
        "r_names.html",
        &[
            ("SELECT \"ID\" FROM sales WHERE \"Id\"=1", "1"),
            ("SELECT 1 AS [foo]", "1"),
        ],
    ),
    form(
        "values of one column are of one kind",
        "r_UNION.html",
        &[
            ("SELECT 1 UNION SELECT 'b'", "ERROR"),
            (
                "SELECT SUM(n) FROM (SELECT 1 AS n UNION ALL SELECT '2')",
                "3",
            ),
            (
                "SELECT SUM(n) FROM (SELECT '4' AS n UNION ALL SELECT 2)",
                "6",
            ),
            ("SELECT rep::varchar FROM sales UNION ALL SELECT 1", "ERROR"),
            ("SELECT id::int FROM sales EXCEPT SELECT TRUE", "ERROR"),
            (
                "SELECT MAX(x) FROM (SELECT '2024-01-05'::date AS x UNION ALL SELECT '01/31/2024')",
                "2024-01-31",
            ),
            (
                "SELECT CASE WHEN id = 1 THEN 1 ELSE '2' END FROM sales WHERE id = 2",
                "2",
            ),
            (
                "SELECT CASE WHEN id = 1 THEN 1 ELSE 'b' END FROM sales",
                "ERROR",
            ),
            (
                "SELECT CASE WHEN id = 1 THEN rep::varchar ELSE 2 END FROM sales",
                "ERROR",
            ),
            ("SELECT DECODE(id, 1, 'a', 2) FROM sales", "ERROR"),
        ],
    ),
    form(
        "lateral column aliases",
        "r_SELECT_list.html",
        &[
            (
                "SELECT x FROM (SELECT qty*2 AS dbl, dbl+1 AS x FROM sales WHERE id=1)",
                "3",
            ),
            (
                "SELECT y FROM (SELECT qty+100 AS id, id AS y FROM sales WHERE id=1)",
                "1",
            ),
        ],
    ),
    form(
        "clauses of `select`",
        "r_SELECT_synopsis.html",
        &[
            (
                "SELECT MAX(id) FROM (SELECT TOP 2 id FROM sales ORDER BY id)",
                "2",
            ),
            (
                "SELECT id FROM sales MINUS SELECT id FROM sales WHERE id>1",
                "1",
            ),
            (
                "SELECT COUNT(*) FROM (SELECT region, SUM(qty) FROM sales GROUP BY ROLLUP(region))",
                "4",
            ),
            (
                "SELECT COUNT(*) FROM (SELECT region, SUM(qty) FROM sales GROUP BY ALL)",
                "3",
            ),
            (
                "SELECT COUNT(*) FROM (SELECT * EXCLUDE (ts,note) FROM sales)",
                "5",
            ),
            (
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3) SELECT MAX(i) FROM n",
                "3",
            ),
            (
                "SELECT east FROM (SELECT region, qty FROM sales WHERE region IS NOT NULL) PIVOT (SUM(qty) FOR region IN ('east','west'))",
                "3",
            ),
            (
                "SELECT SUM(cnt) FROM (SELECT 1 AS red, 2 AS green) UNPIVOT (cnt FOR color IN (red, green))",
                "3",
            ),
            (
                "SELECT count(*) FROM sales a, sales b WHERE a.id = b.id",
                "5",
            ),
            ("SELECT s.* FROM (SELECT 1 AS one) s", "1"),
            ("SELECT (SELECT MAX(id) FROM sales)", "5"),
            ("SELECT count FROM (SELECT count(*) FROM sales)", "5"),
        ],
    ),
    form(
        "what DuckDB takes and Redshift does not is refused",
        "r_SELECT_synopsis.html",
        &[
            ("SELECT DISTINCT ON (region) region FROM sales", "ERROR"),
            ("FROM sales", "ERROR"),
            ("SELECT [1, 2]", "ERROR"),
            ("SELECT {'a': 1}", "ERROR"),
            ("SELECT x -> x + 1", "ERROR"),
            ("SELECT * FROM generate_series(1, 3)", "ERROR"),
            ("SELECT * FROM sales, LATERAL (SELECT 1) q", "ERROR"),
            ("SELECT * FROM 'file.csv'", "ERROR"),
            ("SELECT * FROM \"file.csv\"", "ERROR"),
            ("SELECT * REPLACE (1 AS id) FROM sales", "ERROR"),
            ("SELECT id FROM sales ORDER BY ALL", "ERROR"),
            ("SELECT list_sort(id) FROM sales", "ERROR"),
            ("SELECT 1 IS DISTINCT FROM 2", "ERROR"),
            ("SELECT * FROM sales SEMI JOIN sales USING (id)", "ERROR"),
            ("SELECT strftime(d, '%Y') FROM sales", "ERROR"),
            ("VALUES (1)", "ERROR"),
            ("SELECT id FROM sales LIMIT 1, 2", "ERROR"),
            ("SELECT * FROM stl_load_errors", "ERROR"),
            ("SELECT 1::hugeint", "ERROR"),
            ("SELECT * FROM duckdb_tables", "ERROR"),
            (
                "SELECT sum(qty) OVER w FROM sales WINDOW w AS (PARTITION BY id)",
                "ERROR",
            ),
            ("SELECT 'a' GLOB 'a'", "ERROR"),
            ("SELECT id FROM sales FOR UPDATE", "ERROR"),
            ("SELECT * FROM sales TABLESAMPLE 10%", "ERROR"),
            ("SELECT COLUMNS('i.*') FROM sales", "ERROR"),
            ("SELECT 5 // 2", "ERROR"),
            ("SELECT 1 == 1", "ERROR"),
            ("SELECT id FROM sales FETCH FIRST 1 ROW ONLY", "ERROR"),
            ("SELECT id FROM sales LIMIT 2.5", "ERROR"),
            ("SELECT id FROM sales LIMIT '1'", "ERROR"),
            ("SELECT MAX(qty > 1) FROM sales", "ERROR"),
            ("SELECT rep[1] FROM sales", "ERROR"),
            (
                "SELECT LISTAGG(rep) WITHIN GROUP (ORDER BY d), LISTAGG(id) WITHIN GROUP (ORDER BY rep) FROM sales",
                "ERROR",
            ),
            (
                "SELECT PERCENTILE_CONT(0.6) WITHIN GROUP (ORDER BY id), MEDIAN(amt) FROM sales",
                "ERROR",
            ),
            (
                "SELECT a FROM (SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY id) AS a, MEDIAN(id), LISTAGG(rep) FROM sales)",
                "3",
            ),
            ("SELECT 2 ** 3", "ERROR"),
        ],
    ),
];
