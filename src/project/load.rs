//! A project read from its folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::files::{self, Found, Walk};
use super::packages::{self, Installed};
use super::project_file::{Draft, Paths, ProjectFile};
use super::render::{Vars, YamlRenderer};
use super::{
    File, Gaps, Options, Package, Project, Properties, SeedFile, SnapshotBlock, docs, profile,
    selectors, yaml,
};
use crate::diagnostic::{Diagnostic, Diagnostics, Level, Source, Span};
use crate::jinja::snapshot_blocks;

impl Project {
    /// Reads a project and chooses its target; the second part of the answer is warnings.
    ///
    /// # Errors
    /// Everything that is wrong in its files and its profile.
    pub fn load(options: &Options) -> Result<(Self, Diagnostics), Diagnostics> {
        let (project, problems) = Self::read(options)?;
        problems.or(project)
    }

    /// As [`Project::load`], but with what is right where other files are wrong: then there are errors in the second part of the
    /// answer, and [`Project::gaps`] says what is not known.
    ///
    /// # Errors
    /// What is wrong in the project file, the profile and the command line: nothing else can be read without them.
    pub fn read(options: &Options) -> Result<(Self, Diagnostics), Diagnostics> {
        check_root(&options.root)?;
        let command_line = match &options.vars {
            Some(text) => yaml::parse_mapping("--vars", text)?,
            None => serde_json::Map::new(),
        };
        let mut draft = Draft::read(&options.root, "")?;
        let warnings = std::mem::take(&mut draft.warnings);
        let mut vars = Vars {
            command_line,
            project: draft.vars.clone(),
            packages: BTreeMap::new(),
        };
        let target = profile::load(options, draft.profile.as_ref(), &draft.name, &vars);
        let target = target.map_err(|mut wrong| {
            wrong.extend(draft.mistakes());
            wrong
        })?;
        let reading = Reading {
            environment: &options.environment,
            target: Value::Object(target.to_jinja()),
        };
        let renderer = reading.renderer(&draft.name, &vars);
        let file = draft.finish(&options.root, &renderer)?;
        let target_path = target_path(options, &file);
        let install_path = options.root.join(&file.packages_install_path);

        let mut found = Problems::default();
        let drafts = packages::installed(&options.root, &file.packages_install_path, &renderer)?;
        for package in &drafts {
            vars.packages
                .insert(package.draft.name.clone(), package.draft.vars.clone());
        }
        let skipped = vec![target_path.clone(), install_path];
        let own = reading.package(&options.root, "", file, &vars, skipped, &mut found)?;
        let mut read = Vec::with_capacity(drafts.len());
        for Installed {
            folder,
            prefix,
            draft,
        } in drafts
        {
            let renderer = reading.renderer(&draft.name, &vars);
            let file = draft.finish(&folder, &renderer)?;
            let skipped = vec![folder.join(&file.packages_install_path)];
            read.push(reading.package(&folder, &prefix, file, &vars, skipped, &mut found)?);
        }
        packages::distinct(&own, &read)?;
        let mut of_selectors = Diagnostics::default();
        let selectors = selectors::read(&options.root, &renderer, &mut of_selectors);
        let project = Self {
            own,
            packages: read,
            target_path,
            target,
            vars,
            environment: options.environment.clone(),
            selectors,
            gaps: Gaps {
                names: names_of_files(&found.files),
                properties: found.properties.has_errors(),
                docs: found.docs.has_errors(),
            },
        };
        let mut problems = found.files;
        problems.extend(warnings.into_iter().map(Diagnostic::as_warning));
        problems.extend(found.properties);
        problems.extend(found.docs);
        problems.extend(of_selectors);
        Ok((project, problems))
    }
}

/// What is wrong in files, by what they are.
#[derive(Default)]
struct Problems {
    files: Diagnostics,
    properties: Diagnostics,
    docs: Diagnostics,
}

/// The names of the files with mistakes, without folders and extensions.
fn names_of_files(problems: &Diagnostics) -> BTreeSet<String> {
    let mistakes = problems.0.iter().filter(|it| it.level == Level::Error);
    let names = mistakes.filter_map(|mistake| {
        let path = Path::new(&mistake.span.as_ref()?.source.path);
        Some(path.file_stem()?.to_string_lossy().into_owned())
    });
    names.collect()
}

