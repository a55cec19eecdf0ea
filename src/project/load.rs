//! A project read from its folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::files::{self, Found, Walk};
use super::project_file::{Draft, Paths, ProjectFile};
use super::render::{Vars, YamlRenderer};
use super::{File, Gaps, Options, Project, Properties, SeedFile, docs, profile, yaml};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

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
        let draft = Draft::read(&options.root)?;
        let vars = Vars {
            command_line,
            project: draft.vars.clone(),
        };
        let target = profile::load(options, draft.profile.as_ref(), &draft.name, &vars)?;
        let target_value = Value::Object(target.to_jinja());
        let renderer = YamlRenderer::new(
            &draft.name.clone(),
            &options.environment,
            vars.clone(),
            Some(target_value),
            false,
        );
        let file = draft.finish(&options.root, &renderer)?;

        let target_path = target_path(options, &file);
        let skipped = vec![
            target_path.clone(),
            options.root.join(&file.packages_install_path),
        ];
        let walk = Walk::new(&options.root, skipped)?;
        let mut of_files = Diagnostics::default();
        let found = find(&walk, &file.paths, &mut of_files);

        let mut properties = Properties::default();
        let mut of_properties = Diagnostics::default();
        for source in files::read_all(&found.properties, &mut of_properties)
            .iter()
            .flatten()
        {
            properties.read(source, &renderer, &mut of_properties);
        }
        let mut blocks = std::collections::BTreeMap::new();
        let mut of_docs = Diagnostics::default();
        for source in files::read_all(&found.docs, &mut of_docs).iter().flatten() {
            docs::read(source, &mut blocks, &mut of_docs);
        }
        let mut read = |found: &[Found]| templates(found, &mut of_files);
        let mut project = Self {
            models: read(&found.models),
            singular_tests: read(&found.singular_tests),
            macros: read(&found.macros),
            analyses: read(&found.analyses),
            seeds: found.seeds.into_iter().map(SeedFile::from).collect(),
            root: options.root.clone(),
            name: file.name.clone(),
            file,
            target_path,
            target,
            vars,
            environment: options.environment.clone(),
            docs: blocks,
            properties,
            gaps: Gaps::default(),
        };
        project.gaps = Gaps {
            names: of_files.0.iter().filter_map(name_of_file).collect(),
            properties: of_properties.has_errors(),
            docs: of_docs.has_errors(),
        };
        let mut problems = of_files;
        problems.extend(of_properties);
        problems.extend(of_docs);
        Ok((project, problems))
    }
}

/// The name of the file that a mistake is about, without folders and extension.
fn name_of_file(problem: &Diagnostic) -> Option<String> {
    let path = Path::new(&problem.span.as_ref()?.source.path);
    Some(path.file_stem()?.to_string_lossy().into_owned())
}

fn check_root(root: &Path) -> Result<(), Diagnostic> {
    if root.is_dir() {
        return Ok(());
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

impl From<Found> for SeedFile {
    fn from(found: Found) -> Self {
        Self {
            absolute: found.absolute,
            original_file_path: found.from_root,
            path: found.below,
        }
    }
}

/// The files of a project by what they are.
#[derive(Default)]
struct FoundFiles {
    models: Vec<Found>,
    seeds: Vec<Found>,
    singular_tests: Vec<Found>,
    macros: Vec<Found>,
    analyses: Vec<Found>,
    docs: Vec<Found>,
    properties: Vec<Found>,
}

fn find(walk: &Walk, paths: &Paths, problems: &mut Diagnostics) -> FoundFiles {
    let mut found = FoundFiles::default();
    let is_sql = |file: &Found| file.has_extension("sql");
    for file in walk.files(&paths.models, problems) {
        if is_sql(&file) {
            found.models.push(file);
        } else if file.has_extension("py") {
            problems.push(refused(
                &file,
                "Python models are not supported",
                "write the model in SQL, or leave it out with .dbtignore",
            ));
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
            problems.push(refused(
                &file,
                "snapshots are not supported yet",
                "leave the file out with .dbtignore",
            ));
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
