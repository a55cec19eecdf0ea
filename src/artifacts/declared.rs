//! Macros and `docs` blocks of a project, as `manifest.json` lists them.

use std::collections::BTreeMap;

use super::manifest::{Doc, Macro};
use crate::jinja::Macros;
use crate::project::Project;

/// All macros by `unique_id`, the built-in ones too, described where the project describes them.
pub fn macros(macros: &Macros, project: &Project) -> BTreeMap<String, Macro> {
    let described: BTreeMap<(&str, &str), _> = project
        .all()
        .flat_map(|package| {
            let macros = package.properties.macros.iter();
            macros.map(|it| ((package.name.as_str(), it.name.value.as_str()), it))
        })
        .collect();
    let prefixes: BTreeMap<&str, &str> = project
        .all()
        .map(|package| (package.name.as_str(), package.prefix.as_str()))
        .collect();
    let entry = |declared: &crate::jinja::Macro| {
        let described = described.get(&(declared.package.as_str(), declared.name.as_str()));
        let prefix = prefixes.get(declared.package.as_str()).unwrap_or(&"");
        let path = &declared.block.source.path;
        let words = |text: Option<&String>| text.cloned().unwrap_or_default();
        let arguments = described.map_or(&[][..], |it| &it.arguments);
        let it = Macro {
            name: declared.name.clone(),
            package_name: declared.package.clone(),
            path: path.strip_prefix(prefix).unwrap_or(path).to_owned(),
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

/// All `docs` blocks of the project and its packages by `unique_id`.
pub fn docs(project: &Project) -> BTreeMap<String, Doc> {
    let entry = |package: &crate::project::Package, block: &crate::project::DocsBlock| {
        let path = package.own_path(&block.span.source.path);
        let doc = Doc {
            name: block.name.clone(),
            package_name: package.name.clone(),
            path: path
                .split_once('/')
                .map_or(path, |(_, below)| below)
                .to_owned(),
            original_file_path: path.to_owned(),
            contents: block.text.trim().to_owned(),
        };
        (format!("doc.{}.{}", package.name, block.name), doc)
    };
    project
        .all()
        .flat_map(|package| {
            package
                .docs
                .values()
                .map(move |block| entry(package, block))
        })
        .collect()
}
