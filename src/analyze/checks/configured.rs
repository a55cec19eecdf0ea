//! What configuration names and lacks: columns of keys of distribution and sorting, of `unique_key`; the role of a load.

use super::{Code, Found, Look};
use crate::adapter::statement::Dist;
use crate::diagnostic::Diagnostic;
use crate::manifest::node::{Detail, SourceDetail};
use crate::manifest::{Node, ResourceType};

/// `unknown-column` is a code of `names`.
pub(super) const CODES: &[Code] = &[Code::warning("missing-role")];

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    let config = &look.node.config;
    for read in &look.node.depends_on {
        let read = look.project.manifest.node(*read);
        if let Detail::Source(source) = &read.detail
            && look.project.emulated
        {
            tell_of_role(read, source, found);
        }
    }
    if !matches!(
        look.node.resource_type,
        ResourceType::Model | ResourceType::Seed
    ) {
        return;
    }
    let dist = match &config.attributes.dist {
        Some(Dist::Key(key)) => vec![key.as_str()],
        _ => Vec::new(),
    };
    let named = dist
        .into_iter()
        .map(|name| ("dist", name))
        .chain(
            config
                .attributes
                .sort
                .iter()
                .map(|name| ("sort", name.as_str())),
        )
        .chain(
            config
                .unique_key
                .iter()
                .map(|name| ("unique_key", name.as_str())),
        );
    for (key, name) in named {
        if is_name(name) && look.analysis.schema.lacks(name) {
            let columns = look
                .analysis
                .schema
                .columns
                .iter()
                .map(|column| column.name.as_str());
            let count = look.analysis.schema.columns.len();
            found.tell(
                Diagnostic::error(
                    "unknown-column",
                    format!(
                        "`{key}` names `{name}`, which `{}` does not have",
                        look.node.name
                    ),
                )
                .at_some(config.written(key, name).or_else(|| look.place()))
                .label(format!("not among its {count} columns"))
                .one_of(name, columns),
            );
        }
    }
}

/// A load that no cluster would do. A target that is one is told so before, at each run.
fn tell_of_role(node: &Node, source: &SourceDetail, found: &mut Found<'_>) {
    let Some(load) = &source.load else { return };
    if load.copy.iam_role.is_none() && load.copy.keys.is_none() {
        let name = &node.name;
        found.tell(
            Diagnostic::warning(
                "missing-role",
                format!("nothing says by whose right `COPY` reads the files of `{name}`"),
            )
            .at_some(node.declared_at.clone())
            .help("add `iam_role: default`, or the ARN of a role, to `copy`: a cluster refuses the load without"),
        );
    }
}

/// Whether a text is a name, and not an expression.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
}
