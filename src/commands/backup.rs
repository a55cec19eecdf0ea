//! `redstart backup`.

use super::pipeline::backup::{Known, MISSING, Place, Table, Tables, literal, prepared, told};
use super::pipeline::carried::{self, Carried, Files};
use super::pipeline::{self, Door, Prepared};
use super::selecting::{Selecting, WITH_ROWS, asked_for};
use super::{Outcome, Session, Stop};
use crate::adapter::copy::Object;
use crate::adapter::statement::{ExistingFiles, Unload, UnloadFormat};
use crate::adapter::{self, Connection, Statement};
use crate::artifacts::backup::{Backup, ColumnBackup, FILE, FileBackup, TableBackup, VERSION};
use crate::artifacts::{relation_name, timestamp};
use crate::diagnostic::{Diagnostic, Diagnostics, counted};
use crate::relation::{KnownColumn, NothingKnown};

/// Write tables to files, with a manifest by which `restore` brings them back
///
/// The tables are those of one moment, between two builds, with what stands beside them: rejected rows, and what a load remembers of its
/// files. The manifest (redstart_backup.json) has the rows, columns and checksums, and is written last.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart backup --to s3://lake/backups/2024-06-01/
  redstart backup -s marts --to backups/monday      a folder, where the target is DuckDB or PostgreSQL")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,

    /// Where the files go: a place in S3, or a folder
    #[arg(long, value_name = "PLACE")]
    to: String,
    /// What the files hold; without it parquet where the target writes and reads it, else csv, which every target reads
    #[arg(long, value_name = "FORMAT", value_parser = ["parquet", "csv"])]
    format: Option<String>,
    /// By whose right: `default` or an ARN
    #[arg(long, value_name = "ROLE")]
    iam_role: Option<String>,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let prepared = pipeline::prepare(session)?;
        let selection = pipeline::select(session, &prepared, &self.selecting.request(WITH_ROWS))?;
        let place = Place::of(&prepared, session, &self.to)?;
        if place.native("").is_some() && self.format.as_deref() == Some("csv") {
            let problem = Diagnostic::error(
                "bad-flag",
                "a DuckDB that does not emulate Redshift writes Parquet alone",
            );
            return Err(Stop::refused(problem));
        }
        let door = place.door(&prepared)?;
        let manifest = place.object(&door, FILE)?;
        if manifest.exists()? {
            let problem = Diagnostic::error(
                "backup-exists",
                format!("there is a backup in `{}` already", self.to),
            );
            return Err(Stop::refused(
                problem.help("name another place: a backup is never changed"),
            ));
        }
        // Between two builds: what a load remembers of its files goes with the rows of these files.
        let warehouse = door.enter_in_turn(session, &prepared)?;
        let nodes = asked_for(&prepared.manifest, &selection);
        let tables = Tables::of(&prepared, &warehouse.existing, &nodes);
        if tables.0.is_empty() {
            // Nobody should learn that when the backup is needed.
            return Err(Stop::refused(Diagnostic::error(
                "nothing-to-back-up",
                "none of the selected nodes is a table that is there",
            )));
        }
        let format = self.format(&door, &place);
        let mut connection = warehouse
            .connection
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        connection.execute(&one_moment(&prepared, &door)?)?;
        let files = Files {
            format: named(format),
            dialect: door.adapter.dialect(),
        };
        let mut columns = Vec::new();
        let mut problems = Diagnostics::default();
        for table in &tables.0 {
            let found = restorable(table, files, &door, &mut **connection);
            match found.map_err(|error| Stop::refused(told(&place, "back up", table, error)))? {
                Ok(found) => columns.push(found),
                Err(problem) => problems.push(*problem),
            }
        }
        if problems.has_errors() {
            return Err(Stop::Refused(problems));
        }
        let mut written = Vec::new();
        for (table, columns) in tables.0.iter().zip(columns) {
            if session.cancel.is_requested() {
                return Ok(Outcome::Cancelled);
            }
            let done = self.table(table, columns, format, &place, &door, &mut **connection);
            let done =
                done.map_err(|error| Stop::refused(told(&place, "back up", table, error)))?;
            session.terminal.info(format!(
                "backed up {}: {} in {}",
                table.relation,
                counted(done.rows, "row"),
                counted(done.files.len() as u64, "file")
            ));
            written.push(done);
        }
        connection.execute(&pipeline::backup::prepared(&door, &Statement::Commit)?)?;
        let backup = Backup {
            version: VERSION,
            project: prepared.manifest.project_name.clone(),
            created_at: timestamp(session.started),
            format: named(format).to_owned(),
            tables: written,
        };
        write(&manifest, &backup)?;
        session
            .terminal
            .info(format!("The backup is in {}", self.to));
        Ok(Outcome::Done)
    }

    /// Parquet where the target can write it and read it again, else CSV.
    fn format(&self, door: &Door, place: &Place) -> UnloadFormat {
        match self.format.as_deref() {
            _ if place.native("").is_some() => return UnloadFormat::Parquet,
            Some("parquet") => return UnloadFormat::Parquet,
            Some(_) => return UnloadFormat::Csv,
            None => {}
        }
        let both = |format| {
            let unload = self.unload("select 1 as a", place.url("probe/"), format, MISSING);
            let load = place.copy(
                &crate::relation::Relation::new("s", "t"),
                "probe/",
                named(format),
                None,
            );
            let takes = |statement| door.adapter.prepare(&statement, &NothingKnown).is_ok();
            takes(Statement::Unload(Box::new(unload))) && takes(Statement::Copy(Box::new(load)))
        };
        match both(UnloadFormat::Parquet) {
            true => UnloadFormat::Parquet,
            false => UnloadFormat::Csv,
        }
    }

    fn unload(&self, query: &str, to: String, format: UnloadFormat, missing: &str) -> Unload {
        Unload {
            iam_role: self.iam_role.clone(),
            // A text that is empty is not one that is missing.
            null_as: (format == UnloadFormat::Csv).then(|| missing.to_owned()),
            existing: ExistingFiles::Overwrite,
            ..Unload::new(query, to, format)
        }
    }

    fn table(
        &self,
        table: &Table,
        (columns, carried): Restorable,
        format: UnloadFormat,
        place: &Place,
        door: &Door,
        connection: &mut dyn Connection,
    ) -> Result<TableBackup, crate::adapter::Error> {
        let mut backup = TableBackup {
            unique_id: table.unique_id.clone(),
            suffix: table.suffix.clone(),
            null_as: None,
            rows: 0,
            columns,
            files: Vec::new(),
        };
        let prefix = place.url(&backup.folder());
        let query = carried::written(&carried, &relation_name(&table.relation));
        let known = known(table, &backup.columns);
        if let Some(file) = place.native(&backup.folder()) {
            backup.rows = pipeline::backup::rows(door, connection, &table.relation)?;
            if backup.rows > 0 {
                let folder = file.parent().unwrap_or(&file);
                std::fs::create_dir_all(folder).map_err(|cause| {
                    let message = format!("cannot make `{}`: {cause}", folder.display());
                    adapter::Error::new(adapter::ErrorClass::User, message)
                })?;
                let written = Statement::Raw {
                    sql: format!("copy ({query}) to {} (format parquet)", literal(&file)),
                    origin: None,
                };
                connection.execute(&prepared(door, &written)?)?;
                backup.files = found(place, door, &backup)?;
            }
            return Ok(backup);
        }
        let missing = missing(&carried, table, door, connection, &known)?;
        let unload = self.unload(&query, format!("{prefix}part_"), format, &missing);
        let statement = Statement::Unload(Box::new(unload));
        backup.null_as = (missing != MISSING).then_some(missing);
        let order = pipeline::backup::prepared_knowing(door, &statement, &known)?;
        let outcome = connection.execute(&order)?;
        backup.rows = match outcome.rows {
            Some(rows) => rows,
            None => pipeline::backup::rows(door, connection, &table.relation)?,
        };
        if backup.rows > 0 {
            backup.files = found(place, door, &backup)?;
        }
        Ok(backup)
    }
}

