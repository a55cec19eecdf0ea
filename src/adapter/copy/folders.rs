//! What stands for prefixes of S3: folders, or the buckets themselves.
//!
//! In: `s3://bucket/prefix`. Out: the objects whose keys begin so, in the order of their keys, as S3 lists them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::object::{Object, Store};
use crate::adapter::aws::s3::Place;
use crate::adapter::{Error, ErrorClass};

/// What stands for which prefix.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folders(Vec<(String, Root)>);

#[derive(Clone, Debug, PartialEq)]
enum Root {
    Folder(PathBuf),
    Store(Arc<Store>),
}

impl Folders {
    /// Adds a folder; the longest prefix wins.
    pub fn insert(&mut self, prefix: &str, folder: PathBuf) {
        self.add(prefix, Root::Folder(folder));
    }

    /// Adds a store, whose buckets are meant themselves; the longest prefix wins.
    pub fn insert_store(&mut self, prefix: &str, place: Place) {
        self.add(prefix, Root::Store(Arc::new(Store::new(place))));
    }

    fn add(&mut self, prefix: &str, root: Root) {
        self.0.push((prefix.trim_end_matches('/').to_owned(), root));
        self.0
            .sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
    }

    /// The objects whose keys begin with what the URL says: a folder, a part of a name, or one file.
    ///
    /// # Errors
    /// When no folder stands for the prefix, nothing begins so, or a folder cannot be read.
    pub fn list(&self, url: &str) -> Result<Vec<Object>, Error> {
        let objects = self.below(url)?;
        if objects.is_empty() {
            let (_, root, rest) = self.find(url)?;
            // The words of Redshift.
            let mut error = failed(format!("The specified S3 prefix '{rest}' does not exist"));
            if let Root::Folder(folder) = root {
                let path = folder.join(rest);
                error.detail = Some(format!("`{url}` stands for `{}`", path.display()));
            }
            return Err(error);
        }
        Ok(objects)
    }

    /// Whether something stands for a URL.
    pub fn has(&self, url: &str) -> bool {
        self.find(url).is_ok()
    }

    /// The folder that stands for a URL's prefix; none where a store does.
    ///
    /// # Errors
    /// When nothing stands for it.
    pub fn root<'a>(&'a self, url: &'a str) -> Result<Option<&'a Path>, Error> {
        self.find(url).map(|(_, root, _)| match root {
            Root::Folder(folder) => Some(folder.as_path()),
            Root::Store(_) => None,
        })
    }

    /// The same objects as [`list`](Self::list), and none where there are none.
    ///
    /// # Errors
    /// When no folder stands for the prefix, or a folder cannot be read.
    pub fn below(&self, url: &str) -> Result<Vec<Object>, Error> {
        let (prefix, root, rest) = self.find(url)?;
        let folder = match root {
            Root::Folder(folder) => folder,
            Root::Store(store) => return store.below(url),
        };
        let mut objects = Vec::new();
        // All keys that begin with `a/b/part` stand in the folder `a/b`.
        let inside = rest.rsplit_once('/').map_or("", |(inside, _)| inside);
        walk(&folder.join(inside), inside, &mut |key, path| {
            if key.starts_with(rest) {
                let url = format!("{prefix}/{key}");
                objects.push(Object::file(url, path));
            }
        })?;
        objects.sort_by(|a, b| a.url.cmp(&b.url));
        Ok(objects)
    }

    /// The one object that a URL names.
    ///
    /// # Errors
    /// When no folder stands for its prefix.
    pub fn object(&self, url: &str) -> Result<Object, Error> {
        let (_, root, rest) = self.find(url)?;
        match root {
            Root::Folder(folder) => Ok(Object::file(url.to_owned(), folder.join(rest))),
            Root::Store(store) => store.object(url),
        }
    }

