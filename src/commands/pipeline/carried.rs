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
    /// Whether what is written may be longer than a text can be.
    pub may_be_too_long: bool,
}

impl Carried {
    /// A column in files of a format.
    ///
    /// # Errors
    /// Why it cannot be kept.
    pub fn of(column: &ColumnBackup, format: &str) -> Result<Self, &'static str> {
        let name = quoted(&column.name);
        let kind = catalog_type(&column.data_type)
            .ok_or("files of a backup cannot hold values of this type")?;
        let in_columns = format == "parquet";
        let text = |bytes: u32| Type::Varchar(bytes).to_string();
        let as_text = |written: String, bytes: u32, read: String| (written, text(bytes), read);
        let (written, loaded_as, read) = match kind {
            Type::Interval => return Err("no load reads intervals"),
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
            Type::Text | Type::Null => (name.clone(), text(LONGEST), name),
            _ => (name.clone(), column.data_type.clone(), name),
        };
        Ok(Self {
            name: column.name.clone(),
            may_be_too_long: matches!(kind, Type::Super | Type::Varbyte(_)) && in_columns,
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

/// The query of how many values of a column are longer than a text can be.
pub fn too_long(column: &Carried, table: &str) -> String {
    let written = &column.written;
    format!("select count(*) as n from {table} where octet_length({written}) > {LONGEST}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(kind: &str, format: &str) -> String {
        let column = ColumnBackup {
            name: "a \"b\"".to_owned(),
            data_type: kind.to_owned(),
        };
        match Carried::of(&column, format) {
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
}
