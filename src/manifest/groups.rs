//! Groups: who answers for which models, and who may read those that are private.
//!
//! In: the declarations of a project and its nodes with every name resolved. Out: [`Group`]s, and every use that is not allowed.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::declared::config_layers;
use super::node::{Detail, Node, ResourceType};
use super::{Manifest, NodeId};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::project::Project;
use crate::project::properties::GroupProperties;

/// A group as declared.
#[derive(Clone, Debug)]
pub struct Group {
    /// Such as `group.shop.finance`.
    pub unique_id: String,
    /// Its name.
    pub name: String,
    /// The package it belongs to.
    pub package_name: String,
    /// Path of its declaration below the folder of resources.
    pub path: String,
    /// Path of its declaration from the package's folder.
    pub original_file_path: String,
    /// Who answers for it, as declared.
    pub owner: Value,
    /// Description.
    pub description: Option<String>,
    /// `config.meta`.
    pub meta: Map<String, Value>,
    /// Where it is declared.
    pub declared_at: Span,
}

/// The groups of a project and its packages, by name within their package.
pub fn groups(project: &Project, problems: &mut Diagnostics) -> Vec<Group> {
    let mut all: Vec<Group> = Vec::new();
    for package in project.all() {
        for declared in &package.properties.groups {
            let file = package.own_path(&declared.name.span.source.path);
            let group = group(&package.name, file, declared, problems);
            if let Some(first) = all.iter().find(|known| known.unique_id == group.unique_id) {
                problems.push(
                    Diagnostic::error(
                        "duplicate-name",
                        format!("the group `{}` is declared twice", group.name),
                    )
                    .at(group.declared_at)
                    .related("the first", first.declared_at.clone()),
                );
                continue;
            }
            all.push(group);
        }
    }
    all.sort_by(|a, b| a.unique_id.cmp(&b.unique_id));
    all
}

fn group(
    package: &str,
    file: &str,
    declared: &GroupProperties,
    problems: &mut Diagnostics,
) -> Group {
    let name = &declared.name.value;
    let owner = declared.owner.to_json();
    if owner.get("name").or_else(|| owner.get("email")).is_none() {
        problems.push(
            Diagnostic::error(
                "missing-key",
                format!("the owner of the group `{name}` has neither `name` nor `email`"),
            )
            .at(declared.owner.span.clone()),
        );
    }
    let layers = config_layers([("meta", &None)], declared.config.as_ref(), problems);
    let meta = layers.iter().flat_map(|layer| &layer.0);
    let meta = meta.rev().find(|setting| setting.key == "meta");
    Group {
        unique_id: format!("group.{package}.{name}"),
        name: name.clone(),
        package_name: package.to_owned(),
        path: file
            .split_once('/')
            .map_or(file, |(_, below)| below)
            .to_owned(),
        original_file_path: file.to_owned(),
        owner,
        description: declared.description.as_ref().map(|text| text.value.clone()),
        meta: meta
            .and_then(|meta| meta.value.as_object().cloned())
            .unwrap_or_default(),
        declared_at: declared.name.span.clone(),
    }
}

/// Groups that nobody declares, private models that another group reads, and models that another package reads though theirs restricts
/// access.
pub fn check(manifest: &Manifest, project: &Project, problems: &mut Diagnostics) {
    let packages = project.all().filter(|package| package.file.restrict_access);
    let restricting: BTreeSet<&str> = packages.map(|package| package.name.as_str()).collect();
    for node in &manifest.nodes {
        if let Some(name) = &node.config.group {
            unknown(manifest, node, name, problems);
        }
        for id in &node.depends_on {
            let read = manifest.node(*id);
            let restricted = node.package_name != read.package_name
                && restricting.contains(read.package_name.as_str());
            if let Some(access) = kept_from(node, *id, read, restricted) {
                problems.push(forbidden(node, read, access));
            }
        }
    }
}

fn unknown(manifest: &Manifest, node: &Node, name: &str, problems: &mut Diagnostics) {
    let mut known = manifest.groups.iter().map(|group| group.name.as_str());
    if known.any(|known| known == name) {
        return;
    }
    let at = node.config.written("group", name);
    problems.push(
        Diagnostic::error("unknown-group", format!("there is no group `{name}`"))
            .at_some(at.or_else(|| place(node)))
            .one_of(
                name,
                manifest.groups.iter().map(|group| group.name.as_str()),
            )
            .help("declare it under `groups:` with its owner"),
    );
}

/// Why a node may not be read by another.
enum Kept {
    /// It is for its group alone.
    Private,
    /// It is for its package alone.
    InPackage,
}

/// Whether a node is kept from reading another: a private model is for its group, and for its own tests; where its package restricts
/// access, only what is public is for others.
fn kept_from(node: &Node, id: NodeId, read: &Node, restricted: bool) -> Option<Kept> {
    if read.resource_type != ResourceType::Model {
        return None;
    }
    let access = read.config.values.get("access").and_then(Value::as_str);
    match access.unwrap_or("protected") {
        "private" => {}
        "protected" if restricted => return Some(Kept::InPackage),
        _ => return None,
    }
    if restricted {
        return Some(Kept::InPackage);
    }
    let tests_it = matches!(&node.detail, Detail::Test(test) if test.attached_node == Some(id));
    let grouped = matches!(
        node.resource_type,
        ResourceType::Model
            | ResourceType::Seed
            | ResourceType::Snapshot
            | ResourceType::Test
            | ResourceType::Analysis
    );
    let of_group = tests_it || (grouped && node.config.group == read.config.group);
    // As in dbt, what is private to no group is for nobody.
    let may = of_group && read.config.group.is_some();
    (!may).then_some(Kept::Private)
}

fn forbidden(node: &Node, read: &Node, kept: Kept) -> Diagnostic {
    let mut calls = node.refs.iter();
    let call = calls.find(|call| call.name == read.name);
    let at = call.and_then(|call| call.span.clone());
    let problem = Diagnostic::error(
        "private-model",
        format!("`{}` may not read `{}`", node.name, read.name),
    )
    .at_some(at.or_else(|| place(node)));
    let package = &read.package_name;
    let group = read.config.group.as_deref().unwrap_or_default();
    let problem = match (kept, group) {
        (Kept::InPackage, _) => problem
            .label(format!(
                "it is not public, and the package `{package}` restricts access"
            ))
            .help(format!(
                "read a model of `{package}` with `access: public`, or give it that"
            )),
        (Kept::Private, "") => {
            problem
                .label("it is private and belongs to no group")
                .help(format!(
                    "give `{}` a `group`, or another `access`",
                    read.name
                ))
        }
        (Kept::Private, group) => problem
            .label(format!("it is private to the group `{group}`"))
            .help(format!(
                "configure `group: {group}` for `{}`, or another `access` for `{}`",
                node.name, read.name
            )),
    };
    match read.config.origins.get("access") {
        Some(span) => problem.related("made private", span.clone()),
        None => problem,
    }
}

fn place(node: &Node) -> Option<Span> {
    let code = node.code.as_ref().filter(|code| code.made_from.is_none());
    let file = code.map(|code| Span::file(&code.source));
    file.or_else(|| node.declared_at.clone())
}

/// A group as the artifacts and `graph` show it.
pub fn entry(group: &Group) -> Value {
    json!({
        "name": group.name,
        "resource_type": "group",
        "package_name": group.package_name,
        "path": group.path,
        "original_file_path": group.original_file_path,
        "unique_id": group.unique_id,
        "owner": group.owner,
        "description": group.description,
        "config": { "meta": group.meta },
    })
}
