//! What keeps a node from being built, whatever the warehouse says to its SQL.
//!
//! In: a node. Out: what is wrong with it. As with dbt, the node fails at its turn, and no other is affected.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::{Node, ResourceType, not_run};

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
