//! The tables of a backup and those of the project that they go to: whether they still fit, and whether their files are whole.

use crate::adapter::statement::TableConstraint;
use crate::artifacts::backup::{ColumnBackup, TableBackup};
use crate::commands::Stop;
use crate::commands::pipeline::backup::{Place, Table};
use crate::commands::pipeline::carried::{self, Carried, Files};
use crate::commands::pipeline::{Door, Prepared};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::materialization::{self, leftovers, loaded_files, numbers_rows, rejects_of};
use crate::plan::Planner;
use crate::relation::{Column, Relation, RelationKind};

/// A table on its way back.
pub(super) struct Restored<'a> {
    pub(super) table: Table,
    pub(super) backup: &'a TableBackup,
    pub(super) columns: Vec<Carried>,
    pub(super) beside: Relation,
    /// The table that is made for the rows, where there is none.
    pub(super) new: Option<materialization::Restored>,
    /// Whether the table that is there numbers its rows, and takes numbers from files alone.
    pub(super) numbers: bool,
}

impl Restored<'_> {
    /// Whether the table that the files are loaded into is the one that is shown.
    pub(super) fn is_shown_as_loaded(&self) -> bool {
        let new = self.new.as_ref();
        let points = |constraint: &TableConstraint| {
            // What it points to may come back only with the others.
            matches!(constraint, TableConstraint::ForeignKey { .. })
        };
        self.columns.iter().all(Carried::is_itself)
            && new.is_some_and(|new| {
                let mut columns = new.columns.iter();
                columns.all(|column| column.identity.is_none())
                    && !new.constraints.iter().any(points)
            })
    }
}

/// The table of the project that a table of the backup goes to.
pub(super) fn table<'a>(
    project: &Prepared,
    planner: &Planner<'_>,
    saved: &'a TableBackup,
    format: &str,
) -> Result<Restored<'a>, Diagnostics> {
    let manifest = &project.manifest;
    let unknown = || {
        Diagnostic::error(
            "unknown-node",
            format!(
                "the backup has `{}`, which the project has not",
                saved.unique_id
            ),
        )
    };
    let known = || manifest.by_unique_id.keys().map(String::as_str);
    let id = *manifest
        .by_unique_id
        .get(&saved.unique_id)
        .ok_or_else(|| Diagnostics::from(unknown().did_you_mean(&saved.unique_id, known())))?;
    let own = manifest.node(id).relation.as_ref();
    let own = own.ok_or_else(|| Diagnostics::from(unknown()))?;
    let relation = match saved.suffix.as_str() {
        "" => own.clone(),
        "__rejects" => rejects_of(own),
        _ => loaded_files(own),
    };
    let dialect = planner.adapter.dialect();
    let found = planner.existing.get(&relation);
    if let Some(found) = found {
        if found.kind != RelationKind::Table {
            let message = format!("`{relation}` is no table any more");
            let problem = Diagnostic::error("columns-changed", message);
            return Err(problem.help("drop it to have the table restored").into());
        }
        let problems = other_columns(&relation, &found.columns, &saved.columns, dialect);
        if problems.has_errors() {
            return Err(problems);
        }
    }
    let files = Files { format, dialect };
    let columns = saved.columns.iter().map(|column| {
        Carried::of(column, files).map_err(|why| {
            let (name, kind) = (&column.name, &column.data_type);
            let message = format!("the column `{name}` of `{relation}` is `{kind}`, and {why}");
            Diagnostics::from(Diagnostic::error("not-restorable", message))
        })
    });
    let columns: Vec<Carried> = columns.collect::<Result<_, _>>()?;
    let made: Vec<_> = columns.iter().map(Carried::made).collect();
    let new = match (found, saved.suffix.as_str()) {
        (Some(_), _) => None,
        (None, "") => Some(planner.restored(id, &made)?),
        (None, _) => Some(materialization::Restored::plain(made)),
    };
    let in_order = found.is_some_and(|found| {
        let names = found
            .columns
            .iter()
            .map(|column| column.name.to_lowercase());
        names.eq(columns.iter().map(|column| column.name.to_lowercase()))
    });
    // PostgreSQL takes numbers from everybody.
    let numbers = found.is_some()
        && saved.suffix.is_empty()
        && project.project.target.kind != "postgres"
        && numbers_rows(manifest.node(id));
    if numbers && saved.rows > 0 {
        let as_text = columns.iter().find(|column| !column.is_itself());
        let why = match as_text {
            Some(column) => format!("which reads its column `{}` as text", column.name),
            None if in_order => String::new(),
            None => "and its columns stand in another order than in the backup".to_owned(),
        };
        if !why.is_empty() {
            let message =
                format!("`{relation}` numbers its rows and takes numbers from a load alone, {why}");
            let problem = Diagnostic::error("not-restorable", message);
            let help = "drop the table to have it made from the backup: it goes on behind the highest number";
            return Err(problem.help(help).into());
        }
    }
    Ok(Restored {
        columns,
        beside: leftovers(&relation)[0].clone(),
        numbers,
        new,
        backup: saved,
        table: Table {
            node: id,
            unique_id: saved.unique_id.clone(),
            suffix: saved.suffix.clone(),
            relation,
        },
    })
}

