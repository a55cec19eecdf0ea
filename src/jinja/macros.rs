//! The macros of a project and its packages, and the rendering of templates with them.
//!
//! In: [`MacroFile`]s. Out: [`Macros`].
//! Knows nothing of who calls them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use indexmap::IndexSet;
use minijinja::Value;
use minijinja::value::Kwargs;

use super::again;
use super::builtins::{self, environment};
use super::error::{self, Places};
use super::library;
use super::prepare::{self, MacroBlock, macro_blocks, prepare, prepare_call, prepare_value};
use super::render::{self, CallRequest, Entry, Job, MacroObject, Shared};
use super::template::{SourceMap, Template};
use super::world::World;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

/// A file that may hold macros, generic tests and materializations.
#[derive(Clone, Debug)]
pub struct MacroFile {
    /// The package it belongs to.
    pub package: String,
    /// The file.
    pub source: Arc<Source>,
}

/// What kind of block a macro was written as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MacroKind {
    /// `{% macro name(…) %}`.
    Macro,
    /// `{% test name(…) %}` or `{% data_test name(…) %}`; the macro is called `test_name`.
    Test,
    /// `{% materialization name, adapter='…' %}`; the macro is called `materialization_name_adapter`.
    Materialization {
        /// The materialization.
        name: String,
        /// The adapter it is for, or `default`.
        adapter: String,
    },
}

/// A parameter of a macro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroArgument {
    /// Its name.
    pub name: String,
    /// The source text of its default.
    pub default: Option<String>,
}

/// A macro as it was declared.
#[derive(Clone, Debug)]
pub struct Macro {
    /// The package it belongs to.
    pub package: String,
    /// The name under which it is called.
    pub name: String,
    /// Which block declared it.
    pub kind: MacroKind,
    /// Where its name stands.
    pub span: Span,
    /// The whole block, tags included.
    pub block: Span,
    /// Its parameters in order.
    pub arguments: Vec<MacroArgument>,
}

impl Macro {
    /// `macro.package.name`.
    pub fn unique_id(&self) -> String {
        format!("macro.{}.{}", self.package, self.name)
    }
}

/// The text of a template, and what was learned on the way.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// The way back to the template.
    pub map: SourceMap,
    /// `unique_id`s of the macros that were called, directly or not.
    pub macros_called: BTreeSet<String>,
    /// Those of them that the template itself called, in order.
    pub macros_named: IndexSet<String>,
}

impl Rendered {
    /// A template without tags is its own text.
    fn plain(template: &Template) -> Self {
        let text = prepare::without_last_line_end(template.text());
        Self {
            text: text.to_string(),
            map: SourceMap::verbatim(template),
            macros_called: BTreeSet::new(),
            macros_named: IndexSet::new(),
        }
    }
}

/// All macros, ready to be called. Built once, shared by all threads; a clone is the same macros.
#[derive(Clone)]
pub struct Macros {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Macros {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} macros>", self.shared.entries.len())
    }
}

impl Macros {
    /// Finds the macros of `files`, and adds the built-in library as package `dbt`.
    ///
    /// `root` is the name of the root project, whose macros win over those of packages; `dispatch` has the search order of a macro
    /// namespace where the project sets one.
    ///
    /// # Errors
    /// Every syntax error in a file, every macro declared twice in a package.
    pub fn load(
        root: &str,
        files: &[MacroFile],
        dispatch: &BTreeMap<String, Vec<String>>,
    ) -> Result<Self, Diagnostics> {
        let (macros, found) = Self::read(root, files, dispatch);
        found.or(macros).map(|(macros, _)| macros)
    }

    /// As [`Macros::load`], but with those macros that are right where others are wrong.
    pub fn read(
        root: &str,
        files: &[MacroFile],
        dispatch: &BTreeMap<String, Vec<String>>,
    ) -> (Self, Diagnostics) {
        let mut loading = Loading::new(root, dispatch);
        for file in files.iter().chain(&library::files()) {
            loading.add(file);
        }
        loading.finish()
    }

    /// Whether no macro was left out because it is wrong.
    pub fn is_whole(&self) -> bool {
        self.shared.whole
    }

    /// All macros in the order they were loaded, the built-in library last.
    pub fn iter(&self) -> impl Iterator<Item = &Macro> {
        self.shared.entries.iter().map(|entry| &entry.declared)
    }

