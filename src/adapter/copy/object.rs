//! An object of S3: a file that stands for one, or one itself.
//!
//! In: its URL. Out: bytes read and written, always of the whole object.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use reqsign_core::OsEnv;
use sha2::{Digest, Sha256};

use super::{Error, user};
use crate::adapter::aws::s3::{Place, S3};

/// Bytes of a file that are read at once for its digest.
const CHUNK: usize = 64 * 1024;
/// Bytes of a file's digest that stand for its content: as many as an etag of S3 has.
const ETAG: usize = 16;

/// An object.
#[derive(Clone, Debug)]
pub struct Object {
    /// `s3://bucket/key`, as the user knows it.
    pub url: String,
    at: At,
}

#[derive(Clone, Debug)]
enum At {
    File(PathBuf),
    Store {
        store: Arc<S3>,
        bucket: String,
        key: String,
        /// Its size and etag, where it comes from a listing.
        listed: Option<(u64, String)>,
    },
}

impl Object {
    /// A file that stands for an object.
    pub(super) fn file(url: String, path: PathBuf) -> Self {
        Self {
            url,
            at: At::File(path),
        }
    }

    /// Begins to read it.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn open(&self) -> Result<Box<dyn Read>, Error> {
        match &self.at {
            At::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(cause) => Err(user(format!("cannot read `{}`: {cause}", self.url))),
            },
            At::Store {
                store, bucket, key, ..
            } => Ok(Box::new(store.read(bucket, key)?)),
        }
    }

    /// A file with its bytes: the one that stands for it, or a copy in a folder that is made for that.
    ///
    /// # Errors
    /// What the store or the file system answers.
    pub fn local(&self, aside: &Path) -> Result<PathBuf, Error> {
        if let At::File(path) = &self.at {
            return Ok(path.clone());
        }
        let path = aside.join(uuid::Uuid::new_v4().to_string());
        let mut from = self.open()?;
        std::fs::create_dir_all(aside)
            .and_then(|()| File::create(&path))
            .and_then(|mut to| io::copy(&mut from, &mut to))
            .map_err(|cause| self.failed("fetch", &cause))?;
        Ok(path)
    }

    /// Whether it is there.
    ///
    /// # Errors
    /// What a store answers.
    pub fn exists(&self) -> Result<bool, Error> {
        match &self.at {
            At::File(path) => Ok(path.is_file()),
            At::Store {
                store, bucket, key, ..
            } => store.has(bucket, key),
        }
    }

    /// How large it is, and what changes with its content: the etag of a store, the digest of a file.
    ///
    /// # Errors
    /// When the file cannot be read, or the store tells nothing of it.
    pub(super) fn stamp(&self) -> Result<(u64, String), Error> {
        let path = match &self.at {
            At::File(path) => path,
            At::Store {
                listed: Some(listed),
                ..
            } => return Ok(listed.clone()),
            At::Store {
                store, bucket, key, ..
            } => {
                let mut found = store.list(bucket, key)?.into_iter();
                let entry = found.find(|entry| entry.key == *key);
                return entry
                    .map(|entry| (entry.size, entry.etag))
                    .ok_or_else(|| user(format!("`{}` is not there", self.url)));
            }
        };
        let mut digest = Sha256::new();
        let mut size = 0;
        let mut file = File::open(path).map_err(|cause| self.failed("read", &cause))?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = file.read(&mut chunk);
            let read = read.map_err(|cause| self.failed("read", &cause))?;
            if read == 0 {
                break;
            }
            digest.update(&chunk[..read]);
            size += read as u64;
        }
        let etag = digest.finalize();
        let etag = etag.iter().take(ETAG).map(|byte| format!("{byte:02x}"));
        Ok((size, etag.collect()))
    }

    /// The folder that it is in, where it is a file.
    pub fn folder(&self) -> Option<PathBuf> {
        match &self.at {
            At::File(path) => path.parent().map(Path::to_owned),
            At::Store { .. } => None,
        }
    }

    /// Whether it is a file below a folder.
    pub(super) fn is_below(&self, folder: &Path) -> bool {
        matches!(&self.at, At::File(path) if path.starts_with(folder))
    }

    /// Makes a file this object. The file lies beside it where a folder stands for the bucket, and is moved.
    ///
    /// # Errors
    /// What the file system or the store answers.
    pub fn take(&self, from: &Path) -> Result<(), Error> {
        match &self.at {
            At::File(to) => to
                .parent()
                .map_or(Ok(()), std::fs::create_dir_all)
                .and_then(|()| std::fs::rename(from, to))
                .map_err(|cause| self.failed("write", &cause)),
            At::Store {
                store, bucket, key, ..
            } => store.write(bucket, key, from),
        }
    }

    /// Removes it.
    ///
    /// # Errors
    /// What the file system or the store answers.
    pub fn remove(&self) -> Result<(), Error> {
        match &self.at {
            At::File(path) => {
                std::fs::remove_file(path).map_err(|cause| self.failed("remove", &cause))
            }
            At::Store {
                store, bucket, key, ..
            } => store.remove(bucket, key),
        }
    }

    fn failed(&self, what: &str, cause: &io::Error) -> Error {
        user(format!("cannot {what} `{}`: {cause}", self.url))
    }
}

/// A store that is asked at its first use.
pub(super) struct Store {
    place: Place,
    opened: Mutex<Option<Arc<S3>>>,
}

impl Store {
    pub fn new(place: Place) -> Self {
        Self {
            place,
            opened: Mutex::default(),
        }
    }

    fn open(&self) -> Result<Arc<S3>, Error> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = &*opened {
            return Ok(Arc::clone(store));
        }
        let store = Arc::new(S3::new(&self.place, OsEnv)?);
        *opened = Some(Arc::clone(&store));
        Ok(store)
    }

    /// The object that a URL names.
    pub fn object(&self, url: &str) -> Result<Object, Error> {
        let (bucket, key) = parts(url)?;
        Ok(Object {
            url: url.to_owned(),
            at: At::Store {
                store: self.open()?,
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                listed: None,
            },
        })
    }

    /// The objects whose keys begin as a URL says. What the console shows as a folder is an empty object and no file.
    pub fn below(&self, url: &str) -> Result<Vec<Object>, Error> {
        let (bucket, prefix) = parts(url)?;
        let store = self.open()?;
        let mut entries = store.list(bucket, prefix)?;
        entries.retain(|entry| !entry.key.ends_with('/'));
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        let objects = entries.into_iter().map(|entry| Object {
            url: format!("s3://{bucket}/{}", entry.key),
            at: At::Store {
                store: Arc::clone(&store),
                bucket: bucket.to_owned(),
                key: entry.key,
                listed: Some((entry.size, entry.etag)),
            },
        });
        Ok(objects.collect())
    }
}

/// A bucket and a key, or the beginning of some.
fn parts(url: &str) -> Result<(&str, &str), Error> {
    url.strip_prefix("s3://")
        .and_then(|rest| rest.split_once('/'))
        .filter(|(bucket, _)| !bucket.is_empty())
        .ok_or_else(|| user(format!("`{url}` is not `s3://bucket/key`")))
}

impl PartialEq for Store {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

/// Without the keys.
impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({:?})", self.place.endpoint_url)
    }
}
