//! A manifest: the files of a load, one by one.

use super::{Error, Folders, Object, read_text, user};

#[derive(serde::Deserialize)]
struct Manifest {
    entries: Vec<Entry>,
}

/// A file; what else an UNLOAD wrote about it means nothing to a load.
#[derive(serde::Deserialize)]
struct Entry {
    url: String,
    #[serde(default)]
    mandatory: bool,
}

/// The files that a manifest names, in its order; one that is named twice is loaded twice.
///
/// # Errors
/// When the manifest is missing or is none, a file that must be there is not, or none is there.
pub(super) fn read(folders: &Folders, url: &str) -> Result<Vec<Object>, Error> {
    let object = folders.object(url)?;
    if !object.exists()? {
        return Err(user(format!("there is no manifest `{url}`")));
    }
    let manifest: Manifest = serde_json::from_str(&read_text(&object)?)
        .map_err(|cause| user(format!("`{url}` is no manifest: {cause}")))?;
    let mut objects = Vec::new();
    for entry in manifest.entries {
        let object = folders.object(&entry.url)?;
        if object.exists()? {
            objects.push(object);
        } else if entry.mandatory {
            return Err(user(format!(
                "the mandatory file `{}` of the manifest `{url}` is not there",
                entry.url
            )));
        }
    }
    if objects.is_empty() {
        return Err(user(format!("no file of the manifest `{url}` is there")));
    }
    Ok(objects)
}