/// Why a table does not hold the columns of its backup.
fn other_columns(
    relation: &Relation,
    now: &[Column],
    saved: &[ColumnBackup],
    dialect: &str,
) -> Diagnostics {
    let mut problems = Diagnostics::default();
    let mut changed = |message: String, help: &str| {
        problems.push(Diagnostic::error("columns-changed", message).help(help));
    };
    let anew =
        "drop the table to have it restored as it was, or restore with the project as it was then";
    for then in saved {
        let mut columns = now.iter();
        let found = columns.find(|column| column.name.eq_ignore_ascii_case(&then.name));
        let (name, kind) = (&then.name, &then.data_type);
        match found {
            None => changed(
                format!(
                    "the backup of `{relation}` has a column `{name}`, which the table has not"
                ),
                anew,
            ),
            Some(now) if !carried::fits(kind, &now.data_type, dialect) => changed(
                format!(
                    "the column `{name}` of `{relation}` is `{}`, and its backup has `{kind}`, of which that does not hold every value",
                    now.data_type
                ),
                &format!(
                    "give the column the type `{kind}`, or drop the table to have it restored as it was"
                ),
            ),
            Some(_) => {}
        }
    }
    let has = |name: &str| {
        let mut saved = saved.iter();
        saved.any(|then| then.name.eq_ignore_ascii_case(name))
    };
    for new in now.iter().filter(|column| !has(&column.name)) {
        let name = &new.name;
        changed(
            format!("`{relation}` has a column `{name}`, which its backup has not"),
            anew,
        );
    }
    problems
}

/// What is not as the manifest says.
pub(super) fn damaged(
    place: &Place,
    door: &Door,
    saved: &TableBackup,
) -> Result<Vec<Diagnostic>, Stop> {
    if saved.files.is_empty() {
        let lost = (saved.rows > 0).then(|| {
            let message = format!("the manifest names no file of `{}`", saved.folder());
            Diagnostic::error("backup-damaged", message)
        });
        return Ok(lost.into_iter().collect());
    }
    let found = place.files(door, &saved.folder()).unwrap_or_default();
    let mut problems = Vec::new();
    let mut wrong = |message: String| problems.push(Diagnostic::error("backup-damaged", message));
    for file in &saved.files {
        let there = found
            .iter()
            .find(|found| place.name(&found.url) == file.name);
        match there {
            None => wrong(format!("`{}` is not there any more", file.name)),
            Some(there) if there.size != file.size => wrong(format!(
                "`{}` has {} bytes, and its manifest says {}",
                file.name, there.size, file.size
            )),
            Some(there) if there.etag != file.checksum => {
                wrong(format!(
                    "`{}` has other content than when it was written",
                    file.name
                ));
            }
            Some(_) => {}
        }
    }
    let known = |url: &str| saved.files.iter().any(|file| file.name == place.name(url));
    for more in found.iter().filter(|found| !known(&found.url)) {
        wrong(format!(
            "`{}` came later: the manifest does not have it",
            place.name(&more.url)
        ));
    }
    Ok(problems)
}
