//! The data dictionary, for readers: the site below `site/` in the target folder, Markdown as one file or one a table, CSV, JSON.
//!
//! In: [`Dictionary`], made from the manifest, the catalog and the last results; for the site also the SQL and the last run. Out: files.
//! Lays out, computes nothing: every fact comes from [`dictionary`]. Shows no value of any row.

pub mod branding;
pub mod changes;
mod csv;
pub mod dictionary;
mod hidden;
mod html;
mod json;
mod layer;
mod markdown;
pub mod serve;
pub mod site;
#[cfg(test)]
mod tests;
mod words;

pub use branding::Branding;
pub use changes::Changes;
pub use dictionary::{Dictionary, Input};
pub use site::{Layout, Site};
pub use words::keep_words;

use std::io;
use std::path::Path;

use crate::artifacts::file::write_whole;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formats {
    /// The site.
    pub html: Option<Layout>,
    /// `dictionary.md`.
    pub markdown: bool,
    /// The folder `dictionary/`, with a Markdown file a table.
    pub pages: bool,
    /// `dictionary.csv`.
    pub csv: bool,
    /// `dictionary.json`.
    pub json: bool,
}

impl Formats {
    /// None of them.
    pub const NONE: Self = Self {
        html: None,
        markdown: false,
        pages: false,
        csv: false,
        json: false,
    };
    /// What a build writes: as many files at most as the site has, however many tables there are.
    pub const USUAL: Self = Self {
        html: Some(Layout::Folder),
        markdown: true,
        csv: true,
        ..Self::NONE
    };

    /// The file that a reader opens first.
    pub fn first(self) -> &'static str {
        match self {
            Self { html: Some(_), .. } => "index.html",
            Self { markdown: true, .. } => "dictionary.md",
            Self { csv: true, .. } => "dictionary.csv",
            _ => "dictionary.json",
        }
    }
}

/// Writes the dictionary in the formats that are asked for, each file whole or not at all, without secrets.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, input: &site::Input<'_>, formats: Formats) -> io::Result<()> {
    let put = |path: &Path, text: &str| write_whole(path, input.redactor.redact(text).as_bytes());
    let dictionary = input.dictionary;
    if formats.markdown {
        let text = markdown::markdown(dictionary, Some(input));
        put(&folder.join("dictionary.md"), &text)?;
    }
    if formats.csv {
        put(&folder.join("dictionary.csv"), &csv::csv(dictionary)?)?;
    }
    if formats.json {
        let text = serde_json::to_string_pretty(&json::json(dictionary))?;
        put(&folder.join("dictionary.json"), &text)?;
    }
    if formats.pages {
        let folder = folder.join("dictionary");
        let pages = markdown::pages(input);
        for (name, text) in &pages {
            put(&folder.join(name), text)?;
        }
        remove_others(&folder, &|name| {
            markdown::is_page(name) && !pages.contains_key(name)
        })?;
    }
    match formats.html {
        None => Ok(()),
        Some(Layout::SingleFile) => Site::new(input, Layout::SingleFile).write(folder),
        Some(Layout::Folder) => {
            Site::new(input, Layout::Folder).write(&folder.join("site"))?;
            write_whole(&folder.join("index.html"), site::forward().as_bytes())
        }
    }
}

/// Removes the files that are `old`, by their names: what an earlier, larger dictionary left. A folder that is not there holds none.
fn remove_others(folder: &Path, old: &dyn Fn(&str) -> bool) -> io::Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        if old(&entry.file_name().to_string_lossy()) && entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path()).map_err(|cause| {
                let what = format!("cannot remove `{}`: {cause}", entry.path().display());
                io::Error::new(cause.kind(), what)
            })?;
        }
    }
    Ok(())
}
