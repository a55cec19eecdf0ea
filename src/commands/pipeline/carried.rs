//! How the columns of a table stand in the files of a backup, and how they come back.
//!
//! In: a column with the type that the warehouse tells, and the format of the files. Out: [`Carried`], or why the column cannot be kept.
//!
//! COPY converts nothing that stands in a file of columns, and UNLOAD does not write every type as COPY wants to read it. What does not
//! come back by itself goes as text, or in UTC, by functions that are the same on both sides; so a backup needs nothing of a cluster that
//! is not documented: <https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html>.

use crate::adapter::emulating::{Type, catalog_type};
use crate::adapter::statement::ColumnDefinition;
use crate::artifacts::backup::ColumnBackup;
use crate::artifacts::quoted;

/// The longest text that a column holds.
const LONGEST: u32 = 65_535;

/// The files of a backup, and the SQL that reads them.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// What they hold: `parquet` or `csv`.
    pub format: &'a str,
    /// The dialect of the target.
    pub dialect: &'a str,
}

/// Values of a column that would not come back.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// Which ones, as a condition.
    pub condition: String,
    /// Why.
    pub why: &'static str,
}

/// A column on its way.
pub struct Carried {
    /// Its name.
    pub name: String,
    /// What is written.
    pub written: String,
    /// The type that its files are loaded into.
    pub loaded_as: String,
    /// The value that comes back.
    pub read: String,
    /// The type of the table that it comes back to, where that must be made.
    pub data_type: String,
    /// What must be looked at before it is written.
    pub doubt: Option<Doubt>,
    /// Whether a text in it may look like the word for a missing value.
    pub may_look_missing: bool,
}

impl Carried {
    /// A column in some files.
    ///
    /// # Errors
    /// Why it cannot be kept.
    pub fn of(column: &ColumnBackup, files: Files<'_>) -> Result<Self, &'static str> {
        let name = quoted(&column.name);
        match files.dialect {
            "postgres" => return Ok(Self::in_its_own_words(column)),
            "duckdb" => return Self::of_duckdb(column),
            _ => {}
        }
        let kind = catalog_type(&column.data_type)
            .ok_or("files of a backup cannot hold values of this type")?;
        let in_columns = files.format == "parquet";
        let text = |bytes: u32| Type::Varchar(bytes).to_string();
        let as_text = |written: String, bytes: u32, read: String| (written, text(bytes), read);
        let (written, loaded_as, read) = match kind {
            Type::Interval | Type::Months => return Err("no load reads intervals"),
            Type::TimeTz | Type::Varbyte(_) if !in_columns => {
                return Err("the loads of this target do not read it");
            }
            Type::Super if in_columns => as_text(
                format!("json_serialize({name})"),
                LONGEST,
                format!("json_parse({name})"),
            ),
            Type::TimestampTz if in_columns => (
                format!("cast({name} as timestamptz) at time zone 'utc'"),
                Type::Timestamp.to_string(),
                format!("cast({name} as timestamp) at time zone 'utc'"),
            ),
            Type::Time if in_columns => as_text(
                format!("cast({name} as varchar(15))"),
                15,
                format!("cast({name} as time)"),
            ),
            Type::TimeTz => as_text(
                format!("cast({name} as varchar(21))"),
                21,
                format!("cast({name} as timetz)"),
            ),
            Type::Varbyte(_) => as_text(
                format!("to_hex({name})"),
                LONGEST,
                format!("from_hex({name})"),
            ),
            // Of a text without a length nobody knows how long it is.
            Type::Text | Type::Null => (name.clone(), text(LONGEST), name.clone()),
            _ => (name.clone(), column.data_type.clone(), name.clone()),
        };
        let doubt = match (kind, in_columns) {
            (Type::Super | Type::Varbyte(_), true) => Some(Doubt {
                condition: format!("octet_length({written}) > {LONGEST}"),
                why: "would be longer in a file than a text can be",
            }),
            (_, false) => not_read(kind, &name),
            _ => None,
        };
        Ok(Self {
            name: column.name.clone(),
            doubt,
            may_look_missing: kind.is_text() && !in_columns,
            data_type: match kind {
                Type::Text | Type::Null => loaded_as.clone(),
                // The catalog's name for it is no word of every parser.
                Type::Varbyte(bytes) => format!("varbyte({bytes})"),
                _ => column.data_type.clone(),
            },
            written,
            loaded_as,
            read,
        })
    }

    /// A column of DuckDB, whose files of columns hold most of its types as they are.
    fn of_duckdb(column: &ColumnBackup) -> Result<Self, &'static str> {
        let name = quoted(&column.name);
        let kind = column.data_type.to_uppercase();
        // These lose digits there, or are unknown.
        let lossy = [
            "HUGEINT",
            "INTERVAL",
            "BIT",
            "WITH TIME ZONE",
            "_NS",
            "ENUM",
            "UNION",
            "BIGNUM",
            "VARINT",
        ];
        let is_lossy =
            kind != "TIMESTAMP WITH TIME ZONE" && lossy.iter().any(|word| kind.contains(word));
        let nested = kind.ends_with(']')
            || ["STRUCT", "MAP", "UNION"]
                .iter()
                .any(|word| kind.starts_with(word));
        let (written, loaded_as, read) = match (is_lossy, nested) {
            (true, true) => return Err("files of a backup cannot hold values of this type"),
            (true, false) => (
                format!("cast({name} as varchar)"),
                "VARCHAR".to_owned(),
                format!("cast({name} as {})", column.data_type),
            ),
            (false, _) => (name.clone(), column.data_type.clone(), name),
        };
        Ok(Self {
            name: column.name.clone(),
            written,
            loaded_as,
            read,
            data_type: column.data_type.clone(),
            doubt: None,
            may_look_missing: false,
        })
    }

