//! Models whose time is over, and who still reads them.

use jiff::Timestamp;

use super::node::Node;
use super::versions;
use super::{Manifest, ResourceType};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Warns of models past their `deprecation_date`, and of models that read one that has such a date.
pub fn check(manifest: &Manifest, now: Timestamp, problems: &mut Diagnostics) {
    for node in &manifest.nodes {
        if let Some(date) = passed(node, now) {
            problems.push(
                Diagnostic::warning(
                    "deprecated-model",
                    format!(
                        "`{}` has passed its deprecation date ({date})",
                        called(node)
                    ),
                )
                .at_some(node.declared_at.clone())
                .help("disable or remove it"),
            );
        }
        if node.resource_type != ResourceType::Model {
            continue;
        }
        for read in &node.depends_on {
            let read = manifest.node(*read);
            problems.extend(reference(node, read, now));
        }
    }
}

fn reference(node: &Node, read: &Node, now: Timestamp) -> Option<Diagnostic> {
    let date = read.deprecation_date.as_ref()?;
    let when = match passed(read, now) {
        Some(date) => format!("is deprecated since {date}"),
        None => format!("will be deprecated on {}", day(date)),
    };
    let call = node.refs.iter().find(|call| call.name == read.name);
    let place = call.and_then(|call| call.span.clone());
    let problem = Diagnostic::warning(
        "deprecated-ref",
        format!("`{}` reads `{}`, which {when}", node.name, called(read)),
    )
    .at_some(place.or_else(|| node.declared_at.clone()));
    let newer = read
        .version
        .as_ref()
        .filter(|version| !version.is_meant(None))
        .map(|version| versions::text(&version.latest));
    Some(match newer {
        Some(latest) => problem.help(format!(
            "there is a newer version: `ref('{}', v={latest})`",
            read.name
        )),
        None => problem,
    })
}

fn passed(node: &Node, now: Timestamp) -> Option<&str> {
    let date = node.deprecation_date.as_ref()?;
    let then: Timestamp = date.parse().ok()?;
    (then <= now).then(|| day(date))
}

fn day(date: &str) -> &str {
    date.split_once('T').map_or(date, |(day, _)| day)
}

fn called(node: &Node) -> String {
    match &node.version {
        Some(version) => format!("{}.v{}", node.name, versions::text(&version.v)),
        None => node.name.clone(),
    }
}
