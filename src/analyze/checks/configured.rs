//! Columns that configuration names: keys of distribution and sorting, `unique_key`.

use super::{Code, Found, Look};
use crate::adapter::statement::Dist;
use crate::diagnostic::Diagnostic;
use crate::manifest::ResourceType;

/// `unknown-column` is a code of `names`.
pub(super) const CODES: &[Code] = &[];

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    let config = &look.node.config;
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
                .did_you_mean(name, columns),
            );
        }
    }
}

/// Whether a text is a name, and not an expression.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
}
