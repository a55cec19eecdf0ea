//! The columns of sources in a file of the project, so that queries are read without a warehouse.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::{Door, Prepared, prepare, warehouse};
use crate::artifacts::file::write_whole;
use crate::commands::{Outcome, Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::manifest::Node;
use crate::manifest::node::Detail;
use crate::relation::Column;

/// The name of the file, beside the project's own.
const FILE: &str = "source_columns.json";

/// The version of the file's shape.
const VERSION: u64 = 1;

/// Columns by schema and table.
type Columns = BTreeMap<(String, String), Vec<Column>>;

fn path(prepared: &Prepared) -> PathBuf {
    prepared.project.own.root.join(FILE)
}

/// The sources whose columns the warehouse tells: those that the project does not load by itself.
fn sources(prepared: &Prepared) -> impl Iterator<Item = &Node> {
    prepared.manifest.nodes.iter().map(AsRef::as_ref).filter(
        |node: &&Node| matches!(&node.detail, Detail::Source(source) if source.load.is_none()),
    )
}

/// Reads the file; nothing is known where there is none.
///
/// # Errors
/// A file that this program did not write.
pub(super) fn read(prepared: &Prepared) -> Result<Columns, Diagnostic> {
    let path = path(prepared);
    let Ok(text) = std::fs::read_to_string(&path) else {
        return Ok(Columns::new());
    };
    let wrong = |why: String| {
        Diagnostic::error("bad-source-columns", format!("`{FILE}` cannot be read"))
            .note(why)
            .help("write it anew with `redstart source sync`")
    };
    let file: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if file["version"] != VERSION {
        return Err(wrong(format!("its version is not {VERSION}")));
    }
    let mut known = Columns::new();
    // What was written for another dialect has types in other words.
    if file["dialect"] != prepared.project.target.dialect() {
        return Ok(known);
    }
    for node in sources(prepared) {
        let (Some(relation), Some(columns)) =
            (&node.relation, file["sources"][&node.unique_id].as_object())
        else {
            continue;
        };
        let columns = columns.iter().filter_map(|(name, data_type)| {
            Some(Column {
                name: name.clone(),
                data_type: data_type.as_str()?.to_owned(),
                nullable: true,
            })
        });
        known.insert(relation.key_in(), columns.collect());
    }
    Ok(known)
}

/// Asks the warehouse for the columns of the sources, and writes the file.
///
/// # Errors
/// A warehouse that cannot be reached, a file that cannot be written.
pub fn sync(session: &Session) -> Result<Outcome, Stop> {
    let prepared = prepare(session)?;
    let door = Door::of(&prepared)?;
    let mut schemas: Vec<String> = sources(&prepared)
        .filter_map(|node| Some(node.relation.as_ref()?.schema.to_lowercase()))
        .collect();
    schemas.sort();
    schemas.dedup();
    let failed = |error| warehouse::or_cancelled(session, error);
    let mut connection = door.connect(session).map_err(failed)?;
    let existing = connection.existing(&schemas).map_err(failed)?;
    let mut all: BTreeMap<&str, Value> = BTreeMap::new();
    let mut missing = Vec::new();
    for node in sources(&prepared) {
        let Some(relation) = &node.relation else {
            continue;
        };
        let found = match &relation.database {
            // Of another database only the columns can be asked.
            Some(_) => connection.columns(relation).map_err(failed)?,
            None => existing
                .get(relation)
                .map_or_else(Vec::new, |found| found.columns.clone()),
        };
        if found.is_empty() {
            let database = relation.database.as_ref();
            let database = database.map_or_else(String::new, |name| format!("{name}."));
            missing.push(format!("`{database}{relation}`"));
            continue;
        }
        let columns: Map<String, Value> = found
            .iter()
            .map(|column| (column.name.clone(), column.data_type.as_str().into()))
            .collect();
        all.insert(&node.unique_id, Value::Object(columns));
    }
    let count = all.len();
    let dialect = prepared.project.target.dialect();
    let file = json!({"version": VERSION, "dialect": dialect, "sources": all});
    let text = serde_json::to_string_pretty(&file).unwrap_or_default() + "\n";
    write_whole(&path(&prepared), text.as_bytes())?;
    if !missing.is_empty() {
        let words = format!("the warehouse has no {}", missing.join(", "));
        session.tell(Diagnostic::warning("unknown-source", words).into())?;
    }
    session.terminal.info(format!(
        "Wrote the columns of the sources to {FILE}: {count}"
    ));
    Ok(Outcome::Done)
}
