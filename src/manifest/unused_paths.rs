//! Configuration of the project file that applies to no node.
//!
//! In: the trees of the project file, and the nodes. Out: a warning a folder, at its key.

use super::Manifest;
use super::node::{Node, ResourceType};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::project::Project;
use crate::project::yaml::Yaml;

/// Warns of each level of configuration below which no node stands, enabled or not.
pub fn check(project: &Project, manifest: &Manifest, problems: &mut Diagnostics) {
    let configs = &project.own.file.configs;
    let trees = [
        ("models", &configs.models, ResourceType::Model),
        ("seeds", &configs.seeds, ResourceType::Seed),
        ("snapshots", &configs.snapshots, ResourceType::Snapshot),
        ("data_tests", &configs.tests, ResourceType::Test),
        ("unit_tests", &configs.unit_tests, ResourceType::UnitTest),
        ("sources", &configs.sources, ResourceType::Source),
        ("exposures", &configs.exposures, ResourceType::Exposure),
    ];
    for (name, tree, kind) in trees {
        let Some(root) = &tree.rendered else { continue };
        let enabled = manifest.nodes.iter().map(|node| &**node);
        let fqns: Vec<&[String]> = enabled
            .chain(&manifest.disabled)
            .chain(&manifest.aside)
            .filter(|node: &&Node| node.resource_type == kind)
            .map(|node| node.fqn.as_slice())
            .collect();
        let mut below = Below {
            kind: name,
            fqns: &fqns,
            problems,
        };
        below.look(root, root, &mut Vec::new());
    }
}

fn is_folder(key: &Yaml, value: &Yaml) -> bool {
    value.is_map() && !key.key_text().starts_with('+')
}

/// Whether anything is configured at a level or below it.
fn configures(level: &Yaml) -> bool {
    let mut entries = level.entries().iter();
    entries.any(|(key, value)| !is_folder(key, value) || configures(value))
}

struct Below<'a> {
    kind: &'a str,
    fqns: &'a [&'a [String]],
    problems: &'a mut Diagnostics,
}

impl Below<'_> {
    /// Looks at a level, whose key is `key`, and at those below it.
    fn look(&mut self, level: &Yaml, key: &Yaml, path: &mut Vec<String>) {
        if !self.fqns.iter().any(|fqn| fqn.starts_with(path)) {
            // What stands below has this name in its path: it is told once, where the path goes wrong.
            if configures(level) {
                self.problems.push(self.unused(key, path));
            }
            return;
        }
        for (key, value) in level.entries() {
            if is_folder(key, value) {
                path.push(key.key_text());
                self.look(value, key, path);
                path.pop();
            }
        }
    }

    fn unused(&self, key: &Yaml, path: &[String]) -> Diagnostic {
        let whole: Vec<&str> = std::iter::once(self.kind)
            .chain(path.iter().map(String::as_str))
            .collect();
        let diagnostic = Diagnostic::warning(
            "unused-key",
            format!(
                "the configuration of `{}` applies to nothing",
                whole.join(".")
            ),
        )
        .at(key.span.clone());
        let Some((last, above)) = path.split_last() else {
            return diagnostic.label(format!("there are no {} here", self.kind.replace('_', " ")));
        };
        let near = self
            .fqns
            .iter()
            .filter(|fqn| fqn.starts_with(above))
            .filter_map(|fqn| fqn.get(above.len()));
        diagnostic
            .label("no folder, file or package has this name")
            .did_you_mean(last, near.map(String::as_str))
    }
}
