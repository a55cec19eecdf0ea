//! Names tied together: every `ref` and `source` points to a node, and every node has its place.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::Manifest;
use super::checks;
use super::declared::{Reading, reading};
use super::deprecated;
use super::doubles;
use super::node::{Detail, Node, NodeId, RefCall, ResourceType, SourceCall};
use super::resolve::Draft;
use super::unit_test::GivenReads;
use super::unused_paths;
use super::versions;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::project::yaml::Spanned;
use crate::project::{File, Project, SeedFile};

/// The manifest of these drafts.
pub fn link(
    project: &Project,
    drafts: Vec<Draft>,
    started_at: Option<jiff::Timestamp>,
    mut problems: Diagnostics,
) -> (Manifest, Diagnostics) {
    doubles::refuse(drafts.iter().map(|draft| &*draft.node), &mut problems);
    let (mut enabled, disabled): (Vec<_>, Vec<_>) = drafts
        .into_iter()
        .partition(|draft| draft.node.config.enabled);
    enabled.sort_by(|a, b| order(&a.node).cmp(&order(&b.node)));
    let mut lookup = Lookup::new(&project.own.name, &enabled, &disabled);
    lookup.wrong = names_of_files(project);

    let mut dropped = BTreeSet::new();
    let mut links = Vec::with_capacity(enabled.len());
    for draft in &enabled {
        let mut linked = Linked::default();
        match lookup.links(&draft.node, &mut linked) {
            Ok(()) => {}
            Err(missing) if draft.node.resource_type == ResourceType::Test => {
                // As in dbt: a test of something disabled goes with it; of something unknown, it warns. What is declared and has no
                // file is told where it is declared.
                dropped.insert(draft.node.unique_id.clone());
                let told = of_the_missing(&draft.node);
                let is_news = |(problem, disabled): &(Diagnostic, bool)| {
                    !disabled && told.as_ref() != Some(&problem.message)
                };
                problems.extend(missing.into_iter().filter(is_news).map(|(problem, _)| {
                    Diagnostic {
                        level: crate::diagnostic::Level::Warning,
                        ..problem.help("the test is left out")
                    }
                }));
            }
            Err(missing)
                if draft.node.resource_type == ResourceType::UnitTest
                    && missing.iter().all(|(_, disabled)| *disabled) =>
            {
                dropped.insert(draft.node.unique_id.clone());
            }
            Err(missing) => problems.extend(missing.into_iter().map(|(problem, _)| problem)),
        }
        linked.attached = draft
            .attached
            .as_deref()
            .and_then(|id| lookup.by_unique_id.get(id))
            .copied();
        links.push(linked);
    }
    let manifest = assemble(project, enabled, disabled, links, &dropped);
    checks::check(&manifest, project.target.dialect(), &mut problems);
    // Where something is wrong, nodes are missing that may stand there.
    if !problems.has_errors() {
        unused_paths::check(project, &manifest, &mut problems);
    }
    if let Some(now) = started_at {
        deprecated::check(&manifest, now, &mut problems);
    }
    (manifest, problems)
}

/// What would be said of a test for that what it is declared on has no file.
fn of_the_missing(test: &Node) -> Option<String> {
    let Detail::Test(test) = &test.detail else {
        return None;
    };
    let declared = test.declared_on.as_ref()?;
    let (kind, name) = declared.key.split_once('.')?;
    let missing = declared.unique_id.is_none() && kind != "sources";
    missing.then(|| no_model(name))
}

fn no_model(name: &str) -> String {
    format!("there is no model `{name}`")
}

/// The names that files of the project give to models and seeds, whether or not the files are right.
fn names_of_files(project: &Project) -> BTreeSet<&str> {
    let models = project
        .all()
        .flat_map(|package| package.models.iter().map(File::stem));
    let seeds = project
        .all()
        .flat_map(|package| package.seeds.iter().map(SeedFile::stem));
    let gaps = project.gaps.names.iter().map(String::as_str);
    models.chain(seeds).chain(gaps).collect()
}

fn order(node: &Node) -> (ResourceType, &str) {
    (node.resource_type, &node.unique_id)
}

