//! Redshift's types and DuckDB's: names, lengths, and what a declared column becomes.

use std::fmt;

use super::{identifier, literal};
use crate::adapter::Refusal;
use crate::adapter::statement::ColumnDefinition;
use crate::diagnostic::nearest;
use crate::relation::Relation;

/// A type as Redshift knows it. Lengths are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `boolean`.
    Bool,
    /// `smallint`.
    Int2,
    /// `integer`.
    Int4,
    /// `bigint`.
    Int8,
    /// `numeric(precision, scale)`.
    Decimal(u8, u8),
    /// `real`.
    Float4,
    /// `double precision`.
    Float8,
    /// `character(length)`.
    Char(u32),
    /// `character varying(length)`.
    Varchar(u32),
    /// Text of which nobody can tell the length that Redshift would give it.
    Text,
    /// A NULL that nothing gives a type.
    Null,
    /// `date`.
    Date,
    /// `timestamp without time zone`.
    Timestamp,
    /// `timestamp with time zone`.
    TimestampTz,
    /// `time without time zone`.
    Time,
    /// `time with time zone`.
    TimeTz,
    /// `interval`, of days and seconds, or without a qualifier.
    Interval,
    /// `interval year to month`.
    Months,
    /// `super`.
    Super,
    /// `binary varying(length)`.
    Varbyte(u32),
}

/// The length of `varchar` and `text` without one.
pub(super) const DEFAULT_LENGTH: u32 = 256;
/// The length of `varchar(max)`.
pub(super) const MAX_LENGTH: u32 = 65_535;
/// The length of the longest `varbyte`.
pub(super) const MAX_BYTES: u32 = 16_777_216;

impl Type {
    /// Whether values are text.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Char(_) | Self::Varchar(_) | Self::Text)
    }

    /// Whether values are times or dates.
    pub fn is_moment(self) -> bool {
        matches!(
            self,
            Self::Date | Self::Timestamp | Self::TimestampTz | Self::Time | Self::TimeTz
        )
    }

    /// Whether values are intervals.
    pub fn is_interval(self) -> bool {
        matches!(self, Self::Interval | Self::Months)
    }

    /// Whether a column of this type takes values of another one that are put into it by `insert`, `update` or `merge`, without a cast.
    ///
    /// Certain pairs alone are told apart ("Implicit conversion types" of
    /// <https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html>): no text becomes a number, a time or a boolean, no
    /// boolean anything else, no number a time and no time a number.
    pub fn takes(self, value: Self) -> bool {
        let clock = |ty: Self| matches!(ty, Self::Time | Self::TimeTz);
        let day = |ty: Self| ty.is_moment() && !clock(ty);
        match value {
            _ if value.is_text() => !(self.is_number() || self.is_moment() || self == Self::Bool),
            Self::Bool => matches!(self, Self::Bool | Self::Super),
            _ if value.is_integer() => !self.is_moment(),
            _ if value.is_number() => !(self.is_moment() || self == Self::Bool),
            _ if self.is_number() || self == Self::Bool => !value.is_moment(),
            Self::Date => !clock(self),
            _ if clock(value) => !day(self),
            _ => true,
        }
    }

    /// Whether values are whole numbers.
    pub fn is_integer(self) -> bool {
        matches!(self, Self::Int2 | Self::Int4 | Self::Int8)
    }

    /// Whether values are binary floats.
    pub fn is_float(self) -> bool {
        matches!(self, Self::Float4 | Self::Float8)
    }

    /// Whether values are numbers.
    pub fn is_number(self) -> bool {
        self.is_integer() || self.is_float() || matches!(self, Self::Decimal(..))
    }

    /// The length in bytes, where values are text of a known length.
    pub fn length(self) -> Option<u32> {
        match self {
            Self::Char(length) | Self::Varchar(length) => Some(length),
            _ => None,
        }
    }

    /// Precision and scale of a number that is not a float.
    pub fn digits(self) -> Option<(u8, u8)> {
        match self {
            Self::Int2 => Some((5, 0)),
            Self::Int4 => Some((10, 0)),
            Self::Int8 => Some((19, 0)),
            Self::Decimal(precision, scale) => Some((precision, scale)),
            _ => None,
        }
    }

    /// DuckDB's name.
    pub fn duckdb(self) -> String {
        match self {
            Self::Bool => "BOOLEAN".into(),
            Self::Int2 => "SMALLINT".into(),
            Self::Int4 => "INTEGER".into(),
            Self::Int8 => "BIGINT".into(),
            Self::Decimal(precision, scale) => format!("DECIMAL({precision}, {scale})"),
            Self::Float4 => "FLOAT".into(),
            Self::Float8 => "DOUBLE".into(),
            Self::Char(_) | Self::Varchar(_) | Self::Text | Self::Null => "VARCHAR".into(),
            Self::Date => "DATE".into(),
            Self::Timestamp => "TIMESTAMP".into(),
            Self::TimestampTz => "TIMESTAMP WITH TIME ZONE".into(),
            Self::Time => "TIME".into(),
            Self::TimeTz => "TIME WITH TIME ZONE".into(),
            Self::Interval | Self::Months => "INTERVAL".into(),
            Self::Super => "JSON".into(),
            Self::Varbyte(_) => "BLOB".into(),
        }
    }
}

