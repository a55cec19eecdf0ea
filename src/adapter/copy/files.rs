//! Files of an unload on their way to where they belong: written aside, put into place when all are whole.
//!
//! In: an [`Unload`] and the folder or the store that stands for its prefix. Out: files with Redshift's names, and the manifest.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Error, Folders, user};
use crate::adapter::statement::{Compression, ExistingFiles, Unload};

/// Files that are not in place yet. Dropped before [`Files::publish`], they are gone.
pub struct Files<'a> {
    unload: &'a Unload,
    folders: &'a Folders,
    aside: PathBuf,
}

impl<'a> Files<'a> {
    /// Looks at what is there, and makes a folder for what is to be written.
    ///
    /// # Errors
    /// Files below the prefix, where they stop the unload; a prefix that no folder stands for.
    pub fn open(unload: &'a Unload, folders: &'a Folders) -> Result<Self, Error> {
        let prefix = unload.prefix();
        if unload.existing == ExistingFiles::Refuse && !folders.below(&prefix)?.is_empty() {
            // The words of Redshift.
            let mut error = user(format!(
                "Specified unload destination on S3 is not empty: `{prefix}`"
            ));
            error.help = Some("choose another prefix, remove the files, or say `allow_overwrite` (files of the same name are replaced) or `clean_path` (all of them are removed first)".to_owned());
            return Err(error);
        }
        // Beside the files, so that they need not be copied into place.
        let temporary = std::env::temp_dir();
        let root = folders.root(&prefix)?.unwrap_or(&temporary);
        let aside = root.join(format!(".rs_unload-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&aside).map_err(|cause| failed("make", &aside, &cause))?;
        Ok(Self {
            unload,
            folders,
            aside,
        })
    }

    /// The folder that the files are written to.
    pub fn folder(&self) -> &Path {
        &self.aside
    }

    /// Compresses the files that were written, each in its place.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn pack(&self, compression: Compression) -> Result<(), Error> {
        for path in self.written()?.into_iter().flat_map(|(_, files)| files) {
            let packed = path.with_extension("packed");
            pack(&path, &packed, compression)
                .and_then(|()| std::fs::rename(&packed, &path))
                .map_err(|cause| failed("compress", &path, &cause))?;
        }
        Ok(())
    }

    /// Puts the files of the folder into place, and the manifest last; gives how many there are. A verbose manifest tells what `detail` says.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn publish(self, detail: Option<&Detail<'_>>) -> Result<usize, Error> {
        let prefix = self.unload.prefix();
        let mut moves = Vec::new();
        for (folder, files) in self.written()? {
            for (number, from) in files.into_iter().enumerate() {
                let name = self.unload.file_name(number);
                moves.push((from, format!("{prefix}{folder}{name}")));
            }
        }
        if self.unload.existing == ExistingFiles::Clean {
            self.clean(&moves)?;
        }
        let mut entries = Vec::new();
        for (from, url) in &moves {
            let length = from
                .metadata()
                .map_err(|cause| failed("read", from, &cause))?;
            let rows = detail.map(|detail| (detail.rows)(from)).transpose()?;
            self.folders.object(url)?.take(from)?;
            entries.push(Entry {
                url: url.clone(),
                length: length.len(),
                rows,
            });
        }
        if self.unload.manifest {
            let text = manifest(&entries, detail.map(|detail| detail.columns)).to_string();
            let aside = self.aside.join("manifest");
            std::fs::write(&aside, text).map_err(|cause| failed("write", &aside, &cause))?;
            let manifest = self.folders.object(&format!("{prefix}manifest"))?;
            manifest.take(&aside)?;
        }
        Ok(moves.len())
    }

    /// The files that were written, by the folder of their partition (`day=1/`), each in order.
    fn written(&self) -> Result<Vec<(String, Vec<PathBuf>)>, Error> {
        let mut found = std::collections::BTreeMap::<String, Vec<(Vec<u64>, PathBuf)>>::new();
        for entry in walkdir::WalkDir::new(&self.aside).min_depth(1) {
            let entry = entry.map_err(|cause| user(format!("cannot read a folder: {cause}")))?;
            if !entry.file_type().is_file() {
                continue;
            }
            let below = entry
                .path()
                .strip_prefix(&self.aside)
                .unwrap_or(entry.path());
            let folder = below.parent().map(|parent| {
                let parts = parent
                    .components()
                    .map(|part| part.as_os_str().to_string_lossy());
                parts.fold(String::new(), |path, part| path + &part + "/")
            });
            // `data_10` stands behind `data_9`.
            let name = entry.file_name().to_string_lossy().into_owned();
            let numbers = name
                .split(|letter: char| !letter.is_ascii_digit())
                .filter_map(|digits| digits.parse().ok())
                .collect();
            let files = found.entry(folder.unwrap_or_default()).or_default();
            files.push((numbers, entry.into_path()));
        }
        let sorted = found.into_iter().map(|(folder, mut files)| {
            files.sort();
            (folder, files.into_iter().map(|(_, path)| path).collect())
        });
        Ok(sorted.collect())
    }

