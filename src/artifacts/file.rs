//! Files that are there whole, or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::redact::Redactor;

/// Writes a file beside its place, then moves it there; a reader sees the old or the new one.
///
/// # Errors
/// When the folder or the file cannot be written; what stood there stays.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_by(path, |file| file.write_all(bytes))
}

/// Writes a value as JSON in one line, without secrets and piece by piece: `manifest.json` is as large as the project.
///
/// # Errors
/// As [`write_whole`].
pub fn write_json(path: &Path, value: &impl Serialize, redactor: &Redactor) -> io::Result<()> {
    write_by(path, |file| {
        let mut pieces = Pieces {
            pending: Vec::with_capacity(2 * PIECE),
            redactor,
            file,
        };
        let mut serializer = serde_json::Serializer::with_formatter(&mut pieces, CutBehindValues);
        value.serialize(&mut serializer)?;
        pieces.write_pending()
    })
}

fn write_by(path: &Path, write: impl FnOnce(&mut fs::File) -> io::Result<()>) -> io::Result<()> {
    let beside = beside(path);
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::File::create(&beside))
        .and_then(|mut file| write(&mut file))
        .and_then(|()| fs::rename(&beside, path))
        .inspect_err(|_| drop(fs::remove_file(&beside)))
        .map_err(|cause| {
            let what = format!("cannot write `{}`: {cause}", path.display());
            io::Error::new(cause.kind(), what)
        })
}

/// So many bytes are written at once.
const PIECE: usize = 64 * 1024;

/// Text on its way to a file, without secrets.
struct Pieces<'a> {
    pending: Vec<u8>,
    redactor: &'a Redactor,
    file: &'a mut fs::File,
}

impl Pieces<'_> {
    fn write_pending(&mut self) -> io::Result<()> {
        // JSON is text as a whole, and pieces end behind a value.
        let text = std::str::from_utf8(&self.pending).map_err(io::Error::other)?;
        self.file.write_all(self.redactor.redact(text).as_bytes())?;
        self.pending.clear();
        Ok(())
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Called where a value ends: no secret goes on from there.
    fn flush(&mut self) -> io::Result<()> {
        if self.pending.len() < PIECE {
            return Ok(());
        }
        self.write_pending()
    }
}

/// JSON in one line that may be cut behind each value of an object.
struct CutBehindValues;

impl Formatter for CutBehindValues {
    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.flush()
    }
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
        let told = write_whole(&blocked, b"x").unwrap_err().to_string();
        let said = format!("cannot write `{}`: ", blocked.display());
        assert!(told.starts_with(&said), "{told}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_secret_is_masked_wherever_a_large_file_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.json");
        let redactor = Redactor::new(["se\"cret".into()]);
        // 9 bytes at every place of a piece, and a value that is larger than a piece.
        let mut value: std::collections::BTreeMap<String, String> = (0..3 * PIECE / 20)
            .map(|number| (format!("{number:07}"), "se\"cret".into()))
            .collect();
        value.insert("long".into(), "é se\"cret".repeat(PIECE));
        write_json(&path, &value, &redactor).unwrap();
        let whole = serde_json::to_string(&value).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), redactor.redact(&whole));
    }
}
