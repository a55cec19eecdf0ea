//! Which files a load would read.
//!
//! In: `s3://bucket/prefix`, or a pattern of names. Out: the files that begin or look so, each with what tells it from another one
//! of the same name.

use globset::{GlobBuilder, GlobMatcher};

use super::{Error, Folders, user};

/// A file that a load may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// `s3://bucket/key`.
    pub url: String,
    /// How many bytes it has.
    pub size: u64,
    /// What changes with its content.
    pub etag: String,
}

/// Whether a location is a pattern of names, not the beginning of them.
pub fn is_pattern(location: &str) -> bool {
    location.contains(['*', '?', '['])
}

/// The files that a location means, in the order of their names: all that begin with it, or all whose whole name looks like the
/// pattern. `*` and `?` stand for no `/`, `**` for any folders.
///
/// # Errors
/// When no folder stands for the location, nothing is there, or the pattern is none.
pub fn list(folders: &Folders, location: &str) -> Result<Vec<StoredFile>, Error> {
    let objects = match pattern(location)? {
        None => folders.list(location)?,
        Some((prefix, pattern)) => {
            let mut objects = folders.below(prefix)?;
            let all: Vec<String> = objects.iter().map(|object| object.url.clone()).collect();
            objects.retain(|object| pattern.is_match(&object.url));
            for object in &objects {
                alone(&object.url, &all, &pattern)?;
            }
            if objects.is_empty() {
                return Err(user(format!("no file looks like `{location}`")));
            }
            objects
        }
    };
    let files = objects.into_iter().map(|object| {
        let (size, etag) = object.stamp()?;
        Ok(StoredFile {
            url: object.url,
            size,
            etag,
        })
    });
    files.collect()
}

/// `COPY` takes every file whose name begins with the one that it is given: one that the pattern does not name must not be among them.
fn alone(url: &str, all: &[String], pattern: &GlobMatcher) -> Result<(), Error> {
    let longer = all.iter().find(|other| {
        other.len() > url.len() && other.starts_with(url) && !pattern.is_match(other)
    });
    let Some(longer) = longer else {
        return Ok(());
    };
    let mut error = user(format!("`{longer}` would be loaded along with `{url}`"));
    error.detail =
        Some("COPY takes every file whose name begins with the one that it is given".to_owned());
    error.help = Some("move or rename one of them".to_owned());
    Err(error)
}

/// What all names begin with, and how they look.
fn pattern(location: &str) -> Result<Option<(&str, GlobMatcher)>, Error> {
    let Some(at) = location.find(['*', '?', '[']) else {
        return Ok(None);
    };
    let glob = GlobBuilder::new(location).literal_separator(true).build();
    let glob = glob.map_err(|cause| {
        user(format!(
            "`{location}` is no pattern of names: {}",
            cause.kind()
        ))
    })?;
    Ok(Some((&location[..at], glob.compile_matcher())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[&str], location: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        let mut folders = Folders::default();
        folders.insert("s3://b/", folder.path().to_owned());
        match list(&folders, location) {
            Ok(files) => {
                let urls = files
                    .iter()
                    .map(|file| file.url.trim_start_matches("s3://b/"));
                urls.collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.message,
        }
    }

    #[test]
    fn a_pattern_is_about_the_whole_name() {
        let files = [
            "hired_employees.csv",
            "hired_employees_2.csv",
            "20221130_hired_employees.csv",
            "old/hired_employees.csv",
        ];
        assert_eq!(
            found(&files, "s3://b/hired_employees*.csv"),
            "hired_employees.csv hired_employees_2.csv"
        );
        assert_eq!(
            found(&files, "s3://b/**/hired_employees.csv"),
            "hired_employees.csv old/hired_employees.csv"
        );
        assert_eq!(
            found(&files, "s3://b/hired_employees"),
            "hired_employees.csv hired_employees_2.csv"
        );
        assert_eq!(
            found(&["a.csv", "a.csv.bak"], "s3://b/*.csv"),
            "`s3://b/a.csv.bak` would be loaded along with `s3://b/a.csv`"
        );
        assert_eq!(found(&files, "s3://b/x*"), "no file looks like `s3://b/x*`");
    }

    #[test]
    fn a_file_is_known_by_its_size_and_content() {
        let folder = tempfile::tempdir().unwrap();
        let mut folders = Folders::default();
        folders.insert("s3://b/", folder.path().to_owned());
        let stamp = |content: &str| {
            std::fs::write(folder.path().join("a"), content).unwrap();
            list(&folders, "s3://b/a").unwrap().remove(0)
        };
        let first = stamp("one");
        assert_eq!((first.size, first.etag.len()), (3, 32));
        assert_eq!(stamp("one"), first);
        assert_ne!(stamp("two"), first);
    }
}
