//! Random expressions over columns of known types: each is translated the same way twice, runs, and has the type that was told.

use duckdb::Connection;

use super::{Catalog, Type, prelude, translate_query_with};

/// One row of every kind that a value may be of.
const TABLE: &str = "
    CREATE TABLE facts(i2 SMALLINT, i4 INTEGER, i8 BIGINT, n DECIMAL(10,2), f DOUBLE, t VARCHAR, c VARCHAR, d DATE, ts TIMESTAMP, b BOOLEAN);
    INSERT INTO facts VALUES
    (1, 10, 100, 1.25, 0.5, 'ann', 'a', '2024-01-31', '2024-01-31 10:30:45.123456', true),
    (-2, 0, -7, -20.50, -3.75, 'Bob ', 'b', '2024-02-29', '2024-02-29 23:59:59', false),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, 7, 5, 0.00, 2.0, '', 'é', '1999-12-31', '2000-01-01 00:00:00', true);";

const COLUMNS: [(&str, Type); 10] = [
    ("i2", Type::Int2),
    ("i4", Type::Int4),
    ("i8", Type::Int8),
    ("n", Type::Decimal(10, 2)),
    ("f", Type::Float8),
    ("t", Type::Varchar(20)),
    ("c", Type::Char(2)),
    ("d", Type::Date),
    ("ts", Type::Timestamp),
    ("b", Type::Bool),
];

struct Facts;

impl Catalog for Facts {
    fn columns(&self, _: Option<&str>, table: &str) -> Option<Vec<(String, Option<Type>)>> {
        let columns = COLUMNS.map(|(name, ty)| (name.to_owned(), Some(ty)));
        (table == "facts").then(|| columns.into())
    }
}

/// Kinds of values that expressions are made for.
#[derive(Clone, Copy)]
enum Kind {
    Integer,
    Decimal,
    Float,
    Text,
    Date,
    Moment,
    Bool,
}

use Kind::{Bool, Date, Decimal, Float, Integer, Moment, Text};

/// Forms of a kind: `%i`, `%n`, `%f`, `%t`, `%d`, `%m`, `%b` stand for an expression of a kind.
fn forms(kind: Kind) -> &'static [&'static str] {
    match kind {
        Integer => &[
            "(%i + %i)",
            "(%i - %i)",
            "(%i / nullif(%i, 0))",
            "(%i % nullif(%i, 0))",
            "abs(%i)",
            "coalesce(%i, %i)",
            "nvl(%i, 0)",
            "case when %b then %i else %i end",
            "len(%t)",
            "octet_length(%t)",
            "strpos(%t, %t)",
            "datediff(day, %d, %m)",
            "date_part(year, %d)",
            "extract(month from %m)",
            "decode(%i, 1, %i, %i)",
            "nvl2(%t, %i, %i)",
            "greatest(%i, %i)",
            "least(%i, 3)",
            "sign(%i)",
            "(%i & 255)",
            "ascii(%t)",
            "regexp_count(%t, 'a')",
            "date_cmp(%d, %d)",
            "charindex('b', %t)",
        ],
        Decimal => &[
            "(%n + %n)",
            "(%n - %i)",
            "(%n * 2)",
            "(%n / nullif(%i, 0))",
            "abs(%n)",
            "round(%n, 1)",
            "coalesce(%n, 0.0)",
            "case when %b then %n end",
            "nullif(%n, 0)",
            "trunc(%n, 1)",
            "%i::decimal(12,3)",
            "greatest(%n, %n)",
        ],
        Float => &[
            "(%f + %f)",
            "(%f * %n)",
            "(%f - %i)",
            "sqrt(abs(%f))",
            "%i::float",
            "%n::double precision",
            "round(%f, 2)",
            "coalesce(%f, 0)",
            "sin(%f)",
            "floor(%f)",
            "ceil(%f)",
            "power(%i, 2)",
            "months_between(%m, %m)",
        ],
        Text => &[
            "upper(%t)",
            "lower(%t)",
            "trim(%t)",
            "ltrim(%t)",
            "(%t || %t)",
            "substring(%t, 1, 2)",
            "left(%t, 2)",
            "right(%t, 1)",
            "lpad(%t, 5, '*')",
            "replace(%t, 'a', 'b')",
            "coalesce(%t, 'none')",
            "case when %b then %t else 'x' end",
            "%i::varchar(20)",
            "split_part(%t, 'n', 1)",
            "initcap(%t)",
            "reverse(%t)",
            "to_char(%m, 'YYYY-MM-DD')",
            "translate(%t, 'ab', 'xy')",
            "md5(%t)",
            "nullif(%t, '')",
            "repeat(%t, 2)",
            "regexp_replace(%t, '[a-c]', '-')",
            "concat(%t, %i)",
            "%d::varchar(12)",
            "lower(%t)",
        ],
        Date => &[
            "last_day(%d)",
            "(%d + 1)",
            "trunc(%m)",
            "%m::date",
            "coalesce(%d, '2020-01-01'::date)",
            "case when %b then %d end",
            "next_day(%d, 'mon')",
        ],
        Moment => &[
            "dateadd(day, 3, %m)",
            "date_trunc('month', %m)",
            "%d::timestamp",
            "dateadd(month, 1, %d)",
            "add_months(%m, 1)",
            "(%m + interval '1 hour')",
            "coalesce(%m, %m)",
            "convert_timezone('UTC', 'Europe/Berlin', %m)",
            "case when %b then %m else %m end",
        ],
        Bool => &[
            "(%i = %i)",
            "(%t = %t)",
            "(%t <> 'a')",
            "(%d < %m)",
            "(%n >= %i)",
            "(%f > 0)",
            "(%b and %b)",
            "(%b or not %b)",
            "(%t is null)",
            "(%i in (1, 2, %i))",
            "(%i between 0 and %i)",
            "(%t like 'a%%')",
            "(%t ~ '^[a-z]')",
            "(%t in ('ann', 'bob'))",
            "(case when %b then %b else false end)",
            "(%t similar to '%%(n|b)%%')",
            "(%m is not null)",
            "(%c_ = 'a')",
        ],
    }
}

