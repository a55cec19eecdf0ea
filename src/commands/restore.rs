//! `redstart restore`.

use std::io::Read;

use super::pipeline::backup::{Known, Place, Table, prepared, prepared_knowing, rows, told};
use super::pipeline::carried::{self, Carried};
use super::pipeline::{self, Door, Prepared};
use super::selecting::{Selecting, WITH_ROWS, asked_for};
use super::{Outcome, Session, Stop};
use crate::adapter::statement::{Copy, Rows, TableAttributes};
use crate::adapter::{Connection, Error, Statement};
use crate::artifacts::backup::{Backup, ColumnBackup, FILE, TableBackup, VERSION};
use crate::artifacts::relation_name;
use crate::diagnostic::Diagnostic;
use crate::materialization::{leftovers, loaded_files, rejects_of};
use crate::relation::{ExistingRelations, KnownColumn, Relation, RelationKind};
use crate::report::message::count;

/// Bring the tables of a backup back
///
/// The files are compared with the manifest, loaded beside and counted. Only then, in one transaction, the rows of all tables are replaced:
/// a restore that fails leaves what was there. A table whose columns are not those of the backup is refused.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart restore --from s3://lake/backups/2024-06-01/
  redstart restore -s fct_orders --from backups/monday")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,

    /// Where the backup is: a place in S3, or a folder
    #[arg(long, value_name = "PLACE")]
    from: String,
    /// By whose right: `default` or an ARN
    #[arg(long, value_name = "ROLE")]
    iam_role: Option<String>,
}

/// A table on its way back.
struct Restored<'a> {
    table: Table,
    backup: &'a TableBackup,
    columns: Vec<Carried>,
    beside: Relation,
    exists: bool,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let project = pipeline::prepare(session)?;
        let selection = pipeline::select(session, &project, &self.selecting.request(WITH_ROWS))?;
        let nodes = asked_for(&project.manifest, &selection);
        let place = Place::of(&project, session, &self.from)?;
        let door = place.door(&project)?;
        let backup = self.manifest(&place, &door)?;
        let warehouse = door.enter_in_turn(session, &project)?;
        let mut problems = crate::diagnostic::Diagnostics::default();
        let mut tables = Vec::new();
        for saved in &backup.tables {
            let wanted = match project.manifest.by_unique_id.get(&saved.unique_id) {
                Some(node) => nodes.contains(node),
                // Nobody can ask for it: it is told where all are to come back.
                None => !self.selecting.is_some(),
            };
            if !wanted {
                continue;
            }
            match table(&project, &warehouse.existing, saved, &backup.format) {
                Ok(found) => tables.push(found),
                Err(problem) => problems.push(*problem),
            }
        }
        for found in &tables {
            problems.extend(damaged(&place, &door, found.backup)?);
        }
        if problems.has_errors() {
            return Err(Stop::Refused(problems));
        }
        if tables.is_empty() {
            session
                .terminal
                .info("Nothing to do: the backup has none of the selected nodes");
            return Ok(Outcome::Done);
        }
        let mut connection = warehouse
            .connection
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let connection = &mut **connection;
        let done = self.bring(session, &place, &door, &backup, &tables, connection);
        for found in &tables {
            // What is left beside is nobody's; that this fails too is no news.
            let drop = drop_of(&found.beside);
            let _ = prepared(&door, &drop).and_then(|order| connection.execute(&order));
        }
        done?;
        for found in &tables {
            session.terminal.info(format!(
                "restored {}: {}",
                found.table.relation,
                count(found.backup.rows, "row")
            ));
        }
        Ok(Outcome::Done)
    }

    fn manifest(&self, place: &Place, door: &Door) -> Result<Backup, Stop> {
        let object = place.object(door, FILE)?;
        let missing = |why: String| {
            let problem = Diagnostic::error(
                "no-backup",
                format!("there is no backup in `{}`", self.from),
            );
            Stop::refused(
                problem
                    .note(place.words(&why))
                    .help("a backup has its manifest last: one that was interrupted has none"),
            )
        };
        let mut text = String::new();
        let mut reader = object.open().map_err(|error| missing(error.message))?;
        reader.read_to_string(&mut text)?;
        let backup: Backup = serde_json::from_str(&text)
            .map_err(|cause| missing(format!("`{FILE}` cannot be read: {cause}")))?;
        if backup.version != VERSION {
            let why = format!(
                "it has the form {}, and this program reads {VERSION}",
                backup.version
            );
            return Err(missing(why));
        }
        Ok(backup)
    }

    /// Loads all tables beside, counts them, and replaces the rows.
    fn bring(
        &self,
        session: &Session,
        place: &Place,
        door: &Door,
        backup: &Backup,
        tables: &[Restored<'_>],
        connection: &mut dyn Connection,
    ) -> Result<(), Stop> {
        for found in tables {
            if session.cancel.is_requested() {
                return Err(Stop::refused(Diagnostic::error(
                    "cancelled",
                    "cancelled: nothing was restored",
                )));
            }
            let failed = |error| Stop::refused(told(place, "restore", &found.table, error));
            let rows = self.load(place, door, backup, found, connection);
            let rows = rows.map_err(failed)?;
            if rows != found.backup.rows {
                return Err(Stop::refused(Diagnostic::error(
                    "backup-damaged",
                    format!(
                        "the files of `{}` have {}, and its manifest says {}",
                        found.table.relation,
                        count(rows, "row"),
                        found.backup.rows
                    ),
                )));
            }
        }
        // What the warehouse would not take is known before the transaction begins.
        let mut orders = Vec::new();
        for found in tables {
            let columns = found.columns.iter().map(|column| KnownColumn {
                name: column.name.clone(),
                data_type: Some(column.loaded_as.clone()),
            });
            let known = Known {
                table: &found.beside,
                columns: columns.collect(),
            };
            for statement in replaced(found) {
                let order = prepared_knowing(door, &statement, &known);
                let order = order
                    .map_err(|error| Stop::refused(told(place, "restore", &found.table, error)))?;
                orders.push((found, order));
            }
        }
        connection.execute(&prepared(door, &Statement::Begin)?)?;
        for (found, order) in &orders {
            let done = connection.execute(order);
            done.map_err(|error| Stop::refused(told(place, "restore", &found.table, error)))?;
        }
        connection.execute(&prepared(door, &Statement::Commit)?)?;
        Ok(())
    }

    fn load(
        &self,
        place: &Place,
        door: &Door,
        backup: &Backup,
        found: &Restored<'_>,
        connection: &mut dyn Connection,
    ) -> Result<u64, Error> {
        let columns: Vec<_> = found.columns.iter().map(Carried::loaded).collect();
        let mut statements = vec![
            drop_of(&found.beside),
            Statement::CreateTable {
                relation: found.beside.clone(),
                columns: columns.clone(),
                constraints: Vec::new(),
                attributes: TableAttributes::default(),
                temporary: false,
            },
        ];
        if found.backup.rows > 0 {
            statements.push(Statement::Copy(Box::new(Copy {
                columns,
                iam_role: self.iam_role.clone(),
                ..place.copy(&found.beside, &found.backup.folder(), &backup.format)
            })));
        }
        for statement in &statements {
            connection.execute(&prepared(door, statement)?)?;
        }
        rows(door, connection, &found.beside)
    }
}