#[derive(Default)]
struct Linked {
    depends_on: Vec<usize>,
    attached: Option<usize>,
    /// The targets of foreign keys, in the order of [`foreign_keys`].
    foreign: Vec<Option<usize>>,
    /// The nodes of the inputs of a unit test, in their order.
    given: Vec<Option<usize>>,
}

/// Where names are looked up.
struct Lookup<'a> {
    /// The project's name.
    root: &'a str,
    /// What `ref` finds, by name.
    refable: HashMap<&'a str, Vec<usize>>,
    /// What `source` finds.
    sources: HashMap<(&'a str, &'a str), Vec<usize>>,
    by_unique_id: HashMap<&'a str, usize>,
    disabled: HashMap<&'a str, &'a Node>,
    nodes: &'a [Draft],
    /// Names for which there is a file; where there is no node, the file is wrong, and that was told.
    wrong: BTreeSet<&'a str>,
}

/// What is missing, and whether it is there but disabled.
type Missing = Vec<(Diagnostic, bool)>;

impl<'a> Lookup<'a> {
    fn new(root: &'a str, enabled: &'a [Draft], disabled: &'a [Draft]) -> Self {
        let mut lookup = Self {
            root,
            refable: HashMap::new(),
            sources: HashMap::new(),
            by_unique_id: HashMap::new(),
            disabled: HashMap::new(),
            nodes: enabled,
            wrong: BTreeSet::new(),
        };
        for (at, draft) in enabled.iter().enumerate() {
            let node = &*draft.node;
            lookup.by_unique_id.insert(&node.unique_id, at);
            match &node.detail {
                Detail::Source(source) => {
                    let tables = lookup.sources.entry((&source.source_name, &node.name));
                    tables.or_default().push(at);
                }
                _ if is_refable(node) => lookup.refable.entry(&node.name).or_default().push(at),
                _ => {}
            }
        }
        for draft in disabled.iter().filter(|draft| {
            is_refable(&draft.node) || draft.node.resource_type == ResourceType::Source
        }) {
            lookup.disabled.insert(&draft.node.name, &draft.node);
        }
        lookup
    }