impl fmt::Display for Type {
    /// The name that Redshift's catalog shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("boolean"),
            Self::Int2 => f.write_str("smallint"),
            Self::Int4 => f.write_str("integer"),
            Self::Int8 => f.write_str("bigint"),
            Self::Decimal(precision, scale) => write!(f, "numeric({precision},{scale})"),
            Self::Float4 => f.write_str("real"),
            Self::Float8 => f.write_str("double precision"),
            Self::Char(length) => write!(f, "character({length})"),
            Self::Varchar(length) => write!(f, "character varying({length})"),
            Self::Text => f.write_str("character varying"),
            Self::Null => f.write_str("unknown"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp without time zone"),
            Self::TimestampTz => f.write_str("timestamp with time zone"),
            Self::Time => f.write_str("time without time zone"),
            Self::TimeTz => f.write_str("time with time zone"),
            Self::Interval => f.write_str("interval"),
            Self::Months => f.write_str("interval year to month"),
            Self::Super => f.write_str("super"),
            Self::Varbyte(length) => write!(f, "binary varying({length})"),
        }
    }
}

/// The type that values of two types have in common, as in `case` or `union`, where it is known.
pub(super) fn unify(a: Type, b: Type) -> Option<Type> {
    use Type::{Char, Date, Decimal, Float8, Null, Text, Timestamp, TimestampTz, Varchar};
    Some(match (a, b) {
        (a, b) if a == b => a,
        (Null, other) | (other, Null) => other,
        (Varchar(a) | Char(a), Varchar(b) | Char(b)) => Varchar(a.max(b)),
        (a, b) if a.is_text() && b.is_text() => Text,
        (Date, Timestamp) | (Timestamp, Date) => Timestamp,
        (TimestampTz, Date | Timestamp) | (Date | Timestamp, TimestampTz) => TimestampTz,
        (a, b) if a.is_integer() && b.is_integer() => wider(a, b),
        (a, b) if a.is_number() && b.is_number() => match (a.digits(), b.digits()) {
            (Some((p1, s1)), Some((p2, s2))) => {
                let scale = s1.max(s2);
                Decimal((p1 - s1).max(p2 - s2).saturating_add(scale).min(38), scale)
            }
            _ => Float8,
        },
        _ => return None,
    })
}

/// The wider of two integer types.
pub(super) fn wider(a: Type, b: Type) -> Type {
    match (a, b) {
        (Type::Int8, _) | (_, Type::Int8) => Type::Int8,
        (Type::Int4, _) | (_, Type::Int4) => Type::Int4,
        _ => Type::Int2,
    }
}

/// What a Redshift type is on DuckDB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuckdbType {
    /// The type as Redshift knows it.
    pub redshift: Type,
    /// DuckDB's name of it.
    pub sql: String,
    /// The most bytes that a text may have.
    pub max_bytes: Option<u32>,
}

/// Reads a Redshift type such as `varchar(256)` or `decimal`.
///
/// # Errors
/// A type that Redshift does not have, or that is not emulated.
pub fn duckdb_type(name: &str) -> Result<DuckdbType, Refusal> {
    let redshift = parse(name)?;
    Ok(DuckdbType {
        redshift,
        sql: redshift.duckdb(),
        max_bytes: match redshift {
            Type::Char(length) | Type::Varchar(length) | Type::Varbyte(length) => Some(length),
            _ => None,
        },
    })
}

