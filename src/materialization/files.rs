//! Loads that pick their files: those that a pattern names, and of an appending load those that were not loaded before.
//!
//! In: [`FileLoad`], made with the plan, and at its turn what lies there and what the table's memory holds. Out: the sections, with
//! one `COPY` a file. The memory is a table beside the target, written in the transaction that shows the rows: rows and the names of
//! their files are there together or not at all.

use std::collections::BTreeMap;

use super::publish::beside;
use super::{Phase, Rejects, Rest, Section, name};
use crate::adapter::Statement;
use crate::adapter::copy::StoredFile;
use crate::adapter::statement::{ColumnDefinition, Copy, LOADED_FILES, TableAttributes};
use crate::diagnostic::{Diagnostic, Span};
use crate::relation::{Relation, RelationKind};

/// The end of the name of a table's memory.
const MEMORY: &str = "__loaded_files";
/// Files that one statement notes at most.
const NOTED: usize = 500;
/// Files that a message names at most.
const TOLD: usize = 5;

/// The table in which a load remembers its files.
pub fn loaded_files(relation: &Relation) -> Relation {
    beside(relation, MEMORY)
}

/// A load whose files are not known yet.
#[derive(Clone, Debug, PartialEq)]
pub struct FileLoad {
    /// The sections with one `COPY` in them, which stands for one a file.
    pub(super) sections: Vec<Section>,
    /// Where to look.
    pub(super) copy: Copy,
    /// What the load remembers, if it appends.
    pub(super) memory: Option<Memory>,
    /// Where the user declared the load.
    pub(super) place: Option<Span>,
    /// What is done with the rows, where some may be rejected; the sections only read them then.
    pub(super) rejects: Option<Box<Rejects>>,
}

/// What an appending load knows of the files that it loaded.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Memory {
    /// The table.
    pub(super) table: Relation,
    /// Whether the rows of earlier loads stay: else it begins anew.
    pub(super) goes_on: bool,
}

impl Memory {
    pub(super) fn of(relation: &Relation, goes_on: bool) -> Self {
        Self {
            table: loaded_files(relation),
            goes_on,
        }
    }

    /// The table, with nothing in it.
    pub(super) fn made(table: &Relation) -> Statement {
        let columns = LOADED_FILES.map(|(name, data_type)| ColumnDefinition {
            not_null: true,
            ..ColumnDefinition::new(name, data_type)
        });
        Statement::CreateTable {
            relation: table.clone(),
            columns: columns.to_vec(),
            constraints: Vec::new(),
            attributes: TableAttributes::default(),
            temporary: false,
        }
    }
}

/// What is left to do, and how much that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Picked {
    /// The sections.
    pub sections: Vec<Section>,
    /// What is done with the rows that they read, where that is more.
    pub then: Option<Rest>,
    /// Files that are loaded.
    pub files: usize,
    /// Files that were loaded before.
    pub known: usize,
}

impl FileLoad {
    /// The load that says where to look.
    pub fn copy(&self) -> &Copy {
        &self.copy
    }

    /// Whether rows come to those that are there: then nothing of it may be done twice.
    pub fn appends(&self) -> bool {
        self.memory.as_ref().is_some_and(|memory| memory.goes_on)
    }

    /// What is done with the rows, where some may be rejected.
    pub fn rejects(&self) -> Option<&Rejects> {
        self.rejects.as_deref()
    }

    /// The sections as they are known before the files are.
    pub fn pattern(&self) -> &[Section] {
        &self.sections
    }

    /// The query of what was loaded before: name, size and etag of each file.
    pub fn question(&self) -> Option<String> {
        let memory = self.memory.as_ref().filter(|memory| memory.goes_on)?;
        let table = name(&memory.table);
        Some(format!(
            "select \"file\", \"size\", \"etag\" from {table} order by 1"
        ))
    }

