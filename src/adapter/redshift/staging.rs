//! Seeds on their way through S3: objects that are written for one COPY and removed after it.
//!
//! In: the key `staging` of a target, the rows of a seed. Out: gzipped CSV files and a manifest that lists them; nothing of them stays,
//! whatever the COPY said. Memory: one object. Only a program that is killed leaves them: the bucket's own rule for old objects takes those.

use std::io::Write;

use flate2::Compression as Level;
use flate2::write::GzEncoder;
use reqsign_core::OsEnv;

use crate::adapter::aws::s3::{Place, S3};
use crate::adapter::seed::{Row, SeedRows};
use crate::adapter::statement::{ColumnDefinition, Compression, Copy, CopyFormat};
use crate::adapter::{Error, ErrorClass};
use crate::relation::Relation;

/// From this size on a seed goes through S3, where the target names a place for it: below, one `insert` is quicker than three requests.
pub(super) const LARGE: u64 = 1024 * 1024;

/// Bytes of CSV in one object: a slice of the cluster reads each, so a large seed has many.
const OBJECT: usize = 32 * 1024 * 1024;

/// Stands for the name of what is staged, until it has one.
pub(super) const UNNAMED: &str = "<seed>";

/// What stands for NULL in the objects. In a seed the word is NULL anyway, so no other cell is lost for it.
const NULL: &str = "null";

/// The key `staging` of a target.
#[derive(Clone, PartialEq, Eq)]
pub struct Staging {
    /// `s3://bucket/prefix`, without a slash at its end.
    pub location: String,
    /// The role that COPY reads it with: `default`, or an ARN.
    pub iam_role: String,
    /// Who writes, and where the bucket is.
    pub place: Place,
}

/// The COPY of what is staged under a name.
pub(super) fn copy(
    staging: &Staging,
    name: &str,
    into: &Relation,
    columns: &[ColumnDefinition],
) -> String {
    super::copy::sql(&Copy {
        columns: columns.to_vec(),
        manifest: true,
        iam_role: Some(staging.iam_role.clone()),
        region: staging.place.identity.region.clone(),
        compression: Some(Compression::Gzip),
        // As an `insert` reads texts.
        date_format: Some("auto".to_owned()),
        time_format: Some("auto".to_owned()),
        round_decimals: true,
        null_as: Some(NULL.to_owned()),
        ..Copy::new(
            into.clone(),
            format!("{}/{name}/manifest", staging.location),
            CopyFormat::csv(),
        )
    })
}

/// What is staged. Dropped, it is removed.
pub(super) struct Staged {
    store: S3,
    bucket: String,
    name: String,
    /// Where each object's rows begin.
    parts: Vec<Part>,
    /// What is to be removed.
    keys: Vec<String>,
}

struct Part {
    key: String,
    first_row: u64,
}

impl Staged {
    /// Writes the rows of a seed, and the manifest that lists them.
    ///
    /// # Errors
    /// What the store answers, a file that cannot be read, and `stopped`, which is asked before each object.
    pub(super) fn write(
        staging: &Staging,
        width: usize,
        seed: &SeedRows,
        stopped: &mut dyn FnMut() -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let (bucket, prefix) = bucket_and_prefix(&staging.location);
        let mut staged = Self {
            store: S3::new(&staging.place, OsEnv)?,
            bucket: bucket.to_owned(),
            name: format!("redstart-{}", uuid::Uuid::new_v4()),
            parts: Vec::new(),
            keys: Vec::new(),
        };
        let folder = match prefix {
            "" => staged.name.clone(),
            prefix => format!("{prefix}/{}", staged.name),
        };
        let mut object = Object::from(0);
        seed.each(&mut |number, row| {
            if object.length >= OBJECT {
                stopped()?;
                let full = std::mem::replace(&mut object, Object::from(number));
                staged.part(&folder, full)?;
            }
            object.row(width, row)
        })?;
        stopped()?;
        staged.part(&folder, object)?;
        let entries = staged.parts.iter().map(|part| {
            serde_json::json!({"url": format!("s3://{bucket}/{}", part.key), "mandatory": true})
        });
        let manifest = serde_json::json!({"entries": entries.collect::<Vec<_>>()});
        staged.put(
            format!("{folder}/manifest"),
            manifest.to_string().into_bytes(),
        )?;
        Ok(staged)
    }