fn leaves(kind: Kind) -> &'static [&'static str] {
    match kind {
        Integer => &["i4", "i8", "i4"],
        Decimal => &["n", "n"],
        Float => &["f", "2.5::float", "f"],
        Text => &["t", "t", "c", "'ann'", "'a b'", "''", "'é'"],
        Date => &["d", "'2024-02-29'::date", "date '2023-12-31'"],
        Moment => &["ts", "'2024-02-29 12:00:00'::timestamp", "ts"],
        Bool => &["b", "true", "(i4 > 5)"],
    }
}

/// SplitMix64: the same expressions for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap_or(0)
    }

    fn expression(&mut self, kind: Kind, depth: usize) -> String {
        if depth == 0 || self.below(5) == 0 {
            let leaves = leaves(kind);
            return leaves[self.below(leaves.len())].to_owned();
        }
        let all = forms(kind);
        let form = all[self.below(all.len())];
        let mut out = String::new();
        let mut letters = form.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                out.push(letter);
                continue;
            }
            let kind = match letters.peek() {
                Some('i') => Integer,
                Some('n') => Decimal,
                Some('f') => Float,
                Some('t') => Text,
                Some('d') => Date,
                Some('m') => Moment,
                Some('b') => Bool,
                Some('c') => {
                    letters.nth(1);
                    out.push('c');
                    continue;
                }
                Some('%') => {
                    letters.next();
                    out.push('%');
                    continue;
                }
                _ => {
                    out.push('%');
                    continue;
                }
            };
            letters.next();
            out.push_str(&self.expression(kind, depth - 1));
        }
        out
    }
}

/// What Redshift fails on with such values too.
const OVERFLOWS: [&str; 5] = [
    "Overflow",
    "out of range",
    "Out of Range",
    "division by zero",
    "Could not cast",
];

/// What is wrong with one expression.
fn trouble(connection: &Connection, sql: &str) -> Result<bool, String> {
    let given = translate_query_with(sql, &Facts);
    if given != translate_query_with(sql, &Facts) {
        return Err("it is translated in two ways".to_owned());
    }
    let translated = given.map_err(|refusal| format!("it is refused: {}", refusal.message))?;
    let said = |error: duckdb::Error| format!("{error}\n    in {}", translated.sql);
    let mut statement = connection
        .prepare(&format!("DESCRIBE {}", translated.sql))
        .map_err(said)?;
    let kinds: duckdb::Result<Vec<String>> = statement
        .query_map([], |row| row.get(1))
        .and_then(Iterator::collect);
    let kinds = kinds.map_err(said)?;
    let told = translated.columns.clone().unwrap_or_default();
    for (told, kind) in told.iter().zip(&kinds) {
        let Some(ty) = told.data_type.as_deref().and_then(super::catalog_type) else {
            continue;
        };
        let scale = |kind: &str| match kind.strip_prefix("DECIMAL(") {
            Some(rest) => format!(
                "DECIMAL with {}",
                rest.split_once(',').map_or("", |(_, scale)| scale.trim())
            ),
            None => kind.to_owned(),
        };
        if scale(&ty.duckdb()) != scale(kind) {
            return Err(format!(
                "it is told to be {ty}, and is {kind}\n    in {}",
                translated.sql
            ));
        }
    }
    match connection.execute_batch(&translated.sql) {
        Ok(()) => Ok(true),
        Err(error)
            if OVERFLOWS
                .iter()
                .any(|words| error.to_string().contains(words)) =>
        {
            Ok(false)
        }
        Err(error) => Err(said(error)),
    }
}

#[test]
fn random_expressions_are_translated_run_and_have_the_type_that_is_told() {
    let count = std::env::var("REDSTART_TEST_EXPRESSIONS").ok();
    let count: usize = count.and_then(|count| count.parse().ok()).unwrap_or(600);
    let connection = Connection::open_in_memory().unwrap();
    prelude(&connection).unwrap();
    connection.execute_batch(TABLE).unwrap();
    let mut random = Random(20_261_129);
    let mut troubles = Vec::new();
    let mut ran = 0;
    for _ in 0..count {
        let kind = [Integer, Decimal, Float, Text, Date, Moment, Bool][random.below(7)];
        let sql = format!("select {} as x from facts", random.expression(kind, 3));
        match trouble(&connection, &sql) {
            Ok(worked) => ran += usize::from(worked),
            Err(trouble) => troubles.push(format!("{sql}\n    {trouble}")),
        }
    }
    assert!(
        troubles.is_empty(),
        "{} of {count}:\n{}",
        troubles.len(),
        troubles.join("\n")
    );
    assert!(ran > count / 2, "only {ran} of {count} ran");
}
