//! From a project to its manifest: each file and declaration becomes a node, then the names are tied together.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::Manifest;
use super::by_name::ByName;
use super::config::KnownMaterialization;
use super::declared;
use super::discover::{Found, Identity, ParseWorld, Shared};
use super::gaps;
use super::generic;
use super::groups;
use super::hooks;
use super::in_jinja::InJinja;
use super::in_vain;
use super::link;
use super::merge::{self, Layer, Merged};
use super::names::Names;
use super::node::{Code, Column, Detail, Node, ResourceType, TestDetail};
use super::overrides;
use super::python_model;
use super::semantic;
use super::settings;
use super::settings::Materializations;
use super::snapshots;
use super::sources;
use super::unit_test;
use super::values::Values;
use super::versions::{self, ModelVersion};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::jinja::{self, Macros, Template, World};
use crate::project::project_file::{ConfigTree, ConfigTrees};
use crate::project::properties::NodeProperties;
use crate::project::render::{from_jinja, to_jinja};
use crate::project::yaml::{Spanned, Yaml};
use crate::project::{DocsBlock, File, Package, Project, SeedFile, SnapshotBlock};

/// What a template sees beside the project.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Plain names: `flags`, `invocation_id`, `run_started_at`, …; `target` comes from the project.
    pub globals: BTreeMap<String, jinja::Value>,
    /// The materializations there are.
    pub materializations: Vec<KnownMaterialization>,
    /// When the program was started; what is deprecated by then is told. None where nobody wants to know.
    pub started_at: Option<jiff::Timestamp>,
}

impl Manifest {
    /// Resolves every name of a project; the second part of the answer is warnings.
    ///
    /// # Errors
    /// Everything that is wrong in any file.
    pub fn resolve(
        project: &Project,
        macros: &Macros,
        options: &Options,
    ) -> Result<(Self, Diagnostics), Diagnostics> {
        let (manifest, problems) = Self::attempt(project, macros, options);
        problems.or(manifest)
    }

    /// As [`Manifest::resolve`], but with what is right where other nodes are wrong: then there are errors in the second part of
    /// the answer. What only follows from mistakes that were found before is left out.
    pub fn attempt(project: &Project, macros: &Macros, options: &Options) -> (Self, Diagnostics) {
        let (mut drafts, mut problems) = Made::default();
        for package in project.all() {
            let shared = Arc::new(shared(project, package, macros, options));
            let resolver = Resolver {
                project,
                package,
                macros,
                names: Names::new(macros, &shared, &project.target, &project.own.file.quoting),
                shared,
            };
            let (made, found) = resolver.run();
            drafts.extend(made);
            problems.extend(found);
        }
        problems.extend(in_vain::descriptions(project, macros));
        let groups = groups::groups(project, &mut problems);
        let (mut manifest, mut problems) =
            link::link(project, drafts, options.started_at, problems);
        manifest.groups = groups;
        groups::check(&manifest, project, &mut problems);
        (
            manifest,
            gaps::without_consequences(project, macros, problems),
        )
    }
}

fn shared(project: &Project, package: &Package, macros: &Macros, options: &Options) -> Shared {
    let mut globals = options.globals.clone();
    let target = Value::Object(project.target.to_jinja());
    globals
        .entry("target".to_owned())
        .or_insert_with(|| to_jinja(&target));
    for (name, value) in [
        ("project_name", project.own.name.as_str()),
        ("database", &project.target.database),
    ] {
        globals
            .entry(name.to_owned())
            .or_insert_with(|| jinja::Value::from(value));
    }
    Shared {
        project: project.own.name.clone(),
        package: package.name.clone(),
        dialect: project.target.dialect().to_owned(),
        schema: project.target.schema.clone(),
        vars: project.vars.clone(),
        environment: project.environment.clone(),
        globals,
        materializations: options.materializations.clone(),
        in_jinja: InJinja::of(
            macros,
            &project.own.name,
            &package.name,
            project.target.dialect(),
        ),
        docs: docs(project, package),
    }
}

/// The docs blocks that a package sees: the project's own, its own, then those of the others; by name, and by package and name.
fn docs(project: &Project, package: &Package) -> BTreeMap<String, DocsBlock> {
    let mut seen = BTreeMap::new();
    for from in [&project.own, package].into_iter().chain(&project.packages) {
        for (name, block) in &from.docs {
            seen.entry(name.clone()).or_insert_with(|| block.clone());
            seen.entry(format!("{}.{name}", from.name))
                .or_insert_with(|| block.clone());
        }
    }
    seen
}