    /// A column of PostgreSQL: each of its types has words for all its values, which the same type understands.
    fn in_its_own_words(column: &ColumnBackup) -> Self {
        let name = quoted(&column.name);
        let data_type = column.data_type.clone();
        let is_text = data_type == "text" || data_type.starts_with("character varying");
        let (loaded_as, read) = match is_text {
            true => (data_type.clone(), name.clone()),
            false => ("text".to_owned(), format!("cast({name} as {data_type})")),
        };
        Self {
            name: column.name.clone(),
            written: name,
            loaded_as,
            read,
            data_type,
            doubt: None,
            may_look_missing: is_text || catalog_type(&column.data_type).is_none(),
        }
    }

    /// Whether it comes back by itself.
    pub fn is_itself(&self) -> bool {
        self.read == quoted(&self.name)
    }

    /// The column of the table that its files are loaded into.
    pub fn loaded(&self) -> ColumnDefinition {
        ColumnDefinition::new(&self.name, &self.loaded_as)
    }

    /// The column of a table that is made for it.
    pub fn made(&self) -> ColumnDefinition {
        ColumnDefinition::new(&self.name, &self.data_type)
    }
}

/// The query of what is written of a table.
pub fn written(columns: &[Carried], table: &str) -> String {
    let values = columns.iter().map(|column| {
        let name = quoted(&column.name);
        match column.written == name {
            true => name,
            false => format!("{} as {name}", column.written),
        }
    });
    let values: Vec<String> = values.collect();
    format!("select {} from {table}", values.join(", "))
}

/// The query of what comes back from the table that the files were loaded into.
pub fn read(columns: &[Carried], table: &str) -> String {
    let values: Vec<&str> = columns.iter().map(|column| column.read.as_str()).collect();
    format!("select {} from {table}", values.join(", "))
}

/// The query of how many values of a column would not come back.
pub fn doubtful(doubt: &Doubt, table: &str) -> String {
    format!(
        "select count(*) as n from {table} where {}",
        doubt.condition
    )
}

/// The query of how many values look like a word that stands for a missing one; nothing where none can.
pub fn looks_missing(columns: &[Carried], table: &str, word: &str) -> Option<String> {
    // What a backslash means in a text is not the same in every dialect.
    let word = match word.strip_prefix('\\') {
        Some(rest) => format!("chr(92) || '{rest}'"),
        None => format!("'{word}'"),
    };
    let texts = columns.iter().filter(|column| column.may_look_missing);
    let alike = texts.map(|column| match column.is_itself() {
        true => format!("{} = {word}", column.written),
        false => format!("cast({} as text) = {word}", column.written),
    });
    let alike: Vec<String> = alike.collect();
    let any = alike.join(" or ");
    (!alike.is_empty()).then(|| format!("select count(*) as n from {table} where {any}"))
}

