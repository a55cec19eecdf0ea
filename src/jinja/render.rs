//! One render: a single state of minijinja in which the template and every macro it calls run.
//!
//! In: prepared text, the macros, a [`World`]. Out: text or a value.
//! Knows how macros are called; what the functions of the language do is in `builtins`.
//!
//! A macro of minijinja belongs to the state in which it was declared, so all macros must run in the state of the template.
//! Each template therefore starts with a macro of its own, `__run`, that includes another template; a project macro's body is
//! such a template, and [`MacroObject`] is the callable that binds arguments and runs it. `return` travels as an error from
//! the function to the nearest [`MacroObject`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use indexmap::IndexSet;
use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, Tuple};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value};

use super::absent;
use super::again::Again;
use super::builtins::{left_out, of_project};
use super::error::{self, Places, bad_call, in_call};
use super::macros::Macro;
use super::prepare::{Rewrite, prepare};
use super::template::Template;
use super::values::{Dict, pairs_of};
use super::world::{PROJECT, World};
use crate::diagnostic::{Diagnostic, Source, Span};

/// The name under which minijinja knows the template that is rendered; macros have their `unique_id`.
const TEMPLATE: &str = "template";

/// What all renders share.
pub struct Shared {
    /// The compiled macros, filters and tests.
    pub env: Environment<'static>,
    /// The same, in which what nothing has is a mistake.
    pub strict: OnceLock<Environment<'static>>,
    /// All macros.
    pub entries: Vec<Entry>,
    /// Where the macros of a name are in `entries`.
    pub by_name: HashMap<String, Vec<usize>>,
    /// Where the template of a macro comes from.
    pub by_id: HashMap<String, usize>,
    /// The root project.
    pub root: String,
    /// Packages with macros.
    pub packages: BTreeSet<String>,
    /// The search order of a macro namespace, where the project sets one.
    pub dispatch: BTreeMap<String, Vec<String>>,
    /// The functions and objects of the language.
    pub builtins: BTreeMap<&'static str, Value>,
    /// The names of filters and tests.
    pub filters: Vec<String>,
    /// Whether no macro was left out because it is wrong.
    pub whole: bool,
}

/// A macro and how to run it.
pub struct Entry {
    /// As it was declared.
    pub declared: Macro,
    /// What its body takes besides its parameters.
    pub extras: Vec<&'static str>,
    /// The way back from its compiled body.
    pub rewrite: Rewrite,
    /// The name of its template.
    pub template: Value,
    /// The callable.
    pub value: Value,
}

/// The package of the macros that come with Redstart.
pub const BUILTIN_PACKAGE: &str = "dbt";

impl Shared {
    /// The environment for a render. As in dbt, nothing has every attribute while a project is parsed, and none when it is run.
    fn environment(&self, execute: bool) -> &Environment<'static> {
        if !execute {
            return &self.env;
        }
        self.strict.get_or_init(|| {
            let mut env = self.env.clone();
            env.set_undefined_behavior(UndefinedBehavior::Lenient);
            env
        })
    }

    /// The macro that a bare name means in a package.
    pub fn find(&self, package: &str, name: &str) -> Option<&Entry> {
        let candidates = self.by_name.get(name)?;
        [package, &self.root, BUILTIN_PACKAGE]
            .into_iter()
            .find_map(|wanted| {
                candidates
                    .iter()
                    .map(|&at| &self.entries[at])
                    .find(|entry| entry.declared.package == wanted)
            })
    }

    /// A macro of one package alone.
    pub fn find_in(&self, package: &str, name: &str) -> Option<&Entry> {
        let candidates = self.by_name.get(name)?;
        candidates
            .iter()
            .map(|&at| &self.entries[at])
            .find(|entry| entry.declared.package == package)
    }
}

