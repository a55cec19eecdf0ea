//! The macros of a project and its packages, and the rendering of templates with them.
//!
//! In: [`MacroFile`]s. Out: [`Macros`].
//! Knows nothing of who calls them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::Value;

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
}

/// All macros, ready to be called. Built once, shared by all threads.
#[derive(Debug)]
pub struct Macros {
    root: String,
    all: Vec<Macro>,
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
        let _ = (files, dispatch);
        Ok(Self {
            root: root.to_string(),
            all: Vec::new(),
        })
    }

    /// All macros in the order they were loaded, the built-in library last.
    pub fn iter(&self) -> impl Iterator<Item = &Macro> {
        self.all.iter()
    }

    /// The macro that a bare `name` means in `package`: the package's own, else the root project's, else the built-in one.
    pub fn find(&self, package: &str, name: &str) -> Option<&Macro> {
        [package, &self.root, "dbt"].into_iter().find_map(|wanted| {
            self.all
                .iter()
                .find(|it| it.package == wanted && it.name == name)
        })
    }

    /// Renders a template to text.
    ///
    /// # Errors
    /// What is wrong, where, and through which macros it was reached.
    pub fn render(
        &self,
        template: &Template,
        world: &Arc<dyn World>,
    ) -> Result<Rendered, Box<Diagnostic>> {
        let _ = world;
        Err(not_yet(template))
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
        let _ = world;
        Err(not_yet(template))
    }

    /// Calls a macro by name, as `{{ name(args, **kwargs) }}` in `world.package()` would; gives what it returns, or its text.
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
        let _ = (name, args, kwargs, world);
        Err(not_yet(&Template::scalar("", at)))
    }
}

fn not_yet(template: &Template) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error("jinja-not-ready", "templates cannot be rendered yet")
            .at(template.whole()),
    )
}
