//! Folders walked and files read, in a fixed order.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rayon::prelude::*;
use walkdir::WalkDir;

use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::jinja;

/// A file that was found below one of the project's folders.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Where it is.
    pub absolute: PathBuf,
    /// Its path from the project's folder, with `/`.
    pub from_root: String,
    /// Its path below the folder it was found in.
    pub below: String,
}

impl Found {
    /// Whether its name ends so, whatever the case.
    pub fn has_extension(&self, extension: &str) -> bool {
        self.absolute
            .extension()
            .is_some_and(|found| found.eq_ignore_ascii_case(extension))
    }
}

/// The files of a project: what `.dbtignore` leaves.
#[derive(Debug)]
pub struct Walk {
    root: PathBuf,
    prefix: String,
    ignored: Gitignore,
    skipped: Vec<PathBuf>,
}

impl Walk {
    /// A walk from a package's folder that never enters `skipped`; paths are told with `prefix` in front.
    ///
    /// # Errors
    /// A pattern of `.dbtignore` that is none.
    pub fn new(root: &Path, prefix: &str, skipped: Vec<PathBuf>) -> Result<Self, Diagnostic> {
        let mut builder = GitignoreBuilder::new(root);
        let path = root.join(".dbtignore");
        if path.is_file()
            && let Some(error) = builder.add(&path)
        {
            return Err(Diagnostic::error(
                "bad-dbtignore",
                format!("`.dbtignore` cannot be read: {error}"),
            ));
        }
        let ignored = builder.build().map_err(|error| {
            Diagnostic::error(
                "bad-dbtignore",
                format!("`.dbtignore` cannot be read: {error}"),
            )
        })?;
        Ok(Self {
            root: root.to_owned(),
            prefix: prefix.to_owned(),
            ignored,
            skipped,
        })
    }

    /// All files below some folders, ordered by folder and path; a folder that is not there is empty.
    pub fn files(&self, folders: &[String], problems: &mut Diagnostics) -> Vec<Found> {
        let mut found = Vec::new();
        for folder in folders {
            let start = self.root.join(folder);
            if !start.is_dir() {
                continue;
            }
            let entries = WalkDir::new(&start)
                .follow_links(true)
                .sort_by_file_name()
                .into_iter()
                .filter_entry(|entry| {
                    entry.depth() == 0
                        || !self.skipped.iter().any(|skipped| entry.path() == skipped)
                            && !self
                                .ignored
                                .matched(entry.path(), entry.file_type().is_dir())
                                .is_ignore()
                            && !entry
                                .file_name()
                                .to_string_lossy()
                                .starts_with(['.', '#', '~'])
                });
            for entry in entries {
                match entry {
                    Ok(entry) if entry.file_type().is_file() => found.push(Found {
                        from_root: self.shown(entry.path()),
                        below: slashed(entry.path().strip_prefix(&start).unwrap_or(entry.path())),
                        absolute: entry.into_path(),
                    }),
                    Ok(_) => {}
                    Err(error) if self.leaves_out(&error) => {}
                    Err(error) => problems.push(self.unreadable(&error)),
                }
            }
        }
        found
    }

    /// Whether `.dbtignore` names what cannot be entered: a link that leads nowhere, or to a folder above it.
    fn leaves_out(&self, error: &walkdir::Error) -> bool {
        error.path().is_some_and(|path| {
            [false, true]
                .iter()
                .any(|is_folder| self.ignored.matched(path, *is_folder).is_ignore())
        })
    }

    fn shown(&self, path: &Path) -> String {
        format!("{}{}", self.prefix, shown_path(&self.root, path))
    }

    /// What stands at a path that cannot be entered or read.
    fn unreadable(&self, error: &walkdir::Error) -> Diagnostic {
        let path = error.path().unwrap_or(&self.root);
        let shown = self.shown(path);
        let diagnostic = Diagnostic::error("unreadable-file", format!("`{shown}` cannot be read"))
            .at(Span::file(&Source::new(&*shown, "")));
        if let Some(above) = error.loop_ancestor() {
            let above = self.shown(above);
            return diagnostic
                .note(format!("it is a link to `{above}`, which holds it"))
                .help("remove the link, or leave it out with .dbtignore");
        }
        match (std::fs::read_link(path), error.io_error()) {
            (Ok(target), _) => diagnostic
                .note(format!(
                    "it is a link to `{}`, where nothing is",
                    target.display()
                ))
                .help("mend the link, remove it, or leave it out with .dbtignore"),
            (_, Some(cause)) => diagnostic.note(cause.to_string()),
            (_, None) => diagnostic.note(error.to_string()),
        }
    }
}

/// The texts of files, read in parallel, in the order asked for.
pub fn read_all(found: &[Found], problems: &mut Diagnostics) -> Vec<Option<Arc<Source>>> {
    let read = found
        .par_iter()
        .map(|file| read(&file.absolute, &file.from_root))
        .collect::<Vec<_>>();
    read.into_iter()
        .map(|result| result.map_err(|problem| problems.push(problem)).ok())
        .collect()
}

/// The text of one file, without a byte order mark.
///
/// # Errors
/// When it cannot be read, or is not UTF-8.
pub fn read(path: &Path, shown: &str) -> Result<Arc<Source>, Diagnostic> {
    let bytes = std::fs::read(path).map_err(|error| {
        Diagnostic::error("unreadable-file", format!("`{shown}` cannot be read"))
            .at(Span::file(&Source::new(shown, "")))
            .note(error.to_string())
    })?;
    let bytes = match bytes.strip_prefix("\u{feff}".as_bytes()) {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
    let source = String::from_utf8(bytes)
        .map(|text| match shown.ends_with(".sql") {
            true => Source::new(shown, jinja::with_plain_spaces(text)),
            false => Source::new(shown, text),
        })
        .map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let source = Source::new(shown, String::from_utf8_lossy(error.as_bytes()));
            Diagnostic::error("not-utf8", format!("`{shown}` is not UTF-8"))
                .at(Span::new(&source, valid..valid + '\u{fffd}'.len_utf8()))
                .label("this byte belongs to no character")
                .help("save the file as UTF-8")
        })?;
    match source.text.find('\0') {
        None => Ok(source),
        Some(at) => Err(
            Diagnostic::error("nul-byte", format!("`{shown}` has a NUL byte in it"))
                .at(Span::new(&source, at..at + 1))
                .label("no database takes this byte")
                .help("take it out; a file full of them is UTF-16: save it as UTF-8"),
        ),
    }
}

/// A path as the user knows it: from the root where it is inside, with `/`.
pub fn shown_path(root: &Path, path: &Path) -> String {
    slashed(path.strip_prefix(root).unwrap_or(path))
}

fn slashed(path: &Path) -> String {
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
        .replacen("//", "/", 1)
}