/// One render.
pub struct Render {
    /// What all renders share.
    pub shared: Arc<Shared>,
    /// The outside.
    pub world: Arc<dyn World>,
    /// Whether the result is a value and not text.
    pub native: bool,
    /// Whether what is not defined prints as nothing, as in dbt.
    pub lenient: bool,
    /// Whether it is wrong even where templates are only parsed.
    strict: bool,
    /// A macro to call, where the render is a call.
    call: Option<CallRequest>,
    /// What is passed over, in a template that was rendered before.
    pub again: Arc<Again>,
    /// The packages of the macros being run, innermost last.
    packages: Mutex<Vec<usize>>,
    called: Mutex<BTreeSet<usize>>,
    /// Those of them that the template itself called, and no macro.
    named: Mutex<IndexSet<usize>>,
    taken: Mutex<Option<Value>>,
    /// What the template puts into `context`.
    put: OnceLock<Mutex<BTreeMap<String, Value>>>,
    /// Whether a name was asked for that means nothing.
    unknown: AtomicBool,
}

impl Render {
    /// Whether what is not defined is wrong where it is printed.
    pub fn is_strict(&self) -> bool {
        !self.lenient && (self.strict || self.world.execute())
    }
}

/// A macro to call with arguments.
pub struct CallRequest {
    /// Its name.
    pub name: String,
    /// The arguments, keyword arguments last.
    pub args: Vec<Value>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Render {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<render>")
    }
}

impl Render {
    /// The package whose macros a bare name means first: that of the running macro, else the template's.
    pub fn package(&self) -> &str {
        match lock(&self.packages).last() {
            Some(&entry) => &self.shared.entries[entry].declared.package,
            None => self.world.package(),
        }
    }

    /// The macro that a bare name means now. As in dbt, a macro of a package or of the library sees those of the template's package
    /// and of the root project first, so that a project can replace what others call; then those of its own package.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.shared
            .find(self.world.package(), name)
            .or_else(|| self.shared.find_in(self.package(), name))
    }

    /// Everything that a name can mean outside the template itself.
    fn lookup(self: &Arc<Self>, name: &str) -> Option<Value> {
        if let Some(put) = self.put.get()
            && let Some(value) = lock(put).get(name)
        {
            return Some(value.clone());
        }
        if let Some(value) = self.world.overridden(None, name) {
            return Some(Value::from_object(Overridden(value)));
        }
        if let Some(entry) = self.shared.find(self.world.package(), name) {
            return Some(entry.value.clone());
        }
        if let ("builtins", Some(project)) = (name, self.world.global(PROJECT)) {
            return Some(of_project(&project));
        }
        if let Some(value) = self.shared.builtins.get(name) {
            return Some(value.clone());
        }
        match name {
            "__init" => return Some(Value::from_object(Init(Arc::clone(self)))),
            "__take" => return Some(Value::from_object(Take(Arc::clone(self)))),
            "__call" => return Some(Value::from_object(Call(Arc::clone(self)))),
            "context" => return Some(Value::from_object(Root(Arc::clone(self)))),
            "execute" => return Some(Value::from(self.world.execute())),
            _ => {}
        }
        if let Some(value) = self.world.global(name) {
            return Some(value);
        }
        // As in dbt, `model` in a package is the node, even where the package has a macro of that name.
        if let Some(entry) = self.shared.find_in(self.package(), name) {
            return Some(entry.value.clone());
        }
        if self.shared.packages.contains(name) {
            let package = Package(name.to_string(), Arc::clone(&self.shared));
            return Some(Value::from_object(package));
        }
        if !LATER.contains(&name) {
            self.unknown.store(true, Ordering::Relaxed);
        }
        self.again.passed_name(name)
    }

    /// Whether a name was asked for that means nothing.
    pub fn asked_for_unknown(&self) -> bool {
        self.unknown.load(Ordering::Relaxed)
    }
}

/// Names that dbt knows while a project is parsed, and that mean something here only when it is run.
const LATER: [&str; 2] = ["graph", "selected_resources"];