/// A node whose names are not tied yet.
#[derive(Debug)]
pub struct Draft {
    /// The node; boxed, since lists of drafts grow and are sorted.
    pub node: Box<Node>,
    /// `unique_id` of the node that a test is attached to.
    pub attached: Option<String>,
}

impl From<Node> for Draft {
    fn from(node: Node) -> Self {
        Self {
            node: Box::new(node),
            attached: None,
        }
    }
}

/// Nodes of a part of the project, and what is wrong there.
pub type Made = (Vec<Draft>, Diagnostics);

fn by_reference(declared: &[NodeProperties]) -> Vec<&NodeProperties> {
    declared.iter().collect()
}

/// The one pass over a package of the project, or over the project itself.
pub struct Resolver<'a> {
    /// The project.
    pub project: &'a Project,
    /// The part of it that is read.
    pub package: &'a Package,
    /// All macros.
    pub macros: &'a Macros,
    /// What templates see.
    pub shared: Arc<Shared>,
    /// How nodes are called in the warehouse.
    pub names: Names<'a>,
}

/// What a file of the project becomes.
struct Kind<'a> {
    resource_type: ResourceType,
    tree: Trees<'a>,
    /// Folders between the package and the file's own folders.
    folder: Option<&'static str>,
}

/// The configuration of one kind of node in the files of projects.
#[derive(Clone, Copy)]
pub struct Trees<'a> {
    /// Of the package's own file.
    own: &'a ConfigTree,
    /// Of the project's file, where the package is another: what it says is stronger than what the package's files say.
    over: Option<&'a ConfigTree>,
}

impl Trees<'_> {
    /// The weakest layers of a node, from the root of the package's file down.
    pub fn layers(&self, fqn: &[String]) -> Vec<Layer> {
        merge::layers_of_tree(self.own, fqn)
    }

    /// The strongest layers of a node.
    pub fn last_word(&self, fqn: &[String]) -> Vec<Layer> {
        self.over
            .map_or_else(Vec::new, |tree| merge::layers_of_tree(tree, fqn))
    }

    /// The settings before Jinja was rendered, flat.
    pub fn unrendered(&self, fqn: &[String]) -> Map<String, Value> {
        let mut flat = merge::unrendered(self.own, fqn);
        if let Some(over) = self.over {
            flat.extend(merge::unrendered(over, fqn));
        }
        flat
    }
}