    /// The macro that a bare `name` means in `package`: the package's own, else the root project's, else the built-in one.
    pub fn find(&self, package: &str, name: &str) -> Option<&Macro> {
        let entry = self.shared.find(package, name)?;
        Some(&entry.declared)
    }

    /// The packages in which `adapter.dispatch` looks for macros of a namespace, in order, where the project sets it.
    pub fn search_order(&self, namespace: &str) -> Vec<&str> {
        let order = self.shared.dispatch.get(namespace);
        order.map_or_else(Vec::new, |order| order.iter().map(String::as_str).collect())
    }

    /// Renders a template to text. As in dbt, what is not defined prints as nothing; here with a warning.
    ///
    /// # Errors
    /// What is wrong, where, and through which macros it was reached.
    pub fn render(
        &self,
        template: &Template,
        world: &Arc<dyn World>,
    ) -> Result<Rendered, Box<Diagnostic>> {
        if !template.text().contains('{') {
            return Ok(Rendered::plain(template));
        }
        let prepared = prepare(template, world.execute())?;
        let render = |again, lenient| {
            let job = Job {
                template,
                rewrite: &prepared.rewrite,
                native: false,
                lenient,
                strict: false,
                call: None,
                again,
            };
            render::run(&self.shared, world, job)
        };
        // A template that acts on the warehouse must not run twice.
        let done = match world.acts() {
            true => render(Arc::default(), true)?,
            false => again::all_told(world, render)?,
        };
        let (text, map) = prepared.unmark(template, done.text);
        Ok(Rendered {
            text,
            map,
            macros_called: done.called,
            macros_named: done.named,
        })
    }

    /// Renders a template whose text is a value in YAML: a lone `{{ … }}` keeps its type (`{{ var('n') }}` is a number), and
    /// `| as_bool`, `| as_number`, `| as_native` convert; anything else is text.
    ///
    /// # Errors
    /// What is wrong, where, and through which macros it was reached.
    pub fn render_value(
        &self,
        template: &Template,
        world: &Arc<dyn World>,
    ) -> Result<Value, Box<Diagnostic>> {
        if !template.text().contains('{') {
            return Ok(Value::from(template.text()));
        }
        let Some(rewrite) = prepare_value(template)? else {
            return Ok(Value::from(self.render(template, world)?.text));
        };
        let job = Job {
            template,
            rewrite: &rewrite,
            native: true,
            lenient: false,
            strict: false,
            call: None,
            again: Arc::default(),
        };
        let value = render::run(&self.shared, world, job)?.value;
        match value.filter(|value| !value.is_undefined()) {
            Some(value) => Ok(value),
            None => Err(Box::new(
                Diagnostic::error(
                    "undefined-variable",
                    format!("`{}` is not defined", template.text().trim()),
                )
                .at(template.whole()),
            )),
        }
    }

    /// Calls a macro by name, as `{{ name(args, **kwargs) }}` in `world.package()` would; gives what it returns, or its text.
    /// `package.name` means the macro of that package.
    ///
    /// `at` is where an error in the call itself points.
    ///
    /// # Errors
    /// When there is no such macro, and whatever goes wrong in it.
    pub fn call(
        &self,
        name: &str,
        args: &[Value],
        kwargs: &[(String, Value)],
        world: &Arc<dyn World>,
        at: &Span,
    ) -> Result<Value, Box<Diagnostic>> {
        self.call_as(name, args, kwargs, world, at, false)
    }

    /// What is not defined in a macro that was called while templates are only parsed, where it prints as nothing.
    pub fn undefined_in(
        &self,
        name: &str,
        args: &[Value],
        world: &Arc<dyn World>,
        at: &Span,
    ) -> Option<Box<Diagnostic>> {
        let wrong = self.call_as(name, args, &[], world, at, true).err()?;
        (wrong.code == "undefined-variable").then_some(wrong)
    }