/// Values of a type that the loads of lines of text do not read.
fn not_read(kind: Type, name: &str) -> Option<Doubt> {
    let years = "would not be read again: no moment of the years 1 to 9999";
    let (condition, why) = match kind {
        Type::Date => (
            format!("not {name} between date '0001-01-01' and date '9999-12-31'"),
            years,
        ),
        Type::Timestamp => (
            format!(
                "not {name} between timestamp '0001-01-01 00:00:00' and timestamp '9999-12-31 23:59:59.999999'"
            ),
            years,
        ),
        Type::TimestampTz => (
            format!(
                "not {name} between timestamptz '0001-01-01 00:00:00+00' and timestamptz '9999-12-31 23:59:59.999999+00'"
            ),
            years,
        ),
        Type::Time => (
            format!("{name} > time '23:59:59.999999'"),
            "would not be read again: no time of a day",
        ),
        _ => return None,
    };
    Some(Doubt { condition, why })
}

/// Whether a column of one type holds every value of another as it is.
pub fn fits(from: &str, to: &str, dialect: &str) -> bool {
    if from.eq_ignore_ascii_case(to) {
        return true;
    }
    let (Some(from), Some(to)) = (kind_of(from, dialect), kind_of(to, dialect)) else {
        return false;
    };
    match (from, to) {
        (Kind::Digits, Kind::Digits) | (Kind::Of(Type::Decimal(..)), Kind::Digits) => true,
        (Kind::Of(from), Kind::Digits) => from.is_integer(),
        (Kind::Digits, Kind::Of(_)) => false,
        (Kind::Of(from), Kind::Of(to)) => holds(from, to),
    }
}

/// A type as far as it matters to what fits.
enum Kind {
    Of(Type),
    /// Numbers of any number of digits.
    Digits,
}

fn kind_of(data_type: &str, dialect: &str) -> Option<Kind> {
    let lower = data_type.to_lowercase();
    match lower.as_str() {
        "text" | "varchar" | "bpchar" if dialect != "redshift" => Some(Kind::Of(Type::Text)),
        "numeric" if dialect == "postgres" => Some(Kind::Digits),
        _ => catalog_type(&lower).map(Kind::Of),
    }
}