fn drop_of(relation: &Relation) -> Statement {
    Statement::Drop {
        kind: RelationKind::Table,
        relation: relation.clone(),
        if_exists: true,
    }
}

/// The rows in the place of those that are there; views, grants and descriptions of the table stay as they are.
fn replaced(found: &Restored<'_>) -> Vec<Statement> {
    let relation = &found.table.relation;
    let as_loaded = found.columns.iter().all(Carried::is_itself);
    if !found.exists && as_loaded {
        return vec![Statement::Rename {
            kind: RelationKind::Table,
            from: found.beside.clone(),
            to: relation.identifier.clone(),
        }];
    }
    let first = match found.exists {
        true => Statement::Raw {
            sql: format!("delete from {}", relation_name(relation)),
            origin: None,
        },
        false => Statement::CreateTable {
            relation: relation.clone(),
            columns: found.columns.iter().map(Carried::made).collect(),
            constraints: Vec::new(),
            attributes: TableAttributes::default(),
            temporary: false,
        },
    };
    let columns = found.columns.iter();
    let insert = Statement::Insert {
        into: relation.clone(),
        columns: columns.map(|column| column.name.clone()).collect(),
        from: match as_loaded {
            true => Rows::Relation(found.beside.clone()),
            false => Rows::Query(carried::read(&found.columns, &relation_name(&found.beside))),
        },
    };
    vec![first, insert]
}

/// The table of the project that a table of the backup goes to.
fn table<'a>(
    project: &Prepared,
    existing: &ExistingRelations,
    saved: &'a TableBackup,
    format: &str,
) -> Result<Restored<'a>, Box<Diagnostic>> {
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
        .ok_or_else(|| unknown().did_you_mean(&saved.unique_id, known()))?;
    let own = manifest.node(id).relation.as_ref().ok_or_else(unknown)?;
    let relation = match saved.suffix.as_str() {
        "" => own.clone(),
        "__rejects" => rejects_of(own),
        _ => loaded_files(own),
    };
    let found = existing.get(&relation);
    if let Some(found) = found {
        if found.kind != RelationKind::Table {
            let message = format!("`{relation}` is no table any more");
            return Err(Diagnostic::error("columns-changed", message).into());
        }
        let names: Vec<&str> = found
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        if let Some(problem) = other_columns(&relation, &names, &saved.columns) {
            return Err(problem.into());
        }
    }
    let columns = saved.columns.iter().map(|column| {
        Carried::of(column, format).map_err(|why| {
            let (name, kind) = (&column.name, &column.data_type);
            let message = format!("the column `{name}` of `{relation}` is `{kind}`, and {why}");
            Box::new(Diagnostic::error("not-restorable", message))
        })
    });
    Ok(Restored {
        columns: columns.collect::<Result<_, _>>()?,
        beside: leftovers(&relation)[0].clone(),
        exists: found.is_some(),
        backup: saved,
        table: Table {
            node: id,
            unique_id: saved.unique_id.clone(),
            suffix: saved.suffix.clone(),
            relation,
        },
    })
}

/// Why the columns of a table are not those of the backup.
fn other_columns(relation: &Relation, now: &[&str], saved: &[ColumnBackup]) -> Option<Diagnostic> {
    let has =
        |names: &[&str], name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let then: Vec<&str> = saved.iter().map(|column| column.name.as_str()).collect();
    let gone = then.iter().find(|name| !has(now, name));
    let new = now.iter().find(|name| !has(&then, name));
    let message = match (gone, new) {
        (Some(gone), _) => {
            format!("the backup of `{relation}` has a column `{gone}`, which the table has not")
        }
        (None, Some(new)) => format!("`{relation}` has a column `{new}`, which its backup has not"),
        (None, None) => return None,
    };
    Some(Diagnostic::error("columns-changed", message).help(
        "drop the table to have it restored as it was, or restore with the project as it was then",
    ))
}

/// What is not as the manifest says.
fn damaged(place: &Place, door: &Door, saved: &TableBackup) -> Result<Vec<Diagnostic>, Stop> {
    if saved.files.is_empty() {
        return Ok(Vec::new());
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
