//! Names that dbt does not take for its nodes.

use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::plan::place_of;

/// What is said of each node whose name has a blank: an error, or with `require_resource_names_without_spaces: false` a warning.
pub(super) fn with_spaces(manifest: &Manifest, required: bool) -> Vec<Diagnostic> {
    let nodes = manifest.nodes.iter().map(|node| &**node);
    nodes
        .chain(&manifest.aside)
        .filter(|node| node.resource_type.is_among_nodes() && node.name.contains(' '))
        .map(|node| {
            let message = format!("the name of the {} `{}` has a blank", node.resource_type, node.name);
            let problem = Diagnostic::error("name-with-spaces", message)
                .at_some(place_of(node))
                .help("write `_` in its place");
            match required {
                true => problem.help("`flags: {require_resource_names_without_spaces: false}` in dbt_project.yml takes such names, with a warning"),
                false => problem.as_warning(),
            }
        })
        .collect()
}