fn holds(from: Type, to: Type) -> bool {
    let digits = |kind: Type| match kind {
        Type::Int2 => Some((5, 0)),
        Type::Int4 => Some((10, 0)),
        Type::Int8 => Some((19, 0)),
        Type::Decimal(precision, scale) => Some((precision - scale, scale)),
        _ => None,
    };
    match (from, to) {
        (Type::Int2, Type::Int4 | Type::Int8) | (Type::Int4, Type::Int8) => true,
        (Type::Int2, Type::Float4 | Type::Float8) | (Type::Int4 | Type::Float4, Type::Float8) => {
            true
        }
        (from, Type::Decimal(precision, scale)) => digits(from)
            .is_some_and(|(whole, behind)| behind <= scale && whole <= precision - scale),
        (Type::Char(from) | Type::Varchar(from), Type::Varchar(to))
        | (Type::Char(from), Type::Char(to))
        | (Type::Varbyte(from), Type::Varbyte(to)) => from <= to,
        // A text that nobody knows the length of is refused where it is too long, and never cut.
        (from, Type::Text) => from.is_text() || from == Type::Null,
        (Type::Text, Type::Varchar(_)) | (Type::Null, _) | (Type::Date, Type::Timestamp) => true,
        (from, to) => from == to,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(kind: &str, format: &str) -> String {
        let column = ColumnBackup {
            name: "a \"b\"".to_owned(),
            data_type: kind.to_owned(),
        };
        let files = Files {
            format,
            dialect: "redshift",
        };
        match Carried::of(&column, files) {
            Ok(carried) => format!(
                "{} > {} > {}",
                carried.written, carried.loaded_as, carried.read
            ),
            Err(why) => format!("! {why}"),
        }
    }

    #[test]
    fn what_a_file_of_columns_does_not_bring_back_goes_as_text() {
        let kinds = [
            "integer",
            "numeric(8,2)",
            "character varying(9)",
            "character varying",
            "timestamp without time zone",
            "timestamp with time zone",
            "time without time zone",
            "time with time zone",
            "super",
            "binary varying(9)",
            "geometry",
        ];
        let told = kinds.map(|kind| format!("{kind}: {}", carried(kind, "parquet")));
        insta::assert_snapshot!(told.join("\n"), @r#"
        integer: "a ""b""" > integer > "a ""b"""
        numeric(8,2): "a ""b""" > numeric(8,2) > "a ""b"""
        character varying(9): "a ""b""" > character varying(9) > "a ""b"""
        character varying: "a ""b""" > character varying(65535) > "a ""b"""
        timestamp without time zone: "a ""b""" > timestamp without time zone > "a ""b"""
        timestamp with time zone: cast("a ""b""" as timestamptz) at time zone 'utc' > timestamp without time zone > cast("a ""b""" as timestamp) at time zone 'utc'
        time without time zone: cast("a ""b""" as varchar(15)) > character varying(15) > cast("a ""b""" as time)
        time with time zone: cast("a ""b""" as varchar(21)) > character varying(21) > cast("a ""b""" as timetz)
        super: json_serialize("a ""b""") > character varying(65535) > json_parse("a ""b""")
        binary varying(9): to_hex("a ""b""") > character varying(65535) > from_hex("a ""b""")
        geometry: ! files of a backup cannot hold values of this type
        "#);
    }

    #[test]
    fn in_lines_of_text_most_types_stand_as_they_are() {
        let kinds = [
            "super",
            "timestamp with time zone",
            "time without time zone",
        ];
        for kind in kinds {
            assert_eq!(
                carried(kind, "csv"),
                format!("\"a \"\"b\"\"\" > {kind} > \"a \"\"b\"\"\"")
            );
        }
        assert!(carried("time with time zone", "csv").starts_with('!'));
    }

    #[test]
    fn postgres_reads_what_it_writes_whatever_the_type() {
        let kinds = ["text", "character varying(9)", "uuid", "integer[]", "date"];
        let files = Files {
            format: "csv",
            dialect: "postgres",
        };
        let told = kinds.map(|kind| {
            let column = ColumnBackup {
                name: "a".to_owned(),
                data_type: kind.to_owned(),
            };
            let carried = Carried::of(&column, files).map_err(str::to_owned);
            let carried = carried.expect("every type has words");
            format!("{kind}: {} > {}", carried.loaded_as, carried.read)
        });
        insta::assert_snapshot!(told.join("\n"), @r#"
        text: text > "a"
        character varying(9): character varying(9) > "a"
        uuid: text > cast("a" as uuid)
        integer[]: text > cast("a" as integer[])
        date: text > cast("a" as date)
        "#);
    }

    #[test]
    fn a_column_fits_where_it_holds_every_value() {
        let fit = [
            ("integer", "bigint"),
            ("integer", "numeric(10,0)"),
            ("numeric(10,2)", "numeric(12,4)"),
            ("character varying(9)", "character varying(10)"),
            ("character varying", "character varying(10)"),
            ("real", "double precision"),
            ("date", "timestamp without time zone"),
            ("super", "super"),
        ];
        for (from, to) in fit {
            assert!(fits(from, to, "redshift"), "{from} into {to}");
        }
        let misfit = [
            ("bigint", "integer"),
            ("bigint", "real"),
            ("numeric(10,4)", "numeric(10,2)"),
            ("numeric(12,2)", "numeric(12,4)"),
            ("character varying(10)", "character varying(5)"),
            ("character varying(10)", "character(10)"),
            ("character varying(10)", "integer"),
            ("double precision", "integer"),
            ("timestamp without time zone", "date"),
            ("timestamp without time zone", "timestamp with time zone"),
        ];
        for (from, to) in misfit {
            assert!(!fits(from, to, "redshift"), "{from} into {to}");
        }
        assert!(fits("numeric(38,4)", "numeric", "postgres"));
        assert!(!fits("numeric", "numeric(38,4)", "postgres"));
        assert!(fits("character varying(900)", "text", "postgres"));
        assert!(!fits("uuid", "text", "postgres"));
    }
}
