//! The request to stop what a session does, which holds from the moment it is made.
//!
//! In: what asks the warehouse to cancel. Out: whether work may begin, and a canceller for another thread.
//!
//! A request that reaches a session between two statements is heard by nobody there. So work is announced before it begins: either it
//! sees that it should not, or the request sees it, and is repeated until the work is over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Error, ErrorClass};

/// The pause before the request is repeated; each time twice as long, up to the longest.
const AGAIN: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(2);

/// Whether a session should stop, and what it is doing.
#[derive(Default)]
pub(super) struct Stopping {
    asked: AtomicBool,
    work: Mutex<Work>,
}

#[derive(Default)]
struct Work {
    /// How deep in work the session is.
    depth: usize,
    /// Which piece of work it is.
    number: u64,
}

/// Work that is under way, until it is dropped: not before a request that is on its way has been sent.
struct Begun<'s>(&'s Stopping);

impl Stopping {
    /// Does work that a request to stop ends.
    ///
    /// # Errors
    /// When the session should stop, and what is wrong with the work.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let _begun = self.begin()?;
        work()
    }

    /// Looks at something: an answer that comes after a request to stop is not given, as it may be half of one.
    ///
    /// # Errors
    /// The same.
    pub(super) fn seen<T>(&self, look: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let seen = self.during(look);
        self.check()?;
        seen
    }

    /// Announces work.
    fn begin(&self) -> Result<Begun<'_>, Error> {
        let mut work = self.work();
        self.check()?;
        work.number += u64::from(work.depth == 0);
        work.depth += 1;
        Ok(Begun(self))
    }

    /// Whether the session should stop.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// The same as an error.
    ///
    /// # Errors
    /// When the session should stop.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.is_asked() {
            return Err(Error::new(ErrorClass::Cancelled, "the run was cancelled"));
        }
        Ok(())
    }

    /// Forgets the request.
    #[cfg(any(test, feature = "duckdb"))]
    pub(super) fn resume(&self) {
        self.asked.store(false, Ordering::SeqCst);
    }

    /// How another thread asks the session to stop; `cancel` is the warehouse's own request.
    pub(super) fn canceller(
        self: &Arc<Self>,
        cancel: impl Fn() + Send + Sync + 'static,
    ) -> Box<dyn Fn() + Send + Sync> {
        let (stopping, cancel) = (Arc::clone(self), Arc::new(cancel));
        Box::new(move || {
            stopping.asked.store(true, Ordering::SeqCst);
            let work = stopping.work();
            cancel();
            let (is_idle, number) = (work.depth == 0, work.number);
            drop(work);
            if is_idle {
                return;
            }
            let (stopping, cancel) = (Arc::clone(&stopping), Arc::clone(&cancel));
            std::thread::spawn(move || {
                let mut pause = AGAIN;
                loop {
                    std::thread::sleep(pause);
                    pause = LONGEST.min(pause * 2);
                    let work = stopping.work();
                    if work.depth == 0 || work.number != number {
                        return;
                    }
                    cancel();
                }
            });
        })
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.work().depth -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Instant;

    use super::*;

    /// A warehouse that hears the third request only: the first two come between two statements.
    #[test]
    fn a_request_is_repeated_until_the_work_is_over_and_nothing_begins_after_it() {
        let stopping = Arc::<Stopping>::default();
        let asked = Arc::<AtomicUsize>::default();
        let heard = Arc::clone(&asked);
        let cancel = stopping.canceller(move || {
            heard.fetch_add(1, Ordering::SeqCst);
        });
        let begun = stopping.begin().expect("nobody has asked to stop");
        cancel();
        let since = Instant::now();
        while asked.load(Ordering::SeqCst) < 3 {
            assert!(
                since.elapsed() < Duration::from_secs(60),
                "asked too seldom"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(begun);
        assert!(stopping.begin().is_err());
        let times = asked.load(Ordering::SeqCst);
        // Beyond the pause that had begun when the work was over.
        std::thread::sleep(AGAIN * 6);
        assert_eq!(asked.load(Ordering::SeqCst), times, "asked an idle session");
    }

    #[test]
    fn what_begins_after_the_request_is_forgotten_is_left_alone() {
        let stopping = Arc::<Stopping>::default();
        let asked = Arc::<AtomicUsize>::default();
        let heard = Arc::clone(&asked);
        let cancel = stopping.canceller(move || {
            heard.fetch_add(1, Ordering::SeqCst);
        });
        let first = stopping.begin().expect("nobody has asked to stop");
        cancel();
        drop(first);
        stopping.resume();
        let _next = stopping.begin().expect("the request is forgotten");
        std::thread::sleep(AGAIN * 3);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}
