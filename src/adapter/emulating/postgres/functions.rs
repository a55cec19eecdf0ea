//! What the functions of the table become on PostgreSQL. Closed world here too: a name that is not in this list is refused.

/// What a function becomes on PostgreSQL.
#[derive(Clone, Copy)]
pub(in crate::adapter::emulating) enum Pg {
    /// The words for DuckDB are PostgreSQL's too, or the function that translates it knows both.
    Same,
    /// A form for each number of arguments, as in the table.
    Forms(&'static [(usize, &'static str)]),
    /// An aggregate of one argument under another name.
    Aggregate(&'static str),
    /// An aggregate of one argument whose result is made a float.
    FloatAggregate(&'static str),
}

/// One argument as a float: PostgreSQL computes with decimals where it can.
macro_rules! float {
    ($name:literal) => {
        Pg::Forms(&[(1, concat!($name, "(CAST({0} AS DOUBLE PRECISION))"))])
    };
}

const REPEAT: Pg = Pg::Forms(&[(2, "__rs.sized(repeat({0:t}, {1}))")]);
const POWER: Pg = Pg::Forms(&[(
    2,
    "power(CAST({0} AS DOUBLE PRECISION), CAST({1} AS DOUBLE PRECISION))",
)]);
const UTC_DAY: Pg = Pg::Forms(&[(0, "CAST(now() AT TIME ZONE 'UTC' AS DATE)")]);
const JSON_VALID: Pg = Pg::Forms(&[(1, "__rs.json_valid({0:t})")]);

/// The functions that have a translation, by name.
pub(in crate::adapter::emulating) const FUNCTIONS: &[(&str, Pg)] = &[
    // Strings
    ("ascii", Pg::Same),
    ("btrim", Pg::Same),
    ("char_length", Pg::Same),
    ("character_length", Pg::Same),
    ("charindex", Pg::Same),
    ("chr", Pg::Same),
    ("concat", Pg::Same),
    ("initcap", Pg::Forms(&[(1, "__rs.initcap({0:t})")])),
    ("left", Pg::Same),
    ("len", Pg::Same),
    ("length", Pg::Same),
    ("lower", Pg::Forms(&[(1, "__rs.lower({0:t})")])),
    (
        "lpad",
        Pg::Forms(&[
            (2, "__rs.sized(lpad({0:t}, {1}, ' '))"),
            (3, "__rs.sized(lpad({0:t}, {1}, {2:t}))"),
        ]),
    ),
    ("ltrim", Pg::Same),
    ("octet_length", Pg::Forms(&[(1, "octet_length({0:t})")])),
    ("quote_literal", Pg::Same),
    ("regexp_count", Pg::Same),
    ("regexp_instr", Pg::Same),
    ("regexp_replace", Pg::Same),
    ("regexp_substr", Pg::Same),
    ("repeat", REPEAT),
    ("replace", Pg::Same),
    ("replicate", REPEAT),
    ("reverse", Pg::Forms(&[(1, "reverse({0:t})")])),
    ("right", Pg::Same),
    (
        "rpad",
        Pg::Forms(&[
            (2, "__rs.sized(rpad({0:t}, {1}, ' '))"),
            (3, "__rs.sized(rpad({0:t}, {1}, {2:t}))"),
        ]),
    ),
    ("rtrim", Pg::Same),
    ("split_part", Pg::Same),
    ("strpos", Pg::Same),
    ("substr", Pg::Same),
    ("substring", Pg::Same),
    ("textlen", Pg::Same),
    ("translate", Pg::Same),
    ("trim", Pg::Same),
    ("upper", Pg::Forms(&[(1, "__rs.upper({0:t})")])),
    // Dates and times
    (
        "add_months",
        Pg::Forms(&[(2, "__rs.add_months({0:m}, {1})")]),
    ),
    ("convert_timezone", Pg::Same),
    ("current_date", UTC_DAY),
    ("date_cmp", Pg::Same),
    ("date", Pg::Same),
    ("date_cmp_timestamp", Pg::Same),
    ("date_cmp_timestamptz", Pg::Same),
    ("date_diff", Pg::Same),
    ("date_part", Pg::Same),
    (
        "date_part_year",
        Pg::Forms(&[(1, "CAST(__rs.date_part('year', {0:m}) AS INTEGER)")]),
    ),
    ("date_trunc", Pg::Same),
    ("dateadd", Pg::Same),
    ("datediff", Pg::Same),
    (
        "getdate",
        Pg::Forms(&[(
            0,
            "date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC')",
        )]),
    ),
    ("interval_cmp", Pg::Same),
    ("last_day", Pg::Forms(&[(1, "__rs.last_day({0:m})")])),
    (
        "months_between",
        Pg::Forms(&[(2, "__rs.months_between({0:m}, {1:m})")]),
    ),
    ("next_day", Pg::Same),
    ("pgdate_part", Pg::Same),
    ("sysdate", Pg::Forms(&[(0, "(now() AT TIME ZONE 'UTC')")])),
    ("timestamp_cmp", Pg::Same),
    ("timestamp_cmp_date", Pg::Same),
    ("timestamp_cmp_timestamptz", Pg::Same),
    ("timestamptz_cmp", Pg::Same),
    ("timestamptz_cmp_date", Pg::Same),
    ("timestamptz_cmp_timestamp", Pg::Same),
    ("timezone", Pg::Same),
    // Numbers
    ("abs", Pg::Same),
    ("acos", float!("acos")),
    ("asin", float!("asin")),
    ("atan", float!("atan")),
    ("atan2", Pg::Same),
    ("cbrt", float!("cbrt")),
    ("ceil", Pg::Same),
    ("ceiling", Pg::Same),
    ("cos", float!("cos")),
    ("cot", float!("cot")),
    ("degrees", float!("degrees")),
    ("dexp", float!("exp")),
    ("dlog1", float!("ln")),
    ("dlog10", float!("log")),
    ("exp", float!("exp")),
    ("floor", Pg::Same),
    ("ln", float!("ln")),
    ("log", Pg::Same),
    ("mod", Pg::Same),
    ("pi", Pg::Same),
    ("pow", POWER),
    ("power", POWER),
    ("radians", float!("radians")),
    ("random", Pg::Same),
    ("round", Pg::Same),
    ("sign", Pg::Same),
    ("sin", float!("sin")),
    ("sqrt", float!("sqrt")),
    ("tan", float!("tan")),
    ("trunc", Pg::Same),
    // Conditions
    ("coalesce", Pg::Same),
    ("decode", Pg::Same),
    ("greatest", Pg::Same),
    ("isnull", Pg::Same),
    ("least", Pg::Same),
    ("nullif", Pg::Same),
    ("nvl", Pg::Same),
    ("nvl2", Pg::Same),
    // Formats and conversions
    ("to_char", Pg::Same),
    ("to_date", Pg::Same),
    ("to_number", Pg::Same),
    ("to_timestamp", Pg::Same),
    // Aggregates
    ("any_value", Pg::Aggregate("__rs.any_value")),
    ("avg", Pg::Same),
    ("bit_and", Pg::Same),
    ("bit_or", Pg::Same),
    ("bool_and", Pg::Same),
    ("bool_or", Pg::Same),
    ("count", Pg::Same),
    ("grouping", Pg::Same),
    ("listagg", Pg::Same),
    ("max", Pg::Same),
    ("median", Pg::Same),
    ("min", Pg::Same),
    ("percentile_cont", Pg::Same),
    ("percentile_disc", Pg::Same),
    ("stddev", Pg::FloatAggregate("stddev_samp")),
    ("stddev_pop", Pg::FloatAggregate("stddev_pop")),
    ("stddev_samp", Pg::FloatAggregate("stddev_samp")),
    ("sum", Pg::Same),
    ("var_pop", Pg::FloatAggregate("var_pop")),
    ("var_samp", Pg::FloatAggregate("var_samp")),
    ("variance", Pg::FloatAggregate("var_samp")),
    // Window functions
    ("cume_dist", Pg::Same),
    ("dense_rank", Pg::Same),
    ("first_value", Pg::Same),
    ("lag", Pg::Same),
    ("last_value", Pg::Same),
    ("lead", Pg::Same),
    ("nth_value", Pg::Same),
    ("ntile", Pg::Same),
    ("percent_rank", Pg::Same),
    ("rank", Pg::Same),
    ("ratio_to_report", Pg::Same),
    ("row_number", Pg::Same),
    // JSON in texts
    ("can_json_parse", JSON_VALID),
    (
        "is_valid_json",
        Pg::Forms(&[(
            1,
            "CASE WHEN __rs.json_valid({0:t}) THEN json_typeof(CAST(CAST({0:t} AS TEXT) AS JSON)) = 'object' ELSE __rs.json_valid({0:t}) END",
        )]),
    ),
    (
        "is_valid_json_array",
        Pg::Forms(&[(
            1,
            "CASE WHEN __rs.json_valid({0:t}) THEN json_typeof(CAST(CAST({0:t} AS TEXT) AS JSON)) = 'array' ELSE __rs.json_valid({0:t}) END",
        )]),
    ),
    ("json_array_length", Pg::Same),
    ("json_extract_array_element_text", Pg::Same),
    ("json_extract_path_text", Pg::Same),
    // Hashes
    ("md5", Pg::Same),
    ("sha2", Pg::Same),
    ("to_hex", Pg::Same),
    // System
    ("current_schema", Pg::Same),
];

/// What a function becomes on PostgreSQL, if it is translated at all.
pub(in crate::adapter::emulating) fn find(name: &str) -> Option<Pg> {
    FUNCTIONS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, how)| *how)
}
