//! Ctrl-C, as a value that workers ask and wait on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Whether the run should stop, and what to do at the moment it is asked to. Clones share one state.
#[derive(Clone, Default)]
pub struct Cancel {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    requested: AtomicBool,
    actions: Mutex<Vec<Action>>,
}

type Action = Box<dyn Fn() + Send + Sync>;

impl Cancel {
    /// A state in which nobody has asked to stop.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the run should stop.
    pub fn is_requested(&self) -> bool {
        self.state.requested.load(Ordering::SeqCst)
    }

    /// Asks the run to stop and calls every action, in the order they were added. Asking again does nothing more.
    pub fn request(&self) {
        // The flag is raised under the lock, so that an action added meanwhile is called exactly once.
        let actions = self.lock();
        if !self.state.requested.swap(true, Ordering::SeqCst) {
            for action in actions.iter() {
                action();
            }
        }
    }

    /// Adds what to do when the run is asked to stop, such as a connection's canceller; at once if it already was.
    pub fn on_request(&self, action: impl Fn() + Send + Sync + 'static) {
        let mut actions = self.lock();
        if self.is_requested() {
            action();
        } else {
            actions.push(Box::new(action));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Action>> {
        self.state
            .actions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Cancel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cancel")
            .field("requested", &self.is_requested())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn an_action_is_called_once_whether_it_was_added_before_or_after_the_request() {
        let cancel = Cancel::new();
        let called = Arc::new(AtomicUsize::new(0));
        let count = || {
            let called = Arc::clone(&called);
            move || {
                called.fetch_add(1, Ordering::SeqCst);
            }
        };

        cancel.clone().on_request(count());
        assert!(!cancel.is_requested());
        cancel.request();
        cancel.request();
        cancel.on_request(count());

        assert!(cancel.is_requested());
        assert_eq!(called.load(Ordering::SeqCst), 2);
    }
}
