//! How a function of the template language takes its arguments, and how functions are grouped.
//!
//! In: the values of a call. Out: arguments by name.
//! Does not know any function.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use crate::diagnostic::Diagnostic;
use crate::jinja::error::{bad_call, raise};
use crate::jinja::render::in_state;

/// What a function does.
pub type Body = fn(&mut State<'_, '_>, Args) -> Result<Value, Error>;

/// The arguments of one call, taken in the order of the parameters.
pub struct Args {
    function: &'static str,
    positional: VecDeque<Value>,
    keywords: Vec<(String, Value)>,
}

impl Args {
    /// Takes the values of a call apart.
    pub fn new(function: &'static str, args: &[Value]) -> Result<Self, Error> {
        let (positional, keywords) = match args.split_last() {
            Some((last, rest)) if last.is_kwargs() => {
                let kwargs = Kwargs::try_from(last.clone())?;
                let mut pairs = Vec::new();
                for name in kwargs.args() {
                    pairs.push((name.to_string(), kwargs.peek(name)?));
                }
                (rest, pairs)
            }
            _ => (args, Vec::new()),
        };
        Ok(Self {
            function,
            positional: positional.iter().cloned().collect(),
            keywords,
        })
    }

    /// The next parameter, when it is given.
    pub fn optional(&mut self, name: &str) -> Option<Value> {
        self.positional.pop_front().or_else(|| self.keyword(name))
    }

    /// A parameter that can only be given by name.
    pub fn keyword(&mut self, name: &str) -> Option<Value> {
        let at = self.keywords.iter().position(|(key, _)| key == name)?;
        Some(self.keywords.remove(at).1)
    }

    /// The next parameter, which must be given.
    pub fn required(&mut self, name: &str) -> Result<Value, Error> {
        let function = self.function;
        self.optional(name)
            .ok_or_else(|| bad_call(format!("`{function}` needs the argument `{name}`")))
    }

    /// The next parameter, which must be text.
    pub fn text(&mut self, name: &str) -> Result<String, Error> {
        let value = self.required(name)?;
        match value.as_str() {
            Some(text) => Ok(text.to_string()),
            None => Err(bad_call(format!(
                "`{}` wants text as `{name}`, not {}",
                self.function,
                what(&value)
            ))),
        }
    }

    /// The next parameter as yes or no.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        self.optional(name).map_or(default, |value| value.is_true())
    }

    /// All positional arguments that are left.
    pub fn rest(&mut self) -> Vec<Value> {
        self.positional.drain(..).collect()
    }

    /// All keyword arguments that are left.
    pub fn keywords(&mut self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.keywords)
    }

    /// The keyword arguments that are left, as minijinja holds them.
    pub fn kwargs(&mut self) -> Kwargs {
        self.keywords().into_iter().collect()
    }

    /// Says that nothing else may be given.
    pub fn done(mut self) -> Result<(), Error> {
        if let Some((name, _)) = self.keywords.first() {
            return Err(bad_call(format!(
                "`{}` has no argument `{name}`",
                self.function
            )));
        }
        match self.positional.pop_front() {
            Some(_) => Err(bad_call(format!(
                "`{}` is given too many arguments",
                self.function
            ))),
            None => Ok(()),
        }
    }
}

/// A value for a message: its kind, with an article.
pub fn what(value: &Value) -> String {
    match value.kind().to_string().as_str() {
        "undefined" => "an undefined value".to_string(),
        "none" => "none".to_string(),
        kind => format!("a {kind}"),
    }
}

/// A function as a value.
pub struct Function {
    name: &'static str,
    body: Body,
}

impl Function {
    /// Makes the value.
    pub fn value(name: &'static str, body: Body) -> Value {
        Value::from_object(Self { name, body })
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<function {}>", self.name)
    }
}

impl Object for Function {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let answer = (self.body)(state, Args::new(self.name, args)?);
        asked(state, self.name, answer)
    }
}

/// The functions that only ask: where one is refused, the rest of the template can still be looked at.
const ASKING: [&str; 5] = ["ref", "source", "var", "env_var", "doc"];

/// What a function gave, or something in its place where its refusal was told before.
fn asked(
    state: &State<'_, '_>,
    function: &str,
    answer: Result<Value, Error>,
) -> Result<Value, Error> {
    match answer.is_err() && ASKING.contains(&function) {
        true => in_state(state)?.render.again.answered(answer),
        false => answer,
    }
}

/// An object with methods: `adapter`, `config`, `modules.re`.
pub struct Group {
    /// Its name.
    pub name: &'static str,
    /// Plain values.
    pub attributes: Vec<(&'static str, Value)>,
    /// Methods.
    pub methods: &'static [(&'static str, Body)],
    /// What a call of the object itself does.
    pub call: Option<Body>,
}

impl From<Group> for Value {
    fn from(group: Group) -> Self {
        Value::from_object(group)
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.name)
    }
}

impl Object for Group {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        if let Some((_, value)) = self.attributes.iter().find(|(name, _)| *name == key) {
            return Some(value.clone());
        }
        let (name, body) = self.methods.iter().find(|(name, _)| *name == key)?;
        Some(Function::value(name, *body))
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        match self.call {
            Some(body) => {
                let answer = body(state, Args::new(self.name, args)?);
                asked(state, self.name, answer)
            }
            None => Err(bad_call(format!("`{}` cannot be called", self.name))),
        }
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        if let Some((name, body)) = self.methods.iter().find(|(name, _)| *name == method) {
            return body(state, Args::new(name, args)?);
        }
        if let Some((_, value)) = self.attributes.iter().find(|(name, _)| *name == method) {
            return value.call(state, args);
        }
        let names = self.methods.iter().map(|(name, _)| *name);
        Err(raise(
            Diagnostic::error(
                "unknown-method",
                format!("`{}` has no method `{method}`", self.name),
            )
            .one_of(
                method,
                names.chain(self.attributes.iter().map(|(name, _)| *name)),
            ),
        ))
    }
}