/// The files that were written of a table.
fn found(
    place: &Place,
    door: &Door,
    backup: &TableBackup,
) -> Result<Vec<FileBackup>, adapter::Error> {
    let files = place.files(door, &backup.folder())?.into_iter();
    let files = files.map(|file| FileBackup {
        name: place.name(&file.url),
        size: file.size,
        checksum: file.etag,
    });
    Ok(files.collect())
}

/// The columns of a table, and how each is carried.
type Restorable = (Vec<ColumnBackup>, Vec<Carried>);

/// The columns of a table and how they are carried, or the one that would not come back.
fn restorable(
    table: &Table,
    files: Files<'_>,
    door: &Door,
    connection: &mut dyn Connection,
) -> Result<Result<Restorable, Box<Diagnostic>>, adapter::Error> {
    let columns = connection.columns(&table.relation)?.into_iter();
    let columns: Vec<ColumnBackup> = columns
        .map(|column| ColumnBackup {
            name: column.name,
            data_type: column.data_type,
        })
        .collect();
    let relation = &table.relation;
    let refused = |column: &ColumnBackup, why: &str| {
        let (name, kind) = (&column.name, &column.data_type);
        let message =
            format!("`{relation}` would not come back: its column `{name}` is `{kind}`, and {why}");
        Ok(Err(Diagnostic::error("not-restorable", message).into()))
    };
    let mut all = Vec::new();
    for column in &columns {
        let carried = match Carried::of(column, files) {
            Ok(carried) => carried,
            Err(why) => return refused(column, why),
        };
        if let Some(doubt) = &carried.doubt {
            let query = carried::doubtful(doubt, &relation_name(relation));
            let found =
                pipeline::backup::number(door, connection, &query, &known(table, &columns))?;
            if found > 0 {
                let values = counted(found, "value");
                let why = format!("{values} {}", doubt.why);
                return refused(column, &why);
            }
        }
        all.push(carried);
    }
    Ok(Ok((columns, all)))
}