/// What a render keeps in the state of minijinja.
pub struct InState {
    /// The render.
    pub render: Arc<Render>,
    /// The macro that includes a template.
    run: Value,
    /// What `return` brings home.
    returned: Option<Value>,
    /// What `store_result` keeps.
    pub results: BTreeMap<String, Value>,
}

/// What the render keeps in the state.
///
/// # Errors
/// Never in a template that was prepared here.
pub fn in_state<'a>(state: &'a State<'_, '_>) -> Result<&'a InState, Error> {
    state
        .get_extension::<InState>()
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "the render has not begun"))
}

/// The same, to change it.
///
/// # Errors
/// Never in a template that was prepared here.
pub fn in_state_mut<'a>(state: &'a mut State<'_, '_>) -> Result<&'a mut InState, Error> {
    state
        .get_extension_mut::<InState>()
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "the render has not begun"))
}

/// The world of the render.
///
/// # Errors
/// Never in a template that was prepared here.
pub fn world(state: &State<'_, '_>) -> Result<Arc<dyn World>, Error> {
    Ok(Arc::clone(&in_state(state)?.render.world))
}

/// Whether a word to the user is a new one: a template may be rendered several times.
///
/// # Errors
/// Never in a template that was prepared here.
pub fn speaks(state: &State<'_, '_>) -> Result<bool, Error> {
    Ok(in_state(state)?.render.again.speaks())
}

/// `return(value)`: leaves the macro that is running.
pub fn leave_with(state: &mut State<'_, '_>, value: Value) -> Error {
    match in_state_mut(state) {
        Ok(inside) => {
            inside.returned = Some(value);
            error::raise(Diagnostic::error(
                "return-outside-macro",
                "`return` stands outside a macro",
            ))
        }
        Err(error) => error,
    }
}

/// Renders text that is itself a template, in the world of the render that is going on.
///
/// # Errors
/// What is wrong in the text.
pub fn rendered_inside(state: &State<'_, '_>, text: &str) -> Result<String, Error> {
    if !text.contains('{') {
        return Ok(text.to_string());
    }
    let render = Arc::clone(&in_state(state)?.render);
    let template = Template::file(&Source::new("rendered text", text));
    let prepared = prepare(&template, false).map_err(error::raise)?;
    let job = Job {
        template: &template,
        rewrite: &prepared.rewrite,
        native: false,
        lenient: render.lenient,
        strict: render.strict,
        call: None,
        again: Arc::clone(&render.again),
    };
    let done = run(&render.shared, &render.world, job).map_err(error::raise)?;
    Ok(done.text)
}

/// All names outside the template.
#[derive(Debug)]
struct Root(Arc<Render>);

impl Object for Root {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.lookup(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.lookup(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match (method, args.first().and_then(Value::as_str)) {
            ("get", Some(name)) => Ok(self
                .0
                .lookup(name)
                .or_else(|| args.get(1).cloned())
                .unwrap_or(Value::from(()))),
            ("update", None) if args.len() == 1 => {
                let pairs = pairs_of(&args[0])?;
                let mut put = lock(self.0.put.get_or_init(Mutex::default));
                put.extend(
                    pairs
                        .into_iter()
                        .map(|(name, value)| (name.to_string(), value)),
                );
                Ok(Value::from(()))
            }
            _ => match self.0.lookup(method) {
                Some(value) => value.call(state, args),
                None => Err(Error::from(ErrorKind::UnknownMethod)),
            },
        }
    }
}

/// The start of a render: keeps `__run`.
#[derive(Debug)]
struct Init(Arc<Render>);

impl Object for Init {
    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        state.get_or_insert_extension(InState {
            render: Arc::clone(&self.0),
            run: args.first().cloned().unwrap_or_default(),
            returned: None,
            results: BTreeMap::new(),
        });
        Ok(Value::from(()))
    }
}