pub(super) fn parse(name: &str) -> Result<Type, Refusal> {
    let lower = name.trim().to_lowercase();
    let (base, arguments) = match lower.split_once('(') {
        Some((base, rest)) => {
            let (arguments, after) = rest
                .split_once(')')
                .ok_or_else(|| refuse(name, "a parenthesis is not closed"))?;
            (
                format!("{} {}", base.trim(), after.trim()),
                Some(arguments.to_owned()),
            )
        }
        None => (lower.clone(), None),
    };
    let base = base.split_whitespace().collect::<Vec<_>>().join(" ");
    let numbers: Vec<&str> = arguments
        .as_deref()
        .map(|arguments| arguments.split(',').map(str::trim).collect())
        .unwrap_or_default();
    named(name, &base, &numbers)
}

fn named(name: &str, base: &str, arguments: &[&str]) -> Result<Type, Refusal> {
    let plain = |of: Type| {
        if arguments.is_empty() {
            Ok(of)
        } else {
            Err(refuse(name, "this type takes no length"))
        }
    };
    match base {
        "boolean" | "bool" => plain(Type::Bool),
        "smallint" | "int2" => plain(Type::Int2),
        "integer" | "int" | "int4" => plain(Type::Int4),
        "bigint" | "int8" => plain(Type::Int8),
        "decimal" | "numeric" => decimal(name, arguments),
        "real" | "float4" => plain(Type::Float4),
        "double precision" | "float8" => plain(Type::Float8),
        "float" => match arguments {
            [] => Ok(Type::Float8),
            [digits] => match digits.parse::<u8>() {
                Ok(1..=24) => Ok(Type::Float4),
                Ok(25..=53) => Ok(Type::Float8),
                _ => Err(refuse(name, "a float has 1 to 53 binary digits")),
            },
            _ => Err(refuse(name, "a float takes one number")),
        },
        "char" | "character" | "nchar" => Ok(Type::Char(length(name, arguments, 1, 4096)?)),
        "bpchar" => plain(Type::Char(DEFAULT_LENGTH)),
        "varchar" | "character varying" | "nvarchar" => Ok(Type::Varchar(length(
            name,
            arguments,
            DEFAULT_LENGTH,
            MAX_LENGTH,
        )?)),
        "text" => plain(Type::Varchar(DEFAULT_LENGTH)),
        "date" => plain(Type::Date),
        "timestamp" | "timestamp without time zone" | "datetime" => plain(Type::Timestamp),
        "timestamptz" | "timestamp with time zone" => plain(Type::TimestampTz),
        "time" | "time without time zone" => plain(Type::Time),
        "timetz" | "time with time zone" => plain(Type::TimeTz),
        "super" => plain(Type::Super),
        "varbyte" | "varbinary" | "binary varying" => {
            Ok(Type::Varbyte(length(name, arguments, 64_000, MAX_BYTES)?))
        }
        "geometry" | "geography" | "hllsketch" => {
            Err(refuse(name, "this type of Redshift is not emulated"))
        }
        "serial" | "bigserial" | "bytea" | "uuid" | "json" | "jsonb" | "array" | "money"
        | "xml" => Err(refuse(name, "Redshift does not have this type")),
        _ => {
            let mut refused = refuse(name, "Redshift does not have a type of this name");
            refused.help =
                nearest(&name.to_lowercase(), NAMES).map(|near| format!("did you mean `{near}`?"));
            Err(refused)
        }
    }
}

/// Names of types that are offered for one that is not known.
const NAMES: [&str; 15] = [
    "smallint",
    "integer",
    "bigint",
    "decimal",
    "numeric",
    "real",
    "double precision",
    "boolean",
    "char",
    "varchar",
    "text",
    "date",
    "timestamp",
    "timestamptz",
    "super",
];

fn decimal(name: &str, arguments: &[&str]) -> Result<Type, Refusal> {
    let number = |text: &str| text.parse::<u8>().ok();
    let (precision, scale) = match arguments {
        [] => (Some(18), Some(0)),
        [precision] => (number(precision), Some(0)),
        [precision, scale] => (number(precision), number(scale)),
        _ => (None, None),
    };
    match (precision, scale) {
        (Some(precision @ 1..=38), Some(scale)) if scale <= precision && scale <= 37 => {
            Ok(Type::Decimal(precision, scale))
        }
        _ => Err(refuse(
            name,
            "a decimal has 1 to 38 digits, at most 37 of them after the point",
        )),
    }
}