    /// Removes what is below the prefix; with partitions, only in those that get files.
    fn clean(&self, moves: &[(PathBuf, String)]) -> Result<(), Error> {
        let prefix = self.unload.prefix();
        let partitioned = !self.unload.partition_by.is_empty();
        let of = |url: &str| {
            url.rsplit_once('/')
                .map_or("", |(folder, _)| folder)
                .to_owned()
        };
        let mut filled = moves.iter().map(|(_, url)| of(url));
        let filled: std::collections::BTreeSet<String> = filled.by_ref().collect();
        for object in self.folders.below(&prefix)? {
            let inside = object.is_below(&self.aside);
            if inside || partitioned && !filled.contains(&of(&object.url)) {
                continue;
            }
            object.remove()?;
        }
        Ok(())
    }
}

impl Drop for Files<'_> {
    fn drop(&mut self) {
        // What was not put into place is nobody's.
        let _ = std::fs::remove_dir_all(&self.aside);
    }
}

/// What a verbose manifest tells beside the files.
pub struct Detail<'d> {
    /// Names and types of the columns, as Redshift writes them.
    pub columns: &'d [(String, String)],
    /// How many rows a file has.
    pub rows: &'d dyn Fn(&Path) -> Result<u64, Error>,
}

/// A file as a manifest names it.
struct Entry {
    url: String,
    /// In bytes.
    length: u64,
    /// Its rows, where they are told.
    rows: Option<u64>,
}

/// A manifest; with columns, a verbose one: <https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD_command_examples.html>.
fn manifest(entries: &[Entry], columns: Option<&[(String, String)]>) -> serde_json::Value {
    let listed = entries.iter().map(|entry| {
        let mut meta = serde_json::json!({ "content_length": entry.length });
        if let Some(rows) = entry.rows {
            meta["record_count"] = rows.into();
        }
        serde_json::json!({ "url": entry.url, "meta": meta })
    });
    let mut manifest = serde_json::json!({ "entries": listed.collect::<Vec<_>>() });
    let Some(columns) = columns else {
        return manifest;
    };
    let elements = columns
        .iter()
        .map(|(name, kind)| serde_json::json!({ "name": name, "type": type_of(kind) }));
    manifest["schema"] = serde_json::json!({ "elements": elements.collect::<Vec<_>>() });
    manifest["meta"] = serde_json::json!({
        "content_length": entries.iter().map(|entry| entry.length).sum::<u64>(),
        "record_count": entries.iter().filter_map(|entry| entry.rows).sum::<u64>(),
    });
    manifest["author"] =
        serde_json::json!({ "name": "Redstart", "version": env!("CARGO_PKG_VERSION") });
    manifest
}

/// A type in its parts: `{"base": "numeric", "precision": 18, "scale": 4}`.
fn type_of(kind: &str) -> serde_json::Value {
    let (base, digits) = kind.split_once('(').unwrap_or((kind, ""));
    let mut digits = digits
        .trim_end_matches(')')
        .split(',')
        .filter_map(|digits| digits.trim().parse::<u32>().ok());
    let mut said = serde_json::json!({ "base": base.trim() });
    match (base.trim(), digits.next(), digits.next()) {
        ("numeric", Some(precision), scale) => {
            said["precision"] = precision.into();
            said["scale"] = scale.unwrap_or(0).into();
        }
        (_, Some(length), _) => said["max_length"] = length.into(),
        _ => {}
    }
    said
}

/// Compresses one file into another.
fn pack(from: &Path, to: &Path, compression: Compression) -> std::io::Result<()> {
    let mut from = BufReader::new(File::open(from)?);
    let mut to = BufWriter::new(File::create(to)?);
    match compression {
        Compression::Gzip => {
            let mut packed = flate2::write::GzEncoder::new(&mut to, flate2::Compression::default());
            std::io::copy(&mut from, &mut packed)?;
            packed.finish()?;
        }
        Compression::Bzip2 => {
            let mut packed = bzip2::write::BzEncoder::new(&mut to, bzip2::Compression::default());
            std::io::copy(&mut from, &mut packed)?;
            packed.finish()?;
        }
        Compression::Zstd => {
            ruzstd::encoding::compress(from, &mut to, ruzstd::encoding::CompressionLevel::Fastest)
        }
        Compression::Lzop => return Err(std::io::Error::other("nothing here packs lzop")),
    }
    to.flush()
}

fn failed(what: &str, path: &Path, cause: &std::io::Error) -> Error {
    user(format!("cannot {what} `{}`: {cause}", path.display()))
}