    fn call_as(
        &self,
        name: &str,
        args: &[Value],
        kwargs: &[(String, Value)],
        world: &Arc<dyn World>,
        at: &Span,
        strict: bool,
    ) -> Result<Value, Box<Diagnostic>> {
        let mut args = args.to_vec();
        if !kwargs.is_empty() {
            let kwargs: Kwargs = kwargs.iter().cloned().collect();
            args.push(kwargs.into());
        }
        let rewrite = prepare_call();
        let job = Job {
            template: &Template::scalar("", at),
            rewrite: &rewrite,
            native: true,
            lenient: world.acts() && !strict,
            strict,
            call: Some(CallRequest {
                name: name.to_string(),
                args,
            }),
            again: Arc::default(),
        };
        match render::run(&self.shared, world, job) {
            Ok(done) => Ok(done.value.unwrap_or_default()),
            Err(mut diagnostic) => {
                if diagnostic.span.is_none() {
                    diagnostic.span = Some(at.clone());
                } else {
                    let called = format!("macro `{name}` is called here");
                    diagnostic.related.push((called, at.clone()));
                }
                Err(diagnostic)
            }
        }
    }
}

/// Macros being collected.
struct Loading {
    shared: Shared,
    found: Diagnostics,
}

impl Loading {
    fn new(root: &str, dispatch: &BTreeMap<String, Vec<String>>) -> Self {
        let (env, filters) = environment();
        Self {
            shared: Shared {
                env,
                strict: OnceLock::new(),
                entries: Vec::new(),
                by_name: HashMap::new(),
                by_id: HashMap::new(),
                root: root.to_string(),
                packages: BTreeSet::from([root.to_string()]),
                dispatch: dispatch.clone(),
                builtins: builtins::all(),
                filters,
                whole: true,
            },
            found: Diagnostics::default(),
        }
    }

    fn add(&mut self, file: &MacroFile) {
        self.shared.packages.insert(file.package.clone());
        match macro_blocks(&file.source) {
            Ok(blocks) => {
                for block in blocks {
                    self.add_block(&file.package, block);
                }
            }
            Err(diagnostic) => self.found.push(*diagnostic),
        }
    }

    fn add_block(&mut self, package: &str, block: MacroBlock) {
        let declared = Macro {
            package: package.to_string(),
            name: block.name,
            kind: block.kind,
            span: block.span,
            block: block.block,
            arguments: block.arguments,
        };
        let id = declared.unique_id();
        if let Some(&first) = self.shared.by_id.get(&id) {
            let first = self.shared.entries[first].declared.span.clone();
            let message = format!("macro `{}` is declared twice", declared.name);
            self.found.push(
                Diagnostic::error("duplicate-macro", message)
                    .at(declared.span)
                    .help("rename one of the two, or delete the one that is not meant")
                    .related("first declared here", first),
            );
            return;
        }
        let at = self.shared.entries.len();
        let mut rewrite = block.rewrite;
        let text = std::mem::take(&mut rewrite.text);
        self.shared.by_id.insert(id.clone(), at);
        self.shared
            .by_name
            .entry(declared.name.clone())
            .or_default()
            .push(at);
        self.shared.entries.push(Entry {
            value: Value::from_object(MacroObject {
                at,
                name: declared.name.clone(),
            }),
            declared,
            extras: block.extras,
            rewrite,
            template: Value::from(&id),
        });
        if let Err(error) = self.shared.env.add_template_owned(id, text) {
            let diagnostic = error::diagnose(&error, &LoadPlaces(&self.shared));
            self.found.push(*diagnostic);
            self.take_back();
        }
    }

    /// Forgets the macro that was added last.
    fn take_back(&mut self) {
        let Some(entry) = self.shared.entries.pop() else {
            return;
        };
        self.shared.by_id.remove(&entry.declared.unique_id());
        if let Some(of_name) = self.shared.by_name.get_mut(&entry.declared.name) {
            of_name.pop();
        }
    }

    fn finish(mut self) -> (Macros, Diagnostics) {
        self.shared.whole = !self.found.has_errors();
        let macros = Macros {
            shared: Arc::new(self.shared),
        };
        (macros, self.found)
    }
}

/// The way back from a macro that does not compile.
struct LoadPlaces<'a>(&'a Shared);

impl Places for LoadPlaces<'_> {
    fn span(&self, template: &str, range: std::ops::Range<usize>) -> Option<Span> {
        self.0.span(template, range)
    }

    fn title(&self, _: &str) -> Option<String> {
        None
    }

    fn is_library(&self, _: &str) -> bool {
        false
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn filters(&self) -> Vec<String> {
        self.0.filters.clone()
    }
}
