//! What `backup` and `restore` have in common: where a backup lies, and which tables belong to a node.

use std::path::{Path, PathBuf};

use super::{Door, Prepared};
use crate::adapter::copy::{Object, StoredFile};
use crate::adapter::statement::{Copy, CopyFormat};
use crate::adapter::{self, Connection, Error, ErrorClass, Prepared as Order, Refusal, Statement};
use crate::artifacts::relation_name;
use crate::commands::{Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::manifest::NodeId;
use crate::materialization::{loaded_files, rejects_of};
use crate::relation::{
    ExistingRelations, KnownColumn, KnownColumns, NothingKnown, Relation, RelationKind,
};

/// The prefix that a folder stands for.
const LOCAL: &str = "s3://redstart-backup/";

/// The usual word for a missing value.
pub const MISSING: &str = "\\N";

/// Where a backup lies.
pub struct Place {
    /// What the names of its files begin with in S3.
    root: String,
    /// The folder that stands for that, if one does.
    folder: Option<PathBuf>,
    /// The folder as it was said.
    said: String,
    /// Whether DuckDB itself writes and reads the files: it knows no COPY of Redshift.
    native: bool,
}

/// A table of a node.
pub struct Table {
    /// The node.
    pub node: NodeId,
    /// Its id.
    pub unique_id: String,
    /// What the table's name has behind that of the node's relation.
    pub suffix: String,
    /// Where it stands.
    pub relation: Relation,
}

/// The tables of some nodes that are there.
pub struct Tables(pub Vec<Table>);

impl Place {
    /// A place in S3, or a folder.
    ///
    /// # Errors
    /// A folder for a warehouse that writes to S3 alone.
    pub fn of(prepared: &Prepared, session: &Session, text: &str) -> Result<Self, Stop> {
        let native = prepared.project.target.dialect() == "duckdb";
        if text.starts_with("s3://") {
            if native {
                let problem = Diagnostic::error(
                    "bad-location",
                    "a target of DuckDB that does not emulate Redshift writes into folders alone",
                );
                return Err(Stop::refused(
                    problem.help("name a folder, or add `emulate: redshift` to the target"),
                ));
            }
            return Ok(Self {
                root: format!("{}/", text.trim_end_matches('/')),
                folder: None,
                said: String::new(),
                native,
            });
        }
        if prepared.project.target.kind == "redshift" {
            let problem = Diagnostic::error(
                "bad-location",
                format!("Redshift writes to S3 and not into the folder `{text}`"),
            );
            return Err(Stop::refused(
                problem.help("name a place in S3: `s3://bucket/backups/monday/`"),
            ));
        }
        Ok(Self {
            root: LOCAL.to_owned(),
            folder: Some(session.here.join(text)),
            said: format!("{}/", text.trim_end_matches('/')),
            native,
        })
    }

    /// The target's door, where the folder stands for the place.
    ///
    /// # Errors
    /// As for every door.
    pub fn door(&self, prepared: &Prepared) -> Result<Door, Stop> {
        let folder = self.folder.as_deref().map(|folder: &Path| (LOCAL, folder));
        Door::with_folder(prepared, folder)
    }

    /// The file of a table that DuckDB itself writes and reads, where it does.
    pub fn native(&self, below: &str) -> Option<PathBuf> {
        let folder = self.folder.as_ref().filter(|_| self.native)?;
        Some(folder.join(below).join("part_0000.parquet"))
    }

    /// A name below the backup, in S3.
    pub fn url(&self, name: &str) -> String {
        format!("{}{name}", self.root)
    }

    /// The name below the backup of a file in S3.
    pub fn name(&self, url: &str) -> String {
        url.strip_prefix(&self.root).unwrap_or(url).to_owned()
    }

    /// Words of a warehouse, with the files of a folder by the names that the user knows them by.
    pub fn words(&self, text: &str) -> String {
        match self.folder {
            Some(_) => text.replace(&self.root, &self.said),
            None => text.to_owned(),
        }
    }

    /// A file of the backup.
    ///
    /// # Errors
    /// When nothing stands for its place.
    pub fn object(&self, door: &Door, name: &str) -> Result<Object, Error> {
        door.adapter.object(&self.url(name))
    }

    /// The load of a table from files below the backup; `null_as` is the word for a missing value in lines of text.
    pub fn copy(&self, into: &Relation, below: &str, format: &str, null_as: Option<&str>) -> Copy {
        let holds = match format {
            "parquet" => CopyFormat::Parquet,
            _ => CopyFormat::csv(),
        };
        Copy {
            // What UNLOAD wrote for a missing value; without it, an empty text would be one too.
            null_as: (format != "parquet").then(|| null_as.unwrap_or(MISSING).to_owned()),
            explicit_ids: false,
            ..Copy::new(into.clone(), self.url(below), holds)
        }
    }

    /// The files below a folder of the backup.
    ///
    /// # Errors
    /// When there are none, or the place cannot be looked at.
    pub fn files(&self, door: &Door, below: &str) -> Result<Vec<StoredFile>, Error> {
        let nowhere = Relation::new("", "");
        door.adapter.files(&self.copy(&nowhere, below, "csv", None))
    }
}

impl Tables {
    /// The tables that some nodes have in the warehouse.
    pub fn of(prepared: &Prepared, existing: &ExistingRelations, nodes: &[NodeId]) -> Self {
        let mut tables = Vec::new();
        for id in nodes {
            let node = prepared.manifest.node(*id);
            let Some(relation) = &node.relation else {
                continue;
            };
            let all = [
                relation.clone(),
                rejects_of(relation),
                loaded_files(relation),
            ];
            for (relation, suffix) in all.into_iter().zip(["", "__rejects", "__loaded_files"]) {
                let is_table = existing
                    .get(&relation)
                    .is_some_and(|found| found.kind == RelationKind::Table);
                if is_table {
                    tables.push(Table {
                        node: *id,
                        unique_id: node.unique_id.clone(),
                        suffix: suffix.to_owned(),
                        relation,
                    });
                }
            }
        }
        Self(tables)
    }
}

/// The columns of the one table that a statement reads: what is done with a value may depend on its type.
pub struct Known<'a> {
    /// The table.
    pub table: &'a Relation,
    /// Its columns.
    pub columns: Vec<KnownColumn>,
}

