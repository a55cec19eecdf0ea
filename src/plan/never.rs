//! What keeps a node from being built, whatever the warehouse says to its SQL.
//!
//! In: a node. Out: what is wrong with it. As with dbt, the node fails at its turn, and no other is affected.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::{KeptTwice, Node, ResourceType, not_run};

/// Looks at what the project says of a node.
///
/// # Errors
/// It is written in Python; or its contract is to be enforced, and does not tell the types of all its columns.
pub(super) fn check(node: &Node) -> Result<(), Diagnostics> {
    if node.is_python() {
        return Err(not_run(node).into());
    }
    if node.resource_type != ResourceType::Model || !node.config.contract_enforced {
        return Ok(());
    }
    let mut untyped = Diagnostics::default();
    for column in node.columns.values().filter(|it| it.data_type.is_none()) {
        let message = format!("column `{}` has no `data_type`", column.name);
        untyped.push(
            Diagnostic::error("missing-data-type", message)
                .at_some(column.declared_at.clone())
                .help(format!(
                    "`{}` has an enforced contract, which needs the type of each column",
                    node.name
                )),
        );
    }
    untyped.or(()).map(|((), _)| ())
}

/// Looks at the tests of a run; `flag` is `--store-failures`.
///
/// # Errors
/// Two of them would keep their failures in one relation.
pub(super) fn kept_twice<'a>(
    nodes: impl Iterator<Item = &'a Node>,
    flag: bool,
) -> Result<(), Diagnostics> {
    let mut kept = KeptTwice::default();
    let mut twice = Diagnostics::default();
    let mut nodes: Vec<&Node> = nodes.collect();
    // As they are declared: what is told is the later one.
    let place = |node: &&Node| {
        let at = node.declared_at.as_ref().map(|at| at.start);
        (node.original_file_path.clone(), at)
    };
    nodes.sort_by_cached_key(place);
    twice.extend(nodes.into_iter().filter_map(|node| kept.note(node, flag)));
    twice.or(()).map(|((), _)| ())
}
