//! The manifest of a backup: what is in it, so that a restore can tell whether it is whole and still fits.
//!
//! It is written last: a folder without it is no backup.

use serde::{Deserialize, Serialize};

/// The name of the file.
pub const FILE: &str = "redstart_backup.json";
/// The form that this program writes and reads.
pub const VERSION: u32 = 1;

/// A backup.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Backup {
    /// [`VERSION`].
    pub version: u32,
    /// The project.
    pub project: String,
    /// When it was made, in UTC.
    pub created_at: String,
    /// What the files hold: `parquet` or `csv`.
    pub format: String,
    /// The tables.
    pub tables: Vec<TableBackup>,
}

/// A table of a backup.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct TableBackup {
    /// The node that it belongs to.
    pub unique_id: String,
    /// What its name has behind that of the node's relation: nothing, `__rejects` or `__loaded_files`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub suffix: String,
    /// The word that stands for a missing value in lines of text, where it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_as: Option<String>,
    /// How many rows it has.
    pub rows: u64,
    /// Its columns, in order.
    pub columns: Vec<ColumnBackup>,
    /// Its files, by their names below the backup.
    pub files: Vec<FileBackup>,
}

/// A column of a table.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct ColumnBackup {
    /// Its name.
    pub name: String,
    /// Its type in the dialect of the target.
    pub data_type: String,
}

/// A file of a table.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct FileBackup {
    /// Its name below the backup.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// The etag of a store, or the beginning of the SHA-256 of a file in a folder.
    pub checksum: String,
}

impl TableBackup {
    /// Where its files lie below the backup.
    pub fn folder(&self) -> String {
        format!("{}{}/", self.unique_id, self.suffix)
    }
}
