//! The data dictionary, for readers: `dictionary.md` and `dictionary.csv` in the target folder, and the site below `site/`.
//!
//! In: [`Dictionary`], made from the manifest, the catalog and the last results; for the site also the SQL and the last run. Out: files.
//! Lays out, computes nothing: every fact comes from [`dictionary`]. Shows no value of any row.

mod csv;
pub mod dictionary;
mod html;
mod layer;
mod markdown;
pub mod serve;
pub mod site;
#[cfg(test)]
mod tests;
mod words;

pub use dictionary::{Dictionary, Input};
pub use site::{Layout, Site};

use std::io;
use std::path::Path;

use crate::artifacts::file::write_whole;
use crate::redact::Redactor;

/// What stands at `index.html` where the site has a folder of its own.
const FORWARD: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
    <meta http-equiv=\"refresh\" content=\"0; url=site/index.html\">\n<title>Data dictionary</title>\n</head>\n\
    <body>\n<p><a href=\"site/index.html\">The data dictionary</a></p>\n</body>\n</html>\n";

/// Writes the dictionary as Markdown and CSV, each whole or not at all, without secrets.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, dictionary: &Dictionary, redactor: &Redactor) -> io::Result<()> {
    for (name, text) in [
        ("dictionary.md", markdown::markdown(dictionary)),
        ("dictionary.csv", csv::csv(dictionary)?),
    ] {
        write_whole(&folder.join(name), redactor.redact(&text).as_bytes())?;
    }
    Ok(())
}

/// Writes the site: into `site/` with an `index.html` that leads there, or all of it into `index.html`.
///
/// # Errors
/// When a file cannot be written.
pub fn write_site(folder: &Path, input: &site::Input<'_>, layout: Layout) -> io::Result<()> {
    let site = Site::new(input, layout);
    match layout {
        Layout::SingleFile => site.write(folder),
        Layout::Folder => {
            site.write(&folder.join("site"))?;
            write_whole(&folder.join("index.html"), FORWARD.as_bytes())
        }
    }
}