impl<'a> Resolver<'a> {
    /// The configuration of a kind of node.
    pub fn trees(&self, kind: fn(&ConfigTrees) -> &ConfigTree) -> Trees<'_> {
        let root = &self.project.own;
        Trees {
            own: kind(&self.package.file.configs),
            over: (root.name != self.package.name).then(|| kind(&root.file.configs)),
        }
    }

    /// A path from the package's folder, of one that a diagnostic shows.
    pub fn own_path(&self, path: &str) -> String {
        self.package.own_path(path).to_owned()
    }

    fn run(&self) -> Made {
        let properties = &self.package.properties;
        let models_tree = self.trees(|configs| &configs.models);
        let mut problems = Diagnostics::default();
        let stems: HashSet<&str> = self.package.models.iter().map(File::stem).collect();
        let taken_apart = versions::taken_apart(
            &properties.models,
            &|stem| stems.contains(stem),
            &mut problems,
        );
        let declared_models: Vec<&NodeProperties> = taken_apart.iter().map(Cow::as_ref).collect();
        let models = self.by_name(
            "model",
            &declared_models,
            |declared| &declared.models,
            |package| package.models.iter().map(File::stem).collect(),
            &mut problems,
        );
        let seeds = self.by_name(
            "seed",
            &by_reference(&properties.seeds),
            |declared| &declared.seeds,
            |package| package.seeds.iter().map(SeedFile::stem).collect(),
            &mut problems,
        );
        let name_of = |snapshot: &'a SnapshotBlock| snapshot.block.name.as_str();
        let snapshots = self.by_name(
            "snapshot",
            &by_reference(&properties.snapshots),
            |declared| &declared.snapshots,
            |package| package.snapshots.iter().map(name_of).collect(),
            &mut problems,
        );
        let analyses = self.by_name(
            "analysis",
            &by_reference(&properties.analyses),
            |declared| &declared.analyses,
            |package| package.analyses.iter().map(File::stem).collect(),
            &mut problems,
        );

        let kind = |resource_type, tree, folder| Kind {
            resource_type,
            tree,
            folder,
        };
        let mut parts: Vec<Made> = vec![
            self.files(
                &self.package.models,
                &kind(ResourceType::Model, models_tree, None),
                &models,
            ),
            self.files(
                &self.package.analyses,
                &kind(ResourceType::Analysis, models_tree, Some("analysis")),
                &analyses,
            ),
            self.singular_tests(),
            self.seeds(&seeds),
            snapshots::snapshots(self, &snapshots),
            self.hooks(),
            declared::exposures(self),
            semantic::semantic(self),
        ];
        let tests = |kind, declared: &[&NodeProperties]| {
            generic::tests_of_nodes(self, kind, declared, &parts)
        };
        let model_tests = tests(ResourceType::Model, &declared_models);
        let seed_tests = tests(ResourceType::Seed, &by_reference(&properties.seeds));
        let snapshot_tests = tests(ResourceType::Snapshot, &by_reference(&properties.snapshots));
        parts.extend([
            model_tests,
            seed_tests,
            snapshot_tests,
            sources::sources(self),
            unit_test::unit_tests(self, &declared_models),
        ]);

        let mut drafts = Vec::new();
        for (made, found) in parts {
            drafts.extend(made);
            problems.extend(found);
        }
        let is_test = |draft: &Draft| draft.node.resource_type == ResourceType::Test;
        if self.package.name == self.shared.project && drafts.iter().any(is_test) {
            overrides::refuse(self, &mut problems);
        }
        (drafts, problems)
    }

    fn files(&self, files: &[File], kind: &Kind<'_>, properties: &ByName<'_>) -> Made {
        gather(files.par_iter().map(|file| {
            let mut problems = Diagnostics::default();
            let node = self.file(file, kind, properties.get(file.stem()), &mut problems);
            (node.map(Draft::from), problems)
        }))
    }

    fn file(
        &self,
        file: &File,
        kind: &Kind<'_>,
        properties: Option<&NodeProperties>,
        problems: &mut Diagnostics,
    ) -> Option<Node> {
        let version = properties.and_then(|properties| properties.version.as_ref());
        let name = match (properties, version) {
            (Some(properties), Some(_)) => properties.name.value.as_str(),
            _ => file.stem(),
        };
        let mut node = Node::new(kind.resource_type, &self.package.name, name);
        node.path = match kind.folder {
            Some(folder) => format!("{folder}/{}", file.path),
            None => file.path.clone(),
        };
        node.original_file_path = self.own_path(&file.source.path);
        node.fqn = self.fqn(&node.path, name);
        if let Some(version) = version {
            let v = format!("v{}", versions::text(&version.v));
            node.unique_id = format!("{}.{v}", node.unique_id);
            node.fqn.push(v);
            node.version = Some(Box::new(ModelVersion {
                v: version.v.clone(),
                latest: version.latest.clone(),
            }));
        }
        node.code = Some(Code::whole(&file.source));
        let layers = declared::layers_of(kind.tree, &node.fqn, properties, problems);
        let template = Template::file(&file.source);
        let at = Span::file(&file.source);
        self.template_node(&mut node, &template, &at, layers, kind.tree, problems)?;
        if let Some(properties) = properties {
            declared::describe(self, &mut node, properties, problems);
        }
        declared::encodings(&mut node, problems);
        Some(node)
    }

    /// Reads a node's template, merges its configuration and names it.
    pub fn template_node(
        &self,
        node: &mut Node,
        template: &Template,
        at: &Span,
        layers: Vec<Layer>,
        tree: Trees<'_>,
        problems: &mut Diagnostics,
    ) -> Option<()> {
        let mut merged = Merged::new(settings::defaults(node.resource_type));
        for layer in &layers {
            merged.apply(layer, problems);
        }
        let (found, asked) = match node.is_python() {
            true => self.python(node, &merged, problems)?,
            false => (
                self.discover(node, &merged, template, problems)?,
                Map::new(),
            ),
        };
        node.unrendered_config = tree.unrendered(&node.fqn);
        let of_tree = tree.layers(&node.fqn).len();
        let said_in_yaml = layers.iter().skip(of_tree).flat_map(|layer| &layer.0);
        for setting in said_in_yaml.chain(&found.config.0) {
            // dbt knows the hooks by both names and writes them under one.
            let key = match setting.key.as_str() {
                "pre_hook" => "pre-hook",
                "post_hook" => "post-hook",
                key => key,
            };
            node.unrendered_config
                .insert(key.to_owned(), setting.value.clone());
        }
        merged.apply(&found.config, problems);
        for layer in tree.last_word(&node.fqn) {
            merged.apply(&layer, problems);
        }
        node.refs = found.refs;
        node.sources = found.sources;
        node.says_this = self.says_this(template, &found.called);
        node.macros = found.macros;
        problems.extend(found.warnings);
        self.finish(node, merged, at, problems);
        for (key, value) in asked {
            node.unrendered_config.insert(key.clone(), value.clone());
            node.config.values.insert(key, value);
        }
        hooks::read(self, node);
        Some(())
    }

    /// Whether a template, or a macro that it calls and that is not built in, reads the relation of its node.
    fn says_this(&self, template: &Template, called: &BTreeSet<String>) -> bool {
        let of_macro = |called: &jinja::Macro| {
            let block = &called.block;
            Template::part(&block.source, block.start..block.end)
        };
        let own = self.macros.iter().filter(|called| called.package != "dbt");
        let mut own = own.filter(|own| called.contains(&own.unique_id()));
        jinja::says(template, "this", "config")
            || own.any(|own| jinja::says(&of_macro(own), "this", "config"))
    }

    /// What a Python model says, with the keys that it asks of its configuration; or none when dbt would not understand it.
    fn python(
        &self,
        node: &Node,
        merged: &Merged,
        problems: &mut Diagnostics,
    ) -> Option<(Found, Map<String, Value>)> {
        let source = &node.code.as_ref()?.source;
        match python_model::read(source, merged.get("materialized")) {
            Ok(model) => {
                if merged.get("enabled") != Some(&Value::Bool(false)) {
                    problems.push(python_model::not_run(node).as_warning());
                }
                Some((model.found, model.asked))
            }
            Err(problem) => {
                problems.push(*problem);
                None
            }
        }
    }

    /// What a template reads, or none when it is wrong.
    pub fn discover(
        &self,
        node: &Node,
        merged: &Merged,
        template: &Template,
        problems: &mut Diagnostics,
    ) -> Option<Found> {
        if let Some(place) = jinja::uncalled(template, "is_incremental") {
            let message = "`is_incremental` is not called here: as a condition it is always true";
            problems.push(
                Diagnostic::warning("uncalled-macro", message)
                    .at(place)
                    .help("write `is_incremental()`"),
            );
        }
        match self
            .world(node, &merged.values)
            .discover(self.macros, template)
        {
            Ok(found) => Some(found),
            Err(problem) => {
                problems.push(*problem);
                None
            }
        }
    }

    /// Types a node's configuration and gives it its place.
    pub fn finish(&self, node: &mut Node, merged: Merged, at: &Span, problems: &mut Diagnostics) {
        node.config = settings::typed(
            &Materializations {
                built_in: &self.shared.materializations,
                in_jinja: &self.shared.in_jinja,
            },
            merged,
            node.resource_type,
            Some(at),
            problems,
        );
        node.alias = node
            .config
            .alias
            .clone()
            .unwrap_or_else(|| node.versioned_name());
        let placed = matches!(
            node.resource_type,
            ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot | ResourceType::Test
        );
        if !placed || !node.config.enabled {
            return;
        }
        let model = model_value(node, &node.config.values);
        match self
            .names
            .place(&node.versioned_name(), &model, &node.config, at)
        {
            Ok(place) => {
                node.alias = place.alias;
                if node.config.materialized == "ephemeral" {
                    node.place = Some(Box::new(place.relation));
                } else {
                    node.relation = Some(place.relation);
                }
            }
            Err(problem) => problems.push(*problem),
        }
    }

    /// Package, folders of a path, name.
    pub fn fqn(&self, path: &str, name: &str) -> Vec<String> {
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        let folders = folders.split('/').filter(|folder| !folder.is_empty());
        std::iter::once(self.package.name.as_str())
            .chain(folders)
            .chain([name])
            .map(str::to_owned)
            .collect()
    }

    fn singular_tests(&self) -> Made {
        let declared = &self.package.properties.singular_tests;
        let tree = self.trees(|configs| &configs.tests);
        gather(self.package.singular_tests.par_iter().map(|file| {
            let mut problems = Diagnostics::default();
            let name = file.stem();
            let mut node = Node::new(ResourceType::Test, &self.package.name, name);
            node.path.clone_from(&file.path);
            node.original_file_path = self.own_path(&file.source.path);
            node.fqn = self.fqn(&file.path, name);
            node.code = Some(Code::whole(&file.source));
            node.detail = Detail::Test(Box::new(TestDetail {
                generic: None,
                attached_node: None,
                column_name: None,
                declared_on: None,
            }));
            let properties = declared
                .iter()
                .find(|properties| properties.name.value == name);
            let mut layers = tree.layers(&node.fqn);
            if let Some(properties) = properties {
                layers.extend(declared::config_layers(
                    [("meta", &properties.meta), ("docs", &properties.docs)],
                    properties.config.as_ref(),
                    &mut problems,
                ));
                node.declared_at = Some(properties.name.span.clone());
                node.description = self.description(properties.description.as_ref(), &mut problems);
            }
            let (template, at) = (Template::file(&file.source), Span::file(&file.source));
            let done = self.template_node(&mut node, &template, &at, layers, tree, &mut problems);
            (done.map(|()| Draft::from(node)), problems)
        }))
    }

    fn seeds(&self, properties: &ByName<'_>) -> Made {
        let tree = self.trees(|configs| &configs.seeds);
        gather(self.package.seeds.par_iter().map(|file| {
            let mut problems = Diagnostics::default();
            let name = file.stem();
            let mut node = Node::new(ResourceType::Seed, &self.package.name, name);
            node.path.clone_from(&file.path);
            node.original_file_path.clone_from(&file.original_file_path);
            node.fqn = self.fqn(&file.path, name);
            node.detail = Detail::Seed {
                path: file.absolute.clone(),
            };
            let declared = properties
                .get(name)
                .or_else(|| self.declared_elsewhere(name));
            let mut merged = Merged::new(settings::defaults(ResourceType::Seed));
            for layer in declared::layers_of(tree, &node.fqn, declared, &mut problems) {
                merged.apply(&layer, &mut problems);
            }
            for layer in tree.last_word(&node.fqn) {
                merged.apply(&layer, &mut problems);
            }
            node.unrendered_config = tree.unrendered(&node.fqn);
            let at = declared.map_or_else(
                || {
                    let shown = format!("{}{}", self.package.prefix, file.original_file_path);
                    Span::file(&Source::new(shown, ""))
                },
                |declared| declared.name.span.clone(),
            );
            self.finish(&mut node, merged, &at, &mut problems);
            if let Some(declared) = declared {
                declared::describe(self, &mut node, declared, &mut problems);
            }
            declared::encodings(&mut node, &mut problems);
            (Some(Draft::from(node)), problems)
        }))
    }

    /// What another package declares of a seed of this name that it does not have itself, or has disabled: as in dbt it holds for the one
    /// that stands in its place.
    fn declared_elsewhere(&self, name: &str) -> Option<&NodeProperties> {
        let root = &self.project.own;
        let others = self.project.all();
        let others = others.filter(|other| other.name != self.package.name);
        let found = others.filter_map(|other| {
            let declared = other.properties.seeds.iter();
            let declared = declared.rev().find(|it| it.name.value == name)?;
            let Some(file) = other.seeds.iter().find(|file| file.stem() == name) else {
                return Some(declared);
            };
            let trees = Trees {
                own: &other.file.configs.seeds,
                over: (root.name != other.name).then_some(&root.file.configs.seeds),
            };
            let folders = file
                .path
                .rsplit_once('/')
                .map_or("", |(folders, _)| folders);
            let folders = folders.split('/').filter(|folder| !folder.is_empty());
            let fqn = std::iter::once(other.name.as_str())
                .chain(folders)
                .chain([name]);
            let fqn: Vec<String> = fqn.map(str::to_owned).collect();
            // What is told of these layers is told when the other package is read.
            let mut told = Diagnostics::default();
            let mut merged = Merged::new(settings::defaults(ResourceType::Seed));
            let layers = declared::layers_of(trees, &fqn, Some(declared), &mut told);
            for layer in layers.into_iter().chain(trees.last_word(&fqn)) {
                merged.apply(&layer, &mut told);
            }
            (merged.get("enabled") == Some(&Value::Bool(false))).then_some(declared)
        });
        found.into_iter().next()
    }

    fn hooks(&self) -> Made {
        let file = &self.package.file;
        let hooks = [
            ("on-run-start", true, &file.on_run_start),
            ("on-run-end", false, &file.on_run_end),
        ];
        let mut made = Made::default();
        for (event, at_start, hooks) in hooks {
            for (index, hook) in hooks.iter().enumerate() {
                let name = format!("{}-{event}-{index}", self.package.name);
                let mut node = Node::new(ResourceType::Operation, &self.package.name, &name);
                node.path = format!("hooks/{name}.sql");
                "./dbt_project.yml".clone_into(&mut node.original_file_path);
                node.fqn = vec![self.package.name.clone(), "hooks".to_owned(), name];
                node.code = Some(Code::made(hook.value.clone(), &hook.span));
                node.detail = Detail::Operation { at_start, index };
                node.declared_at = Some(hook.span.clone());
                let mut merged = Merged::new(settings::defaults(ResourceType::Operation));
                // dbt configures hooks and analyses by the tree of models.
                let tree = self.trees(|configs| &configs.models);
                for layer in tree
                    .layers(&node.fqn)
                    .into_iter()
                    .chain(tree.last_word(&node.fqn))
                {
                    merged.apply(&layer, &mut made.1);
                }
                let template = Template::scalar(&hook.value, &hook.span);
                let Some(found) = self.discover(&node, &merged, &template, &mut made.1) else {
                    continue;
                };
                node.refs = found.refs;
                node.sources = found.sources;
                node.macros = found.macros;
                self.finish(&mut node, merged, &hook.span, &mut made.1);
                node.config.tags.push(event.to_owned());
                made.0.push(Draft::from(node));
            }
        }
        made
    }

    /// A description with its docs blocks put in.
    pub fn description(
        &self,
        text: Option<&Spanned<String>>,
        problems: &mut Diagnostics,
    ) -> String {
        match text {
            Some(text) => {
                declared::description(self, text, problems).unwrap_or_else(|| text.value.clone())
            }
            None => String::new(),
        }
    }

    /// The text that a value of YAML renders to.
    pub fn render_text(
        &self,
        node: &Node,
        template: &Template,
        problems: &mut Diagnostics,
    ) -> Option<String> {
        let world: Arc<dyn World> = self.world(node, &Values::default());
        match self.macros.render(template, &world) {
            Ok(rendered) => Some(rendered.text),
            Err(problem) => {
                problems.push(*problem);
                None
            }
        }
    }

    /// The value that a text of YAML renders to, with its type.
    pub fn render_yaml(
        &self,
        node: &Node,
        text: &Spanned<String>,
        problems: &mut Diagnostics,
    ) -> Option<Value> {
        let world: Arc<dyn World> = self.world(node, &Values::default());
        match self
            .macros
            .render_value(&Template::scalar(&text.value, &text.span), &world)
        {
            Ok(value) => Some(from_jinja(&value)),
            Err(problem) => {
                problems.push(*problem);
                None
            }
        }
    }

    pub(super) fn world(&self, node: &Node, config: &Values) -> Arc<ParseWorld> {
        let identity = Identity {
            name: node.name.clone(),
            model: model_value(node, config),
            config: config.to_map(),
            schema: None,
        };
        ParseWorld::new(&self.shared, identity)
    }

    /// The columns that YAML declares.
    pub fn columns(
        &self,
        columns: &[crate::project::properties::ColumnProperties],
        problems: &mut Diagnostics,
    ) -> indexmap::IndexMap<String, Column> {
        declared::columns(self, columns, problems)
    }
}

