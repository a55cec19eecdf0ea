//! Macros and `docs` blocks of a project, as `manifest.json` lists them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::manifest::{Doc, Group, Macro};
use crate::diagnostic::Span;
use crate::jinja::{self, Macros};
use crate::project::properties::{GroupProperties, MacroProperties};
use crate::project::yaml::Yaml;
use crate::project::{Package, Project};

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
            sql: with_blanks(&declared.block).to_owned(),
            description: words(described.and_then(|it| Some(&it.description.as_ref()?.value))),
            depends_on: jinja::macros_named(macros, declared, project.target.dialect()),
            meta: described.map(|it| meta(it)).unwrap_or_default(),
            patch_path: described.map(|it| {
                let file = &it.name.span.source.path;
                let file = file.strip_prefix(prefix).unwrap_or(file);
                format!("{}://{file}", declared.package)
            }),
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
    let mut all: BTreeMap<String, Macro> = macros.iter().map(entry).collect();
    // A part of the language here, which dbt lists among the macros that a template calls.
    all.entry("macro.dbt.is_incremental".to_owned())
        .or_insert_with(|| Macro {
            name: "is_incremental".to_owned(),
            package_name: "dbt".to_owned(),
            ..Macro::default()
        });
    all
}

/// The text of a macro's block with the blanks that its outer tags take away, which dbt counts to the block: `{%- macro …`,
/// `… endmacro -%}`.
fn with_blanks(block: &Span) -> &str {
    let text = &block.source.text;
    let (before, rest) = text.split_at(block.start);
    let own = &rest[..block.end - block.start];
    let mut start = block.start;
    if own.starts_with("{%-") {
        let kept = before.trim_end();
        // What the tag before has taken is gone.
        if !kept.ends_with("-%}") {
            start = kept.len();
        }
    }
    let mut end = block.end;
    if own.ends_with("-%}") {
        let after = &text[end..];
        end += after.len() - after.trim_start().len();
    }
    &text[start..end]
}

/// `meta` of a macro, beside its `config` or in it.
fn meta(of: &MacroProperties) -> Map<String, Value> {
    let in_config = of.config.as_ref().and_then(|config| config.get("meta"));
    let meta = of.meta.as_ref().or(in_config);
    meta.map(Yaml::to_object).unwrap_or_default()
}

/// All groups of the project and its packages by `unique_id`.
pub fn groups(project: &Project) -> BTreeMap<String, Group> {
    let entry = |package: &Package, it: &GroupProperties| {
        let path = package.own_path(&it.name.span.source.path);
        let group = Group {
            name: it.name.value.clone(),
            package_name: package.name.clone(),
            path: below(path),
            original_file_path: path.to_owned(),
            owner: it.owner.to_json(),
            description: it.description.as_ref().map(|it| it.value.clone()),
            config: it.config.as_ref().map(Yaml::to_object).unwrap_or_default(),
        };
        (format!("group.{}.{}", package.name, it.name.value), group)
    };
    project
        .all()
        .flat_map(|package| {
            let groups = package.properties.groups.iter();
            groups.map(move |it| entry(package, it))
        })
        .collect()
}

/// A path below its resource folder.
fn below(path: &str) -> String {
    path.split_once('/')
        .map_or(path, |(_, below)| below)
        .to_owned()
}

/// All `docs` blocks of the project and its packages by `unique_id`.
pub fn docs(project: &Project) -> BTreeMap<String, Doc> {
    let entry = |package: &crate::project::Package, block: &crate::project::DocsBlock| {
        let path = package.own_path(&block.span.source.path);
        let doc = Doc {
            name: block.name.clone(),
            package_name: package.name.clone(),
            path: below(path),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;

    #[test]
    fn a_macro_has_the_blanks_that_its_tags_take_away() {
        let text = "x\n\n{%- macro a() -%}1{%- endmacro -%}\n\n{%- macro b() %}2{% endmacro %}\n";
        let source = Source::new("macros/m.sql", text);
        let block = |word: &str, from: &str| {
            let start = text.find(from).unwrap();
            let end = start + text[start..].find(word).unwrap() + word.len();
            Span::new(&source, start..end)
        };
        let first = block("endmacro -%}", "{%- macro a");
        assert_eq!(
            with_blanks(&first),
            "\n\n{%- macro a() -%}1{%- endmacro -%}\n\n"
        );
        let second = block("endmacro %}", "{%- macro b");
        assert_eq!(with_blanks(&second), "{%- macro b() %}2{% endmacro %}");
    }
}