    fn find<'a>(&'a self, url: &'a str) -> Result<(&'a str, &'a Root, &'a str), Error> {
        let found = self.0.iter().find_map(|(prefix, root)| {
            let rest = url.strip_prefix(prefix.as_str())?.strip_prefix('/')?;
            Some((prefix.as_str(), root, rest))
        });
        if let Some((_, Root::Folder(_), rest)) = found
            && rest.split('/').any(|part| part == "..")
        {
            let mut error = failed(format!(
                "`..` of `{url}` would lead out of the folder that stands for it"
            ));
            error.help =
                Some("in S3 it is a name like any other: name the place itself".to_owned());
            return Err(error);
        }
        found.ok_or_else(|| {
                let mut error = failed(format!("no folder stands for `{url}`"));
                let bucket = url
                    .strip_prefix("s3://")
                    .and_then(|rest| rest.split('/').next())
                    .unwrap_or("bucket");
                error.help = Some(format!(
                    "say which in the target: `s3: {{\"s3://{bucket}/\": \"fixtures/\"}}`; or that the bucket itself is meant: `s3: {{\"s3://{bucket}/\": {{region: eu-central-1}}}}`"
                ));
                error
            })
    }
}

fn failed(message: String) -> Error {
    Error::new(ErrorClass::User, message)
}

/// Calls `found` for every file below a folder with its key; a folder that is not there has none.
fn walk(folder: &Path, key: &str, found: &mut dyn FnMut(String, PathBuf)) -> Result<(), Error> {
    let entries = walkdir::WalkDir::new(folder)
        .follow_links(true)
        .min_depth(1);
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(cause)
                if cause.depth() == 0
                    && cause.io_error().map(std::io::Error::kind)
                        == Some(std::io::ErrorKind::NotFound) =>
            {
                return Ok(());
            }
            Err(cause) => return Err(failed(format!("cannot read a folder: {cause}"))),
        };
        if entry.file_type().is_file()
            && let Ok(below) = entry.path().strip_prefix(folder)
        {
            let mut parts = vec![key.to_owned()];
            parts.retain(|part| !part.is_empty());
            parts.extend(
                below
                    .components()
                    .map(|part| part.as_os_str().to_string_lossy().into_owned()),
            );
            found(parts.join("/"), entry.into_path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(files: &[&str], url: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let mut folders = Folders::default();
        folders.insert("s3://b/", folder.path().to_owned());
        folders.insert("s3://b/deep/er", folder.path().join("other"));
        match folders.list(url) {
            Ok(objects) => objects
                .iter()
                .map(|object| object.url.as_str())
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.message,
        }
    }

    #[test]
    fn a_url_is_a_prefix_of_keys_not_a_folder() {
        let files = [
            "log/2/b.json",
            "log/10/a.json",
            "log_old/c.json",
            "log.txt",
            "x",
        ];
        assert_eq!(
            keys(&files, "s3://b/log/"),
            "s3://b/log/10/a.json s3://b/log/2/b.json"
        );
        assert_eq!(
            keys(&files, "s3://b/log"),
            "s3://b/log.txt s3://b/log/10/a.json s3://b/log/2/b.json s3://b/log_old/c.json"
        );
        assert_eq!(keys(&files, "s3://b/log/2/b"), "s3://b/log/2/b.json");
        assert_eq!(keys(&["a", "b/c"], "s3://b/"), "s3://b/a s3://b/b/c");
    }

    #[test]
    fn the_longest_prefix_wins() {
        assert_eq!(
            keys(&["other/f", "deep/er/g"], "s3://b/deep/er/"),
            "s3://b/deep/er/f"
        );
    }

    #[test]
    fn a_prefix_without_files_or_without_a_folder_is_an_error() {
        assert_eq!(
            keys(&["a"], "s3://b/nope/x"),
            "The specified S3 prefix 'nope/x' does not exist"
        );
        assert_eq!(keys(&["a"], "s3://c/a"), "no folder stands for `s3://c/a`");
        assert_eq!(
            keys(&["a"], "s3://b/x/../../a"),
            "`..` of `s3://b/x/../../a` would lead out of the folder that stands for it"
        );
    }
}
