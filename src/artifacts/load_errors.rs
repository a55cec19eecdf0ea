//! To people: the rows that a load could not take, one file a node, which any spreadsheet opens.
//!
//! In: a node and its [`LoadError`]s. Out: CSV with a header, written row by row. A value that is personal is not in it.

use std::io::{self, Write};

use crate::adapter::LoadError;
use crate::manifest::Node;
use crate::redact::{Redactor, without_values};

/// The columns of the file.
const COLUMNS: [&str; 6] = ["file", "line", "column", "type", "value", "reason"];

/// The file of a node, below the folder of these files.
pub fn name(node: &Node) -> String {
    let allowed = |letter: char| letter.is_alphanumeric() || "._-".contains(letter);
    let name = node.unique_id.chars();
    let name: String = name
        .map(|letter| if allowed(letter) { letter } else { '_' })
        .collect();
    format!("{name}.csv")
}

/// Writes the rows.
///
/// # Errors
/// When they cannot be written.
pub fn write(
    to: impl Write,
    node: &Node,
    rows: &[LoadError],
    redactor: &Redactor,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(COLUMNS)?;
    for row in rows {
        let personal = node.is_personal(row.column.as_deref());
        let column = row.column.as_deref();
        // Each warehouse has names of its own for a type.
        let declared = column.and_then(|column| node.declared_type(column));
        let data_type = declared.or(row.data_type.as_deref());
        let (value, reason) = match personal {
            true => ("(personal)", without_values(&row.reason)),
            false => (&*row.raw_value, row.reason.clone()),
        };
        csv.write_record([
            &*redactor.redact(&row.file),
            &row.line.to_string(),
            column.unwrap_or_default(),
            data_type.unwrap_or_default(),
            &*redactor.redact(value),
            &*redactor.redact(&reason),
        ])?;
    }
    csv.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::ResourceType;

    #[test]
    fn a_line_of_a_file_is_one_field_however_it_is_written() {
        let node = Node::new(ResourceType::Source, "shop", "a/b \"c\"");
        assert_eq!(name(&node), "source.shop.a_b__c_.csv");
        let row = LoadError {
            file: "s3://lake/a.csv".to_owned(),
            line: 2,
            column: None,
            data_type: None,
            raw_value: "1,\"x\ny\",z".to_owned(),
            reason: "Extra column(s) found".to_owned(),
            place: None,
        };
        let mut written = Vec::new();
        write(&mut written, &node, &[row], &Redactor::default()).unwrap();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "file,line,column,type,value,reason\ns3://lake/a.csv,2,,,\"1,\"\"x\ny\"\",z\",Extra column(s) found\n"
        );
    }
}