fn length(name: &str, arguments: &[&str], default: u32, most: u32) -> Result<u32, Refusal> {
    match arguments {
        [] => Ok(default),
        ["max"] => Ok(most),
        [number] => number
            .parse::<u32>()
            .ok()
            .filter(|length| (1..=most).contains(length))
            .ok_or_else(|| refuse(name, &format!("the length is 1 to {most} bytes"))),
        _ => Err(refuse(name, "this type takes one length")),
    }
}

fn refuse(name: &str, reason: &str) -> Refusal {
    Refusal {
        code: "unknown-type",
        message: format!("the type `{}` is not emulated", name.trim()),
        range: None,
        reason: Some(reason.to_owned()),
        help: None,
    }
}

/// Reads a type as our own catalog names it: there, a text without a length is one of unknown length, and `unknown` is the type
/// of a NULL.
pub fn catalog_type(name: &str) -> Option<Type> {
    match name {
        "character varying" => Some(Type::Text),
        "unknown" => Some(Type::Null),
        _ => parse(name).ok(),
    }
}

/// The name that Redshift's catalog would show for a column of this DuckDB type.
pub fn redshift_type(duckdb: &str) -> String {
    let upper = duckdb.trim().to_uppercase();
    let shown = match upper.as_str() {
        "BOOLEAN" => Type::Bool,
        "TINYINT" | "UTINYINT" | "SMALLINT" => Type::Int2,
        "INTEGER" | "USMALLINT" => Type::Int4,
        "BIGINT" | "UINTEGER" | "HUGEINT" | "UBIGINT" => Type::Int8,
        "FLOAT" => Type::Float4,
        "DOUBLE" => Type::Float8,
        "VARCHAR" => Type::Text,
        "DATE" => Type::Date,
        "TIMESTAMP" | "TIMESTAMP_NS" | "TIMESTAMP_MS" | "TIMESTAMP_S" => Type::Timestamp,
        "TIMESTAMP WITH TIME ZONE" => Type::TimestampTz,
        "TIME" => Type::Time,
        "TIME WITH TIME ZONE" => Type::TimeTz,
        "INTERVAL" => Type::Interval,
        "JSON" => Type::Super,
        "BLOB" => Type::Varbyte(64_000),
        _ => match parse(&upper) {
            Ok(known) => known,
            Err(_) => return duckdb.to_lowercase(),
        },
    };
    shown.to_string()
}

/// What a column of a `create table as` must be cast to, so that its type is one that Redshift has.
///
/// DuckDB sums integers to `HUGEINT`; Redshift to `BIGINT`.
pub fn fix_type(duckdb: &str) -> Option<&'static str> {
    match duckdb.trim().to_uppercase().as_str() {
        "HUGEINT" | "UHUGEINT" | "UBIGINT" | "UINTEGER" => Some("BIGINT"),
        "USMALLINT" => Some("INTEGER"),
        "TINYINT" | "UTINYINT" => Some("SMALLINT"),
        "TIMESTAMP_NS" | "TIMESTAMP_MS" | "TIMESTAMP_S" => Some("TIMESTAMP"),
        "\"NULL\"" => Some("VARCHAR"),
        _ => None,
    }
}

/// Declared columns in DuckDB's SQL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnsSql {
    /// Statements that must run before the `create table` (the sequences of identity columns).
    pub before: Vec<String>,
    /// One definition a column, to be joined by commas.
    pub columns: Vec<String>,
    /// What was dropped knowingly.
    pub dropped: Vec<String>,
}

/// Declared columns as DuckDB's `create table` wants them: byte lengths checked, keys dropped, identities numbered.
///
/// # Errors
/// A type or default that is not emulated.
pub fn create_table_columns(
    table: &Relation,
    columns: &[ColumnDefinition],
) -> Result<ColumnsSql, Refusal> {
    let mut all = ColumnsSql::default();
    for column in columns {
        let data_type = duckdb_type(&column.data_type)?;
        let name = identifier(&column.name);
        let mut sql = format!("{name} {}", data_type.sql);
        if column.not_null || column.primary_key || column.identity.is_some() {
            sql.push_str(" NOT NULL");
        }
        if let Some(default) = &column.default {
            let default = super::translate_expression(default)?;
            let default = default_value(data_type.redshift, default);
            sql.push_str(&format!(" DEFAULT ({default})"));
        }
        if let Some((seed, step)) = column.identity {
            let mark = if column.by_default { BY_DEFAULT } else { "" };
            let name = format!("{}_{}{mark}_seq", table.identifier, column.name);
            let name = identifier(&name);
            let sequence = if table.schema.is_empty() {
                name
            } else {
                format!("{}.{name}", identifier(&table.schema))
            };
            all.before.push(format!(
                "CREATE SEQUENCE IF NOT EXISTS {sequence} START {seed} INCREMENT {step} MINVALUE {}",
                -i64::MAX
            ));
            sql.push_str(&format!(" DEFAULT nextval({})", literal(&sequence)));
        }
        if let Some(check) = length_check(&name, &data_type) {
            sql.push_str(&check);
        }
        for (declared, what) in [
            (column.primary_key, "primary key"),
            (column.unique, "unique"),
        ] {
            if declared {
                all.dropped.push(format!("{what} ({})", column.name));
            }
        }
        if let Some(encode) = &column.encode {
            all.dropped
                .push(format!("encode {encode} ({})", column.name));
        }
        all.columns.push(sql);
    }
    Ok(all)
}

