//! The one place that events come from, so that they come one after the other.

use std::sync::Mutex;

use super::{Event, locked};

pub(super) struct Voice<'a> {
    listener: Mutex<&'a mut (dyn FnMut(&Event<'_>) + Send)>,
}

impl<'a> Voice<'a> {
    pub(super) fn new(listener: &'a mut (dyn FnMut(&Event<'_>) + Send)) -> Self {
        Self {
            listener: Mutex::new(listener),
        }
    }

    pub(super) fn tell(&self, event: &Event<'_>) {
        locked(&self.listener)(event);
    }
}
