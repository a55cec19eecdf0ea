//! Which texts are values of a type, as a condition that every warehouse reads alike: no cast that fails, and nothing that one of them
//! takes and another does not.
//!
//! Whole numbers and decimals are digits with an optional sign and point, in the range of the type and with no more digits behind the
//! point than it has; dates and moments are written as ISO 8601 has them, and are days of the calendar. Blanks around a value, `1e3` for
//! a decimal and `13/01/2024` are none.
//!
//! `castable.sql` says the same in the words of templates; a test of `run` compares the two.

/// The days of the calendar from the year 1 on, each month with its own length, February with its leap years.
const DAY: &str = "([0-9]{4}-(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|[0-9]{4}-(0[469]|11)-(0[1-9]|[12][0-9]|30)|[0-9]{4}-02-(0[1-9]|1[0-9]|2[0-8])|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)";
const TIME: &str = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?";

/// The condition under which a column's text is a value of a type, in a dialect; none for a type that texts are not tested for.
pub fn condition(column: &str, data_type: &str, dialect: &str) -> Option<String> {
    let text = format!("cast({column} as varchar(65535))");
    let declared = data_type.trim().to_lowercase();
    let (name, arguments) = match declared.split_once('(') {
        Some((name, rest)) => (name.trim(), numbers(rest.strip_suffix(')')?)?),
        None => (declared.as_str(), Vec::new()),
    };
    let matches = |pattern: &str| format!("{text} ~ '^{pattern}$'");
    let whole = |least: &str, most: &str| {
        format!(
            "case when {} then cast({text} as decimal(38,0)) between {least} and {most} else false end",
            matches("-?[0-9]{1,30}")
        )
    };
    // To the end: DuckDB's `~` looks at the whole text.
    let year = format!("not ({text} ~ '^0000.*$')");
    Some(match (name, arguments.as_slice()) {
        ("smallint" | "int2", []) => whole("-32768", "32767"),
        ("integer" | "int" | "int4", []) => whole("-2147483648", "2147483647"),
        ("bigint" | "int8", []) => whole("-9223372036854775808", "9223372036854775807"),
        ("decimal" | "numeric", [precision, scale]) if scale < precision => {
            let point = match scale {
                0 => String::new(),
                scale => format!("([.][0-9]{{1,{scale}}})?"),
            };
            matches(&format!("-?[0-9]{{1,{}}}{point}", precision - scale))
        }
        ("double precision" | "float8" | "float", []) => {
            matches("-?[0-9]{1,30}([.][0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")
        }
        ("date", []) => format!("{} and {year}", matches(DAY)),
        ("timestamp" | "timestamp without time zone", []) => {
            format!("{} and {year}", matches(&format!("{DAY}([T ]{TIME}Z?)?")))
        }
        ("varchar" | "character varying", [length]) => {
            // DuckDB's `octet_length` is for binary values alone.
            let bytes = match dialect {
                "duckdb" => "strlen",
                _ => "octet_length",
            };
            format!("{bytes}({text}) <= {length}")
        }
        _ => return None,
    })
}

fn numbers(text: &str) -> Option<Vec<u32>> {
    text.split(',')
        .map(|number| number.trim().parse().ok())
        .collect()
}
