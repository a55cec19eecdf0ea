//! Snapshots: a block of a file, or a declaration with a `relation`, each a node.
//!
//! In: the blocks and declarations of a package. Out: snapshot nodes.
//! Knows how a snapshot is configured, not how its history is kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::by_name::ByName;
use super::declared::{self, Reading};
use super::node::{Code, Node, ResourceType};
use super::resolve::{Draft, Made, Resolver, Trees};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::jinja::Template;
use crate::project::SnapshotBlock;
use crate::project::properties::NodeProperties;

/// The snapshots of a package.
pub fn snapshots(resolver: &Resolver<'_>, properties: &ByName<'_>) -> Made {
    let tree = resolver.trees(|configs| &configs.snapshots);
    let mut made = Made::default();
    let mut blocks = BTreeSet::new();
    for snapshot in &resolver.package.snapshots {
        let name = snapshot.block.name.as_str();
        blocks.insert(name);
        let node = of_block(resolver, tree, snapshot, properties.get(name), &mut made.1);
        made.0.extend(node.map(Draft::from));
    }
    for declared in &resolver.package.properties.snapshots {
        if declared.relation.is_some() && !blocks.contains(declared.name.value.as_str()) {
            let node = of_declaration(resolver, tree, declared, &mut made.1);
            made.0.extend(node.map(Draft::from));
        }
    }
    made
}

fn of_block(
    resolver: &Resolver<'_>,
    tree: Trees<'_>,
    snapshot: &SnapshotBlock,
    properties: Option<&NodeProperties>,
    problems: &mut Diagnostics,
) -> Option<Node> {
    let (file, block) = (&snapshot.file, &snapshot.block);
    let mut node = Node::new(ResourceType::Snapshot, &resolver.package.name, &block.name);
    node.path.clone_from(&file.path);
    node.original_file_path = resolver.own_path(&file.source.path);
    let below = file.path.strip_suffix(".sql").unwrap_or(&file.path);
    node.fqn = resolver.fqn(&format!("{below}/{}", block.name), &block.name);
    node.code = Some(Code {
        source: Arc::clone(&file.source),
        range: block.body.clone(),
        made_from: None,
    });
    let template = Template::part(&file.source, block.body.clone());
    build(
        resolver,
        node,
        tree,
        &template,
        &block.span,
        properties,
        problems,
    )
}

fn of_declaration(
    resolver: &Resolver<'_>,
    tree: Trees<'_>,
    declared: &NodeProperties,
    problems: &mut Diagnostics,
) -> Option<Node> {
    let name = &declared.name.value;
    let relation = declared.relation.as_ref()?;
    if declared::reading(relation).is_none() {
        problems.push(
            Diagnostic::error(
                "bad-relation",
                format!("`{}` is neither a `ref` nor a `source`", relation.value),
            )
            .at(relation.span.clone())
            .help("write `ref('model')` or `source('source', 'table')`"),
        );
        return None;
    }
    let mut node = Node::new(ResourceType::Snapshot, &resolver.package.name, name);
    let file = resolver.own_path(&declared.name.span.source.path);
    let below = file
        .split_once('/')
        .map_or(file.as_str(), |(_, below)| below);
    node.path = format!("{below}/{name}.sql");
    node.fqn = resolver.fqn(below, name);
    node.original_file_path = file;
    let text = format!("select * from {{{{ {} }}}}", relation.value);
    let code = Code::made(text, &relation.span);
    let template = code.template();
    node.code = Some(code);
    let at = &declared.name.span;
    let node = build(
        resolver,
        node,
        tree,
        &template,
        at,
        Some(declared),
        problems,
    );
    node.map(|mut node| {
        // The call stands in the declaration and not in a file.
        match declared::reading(relation) {
            Some(Reading::Ref(call)) => node.refs = vec![call],
            Some(Reading::Source(call)) => node.sources = vec![call],
            None => {}
        }
        node
    })
}

fn build(
    resolver: &Resolver<'_>,
    mut node: Node,
    tree: Trees<'_>,
    template: &Template,
    at: &Span,
    properties: Option<&NodeProperties>,
    problems: &mut Diagnostics,
) -> Option<Node> {
    let layers = declared::layers_of(tree, &node.fqn, properties, problems);
    resolver.template_node(&mut node, template, at, layers, tree, problems)?;
    if let Some(properties) = properties {
        declared::describe(resolver, &mut node, properties, problems);
    }
    Some(node)
}
