//! What the hooks of a node read, the node depends on.
//!
//! In: a node with its configuration. Out: its references, those of its hooks among them.

use super::config::Hook;
use super::node::Node;
use super::resolve::Resolver;
use crate::jinja::Template;

/// Adds what hooks read, as dbt does; what is wrong in a hook is told when it is compiled.
pub(super) fn read(resolver: &Resolver<'_>, node: &mut Node) {
    let hooks = node.config.pre_hook.iter().chain(&node.config.post_hook);
    let templates: Vec<Template> = hooks
        .filter(|hook| hook.sql.contains('{'))
        .map(Hook::template)
        .collect();
    for template in templates {
        let world = resolver.world(node, &node.config.values);
        let Ok(found) = world.discover(resolver.macros, &template) else {
            continue;
        };
        found
            .refs
            .into_iter()
            .for_each(|call| node.reads_model(call));
        found
            .sources
            .into_iter()
            .for_each(|call| node.reads_source(call));
        node.macros.extend(found.macros);
    }
}