    fn links(&self, node: &Node, linked: &mut Linked) -> Result<(), Missing> {
        let mut missing = Missing::new();
        let mut add = |found: Result<Option<usize>, (Diagnostic, bool)>| match found {
            Ok(None) => {}
            Ok(Some(at)) => {
                if !linked.depends_on.contains(&at) {
                    linked.depends_on.push(at);
                }
            }
            Err(problem) => missing.push(problem),
        };
        for (at, call) in node.sources.iter().enumerate() {
            let same =
                |known: &SourceCall| (&known.source, &known.table) == (&call.source, &call.table);
            if node.sources[..at].iter().any(same) {
                continue;
            }
            add(self
                .source(node, &call.source, &call.table, call.span.as_ref())
                .map(Some));
        }
        for (at, call) in node.refs.iter().enumerate() {
            let before = &node.refs[..at];
            if !before.iter().any(|known| known.is_of_the_same(call)) {
                add(self.reference(node, call));
            }
        }
        if let Detail::Semantic(detail) = &node.detail {
            let known = detail
                .reads
                .iter()
                .map(|id| self.by_unique_id.get(id.as_str()));
            known.for_each(|at| add(Ok(at.copied())));
        }
        for constraint in foreign_keys(node) {
            linked
                .foreign
                .push(self.foreign(node, constraint).unwrap_or_else(|problem| {
                    missing.push(problem);
                    None
                }));
        }
        if let Detail::UnitTest(test) = &node.detail {
            for given in &test.given {
                let found = match &given.reads {
                    GivenReads::This => Ok(None),
                    GivenReads::Ref(call) => self.reference(node, call),
                    GivenReads::Source(call) => self
                        .source(node, &call.source, &call.table, call.span.as_ref())
                        .map(Some),
                };
                linked.given.push(found.unwrap_or_else(|problem| {
                    missing.push(problem);
                    None
                }));
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(missing)
        }
    }

    fn reference(&self, node: &Node, call: &RefCall) -> Result<Option<usize>, (Diagnostic, bool)> {
        let (package, name) = (call.package.as_deref(), call.name.as_str());
        let named = self.refable.get(name).map_or(&[][..], Vec::as_slice);
        let is_meant = |at: &&usize| self.nodes[**at].node.is_version(call.version.as_ref());
        let candidates: Vec<usize> = named.iter().filter(is_meant).copied().collect();
        if let Some(at) = self.nearest(node, package, &candidates) {
            return Ok(Some(at));
        }
        let at = place(node, call.span.as_ref());
        if let (Some(version), true) = (&call.version, candidates.is_empty() && !named.is_empty()) {
            return Err((
                self.unknown_version(name, version, named).at_some(at),
                false,
            ));
        }
        if let Some(disabled) = self.disabled.get(name).filter(|node| is_refable(node)) {
            return Err((is_disabled(node, disabled, name, at), true));
        }
        if candidates.is_empty() && self.wrong.contains(name) {
            return Ok(None);
        }
        let problem = Diagnostic::error("unknown-ref", no_model(name)).at_some(at);
        let problem = match package {
            Some(package) if !candidates.is_empty() => {
                problem.help(format!("there is one, but not in the package `{package}`"))
            }
            _ => problem.did_you_mean(name, self.names()),
        };
        Err((problem, false))
    }

    fn unknown_version(&self, name: &str, version: &Value, named: &[usize]) -> Diagnostic {
        let version = versions::text(version);
        let problem = Diagnostic::error(
            "unknown-version",
            format!("`{name}` has no version `{version}`"),
        );
        let known = named.iter().filter_map(|at| {
            let known = self.nodes[*at].node.version.as_ref()?;
            Some(format!("`{}`", versions::text(&known.v)))
        });
        let known: Vec<String> = known.collect();
        if known.is_empty() {
            return problem.help(format!("it has no versions at all: write `ref('{name}')`"));
        }
        problem.help(format!("its versions are {}", known.join(", ")))
    }

    /// Of nodes with one name, the one that is meant: of the package that is named, else the project's, else the reader's own
    /// package's, else any (dbt's order).
    fn nearest(&self, node: &Node, package: Option<&str>, candidates: &[usize]) -> Option<usize> {
        let of = |package: &str| {
            let mut candidates = candidates.iter().copied();
            candidates.find(|at| self.nodes[*at].node.package_name == package)
        };
        match package {
            Some(package) => of(package),
            None => of(self.root)
                .or_else(|| of(&node.package_name))
                .or_else(|| candidates.first().copied()),
        }
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        let of_nodes = self
            .nodes
            .iter()
            .map(|draft| &*draft.node)
            .filter(|node| is_refable(node))
            .map(|node| node.name.as_str());
        of_nodes.chain(self.wrong.iter().copied())
    }

    fn source(
        &self,
        node: &Node,
        source: &str,
        table: &str,
        span: Option<&Span>,
    ) -> Result<usize, (Diagnostic, bool)> {
        let candidates = self
            .sources
            .get(&(source, table))
            .map_or(&[][..], Vec::as_slice);
        if let Some(at) = self.nearest(node, None, candidates) {
            return Ok(at);
        }
        let at = place(node, span);
        if let Some(disabled) = self.disabled.get(table).filter(
            |node| matches!(&node.detail, Detail::Source(detail) if detail.source_name == source),
        ) {
            return Err((
                is_disabled(node, disabled, &format!("{source}.{table}"), at),
                true,
            ));
        }
        let mut tables = self
            .sources
            .keys()
            .filter(|(known, _)| *known == source)
            .map(|(_, table)| *table)
            .collect::<Vec<_>>();
        tables.sort_unstable();
        let problem = if tables.is_empty() {
            let mut sources = self
                .sources
                .keys()
                .map(|(source, _)| *source)
                .collect::<Vec<_>>();
            sources.sort_unstable();
            Diagnostic::error("unknown-source", format!("there is no source `{source}`"))
                .at_some(at)
                .one_of(source, sources)
        } else {
            Diagnostic::error(
                "unknown-source",
                format!("the source `{source}` has no table `{table}`"),
            )
            .at_some(at)
            .did_you_mean(table, tables.iter().copied())
            .help(format!(
                "its tables are {}",
                tables
                    .iter()
                    .map(|table| format!("`{table}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ))
        };
        Err((problem, false))
    }

    fn foreign(
        &self,
        node: &Node,
        constraint: &super::node::Constraint,
    ) -> Result<Option<usize>, (Diagnostic, bool)> {
        let (Some(to), Some(span)) = (&constraint.to, &constraint.declared_at) else {
            return Ok(None);
        };
        let text = Spanned {
            value: to.clone(),
            span: span.clone(),
        };
        match reading(&text) {
            Some(Reading::Ref(call)) => self.reference(node, &call),
            Some(Reading::Source(call)) => self
                .source(node, &call.source, &call.table, call.span.as_ref())
                .map(Some),
            None => Ok(None),
        }
    }
}

pub(super) fn is_refable(node: &Node) -> bool {
    matches!(
        node.resource_type,
        ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot
    )
}

fn is_disabled(node: &Node, disabled: &Node, name: &str, at: Option<Span>) -> Diagnostic {
    let problem = Diagnostic::error(
        "disabled-ref",
        format!("`{}` reads `{name}`, which is disabled", node.name),
    )
    .at_some(at);
    match disabled.declared_at.as_ref() {
        Some(span) => problem.related("declared here", span.clone()),
        None => problem,
    }
    .help(format!(
        "enable it (`enabled: true`), or disable `{}` too",
        node.name
    ))
}

/// A place for a call: its own, or else its node's.
fn place(node: &Node, span: Option<&Span>) -> Option<Span> {
    span.cloned()
        .or_else(|| {
            node.code
                .as_ref()
                .filter(|code| code.made_from.is_none())
                .map(|code| Span::file(&code.source))
        })
        .or_else(|| node.declared_at.clone())
}

/// The constraints of a node that may point to another, columns first.
fn foreign_keys(node: &Node) -> impl Iterator<Item = &super::node::Constraint> {
    node.columns
        .values()
        .flat_map(|column| &column.constraints)
        .chain(&node.constraints)
}

fn assemble(
    project: &Project,
    enabled: Vec<Draft>,
    disabled: Vec<Draft>,
    links: Vec<Linked>,
    dropped: &BTreeSet<String>,
) -> Manifest {
    // Tests without what they test fall out, so places shift.
    let mut next = 0_u32;
    let ids = enabled
        .iter()
        .map(|draft| {
            (!dropped.contains(&draft.node.unique_id)).then(|| {
                next += 1;
                NodeId(next - 1)
            })
        })
        .collect::<Vec<_>>();
    let id = |at: usize| ids.get(at).copied().flatten();
    let mut manifest = Manifest {
        project_name: project.own.name.clone(),
        database: project.target.database.clone(),
        disabled: disabled.into_iter().map(|draft| *draft.node).collect(),
        ..Manifest::default()
    };
    manifest.nodes.reserve_exact(next as usize);
    for ((at, draft), linked) in enabled.into_iter().enumerate().zip(links) {
        let mut node = draft.node;
        let Some(own) = id(at) else {
            node.config.enabled = false;
            if node.resource_type == ResourceType::Test {
                node.config.values.insert("enabled", Value::Bool(false));
                node.depends_on = linked.depends_on.into_iter().filter_map(id).collect();
                manifest.aside.push(*node);
            } else {
                manifest.disabled.push(*node);
            }
            continue;
        };
        node.depends_on = linked.depends_on.into_iter().filter_map(id).collect();
        match &mut node.detail {
            Detail::Test(test) => test.attached_node = linked.attached.and_then(id),
            Detail::UnitTest(test) => {
                let model = node.depends_on.first().copied();
                for (given, found) in test.given.iter_mut().zip(linked.given) {
                    given.node = match given.reads {
                        GivenReads::This => model,
                        _ => found.and_then(id),
                    };
                }
            }
            _ => {}
        }
        let columns = node
            .columns
            .values_mut()
            .flat_map(|column| &mut column.constraints);
        for (constraint, target) in columns.chain(&mut node.constraints).zip(linked.foreign) {
            constraint.to_node = target.and_then(id);
        }
        manifest.by_unique_id.insert(node.unique_id.clone(), own);
        manifest.nodes.push(node);
    }
    manifest.disabled.sort_by(|a, b| order(a).cmp(&order(b)));
    manifest.aside.sort_by(|a, b| order(a).cmp(&order(b)));
    manifest
}
