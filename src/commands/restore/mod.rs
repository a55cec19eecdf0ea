//! `redstart restore`.

mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use self::tables::{Restored, damaged, table};
use super::pipeline::backup::{
    Known, Place, literal, number, prepared, prepared_knowing, rows, told, words,
};
use super::pipeline::carried::{self, Carried};
use super::pipeline::{self, Door};
use super::selecting::{Selecting, WITH_ROWS, asked_for};
use super::{Outcome, Session, Stop};
use crate::adapter::statement::{Copy, Rows};
use crate::adapter::{Connection, Error, ErrorClass, Prepared as Order, Statement};
use crate::artifacts::backup::{Backup, FILE, TableBackup, VERSION};
use crate::artifacts::{quoted, relation_name};
use crate::diagnostic::{Diagnostic, Diagnostics, counted};
use crate::materialization;
use crate::plan::{Options, Planner};
use crate::relation::{KnownColumn, Relation, RelationKind};

/// Bring the tables of a backup back
///
/// The files are compared with the manifest, loaded beside and counted. Only then, in one transaction, the rows of all tables are replaced:
/// a restore that fails leaves what was there. A table whose columns do not hold those of the backup is refused. Where a table is gone, it is
/// made as the project declares it.
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

/// How often the rows are replaced, where somebody else was first.
const ATTEMPTS: u32 = 6;

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let project = pipeline::prepare(session)?;
        let selection = pipeline::select(session, &project, &self.selecting.request(WITH_ROWS))?;
        let nodes = asked_for(&project.manifest, &selection);
        let place = Place::of(&project, session, &self.from)?;
        let door = place.door(&project)?;
        let backup = self.manifest(&place, &door)?;
        let warehouse = door.enter_in_turn(session, &project)?;
        let planner = Planner {
            manifest: &project.manifest,
            adapter: &*door.adapter,
            existing: &warehouse.existing,
            selected: &BTreeSet::new(),
            columns_of: &|_| None,
            tests_of: &|_| Vec::new(),
            waits: &[],
            seed: &|id| pipeline::seed(&project, id),
            batches: &BTreeMap::new(),
            batch: None,
            options: Options::default(),
        };
        let mut problems = Diagnostics::default();
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
            match table(&project, &planner, saved, &backup.format) {
                Ok(found) => tables.push(found),
                Err(more) => problems.extend(more),
            }
        }
        // A foreign key points to a table that is there.
        let order = project.graph.order();
        let places: BTreeMap<_, usize> = order.iter().copied().zip(0..).collect();
        tables.sort_by_key(|found| places.get(&found.table.node).copied());
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
        if done.is_err() {
            // Inside of a transaction that failed nothing can be tidied up; where there is none, that is no news.
            let _ =
                prepared(&door, &Statement::Rollback).and_then(|order| connection.execute(&order));
        }
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
                counted(found.backup.rows, "row")
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
        let mut seen = BTreeSet::new();
        let mut folders = backup.tables.iter().map(TableBackup::folder);
        if let Some(folder) = folders.find(|folder| !seen.insert(folder.clone())) {
            let message = format!("the manifest has the table `{folder}` twice");
            return Err(Stop::refused(
                Diagnostic::error("backup-damaged", message).help(format!(
                    "`{FILE}` is not as it was written: take another backup"
                )),
            ));
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
                        counted(rows, "row"),
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
            let failed = |error| Stop::refused(told(place, "restore", &found.table, error));
            let statements = self.replaced(place, door, backup, found, connection);
            for statement in statements.map_err(failed)? {
                let order = prepared_knowing(door, &statement, &known);
                orders.push((found, order.map_err(failed)?));
            }
        }
        let mut attempt = 1;
        loop {
            let Err((error, at)) = in_one(door, &orders, connection) else {
                return Ok(());
            };
            if let ErrorClass::Retryable { after } = error.class
                && attempt < ATTEMPTS
                && !session.cancel.is_requested()
            {
                attempt += 1;
                connection.execute(&prepared(door, &Statement::Rollback)?)?;
                std::thread::sleep(after);
                continue;
            }
            return Err(Stop::refused(not_replaced(place, at, error)));
        }
    }

    fn load(
        &self,
        place: &Place,
        door: &Door,
        backup: &Backup,
        found: &Restored<'_>,
        connection: &mut dyn Connection,
    ) -> Result<u64, Error> {
        let columns = found.columns.iter().map(Carried::loaded).collect();
        let beside = match &found.new {
            Some(new) if found.is_shown_as_loaded() => new.made(&found.beside),
            _ => materialization::Restored::plain(columns).made(&found.beside),
        };
        let mut statements = vec![drop_of(&found.beside), beside];
        if found.backup.rows > 0 {
            statements.push(self.copy(place, backup, found, &found.beside));
        }
        for statement in &statements {
            let order =
                prepared(door, statement).map_err(|refused| advised(refused, statement, backup))?;
            connection.execute(&order)?;
        }
        rows(door, connection, &found.beside)
    }

    /// The load of the files of a table.
    fn copy(
        &self,
        place: &Place,
        backup: &Backup,
        found: &Restored<'_>,
        into: &Relation,
    ) -> Statement {
        if let Some(file) = place.native(&found.backup.folder()) {
            let names = found.columns.iter().map(|column| quoted(&column.name));
            let names: Vec<String> = names.collect();
            let (into, names) = (relation_name(into), names.join(", "));
            return Statement::Raw {
                sql: format!(
                    "insert into {into} ({names}) select {names} from read_parquet({})",
                    literal(&file)
                ),
                origin: None,
            };
        }
        let (folder, null_as) = (found.backup.folder(), found.backup.null_as.as_deref());
        Statement::Copy(Box::new(Copy {
            columns: found.columns.iter().map(Carried::loaded).collect(),
            iam_role: self.iam_role.clone(),
            explicit_ids: *into == found.table.relation,
            ..place.copy(into, &folder, &backup.format, null_as)
        }))
    }

    /// The rows in the place of those that are there; views, grants and descriptions of the table stay as they are. Where there is none, the
    /// table is made.
    fn replaced(
        &self,
        place: &Place,
        door: &Door,
        backup: &Backup,
        found: &Restored<'_>,
        connection: &mut dyn Connection,
    ) -> Result<Vec<Statement>, Error> {
        let relation = &found.table.relation;
        let as_loaded = found.columns.iter().all(Carried::is_itself);
        let columns = found.columns.iter();
        let insert = Statement::Insert {
            into: relation.clone(),
            columns: columns.map(|column| column.name.clone()).collect(),
            from: match as_loaded {
                true => Rows::Relation(found.beside.clone()),
                false => Rows::Query(carried::read(&found.columns, &relation_name(&found.beside))),
            },
        };
        let Some(new) = &found.new else {
            let mut statements = vec![Statement::Raw {
                sql: format!("delete from {}", relation_name(relation)),
                origin: None,
            }];
            match found.numbers {
                false => statements.push(insert),
                true if found.backup.rows == 0 => {}
                true => statements.push(self.copy(place, backup, found, relation)),
            }
            return Ok(statements);
        };
        let mut statements = match found.is_shown_as_loaded() {
            true => vec![Statement::Rename {
                kind: RelationKind::Table,
                from: found.beside.clone(),
                to: relation.identifier.clone(),
            }],
            false => vec![
                numbered(new, found, door, connection)?.made(relation),
                insert,
            ],
        };
        statements.extend(new.described.iter().cloned());
        Ok(statements)
    }
}