    /// What is to be done when these files lie there, those were loaded before, and it is this moment.
    ///
    /// # Errors
    /// A file that changed since it was loaded, and one whose name Redshift would take for the beginning of another's.
    pub fn pick(
        &self,
        found: &[StoredFile],
        before: &[StoredFile],
        now: &str,
    ) -> Result<Picked, Box<Diagnostic>> {
        let before: BTreeMap<&str, &StoredFile> =
            before.iter().map(|file| (&*file.url, file)).collect();
        let changed = found.iter().filter(|file| {
            let known = before.get(&*file.url);
            known.is_some_and(|known| known != file)
        });
        let changed: Vec<&StoredFile> = changed.collect();
        if !changed.is_empty() {
            return Err(Box::new(self.changed(&changed, &before)));
        }
        let new: Vec<StoredFile> = found
            .iter()
            .filter(|file| !before.contains_key(&*file.url))
            .cloned()
            .collect();
        if let Some(ambiguous) = self.ambiguous(&new, found) {
            return Err(Box::new(ambiguous));
        }
        let noted = |memory: &Memory| noted(memory, &new, now);
        let notes = self.memory.as_ref().map(noted).unwrap_or_default();
        let visible = self.sections.iter().rposition(|section| {
            section.transaction && matches!(section.phase, Phase::Build | Phase::Publish)
        });
        let visible = visible.filter(|_| self.rejects.is_none());
        let mut sections = Vec::new();
        for (place, section) in self.sections.iter().enumerate() {
            let mut statements = Vec::new();
            for statement in &section.statements {
                match statement {
                    Statement::Copy(copy) => statements.extend(new.iter().map(|file| {
                        Statement::Copy(Box::new(Copy {
                            from: file.url.clone(),
                            exact: true,
                            ..Copy::clone(copy)
                        }))
                    })),
                    other => statements.push(other.clone()),
                }
            }
            if Some(place) == visible {
                statements.extend(notes.iter().cloned());
            }
            sections.push(Section {
                statements,
                ..section.clone()
            });
        }
        let rejects = self.rejects.as_deref().cloned();
        Ok(Picked {
            sections: super::sections(sections),
            then: rejects.map(|rejects| Rest::Rejects(Box::new(rejects.with(notes)))),
            files: new.len(),
            known: found.len() - new.len(),
        })
    }

    fn changed(&self, files: &[&StoredFile], before: &BTreeMap<&str, &StoredFile>) -> Diagnostic {
        let table = &self.copy.into;
        let message = match files {
            [one] => format!(
                "`{}` has changed since it was loaded into `{table}`",
                one.url
            ),
            _ => format!(
                "{} files have changed since they were loaded into `{table}`",
                files.len()
            ),
        };
        let mut diagnostic = Diagnostic::error("changed-file", message).at_some(self.place.clone());
        for file in files.iter().take(TOLD) {
            let was = before.get(&*file.url).map_or(0, |known| known.size);
            diagnostic = diagnostic.note(match was == file.size {
                true => format!("`{}` has other content in its {was} bytes", file.url),
                false => format!("`{}` had {was} bytes and has {}", file.url, file.size),
            });
        }
        diagnostic
            .help("put what is new into a file of its own: rows that were loaded stay as they are")
            .help("or load all files anew with `--full-refresh`")
    }

    /// `COPY` takes every file whose name begins with the one that it is given.
    fn ambiguous(&self, new: &[StoredFile], found: &[StoredFile]) -> Option<Diagnostic> {
        // In the order of names, what begins with a name comes right behind it.
        let (short, long) = new.iter().find_map(|file| {
            let at = found.partition_point(|other| other.url <= file.url);
            let next = found.get(at)?;
            next.url.starts_with(&file.url).then_some((file, next))
        })?;
        Some(
            Diagnostic::error(
                "ambiguous-file",
                format!("`{}` would be loaded along with `{}`", long.url, short.url),
            )
            .at_some(self.place.clone())
            .label("COPY takes every file whose name begins with the one that it is given")
            .help("let the pattern of `location` pick one of them, or rename one"),
        )
    }
}

/// The statements that note the files.
fn noted(memory: &Memory, files: &[StoredFile], now: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    if !memory.goes_on {
        statements.push(Statement::Drop {
            kind: RelationKind::Table,
            relation: memory.table.clone(),
            if_exists: true,
        });
        statements.push(Memory::made(&memory.table));
    }
    statements.extend(files.chunks(NOTED).map(|files| Statement::Remember {
        into: memory.table.clone(),
        files: files.to_vec(),
        at: now.to_owned(),
    }));
    statements
}