    fn part(&mut self, folder: &str, object: Object) -> Result<(), Error> {
        let key = format!("{folder}/{:05}.csv.gz", self.parts.len());
        self.parts.push(Part {
            key: key.clone(),
            first_row: object.first_row,
        });
        let body = object.text.finish().map_err(|cause| failed(&cause))?;
        self.put(key, body)
    }

    fn put(&mut self, key: String, body: Vec<u8>) -> Result<(), Error> {
        // An object whose answer was lost may be there all the same.
        self.keys.push(key.clone());
        self.store.put(&self.bucket, &key, body)
    }

    /// The name under which it is staged.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The row of a seed that stands in a line of an object, as the warehouse counts lines.
    pub(super) fn row(&self, seed: &SeedRows, url: &str, line: u64) -> Option<u64> {
        let part = self.parts.iter().find(|part| url.ends_with(&part.key))?;
        let mut lines = 0;
        let mut found = None;
        // A cell may hold line ends: then its row has several lines.
        let _ = seed.each(&mut |number, row| {
            if number < part.first_row {
                return Ok(());
            }
            let inside = (0..row.width())
                .filter_map(|column| row.cell(column))
                .map(|cell| cell.matches('\n').count() as u64);
            lines += 1 + inside.sum::<u64>();
            if lines >= line {
                found = Some(number);
                return Err(Error::new(ErrorClass::User, "found"));
            }
            Ok(())
        });
        found
    }

    /// Removes what was staged.
    ///
    /// # Errors
    /// What the store answers; the rest is removed all the same.
    pub(super) fn remove(mut self) -> Result<(), Error> {
        self.clear()
    }

    fn clear(&mut self) -> Result<(), Error> {
        let mut cleared = Ok(());
        for key in std::mem::take(&mut self.keys) {
            cleared = cleared.and(self.store.remove(&self.bucket, &key));
        }
        cleared
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Something else went wrong before, and that is told.
        let _ = self.clear();
    }
}

/// An object while its rows come.
struct Object {
    text: GzEncoder<Vec<u8>>,
    length: usize,
    first_row: u64,
    line: String,
}

impl Object {
    fn from(first_row: u64) -> Self {
        Self {
            text: GzEncoder::new(Vec::new(), Level::fast()),
            length: 0,
            first_row,
            line: String::new(),
        }
    }

    /// Writes a row as COPY reads it with `format csv`.
    fn row(&mut self, width: usize, row: &Row<'_>) -> Result<(), Error> {
        self.line.clear();
        for number in 0..width {
            if number > 0 {
                self.line.push(',');
            }
            match row.cell(number) {
                None => self.line.push_str(NULL),
                Some(cell) if plain(&cell) => self.line.push_str(&cell),
                Some(cell) => {
                    self.line.push('"');
                    self.line.push_str(&cell.replace('"', "\"\""));
                    self.line.push('"');
                }
            }
        }
        self.line.push('\n');
        self.length += self.line.len();
        let written = self.text.write_all(self.line.as_bytes());
        written.map_err(|cause| failed(&cause))
    }
}

/// Whether a cell means itself without quotes around it.
fn plain(cell: &str) -> bool {
    let blank = |letter: Option<char>| letter.is_none_or(char::is_whitespace);
    !cell.contains([',', '"', '\n', '\r'])
        && !blank(cell.chars().next())
        && !blank(cell.chars().next_back())
}

fn bucket_and_prefix(location: &str) -> (&str, &str) {
    let rest = location.strip_prefix("s3://").unwrap_or(location);
    rest.split_once('/').unwrap_or((rest, ""))
}

fn failed(cause: &std::io::Error) -> Error {
    Error::new(ErrorClass::Internal, format!("cannot compress: {cause}"))
}