/// A new table that goes on numbering its rows behind those that come back.
fn numbered(
    new: &materialization::Restored,
    found: &Restored<'_>,
    door: &Door,
    connection: &mut dyn Connection,
) -> Result<materialization::Restored, Error> {
    let mut new = new.clone();
    if let Some(column) = new.numbered().filter(|_| found.backup.rows > 0)
        && let Some((seed, step)) = column.identity
    {
        let name = quoted(&column.name);
        let furthest = match step < 0 {
            true => format!("-min({name})"),
            false => format!("max({name})"),
        };
        let beside = relation_name(&found.beside);
        let query = format!("select coalesce(greatest({furthest}, 0), 0) as n from {beside}");
        let known = Known {
            table: &found.beside,
            columns: vec![KnownColumn {
                name: column.name.clone(),
                data_type: Some(column.data_type.clone()),
            }],
        };
        let furthest = number(door, connection, &query, &known)?;
        let furthest = i64::try_from(furthest).unwrap_or(i64::MAX);
        column.identity = Some(match step < 0 {
            true => (seed.min((-furthest).saturating_add(step)), step),
            false => (seed.max(furthest.saturating_add(step)), step),
        });
    }
    Ok(new)
}

/// Sends all orders in one transaction; what went wrong, and at which table: none is the beginning or the end.
fn in_one<'a, 'f>(
    door: &Door,
    orders: &[(&'a Restored<'f>, Order)],
    connection: &mut dyn Connection,
) -> Result<(), (Error, At<'a, 'f>)> {
    let edge = |statement, at| {
        let order = prepared(door, statement).map_err(|error| (error, at));
        order.map(|order| (order, at))
    };
    let (begin, at) = edge(&Statement::Begin, At::Begin)?;
    connection.execute(&begin).map_err(|error| (error, at))?;
    for (found, order) in orders {
        let done = connection.execute(order);
        done.map_err(|error| (error, At::Table(found)))?;
    }
    let (commit, at) = edge(&Statement::Commit, At::Commit)?;
    connection.execute(&commit).map_err(|error| (error, at))?;
    Ok(())
}

/// Where a transaction ended.
#[derive(Clone, Copy)]
enum At<'a, 'f> {
    Begin,
    Table(&'a Restored<'f>),
    Commit,
}

/// The way out where a warehouse does not read the files of a backup.
fn advised(mut refused: Error, statement: &Statement, backup: &Backup) -> Error {
    if matches!(statement, Statement::Copy(_)) && backup.format == "parquet" {
        let advice =
            "where Parquet is not read, restore a backup that was made with `--format csv`";
        refused.help.get_or_insert_with(|| advice.to_owned());
    }
    refused
}

/// Why the rows were not replaced, or may not have been.
fn not_replaced(place: &Place, at: At<'_, '_>, error: Error) -> Diagnostic {
    let lost = error.class == ErrorClass::ConnectionLost;
    let problem = match at {
        At::Table(found) => return told(place, "restore", &found.table, error),
        At::Commit if lost => Diagnostic::error(
            "connection-lost",
            format!("nobody knows whether the tables were restored: {}", error.message),
        )
        .help("all of them are as they were, or none is: look at one, or run the same `redstart restore` again, which does no harm"),
        _ => {
            let code = match lost {
                true => "connection-lost",
                false => "restore-failed",
            };
            let message = format!("cannot restore: {}", error.message);
            Diagnostic::error(code, message).help("the tables are as they were: run the same `redstart restore` again")
        }
    };
    let mut problem = problem;
    problem.notes.extend(words(place, &error));
    problem.help.extend(error.help);
    problem
}

fn drop_of(relation: &Relation) -> Statement {
    Statement::Drop {
        kind: RelationKind::Table,
        relation: relation.clone(),
        if_exists: true,
    }
}