/// The end of a render that gives a value.
#[derive(Debug)]
struct Take(Arc<Render>);

impl Object for Take {
    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        *lock(&self.0.taken) = args.first().cloned();
        Ok(Value::from(()))
    }
}

/// The macro that a render was asked to call.
#[derive(Debug)]
struct Call(Arc<Render>);

impl Object for Call {
    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        let Some(request) = &self.0.call else {
            return Err(bad_call("nothing to call"));
        };
        let found = match request.name.split_once('.') {
            Some((package, name)) => self.0.shared.find_in(package, name),
            None => self.0.find(&request.name),
        };
        match found {
            Some(entry) => entry.value.clone().call(state, &request.args),
            None => Err(Error::new(
                ErrorKind::UnknownFunction,
                format!("{} is unknown", request.name),
            )),
        }
    }
}

/// `package.macro`.
struct Package(String, Arc<Shared>);

impl fmt::Debug for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<package {}>", self.0)
    }
}

impl Object for Package {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let entry = self.1.find_in(&self.0, key.as_str()?)?;
        Some(entry.value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let render = Arc::clone(&in_state(state)?.render);
        if let Some(value) = render.world.overridden(Some(&self.0), method) {
            return Ok(value);
        }
        if let Some(entry) = render.shared.find_in(&self.0, method) {
            return entry.value.clone().call(state, args);
        }
        // What is written in the program here is a macro of dbt's own package there: `dbt.is_incremental()`.
        let written = render.shared.builtins.get(method);
        if let Some(function) = written.filter(|_| self.0 == BUILTIN_PACKAGE) {
            return function.clone().call(state, args);
        }
        // `context['package']` is a mapping.
        if let ("get", [name, rest @ ..]) = (method, args) {
            let found = name
                .as_str()
                .and_then(|name| render.shared.find_in(&self.0, name));
            let otherwise = || rest.first().cloned().unwrap_or_else(|| Value::from(()));
            return Ok(found.map_or_else(otherwise, |entry| entry.value.clone()));
        }
        if render.world.forgives() {
            return Ok(Value::UNDEFINED);
        }
        let in_package = render
            .shared
            .entries
            .iter()
            .filter(|entry| entry.declared.package == self.0);
        let missing = Diagnostic::error(
            "undefined-macro",
            format!("package `{}` has no macro `{method}`", self.0),
        );
        let known = match self.0 == BUILTIN_PACKAGE {
            true => absent::explained(missing, method),
            false => Err(missing),
        };
        let missing = known.unwrap_or_else(|missing| {
            missing.did_you_mean(method, in_package.map(|entry| entry.declared.name.as_str()))
        });
        render.again.answered(Err(error::raise(missing)))
    }
}

/// A macro whose answer the world gives: a unit test, or a parse that has none.
#[derive(Debug)]
struct Overridden(Value);

impl Object for Overridden {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(self.0.clone())
    }
}

/// A project macro as a template calls it.
#[derive(Debug)]
pub struct MacroObject {
    /// Its index in [`Shared::entries`].
    pub at: usize,
    /// Its name.
    pub name: String,
}

impl Object for MacroObject {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str()? == "name").then(|| Value::from(&self.name))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<macro {}>", self.name)
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let inside = in_state(state)?;
        let (render, run) = (Arc::clone(&inside.render), inside.run.clone());
        let entry = &render.shared.entries[self.at];
        let bound = entry.bind(args)?;
        lock(&render.called).insert(self.at);
        let mut within = lock(&render.packages);
        if within.is_empty() {
            lock(&render.named).insert(self.at);
        }
        within.push(self.at);
        drop(within);
        let result = run.call(state, &[entry.template.clone(), Value::from(bound)]);
        lock(&render.packages).pop();
        result.or_else(|error| match in_state_mut(state)?.returned.take() {
            Some(value) => Ok(super::values::own(value)),
            None => Err(in_call(error)),
        })
    }
}