/// The word for a missing value in the files of a table: one that none of its texts is.
fn missing(
    columns: &[Carried],
    table: &Table,
    door: &Door,
    connection: &mut dyn Connection,
    known: &Known<'_>,
) -> Result<String, adapter::Error> {
    let others = (0..).map(|number| match number {
        0 => MISSING.to_owned(),
        1 => "(missing)".to_owned(),
        number => format!("(missing {number})"),
    });
    for word in others {
        let query = carried::looks_missing(columns, &relation_name(&table.relation), &word);
        let alike = match query {
            Some(query) => pipeline::backup::number(door, connection, &query, known)?,
            None => 0,
        };
        if alike == 0 {
            return Ok(word);
        }
    }
    Ok(MISSING.to_owned())
}

/// What begins a transaction that sees one moment.
fn one_moment(project: &Prepared, door: &Door) -> Result<adapter::Prepared, adapter::Error> {
    match project.project.target.kind.as_str() {
        // Else each of its statements sees a moment of its own.
        "postgres" => Ok(adapter::Prepared::sql(vec![
            "begin isolation level repeatable read".to_owned(),
        ])),
        _ => prepared(door, &Statement::Begin),
    }
}

fn known<'t>(table: &'t Table, columns: &[ColumnBackup]) -> Known<'t> {
    let columns = columns.iter().map(|column| KnownColumn {
        name: column.name.clone(),
        data_type: Some(column.data_type.clone()),
    });
    Known {
        table: &table.relation,
        columns: columns.collect(),
    }
}

fn named(format: UnloadFormat) -> &'static str {
    match format {
        UnloadFormat::Parquet => "parquet",
        _ => "csv",
    }
}

/// The manifest, whole or not at all.
fn write(object: &Object, backup: &Backup) -> Result<(), Stop> {
    let text = serde_json::to_string_pretty(backup).unwrap_or_default() + "\n";
    let folder = object.folder().unwrap_or_else(std::env::temp_dir);
    std::fs::create_dir_all(&folder)?;
    let aside = folder.join(format!(".{FILE}.{}", std::process::id()));
    std::fs::write(&aside, text)?;
    let taken = object.take(&aside);
    // A store has a copy, a folder the file itself.
    let _ = std::fs::remove_file(&aside);
    Ok(taken?)
}
