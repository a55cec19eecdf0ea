//! A template that is rendered again, to find what else is wrong in it: minijinja ends at the first mistake.
//!
//! In: how a render is done. Out: what it gave, or everything that is wrong in the template.
//! What is passed over is a name that means nothing, a question that the world refused, and printing what is not defined; what can only
//! follow from such a mistake is not told.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::error::{missing_macro, raised, undefined_name};
use super::world::{Answer, LATE, World};
use crate::diagnostic::Diagnostic;

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
    /// Whether an undefined value that is printed now was told before; if not, it ends the render.
    pub fn passes_print(&self) -> bool {
        let known = self.printed.fetch_add(1, Ordering::Relaxed) < self.prints;
        if !known {
            self.ends(Mistake::Print);
        }
        known
    }

    /// The value of a name that means nothing, where that was told before.
    pub fn passed_name(&self, name: &str) -> Option<Value> {
        self.names.contains(name).then(unknown)
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
            return Ok(unknown());
        }
        self.ends(Mistake::Question(question.0, question.1));
        Err(error)
    }

    /// Whether a word to the user is a new one: the renders before may have said it.
    pub fn speaks(&self) -> bool {
        self.said.fetch_add(1, Ordering::Relaxed) >= self.heard
    }

    fn ends(&self, mistake: Mistake) {
        *self.lock() = Some(mistake);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Mistake>> {
        self.ended_by.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the next render passes over: all that this one did, and the mistake that ended it. None where it cannot be passed over.
    fn next(&self, wrong: &Diagnostic) -> Option<Self> {
        let mut next = Self {
            names: self.names.clone(),
            questions: self.questions.clone(),
            prints: self.prints,
            heard: self.heard.max(self.said.load(Ordering::Relaxed)),
            ..Self::default()
        };
        let is_new = match self.mistake(wrong)? {
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
    let mut again = Arc::new(Again::default());
    let mut done = None;
    for _ in 0..TIMES {
        let wrong = match render(Arc::clone(&again), false) {
            Ok(rendered) => {
                done = Some(rendered);
                break;
            }
            // Its turn comes later, and nothing is known before.
            Err(wrong) if wrong.code == LATE && errors.is_empty() => return Err(wrong),
            Err(wrong) => wrong,
        };
        let is_print = matches!(*again.lock(), Some(Mistake::Print));
        let forgiven = world.forgives() && missing_macro(&wrong).is_some();
        if forgiven && errors.is_empty() {
            return Err(wrong);
        }
        let next = again.next(&wrong);
        let of_others = next.is_none() && again.stands_in();
        let told = errors.iter().chain(&warnings);
        if !forgiven
            && !of_others
            && wrong.code != LATE
            && !told.into_iter().any(|it| it.is(&wrong))
        {
            match is_print {
                true => warnings.push(*wrong),
                false => errors.push(*wrong),
            }
        }
        match next {
            Some(next) => again = Arc::new(next),
            None => break,
        }
    }
    if errors.is_empty() {
        // Too many things are printed that are not defined: as in dbt, they print as nothing.
        let done = done.map_or_else(|| render(Arc::clone(&again), true), Ok)?;
        warn(world, warnings)?;
        return Ok(done);
    }
    let warnings = warnings.into_iter().map(Diagnostic::as_warning);
    let mut all = errors.into_iter().chain(warnings);
    let first = all
        .next()
        .unwrap_or_else(|| Diagnostic::error("internal", "nothing is wrong"));
    Err(Box::new(first.beside(all)))
}

fn warn(world: &Arc<dyn World>, warnings: Vec<Diagnostic>) -> Answer<()> {
    warnings
        .into_iter()
        .try_for_each(|warning| world.warn(warning.as_warning()))
}

/// A value in the place of one that nobody knows: whatever is asked of it is not known either, and it prints as nothing.
fn unknown() -> Value {
    Value::from_object(Unknown)
}

#[derive(Debug)]
struct Unknown;

impl Object for Unknown {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(unknown())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(unknown())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        _: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        Ok(unknown())
    }

    fn render(self: &Arc<Self>, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
