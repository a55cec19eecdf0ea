//! A template that is rendered again, to find what else is wrong in it: minijinja ends at the first mistake.
//!
//! In: how a render is done. Out: what it gave, or everything that is wrong in the template.
//! What is passed over is a name that means nothing, a question that the world refused, and printing what is not defined; what can only
//! follow from such a mistake is not told.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::error::{missing_macro, raised, undefined_name};
use super::world::{Answer, LATE, World};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// How often a template is rendered at most. One mistake in a loop takes a render for each time round.
const TIMES: usize = 40;

/// What a render passes over, and what it met.
#[derive(Debug, Default)]
pub struct Again {
    names: BTreeSet<String>,
    questions: BTreeSet<(&'static str, String)>,
    prints: usize,
    heard: usize,
    printed: AtomicUsize,
    said: AtomicUsize,
    ended_by: Mutex<Option<Mistake>>,
    /// Whether the way through the template hung on a value that stands in for another.
    decided: Arc<AtomicBool>,
}

/// A mistake that can be passed over.
#[derive(Debug)]
enum Mistake {
    /// What is not defined was printed.
    Print,
    /// The world refused a question, with this code and message.
    Question(&'static str, String),
    /// A name means nothing.
    Name(String),
}

impl Again {
    /// Whether an undefined value that is printed now, and must not be, was told before; if not, it ends the render.
    pub fn passes_print(&self) -> bool {
        let known = self.printed.fetch_add(1, Ordering::Relaxed) < self.prints;
        if !known {
            self.ends(Mistake::Print);
        }
        known
    }

    /// The value of a name that means nothing, where that was told before.
    pub fn passed_name(&self, name: &str) -> Option<Value> {
        let known = self.names.contains(name);
        known.then(|| self.stand_in(true))
    }