/// What parallel work made, in its order.
pub fn gather(made: impl ParallelIterator<Item = (Option<Draft>, Diagnostics)>) -> Made {
    let all = made.collect::<Vec<_>>();
    let mut gathered = Made::default();
    for (draft, problems) in all {
        gathered.0.extend(draft);
        gathered.1.extend(problems);
    }
    gathered
}

/// A node as its own template sees it.
fn model_value(node: &Node, config: &Values) -> Map<String, Value> {
    let value = json!({
        "unique_id": node.unique_id,
        "name": node.name,
        "alias": config.get("alias").filter(|alias| !alias.is_null()).cloned().unwrap_or_else(|| Value::from(node.name.as_str())),
        "resource_type": node.resource_type.as_str(),
        "package_name": node.package_name,
        "version": node.version.as_ref().map(|version| &version.v),
        "latest_version": node.version.as_ref().map(|version| &version.latest),
        "path": node.path,
        "original_file_path": node.original_file_path,
        "fqn": node.fqn,
        "tags": config.get("tags").cloned().unwrap_or_default(),
        "meta": config.get("meta").cloned().unwrap_or_default(),
        "config": config,
    });
    match value {
        Value::Object(value) => value,
        _ => Map::new(),
    }
}

/// The value of a YAML node as a mapping.
pub fn object(yaml: Option<&Yaml>) -> Map<String, Value> {
    yaml.map(Yaml::to_object).unwrap_or_default()
}