impl Entry {
    /// The values of the parameters and extras, in order. What the caller left out is undefined, and prints as nothing.
    fn bind(&self, args: &[Value]) -> Result<Vec<Value>, Error> {
        let parameters = &self.declared.arguments;
        let (positional, kwargs) = match args.split_last() {
            Some((last, rest)) if last.is_kwargs() => (rest, Some(Kwargs::try_from(last.clone())?)),
            _ => (args, None),
        };
        let mut bound = vec![left_out(); parameters.len() + self.extras.len()];
        let slot = |extra: &str| {
            let at = self.extras.iter().position(|it| *it == extra)?;
            Some(parameters.len() + at)
        };
        for (value, target) in positional.iter().zip(&mut bound[..parameters.len()]) {
            *target = value.clone();
        }
        let rest = positional.get(parameters.len()..).unwrap_or(&[]);
        match slot("varargs") {
            Some(at) => bound[at] = Value::from(Tuple::from(rest.to_vec())),
            None if !rest.is_empty() => {
                let (most, given) = (parameters.len(), positional.len());
                let s = if most == 1 { "" } else { "s" };
                return Err(self.wrong(format!("takes {most} argument{s}, {given} were given")));
            }
            None => {}
        }
        let mut others = Vec::new();
        for name in kwargs.iter().flat_map(|kwargs| kwargs.args()) {
            let value: Value = match &kwargs {
                Some(kwargs) => kwargs.peek(name)?,
                None => Value::UNDEFINED,
            };
            if let Some(at) = parameters.iter().position(|it| it.name == name) {
                if at < positional.len() {
                    return Err(self.wrong(format!("is given `{name}` twice")));
                }
                bound[at] = value;
            } else if let Some(at) = (name == "caller").then(|| slot("caller")).flatten() {
                bound[at] = value;
            } else if slot("kwargs").is_some() {
                others.push((Value::from(name), value));
            } else {
                return Err(self.unknown_keyword(name));
            }
        }
        if let Some(at) = slot("kwargs") {
            bound[at] = Dict::of(others);
        }
        Ok(bound)
    }

    fn wrong(&self, what: String) -> Error {
        let name = &self.declared.name;
        error::raise(
            Diagnostic::error("macro-arguments", format!("macro `{name}` {what}"))
                .help(format!("call it as `{}`", self.signature()))
                .related("declared here", self.declared.span.clone()),
        )
    }

    fn unknown_keyword(&self, name: &str) -> Error {
        let macro_name = &self.declared.name;
        let message = if name == "caller" {
            format!("macro `{macro_name}` does not call `caller()`, so it takes no call block")
        } else {
            format!("macro `{macro_name}` has no parameter `{name}`")
        };
        error::raise(
            Diagnostic::error("macro-arguments", message)
                .related("declared here", self.declared.span.clone())
                .did_you_mean(
                    name,
                    self.declared.arguments.iter().map(|it| it.name.as_str()),
                )
                .help(format!("call it as `{}`", self.signature())),
        )
    }

    /// The macro with its arguments, as it is declared.
    fn signature(&self) -> String {
        let arguments = self.declared.arguments.iter();
        let arguments: Vec<String> = arguments
            .map(|argument| match &argument.default {
                Some(default) => format!("{}={}", argument.name, default.trim()),
                None => argument.name.clone(),
            })
            .collect();
        format!("{}({})", self.declared.name, arguments.join(", "))
    }
}

/// A render to do.
pub struct Job<'a> {
    /// What to render.
    pub template: &'a Template,
    /// The text for minijinja.
    pub rewrite: &'a Rewrite,
    /// Whether the result is a value.
    pub native: bool,
    /// Whether what is not defined prints as nothing.
    pub lenient: bool,
    /// Whether what is not defined is wrong even where templates are only parsed.
    pub strict: bool,
    /// The macro to call, where the text calls one.
    pub call: Option<CallRequest>,
    /// What is passed over, in a template that was rendered before.
    pub again: Arc<Again>,
}