/// What every package is read with.
struct Reading<'a> {
    environment: &'a super::Environment,
    target: Value,
}

impl Reading<'_> {
    fn renderer(&self, package: &str, vars: &Vars) -> YamlRenderer {
        let target = Some(self.target.clone());
        YamlRenderer::new(package, self.environment, vars.clone(), target, false)
    }

    fn package(
        &self,
        root: &Path,
        prefix: &str,
        file: ProjectFile,
        vars: &Vars,
        skipped: Vec<PathBuf>,
        problems: &mut Problems,
    ) -> Result<Package, Diagnostics> {
        let renderer = self.renderer(&file.name, vars);
        let walk = Walk::new(root, prefix, skipped)?;
        let found = find(&walk, &file.paths, &mut problems.files);
        let mut properties = Properties::default();
        for source in files::read_all(&found.properties, &mut problems.properties)
            .iter()
            .flatten()
        {
            properties.read(source, &renderer, &mut problems.properties);
        }
        let mut blocks = BTreeMap::new();
        for source in files::read_all(&found.docs, &mut problems.docs)
            .iter()
            .flatten()
        {
            docs::read(&file.name, source, &mut blocks, &mut problems.docs);
        }
        let mut read = |found: &[Found]| templates(found, &mut problems.files);
        let macros = read(&found.macros);
        let fixtures = read(&found.fixtures);
        let mut read = |found: &[Found], what| queries(found, what, &mut problems.files);
        Ok(Package {
            models: read(&found.models, "model"),
            singular_tests: read(&found.singular_tests, "test"),
            macros,
            analyses: read(&found.analyses, "analysis"),
            fixtures,
            snapshots: snapshots(&found.snapshots, &mut problems.files),
            seeds: found
                .seeds
                .into_iter()
                .map(|found| SeedFile {
                    original_file_path: found.from_root[prefix.len()..].to_owned(),
                    absolute: found.absolute,
                    path: found.below,
                })
                .collect(),
            root: root.to_owned(),
            prefix: prefix.to_owned(),
            name: file.name.clone(),
            file,
            docs: blocks,
            properties,
        })
    }
}

fn check_root(root: &Path) -> Result<(), Diagnostic> {
    if root.is_dir() {
        return Ok(());
    }
    if root.as_os_str().is_empty() {
        return Err(Diagnostic::error(
            "missing-project",
            "the working folder does not exist any more",
        )
        .help("change to a folder that exists, or name the project's with --project-dir"));
    }
    Err(Diagnostic::error(
        "missing-project",
        format!("there is no folder `{}`", root.display()),
    )
    .help("name the project's folder with --project-dir"))
}

fn target_path(options: &Options, file: &ProjectFile) -> PathBuf {
    let configured = options
        .target_path
        .clone()
        .or_else(|| {
            options
                .environment
                .get("DBT_TARGET_PATH")
                .map(PathBuf::from)
        })
        .or_else(|| file.target_path.as_ref().map(PathBuf::from));
    options
        .root
        .join(configured.unwrap_or_else(|| PathBuf::from("target")))
}

/// The files of a project by what they are.
#[derive(Default)]
struct FoundFiles {
    models: Vec<Found>,
    seeds: Vec<Found>,
    singular_tests: Vec<Found>,
    macros: Vec<Found>,
    analyses: Vec<Found>,
    fixtures: Vec<Found>,
    snapshots: Vec<Found>,
    docs: Vec<Found>,
    properties: Vec<Found>,
}

