//! The folders of a project: those that hold by default, and those that `dbt_project.yml` names in vain.
//!
//! In: the project's folder, and its file as YAML. Out: paths, and warnings at their place.

use std::path::Path;

use super::yaml::Yaml;
use crate::diagnostic::Diagnostic;

/// The folder of this name.
pub(super) fn folders(name: &str) -> Vec<String> {
    vec![name.to_owned()]
}

/// Folders of models of which none is there. dbt says nothing of it, and nothing of the empty project that comes of it.
pub(super) fn no_models(root: &Path, document: &Yaml) -> Option<Diagnostic> {
    let named = document.get("model-paths")?;
    let folders: Vec<&str> = named.as_seq()?.iter().filter_map(Yaml::as_str).collect();
    let missing = |folder: &&str| !folder.contains("{{") && !root.join(folder).exists();
    (!folders.is_empty() && folders.iter().all(missing)).then(|| {
        let message = match folders.as_slice() {
            [one] => format!("there is no folder `{one}`, so the project has no models"),
            _ => "none of these folders is there, so the project has no models".to_owned(),
        };
        Diagnostic::warning("missing-folder", message)
            .at(named.span.clone())
            .help("name the folders that hold the models, from the project's folder: `model-paths: [models]`")
    })
}

/// Artifacts that are written beside the project file.
pub(super) fn no_target(document: &Yaml) -> Option<Diagnostic> {
    let named = document.get("target-path")?;
    (named.as_str()?.trim().is_empty()).then(|| {
        Diagnostic::warning(
            "missing-folder",
            "`target-path` names no folder: artifacts are written beside dbt_project.yml",
        )
        .at(named.span.clone())
        .help("name one, such as `target-path: target`")
    })
}

/// A folder `tests` may hold tests of another kind beside `tests_sql`.
pub(super) fn default_tests(root: &Path) -> Vec<String> {
    folders(if root.join("tests_sql").is_dir() {
        "tests_sql"
    } else {
        "tests"
    })
}