    /// The answer to a question of a template; a refusal that was told before is passed over.
    pub fn answered(&self, answer: Result<Value, Error>) -> Result<Value, Error> {
        let error = match answer {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let Some(wrong) = raised(&error) else {
            return Err(error);
        };
        let question = (wrong.code, wrong.message.clone());
        if self.questions.contains(&question) {
            return Ok(self.stand_in(false));
        }
        self.ends(Mistake::Question(question.0, question.1));
        Err(error)
    }

    /// Whether a word to the user is to be said: the renders before may have said it, and nobody would hear one behind a mistake.
    pub fn speaks(&self) -> bool {
        let new = self.said.fetch_add(1, Ordering::Relaxed) >= self.heard;
        new && !self.stands_in()
    }

    fn ends(&self, mistake: Mistake) {
        *self.lock() = Some(mistake);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Mistake>> {
        self.ended_by.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same for another render.
    fn once_more(&self) -> Self {
        Self {
            names: self.names.clone(),
            questions: self.questions.clone(),
            prints: self.prints,
            heard: self.heard.max(self.said.load(Ordering::Relaxed)),
            ..Self::default()
        }
    }

    /// What the next render passes over: all that this one did, and the mistake that ended it. None where it cannot be passed over.
    fn next(&self, mistake: Option<Mistake>) -> Option<Self> {
        let mut next = self.once_more();
        let is_new = match mistake? {
            Mistake::Print => {
                next.prints += 1;
                true
            }
            Mistake::Question(code, message) => next.questions.insert((code, message)),
            Mistake::Name(name) => next.names.insert(name),
        };
        is_new.then_some(next)
    }

    fn mistake(&self, wrong: &Diagnostic) -> Option<Mistake> {
        let met = self.lock().take();
        let name = || missing_macro(wrong).or_else(|| undefined_name(wrong));
        met.or_else(|| name().map(|name| Mistake::Name(name.to_owned())))
    }

    /// Whether values stand in for what is not there, of which other mistakes may come.
    fn stands_in(&self) -> bool {
        !(self.names.is_empty() && self.questions.is_empty())
    }

    /// Whether a mistake is one whatever the values that stand in would have been.
    fn is_certain(&self, mistake: Option<&Mistake>, wrong: &Diagnostic) -> bool {
        if !self.stands_in() {
            return true;
        }
        let decided = self.decided.load(Ordering::Relaxed);
        match mistake {
            None => false,
            // A macro that is not there is not there, whichever way leads to it.
            Some(_) if wrong.code == "undefined-macro" => true,
            Some(Mistake::Name(_)) => !decided,
            Some(Mistake::Print) => !decided,
            Some(Mistake::Question(..)) => {
                !decided
                    && wrong
                        .span
                        .as_ref()
                        .is_some_and(|span| is_literal(span.text()))
            }
        }
    }

    /// A value in the place of one that nobody knows.
    fn stand_in(&self, is_name: bool) -> Value {
        Value::from_object(StandIn {
            is_name,
            decided: Arc::clone(&self.decided),
        })
    }
}

/// Whether the arguments of a call are texts and nothing else.
fn is_literal(call: &str) -> bool {
    let inside = call
        .split_once('(')
        .map(|(_, rest)| rest.trim_end().trim_end_matches(')'));
    let arguments = |inside: &str| {
        inside.split(',').all(|argument| {
            let argument = argument.trim();
            let quoted = |quote: char| {
                let inner = argument
                    .strip_prefix(quote)
                    .and_then(|rest| rest.strip_suffix(quote));
                inner.is_some_and(|inner| !inner.contains(quote))
            };
            quoted('\'') || quoted('"')
        })
    };
    inside.is_some_and(arguments)
}

/// Renders until nothing else is wrong. What is not defined and only printed is a warning, as in dbt.
///
/// # Errors
/// All that is wrong: the first, the others [`beside`](Diagnostic::beside) it.
pub fn all_told<T>(
    world: &Arc<dyn World>,
    render: impl Fn(Arc<Again>, bool) -> Result<T, Box<Diagnostic>>,
) -> Result<T, Box<Diagnostic>> {
    let mut errors: Vec<Diagnostic> = Vec::new();
    let mut warnings: Vec<Diagnostic> = Vec::new();
    let mut again = Again::default();
    let mut done = None;
    for _ in 0..TIMES {
        let now = Arc::new(std::mem::take(&mut again));
        let wrong = match render(Arc::clone(&now), false) {
            Ok(rendered) => {
                done = Some(rendered);
                break;
            }
            // Its turn comes later, and nothing is known before.
            Err(wrong) if wrong.code == LATE && errors.is_empty() => return Err(wrong),
            Err(wrong) => wrong,
        };
        let forgiven = world.forgives() && missing_macro(&wrong).is_some();
        if forgiven && errors.is_empty() {
            return Err(wrong);
        }
        let mistake = now.mistake(&wrong);
        let is_print = matches!(mistake, Some(Mistake::Print));
        let mut told = errors.iter().chain(&warnings);
        if !forgiven
            && wrong.code != LATE
            && now.is_certain(mistake.as_ref(), &wrong)
            && !told.any(|told| told.is_of(&wrong))
        {
            if errors.is_empty() && !is_print {
                world.is_wrong();
            }
            match is_print {
                true => warnings.push(*wrong),
                false => errors.push(*wrong),
            }
        }
        again = now.once_more();
        match now.next(mistake) {
            Some(next) => again = next,
            None => break,
        }
    }
    let mut errors = errors.into_iter();
    if let Some(first) = errors.next() {
        let warnings = warnings.into_iter().map(Diagnostic::as_warning);
        return Err(Box::new(first.beside(errors.chain(warnings))));
    }
    // Too many things may be printed that are not defined: as in dbt, they print as nothing.
    let done = done.map_or_else(|| render(Arc::new(again), true), Ok)?;
    warn(world, warnings)?;
    Ok(done)
}

/// Tells the warnings; where one of them is to be an error, all are.
fn warn(world: &Arc<dyn World>, warnings: Vec<Diagnostic>) -> Answer<()> {
    let told = warnings
        .into_iter()
        .map(|warning| world.warn(warning.as_warning()));
    let refused = told.filter_map(Result::err).map(|refused| *refused);
    Diagnostics(refused.collect()).or_one(())
}

/// Whether a value only stands in for a name that means nothing.
pub fn is_nameless(value: &Value) -> bool {
    let stand_in = value.downcast_object_ref::<StandIn>();
    stand_in.is_some_and(|stand_in| stand_in.is_name)
}

/// A value in the place of one that nobody knows: whatever is asked of it is not known either, and it prints as nothing.
#[derive(Debug)]
struct StandIn {
    /// Whether it is the name itself, and not what came of it.
    is_name: bool,
    decided: Arc<AtomicBool>,
}

impl StandIn {
    fn other(&self) -> Value {
        Value::from_object(Self {
            is_name: false,
            decided: Arc::clone(&self.decided),
        })
    }

    fn decides(&self) {
        self.decided.store(true, Ordering::Relaxed);
    }
}

impl Object for StandIn {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(self.other())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.decides();
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.decides();
        false
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(self.other())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        _: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        Ok(self.other())
    }

    fn render(self: &Arc<Self>, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