fn find(walk: &Walk, paths: &Paths, problems: &mut Diagnostics) -> FoundFiles {
    let mut found = FoundFiles::default();
    let is_sql = |file: &Found| file.has_extension("sql");
    for file in walk.files(&paths.models, problems) {
        if is_sql(&file) || file.has_extension("py") {
            found.models.push(file);
        } else {
            found.other(file);
        }
    }
    for file in walk.files(&paths.seeds, problems) {
        if file.has_extension("csv") {
            found.seeds.push(file);
        } else {
            found.other(file);
        }
    }
    for file in walk.files(&paths.snapshots, problems) {
        if is_sql(&file) {
            found.snapshots.push(file);
        } else {
            found.other(file);
        }
    }
    for file in walk.files(&paths.macros, problems) {
        if is_sql(&file) {
            found.macros.push(file);
        } else {
            found.other(file);
        }
    }
    for file in walk.files(&paths.tests, problems) {
        let below = |folder: &str| {
            file.below.starts_with(folder) && file.below[folder.len()..].starts_with('/')
        };
        if below("fixtures") {
            if is_sql(&file) || file.has_extension("csv") {
                found.fixtures.push(file);
            }
            continue;
        }
        match (is_sql(&file), below("generic")) {
            (true, true) => found.macros.push(file),
            (true, false) => found.singular_tests.push(file),
            (false, _) => found.other(file),
        }
    }
    for file in walk.files(&paths.analyses, problems) {
        if is_sql(&file) {
            found.analyses.push(file);
        } else {
            found.other(file);
        }
    }
    for file in walk.files(&paths.functions, problems) {
        if is_sql(&file) {
            problems.push(refused(
                &file,
                "functions are not supported yet",
                "leave the file out with .dbtignore",
            ));
        }
    }
    if let Some(docs) = &paths.docs {
        found.docs = walk
            .files(docs, problems)
            .into_iter()
            .filter(|file| file.has_extension("md"))
            .collect();
    }
    found.once()
}

impl FoundFiles {
    fn other(&mut self, file: Found) {
        if file.has_extension("yml") || file.has_extension("yaml") {
            self.properties.push(file);
        } else if file.has_extension("md") {
            self.docs.push(file);
        }
    }

    /// Each file once, though two folders may hold it (`model-paths: [models, models/staging]`).
    fn once(mut self) -> Self {
        for list in [
            &mut self.models,
            &mut self.seeds,
            &mut self.singular_tests,
            &mut self.macros,
            &mut self.analyses,
            &mut self.fixtures,
            &mut self.snapshots,
            &mut self.docs,
            &mut self.properties,
        ] {
            let mut seen = std::collections::HashSet::new();
            list.retain(|file| seen.insert(file.from_root.clone()));
        }
        self
    }
}

fn refused(file: &Found, message: &str, help: &str) -> Diagnostic {
    let source = files::read(&file.absolute, &file.from_root)
        .unwrap_or_else(|_| Source::new(file.from_root.clone(), ""));
    Diagnostic::error("not-supported-yet", message)
        .at(Span::file(&source))
        .help(help)
}

fn templates(found: &[Found], problems: &mut Diagnostics) -> Vec<File> {
    let texts = files::read_all(found, problems);
    found
        .iter()
        .zip(texts)
        .filter_map(|(file, source)| {
            Some(File {
                source: Arc::clone(&source?),
                path: file.below.clone(),
            })
        })
        .collect()
}

/// Files that are a node each; as with dbt, an empty one is none.
fn queries(found: &[Found], what: &str, problems: &mut Diagnostics) -> Vec<File> {
    let mut files = templates(found, problems);
    files.retain(|file| {
        let is_empty = file.source.text.trim().is_empty();
        if is_empty {
            problems.push(
                Diagnostic::warning(
                    "empty-file",
                    format!("the file is empty: there is no {what} `{}`", file.stem()),
                )
                .at(Span::file(&file.source))
                .help("write a `select`, or delete the file"),
            );
        }
        !is_empty
    });
    files
}

/// The blocks of the files of snapshots.
fn snapshots(found: &[Found], problems: &mut Diagnostics) -> Vec<SnapshotBlock> {
    let mut all = Vec::new();
    for file in templates(found, problems) {
        match snapshot_blocks(&file.source) {
            Ok(blocks) if blocks.is_empty() => problems.push(
                Diagnostic::warning("no-snapshot", "the file holds no snapshot")
                    .at(Span::file(&file.source))
                    .help("write `{% snapshot name %} … {% endsnapshot %}` around the query"),
            ),
            Ok(blocks) => all.extend(blocks.into_iter().map(|block| SnapshotBlock {
                file: file.clone(),
                block,
            })),
            Err(problem) => problems.push(*problem),
        }
    }
    all
}