/// What came of a [`Job`].
pub struct Done {
    /// The text.
    pub text: String,
    /// The value that was taken, in a native render.
    pub value: Option<Value>,
    /// `unique_id`s of the macros that ran.
    pub called: BTreeSet<String>,
    /// Those of them that the template itself called, in order.
    pub named: IndexSet<String>,
}

/// Does a render.
///
/// # Errors
/// The first thing that goes wrong in it.
pub fn run(
    shared: &Arc<Shared>,
    world: &Arc<dyn World>,
    job: Job<'_>,
) -> Result<Done, Box<Diagnostic>> {
    let render = Arc::new(Render {
        shared: Arc::clone(shared),
        world: Arc::clone(world),
        native: job.native,
        lenient: job.lenient,
        strict: job.strict,
        call: job.call,
        again: job.again,
        packages: Mutex::new(Vec::new()),
        called: Mutex::new(BTreeSet::new()),
        named: Mutex::new(IndexSet::new()),
        taken: Mutex::new(None),
        put: OnceLock::new(),
        unknown: AtomicBool::new(false),
    });
    let places = RenderPlaces {
        render: &render,
        template: job.template,
        rewrite: job.rewrite,
    };
    let text = shared
        .environment(world.execute() || job.strict)
        .template_from_named_str(TEMPLATE, &job.rewrite.text)
        .and_then(|compiled| compiled.render(Value::from_object(Root(Arc::clone(&render)))))
        .map_err(|error| error::diagnose(&error, &places))?;
    let id = |at: &usize| shared.entries[*at].declared.unique_id();
    Ok(Done {
        text,
        value: lock(&render.taken).take(),
        called: lock(&render.called).iter().map(id).collect(),
        named: lock(&render.named).iter().map(id).collect(),
    })
}

/// The way back from the template and all macros.
struct RenderPlaces<'a> {
    render: &'a Render,
    template: &'a Template,
    rewrite: &'a Rewrite,
}

impl Places for RenderPlaces<'_> {
    fn span(&self, template: &str, range: Range<usize>) -> Option<Span> {
        if template == TEMPLATE {
            let range = self.rewrite.origin(range)?;
            return Some(self.template.span(range));
        }
        self.render.shared.span(template, range)
    }

    fn title(&self, template: &str) -> Option<String> {
        let at = self.render.shared.by_id.get(template)?;
        let name = &self.render.shared.entries[*at].declared.name;
        Some(format!("macro `{name}`"))
    }

    fn is_library(&self, template: &str) -> bool {
        let shared = &self.render.shared;
        let entry = shared.by_id.get(template).map(|at| &shared.entries[*at]);
        entry.is_some_and(|entry| entry.declared.package == BUILTIN_PACKAGE)
    }

    fn names(&self) -> Vec<String> {
        let shared = &self.render.shared;
        let visible = |entry: &&Entry| {
            let package = &entry.declared.package;
            package == self.render.world.package()
                || *package == shared.root
                || package == BUILTIN_PACKAGE
        };
        let macros = shared.entries.iter().filter(visible);
        macros
            .map(|entry| entry.declared.name.clone())
            .chain(shared.builtins.keys().map(ToString::to_string))
            .filter(|name| !name.starts_with("__"))
            .chain(self.render.world.global_names())
            .collect()
    }

    fn filters(&self) -> Vec<String> {
        self.render.shared.filters.clone()
    }
}

impl Shared {
    /// Where a range of a macro's compiled body stands.
    pub fn span(&self, id: &str, range: Range<usize>) -> Option<Span> {
        let entry = &self.entries[*self.by_id.get(id)?];
        let range = entry.rewrite.origin(range)?;
        Some(Span::new(&entry.declared.span.source, range))
    }
}
