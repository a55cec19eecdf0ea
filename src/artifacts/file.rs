//! Files that are there whole, or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::redact::Redactor;

/// Writes a file beside its place, then moves it there; a reader sees the old or the new one.
///
/// # Errors
/// When the folder or the file cannot be written; what stood there stays.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = beside(path);
    fs::write(&beside, bytes)
        .and_then(|()| fs::rename(&beside, path))
        .inspect_err(|_| drop(fs::remove_file(&beside)))
}

/// Writes a value as JSON in one line, without secrets.
///
/// # Errors
/// As [`write_whole`].
pub fn write_json(path: &Path, value: &impl Serialize, redactor: &Redactor) -> io::Result<()> {
    let text = serde_json::to_string(value)?;
    write_whole(path, redactor.redact(&text).as_bytes())
}

fn beside(path: &Path) -> PathBuf {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_leaves_the_old_one_and_no_crumbs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("target/a.json");
        write_json(&path, &"a secret", &Redactor::new(["secret".into()])).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "\"a *****\"");
        // A folder in the way cannot be replaced by a file.
        let blocked = folder.path().join("target");
        assert!(write_whole(&blocked, b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