/// The default of a column as it is stored: in a `char`, blanks at the end mean nothing.
pub fn default_value(column: Type, sql: String) -> String {
    match column {
        Type::Char(_) if sql.trim_end_matches(')').ends_with(" '") => format!("rtrim({sql}, ' ')"),
        _ => sql,
    }
}

/// What stands in the name of the sequence of an identity that takes values too.
pub const BY_DEFAULT: &str = "__by_default";

fn length_check(name: &str, data_type: &DuckdbType) -> Option<String> {
    let length = data_type.max_bytes?;
    // The order of the two sides tells a `char` from a `varchar` when the check is read again. DuckDB 1.5 finds functions by their whole
    // names alone while it replays the log of a process that was killed.
    Some(match data_type.redshift {
        Type::Varbyte(_) => format!(" CHECK (system.main.octet_length({name}) <= {length})"),
        // Its characters have one byte each.
        Type::Char(_) => format!(
            " CHECK ({length} >= system.main.strlen({name})) CHECK (system.main.length({name}) >= system.main.strlen({name}))"
        ),
        _ => format!(" CHECK (system.main.strlen({name}) <= {length})"),
    })
}

/// The column and the length that a check constraint of [`create_table_columns`] states.
pub fn declared_length(check: &str) -> Option<(String, u32)> {
    let inner = check.split_once("strlen(")?.1;
    let (column, rest) = inner.split_once(')')?;
    let length = rest
        .trim_matches(|character: char| !character.is_ascii_digit())
        .parse()
        .ok()?;
    Some((column.trim().trim_matches('"').to_owned(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(name: &str) -> String {
        match duckdb_type(name) {
            Ok(known) => format!("{} / {}", known.redshift, known.sql),
            Err(refusal) => refusal.reason.unwrap(),
        }
    }

    #[test]
    fn types_without_lengths_have_redshifts_defaults() {
        assert_eq!(both("VARCHAR"), "character varying(256) / VARCHAR");
        assert_eq!(both("text"), "character varying(256) / VARCHAR");
        assert_eq!(both("varchar(max)"), "character varying(65535) / VARCHAR");
        assert_eq!(both("char"), "character(1) / VARCHAR");
        assert_eq!(both("decimal"), "numeric(18,0) / DECIMAL(18, 0)");
        assert_eq!(both("numeric(10, 6)"), "numeric(10,6) / DECIMAL(10, 6)");
        assert_eq!(
            both("timestamp  without time zone"),
            "timestamp without time zone / TIMESTAMP"
        );
        assert_eq!(both("uuid"), "Redshift does not have this type");
        assert_eq!(
            both("decimal(39,2)"),
            "a decimal has 1 to 38 digits, at most 37 of them after the point"
        );
    }

    #[test]
    fn a_catalog_shows_redshifts_names() {
        assert_eq!(redshift_type("DECIMAL(10,2)"), "numeric(10,2)");
        assert_eq!(redshift_type("TIMESTAMP"), "timestamp without time zone");
        assert_eq!(redshift_type("HUGEINT"), "bigint");
        assert_eq!(redshift_type("INTEGER[]"), "integer[]");
    }

    #[test]
    fn a_declared_length_is_read_back_from_its_check() {
        assert_eq!(
            declared_length("CHECK((strlen(\"level\") <= 10))"),
            Some(("level".into(), 10))
        );
        assert_eq!(
            declared_length("CHECK((strlen(level) <= 10))"),
            Some(("level".into(), 10))
        );
    }
}