impl KnownColumns for Known<'_> {
    fn columns(&self, relation: &Relation) -> Option<Vec<KnownColumn>> {
        (relation.key() == self.table.key()).then(|| self.columns.clone())
    }
}

/// The name of a file as DuckDB's SQL says it.
pub fn literal(file: &Path) -> String {
    format!("'{}'", file.display().to_string().replace('\'', "''"))
}

/// A statement at the target's door.
///
/// # Errors
/// What the warehouse cannot take.
pub fn prepared(door: &Door, statement: &Statement) -> Result<Order, Error> {
    prepared_knowing(door, statement, &NothingKnown)
}

/// The same for a statement that reads a table.
///
/// # Errors
/// What the warehouse cannot take.
pub fn prepared_knowing(
    door: &Door,
    statement: &Statement,
    known: &dyn KnownColumns,
) -> Result<Order, Error> {
    let prepared = door.adapter.prepare(statement, known);
    prepared.map_err(refused)
}

fn refused(refusal: Refusal) -> Error {
    let mut error = Error::new(ErrorClass::User, refusal.message);
    error.detail = refusal.reason;
    error.help = refusal.help;
    error
}

/// How many rows a table has.
///
/// # Errors
/// What the warehouse answers.
pub fn rows(
    door: &Door,
    connection: &mut dyn Connection,
    relation: &Relation,
) -> Result<u64, Error> {
    let query = format!("select count(*) as n from {}", relation_name(relation));
    number(door, connection, &query, &NothingKnown)
}

/// The one number that a query answers with.
///
/// # Errors
/// What the warehouse answers.
pub fn number(
    door: &Door,
    connection: &mut dyn Connection,
    query: &str,
    known: &dyn KnownColumns,
) -> Result<u64, Error> {
    let order = door.adapter.prepare_query(query, known).map_err(refused)?;
    let table = connection.query(&order, Some(1))?;
    let counted = table.rows.first().and_then(|row| row.first());
    counted
        .and_then(|counted| counted.to_string().parse().ok())
        .ok_or_else(|| Error::new(ErrorClass::Internal, "the rows could not be counted"))
}

/// What went wrong with a table: `back up` or `restore` it.
pub fn told(place: &Place, what: &str, table: &Table, error: adapter::Error) -> Diagnostic {
    let message = format!("cannot {what} `{}`: {}", table.relation, error.message);
    let code = match (error.class, what) {
        (ErrorClass::ConnectionLost, _) => "connection-lost",
        (_, "restore") => "restore-failed",
        _ => "backup-failed",
    };
    let mut problem = Diagnostic::error(code, as_known(place, &message));
    problem.notes.extend(words(place, &error));
    problem.help.extend(error.help);
    if code == "connection-lost" {
        problem = problem.help(match what {
            "restore" => "the tables are as they were: run the same `redstart restore` again",
            _ => "without its manifest the folder is no backup yet: run it again, to another place",
        });
    }
    problem
}

/// What a warehouse said beside its message, and where the first rows stand that it did not take: their values are nobody's business.
pub fn words(place: &Place, error: &adapter::Error) -> Vec<String> {
    const ROWS: usize = 3;
    let detail = error.detail.iter();
    let mut notes: Vec<String> = detail.map(|detail| as_known(place, detail)).collect();
    notes.extend(error.load_errors.iter().take(ROWS).map(|row| {
        let column = row.column.as_deref().unwrap_or("?");
        let at = format!("{}, line {}, column `{column}`", row.file, row.line);
        as_known(place, &format!("{at}: {}", row.reason))
    }));
    notes
}

/// Words of a warehouse with the names that the user knows.
fn as_known(place: &Place, text: &str) -> String {
    place.words(text).replace("__rs_tmp", "")
}
