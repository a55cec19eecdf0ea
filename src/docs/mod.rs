//! The data dictionary, for readers: `dictionary.md`, `dictionary.csv` and `index.html` in the target folder.
//!
//! In: [`Dictionary`], made from the manifest, the catalog and the last results. Out: three files.
//! Lays out, computes nothing: every fact comes from [`dictionary`]. Shows no value of any row.

mod csv;
pub mod dictionary;
mod html;
mod layer;
mod markdown;
mod page;
#[cfg(test)]
mod tests;
mod words;

pub use dictionary::{Dictionary, Input};

use std::io;
use std::path::Path;

use crate::artifacts::file::write_whole;
use crate::redact::Redactor;

/// Writes the three files of the dictionary, each whole or not at all, without secrets.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, dictionary: &Dictionary, redactor: &Redactor) -> io::Result<()> {
    for (name, text) in [
        ("dictionary.md", markdown::markdown(dictionary)),
        ("dictionary.csv", csv::csv(dictionary)?),
        ("index.html", page::page(dictionary)),
    ] {
        write_whole(&folder.join(name), redactor.redact(&text).as_bytes())?;
    }
    Ok(())
}
