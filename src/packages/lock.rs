//! `package-lock.yml`: which versions were taken, and for which entries of the project's files.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};

use super::Pinned;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::project::packages::{self, Declared, Origin};
use crate::project::render::YamlRenderer;
use crate::project::{files, yaml};

/// The file's name.
pub const LOCK_FILE: &str = "package-lock.yml";

/// What dbt writes as `sha1_hash`: of each entry, its keys in order as Python's `json.dumps` writes them; the entries sorted.
pub fn hash(declared: &[Declared]) -> String {
    let mut texts: Vec<String> = declared
        .iter()
        .map(|package| python_json(&Value::Object(whole(package))))
        .collect();
    texts.sort();
    let digest = Sha1::digest(texts.join("\n").as_bytes());
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// An entry with the keys that dbt gives a value where the file has none.
fn whole(package: &Declared) -> Map<String, Value> {
    let rendered = &package.entry.rendered;
    let said = |key: &str| rendered.get(key).cloned().unwrap_or_default();
    let unrendered = &package.entry.written;
    let whole = match &package.origin {
        Origin::Hub {
            name, prerelease, ..
        } => json!({
            "package": name, "version": said("version"), "install_prerelease": prerelease, "unrendered": unrendered,
        }),
        Origin::Git { url, .. } => json!({
            "git": url, "revision": said("revision"), "subdirectory": said("subdirectory"),
            "warn-unpinned": said("warn-unpinned"), "unrendered": unrendered,
        }),
        Origin::Local { path } => json!({"local": path, "unrendered": unrendered}),
        Origin::Tarball { url, name } => {
            json!({"tarball": url, "name": name, "unrendered": unrendered})
        }
    };
    whole.as_object().cloned().unwrap_or_default()
}

fn python_json(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let shown: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", json!(key), python_json(value)))
                .collect();
            format!("{{{}}}", shown.join(", "))
        }
        Value::Array(items) => {
            let shown: Vec<String> = items.iter().map(python_json).collect();
            format!("[{}]", shown.join(", "))
        }
        other => other.to_string(),
    }
}

/// The packages of the lock file, if it was written for these entries.
///
/// # Errors
/// A lock file that cannot be understood.
pub fn read(
    root: &Path,
    hash: &str,
    renderer: &YamlRenderer,
) -> Result<Option<Vec<Pinned>>, Diagnostics> {
    let path = root.join(LOCK_FILE);
    if !path.is_file() {
        return Ok(None);
    }
    let source = files::read(&path, LOCK_FILE)?;
    let document = yaml::parse(&source)?;
    if document.get("sha1_hash").and_then(yaml::Yaml::as_str) != Some(hash) {
        return Ok(None);
    }
    let mut pinned = Vec::new();
    for declared in packages::locked(&source, renderer)? {
        // Lock files of older versions of dbt have no names.
        let Some(name) = declared.entry.rendered.get("name").and_then(Value::as_str) else {
            return Ok(None);
        };
        pinned.push(Pinned {
            name: name.to_owned(),
            entry: declared.entry.written.clone(),
            origin: declared.origin,
            newer: None,
        });
    }
    Ok(Some(pinned))
}

/// Writes the lock file.
///
/// # Errors
/// When it cannot be written.
pub fn write(root: &Path, hash: &str, pinned: &[Pinned]) -> Result<(), Diagnostic> {
    let mut text = String::from("packages:\n");
    for package in pinned {
        let mut entry: Vec<_> = package.entry.iter().collect();
        entry.sort_by_key(|(key, _)| *key);
        text.push_str(&entry_text(&entry, "  "));
    }
    let _ = writeln!(text, "sha1_hash: {hash}");
    let path = root.join(LOCK_FILE);
    let beside = root.join(format!("{LOCK_FILE}.new"));
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, &path))
        .map_err(|cause| {
            Diagnostic::error(
                "unwritable-file",
                format!("`{LOCK_FILE}` cannot be written"),
            )
            .note(cause.to_string())
        })
}

/// An entry of a list of packages as YAML.
pub fn entry_text(entry: &[(&String, &Value)], indent: &str) -> String {
    let mut text = String::new();
    for (at, (key, value)) in entry.iter().enumerate() {
        let lead = if at == 0 { "- " } else { "  " };
        let value = match value {
            Value::String(plain) if is_plain(plain) => plain.clone(),
            other => other.to_string(),
        };
        let _ = writeln!(text, "{indent}{lead}{key}: {value}");
    }
    text
}

/// Whether YAML reads a text as itself without quotes.
fn is_plain(text: &str) -> bool {
    let starts =
        text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '.' || first == '/');
    let word = |character: char| character.is_alphanumeric() || "_-./@".contains(character);
    let number = text
        .chars()
        .all(|character| character.is_ascii_digit() || character == '.')
        && text.matches('.').count() == 2;
    let literal = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    (starts && text.chars().all(word) && !literal.contains(&text.to_lowercase().as_str())) || number
}
