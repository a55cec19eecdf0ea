//! Macros and `docs` blocks of a project, as `manifest.json` lists them.

use std::collections::BTreeMap;

use super::manifest::{Doc, Macro};
use crate::jinja::Macros;
use crate::project::Project;

/// All macros by `unique_id`, the built-in ones too, described where the project describes them.
pub fn macros(macros: &Macros, project: &Project) -> BTreeMap<String, Macro> {
    let described: BTreeMap<&str, _> = project
        .properties
        .macros
        .iter()
        .map(|it| (it.name.value.as_str(), it))
        .collect();
    let entry = |declared: &crate::jinja::Macro| {
        let described = described
            .get(declared.name.as_str())
            .filter(|_| declared.package == project.name);
        let words = |text: Option<&String>| text.cloned().unwrap_or_default();
        let arguments = described.map_or(&[][..], |it| &it.arguments);
        let it = Macro {
            name: declared.name.clone(),
            package_name: declared.package.clone(),
            path: declared.block.source.path.clone(),
            sql: declared.block.text().to_owned(),
            description: words(described.and_then(|it| Some(&it.description.as_ref()?.value))),
            depends_on: Vec::new(),
            arguments: arguments
                .iter()
                .map(|argument| {
                    let kind = argument.kind.as_ref().and_then(|kind| kind.as_str());
                    let description = argument.description.as_ref().map(|it| &it.value);
                    (
                        argument.name.clone(),
                        kind.map(str::to_owned),
                        words(description),
                    )
                })
                .collect(),
        };
        (declared.unique_id(), it)
    };
    macros.iter().map(entry).collect()
}

/// All `docs` blocks of the project by `unique_id`.
pub fn docs(project: &Project) -> BTreeMap<String, Doc> {
    let entry = |block: &crate::project::DocsBlock| {
        let path = &block.span.source.path;
        let below = path
            .split_once('/')
            .map_or(path.as_str(), |(_, below)| below);
        let doc = Doc {
            name: block.name.clone(),
            package_name: project.name.clone(),
            path: below.to_owned(),
            original_file_path: path.clone(),
            contents: block.text.trim().to_owned(),
        };
        (format!("doc.{}.{}", project.name, block.name), doc)
    };
    project.docs.values().map(entry).collect()
}
