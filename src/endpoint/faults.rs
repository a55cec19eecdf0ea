//! What goes wrong on purpose: connections that break, errors, delays.
//!
//! In: [`Fault`]s, and each statement as it comes. Out: what to do to it. Each server counts its statements from 1.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use regex::Regex;

/// One thing that goes wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What happens.
    pub what: Mishap,
    /// To which statements.
    pub at: Place,
    /// How often it happens before it is over; none means always.
    pub times: Option<u32>,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The connection breaks, and the statement was not run.
    DropBefore,
    /// The connection breaks after the statement was run, before its answer.
    DropAfter,
    /// The statement is not run and fails so.
    Error {
        /// The SQLSTATE.
        sqlstate: String,
        /// The message.
        message: String,
        /// The detail.
        detail: Option<String>,
    },
    /// The statement waits first, and is stopped there by a request to cancel.
    Delay(Duration),
    /// The login is refused, with the right password too.
    RefuseLogin,
}

/// Where it goes wrong.
#[derive(Clone, Debug)]
pub enum Place {
    /// At the statement with this number, counted from 1 over all sessions.
    Statement(u64),
    /// At statements that a pattern matches, upper and lower case alike.
    Matching(Regex),
    /// At every statement.
    Anywhere,
}

impl Fault {
    /// A fault that happens once, at statement `number`.
    pub fn at(number: u64, what: Mishap) -> Self {
        Self {
            what,
            at: Place::Statement(number),
            times: Some(1),
        }
    }

    /// A fault that happens `times` times, at statements that contain `pattern`, a regular expression.
    ///
    /// # Errors
    /// A pattern that is none.
    pub fn matching(pattern: &str, times: Option<u32>, what: Mishap) -> Result<Self, regex::Error> {
        Ok(Self {
            what,
            at: Place::Matching(Regex::new(&format!("(?is){pattern}"))?),
            times,
        })
    }

    /// A serialization failure, as Redshift tells one.
    pub fn serialization() -> Mishap {
        Mishap::Error {
            sqlstate: "40001".to_owned(),
            message: "1023".to_owned(),
            detail: Some(
                "Serializable isolation violation on table - 100, transactions forming the cycle are: 1, 2 (pid:3)"
                    .to_owned(),
            ),
        }
    }
}

impl std::str::FromStr for Fault {
    type Err = String;

    /// `WHAT@WHERE[xTIMES]`: `drop-before@3`, `drop-after@/^commit/`, `error=40001:1023@/^commit/x1`, `delay=500@*`,
    /// `serialization@/^commit/x1`, `refuse-login@*`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (what, place) = text.split_once('@').ok_or("WHAT@WHERE is expected")?;
        let (word, argument) = what.split_once('=').unwrap_or((what, ""));
        let what = match word {
            "drop-before" => Mishap::DropBefore,
            "drop-after" => Mishap::DropAfter,
            "refuse-login" => Mishap::RefuseLogin,
            "serialization" => Self::serialization(),
            "delay" => Mishap::Delay(Duration::from_millis(
                argument
                    .parse()
                    .map_err(|_| "`delay` takes milliseconds: delay=500@3".to_owned())?,
            )),
            "error" => {
                let (sqlstate, message) = argument
                    .split_once(':')
                    .ok_or("`error` takes an SQLSTATE and a message: error=XX000:oops@3")?;
                Mishap::Error {
                    sqlstate: sqlstate.to_owned(),
                    message: message.to_owned(),
                    detail: None,
                }
            }
            _ => {
                return Err(format!(
                    "`{word}` is none of drop-before, drop-after, error, serialization, delay, refuse-login"
                ));
            }
        };
        if let Some(pattern) = place.strip_prefix('/') {
            let (pattern, times) = pattern
                .rsplit_once('/')
                .ok_or("a pattern stands between two slashes")?;
            let times = match times {
                "" => None,
                times => Some(count(times)?),
            };
            return Self::matching(pattern, times, what).map_err(|cause| cause.to_string());
        }
        let (at, times) = place
            .split_once('x')
            .map_or((place, ""), |(at, times)| (at, times));
        let times = match times {
            "" => None,
            times => Some(count(&format!("x{times}"))?),
        };
        match at {
            "*" => Ok(Self {
                what,
                at: Place::Anywhere,
                times,
            }),
            number => number
                .parse()
                .map(|number| Self::at(number, what))
                .map_err(|_| {
                    format!("`{number}` is neither the number of a statement, `*`, nor a /pattern/")
                }),
        }
    }
}

fn count(text: &str) -> Result<u32, String> {
    text.strip_prefix('x')
        .and_then(|times| times.parse().ok())
        .ok_or_else(|| format!("`{text}` does not say how often: x1, x2, …"))
}

/// The faults of a server, and how many statements it has seen.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<(u64, Vec<Fault>)>);

impl Faults {
    pub fn new(faults: Vec<Fault>) -> Self {
        Self(Mutex::new((0, faults)))
    }

    /// Adds one while the server runs.
    pub fn add(&self, fault: Fault) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .push(fault);
    }

    /// Counts a statement, and tells what happens to it.
    pub fn statement(&self, text: &str) -> Vec<Mishap> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0 += 1;
        let number = inner.0;
        due(&mut inner.1, |fault| {
            fault.what != Mishap::RefuseLogin
                && match &fault.at {
                    Place::Statement(at) => *at == number,
                    Place::Matching(pattern) => pattern.is_match(text.trim_start()),
                    Place::Anywhere => true,
                }
        })
    }

    /// Whether a login is refused.
    pub fn refuses_login(&self) -> bool {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !due(&mut inner.1, |fault| fault.what == Mishap::RefuseLogin).is_empty()
    }
}

/// How long a statement waits on purpose: until its time is over, or somebody asks for its end.
#[derive(Debug, Default)]
pub(super) struct Patience(Mutex<bool>, Condvar);

impl Patience {
    /// A new statement begins.
    pub fn regain(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    /// Ends the wait of the statement at hand.
    pub fn lose(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.1.notify_all();
    }

    /// Waits; false when it was asked to end before its time.
    pub fn wait(&self, time: Duration) -> bool {
        let lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (lost, _) = self
            .1
            .wait_timeout_while(lost, time, |lost| !*lost)
            .unwrap_or_else(PoisonError::into_inner);
        !*lost
    }
}

fn due(faults: &mut [Fault], happens: impl Fn(&Fault) -> bool) -> Vec<Mishap> {
    let mut all = Vec::new();
    for fault in faults {
        if fault.times == Some(0) || !happens(fault) {
            continue;
        }
        fault.times = fault.times.map(|times| times - 1);
        all.push(fault.what.clone());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_from_a_word() {
        let faults = Faults::new(
            [
                "drop-before@2",
                "error=40001:1023@/^commit/x1",
                "delay=0@/zzz/",
            ]
            .iter()
            .map(|text| text.parse().expect(text))
            .collect(),
        );
        assert_eq!(faults.statement("select 1"), []);
        assert_eq!(faults.statement("COMMIT").len(), 2);
        assert_eq!(faults.statement("commit"), []);
        assert!("drop@1".parse::<Fault>().is_err());
        assert!("drop-before@x".parse::<Fault>().is_err());
    }
}
