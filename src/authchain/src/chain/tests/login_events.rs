//! The events of a login, in their order.

use std::cell::RefCell;

use crate::tools::journal::{Journal, Severity};

/// A step of a login whose order matters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Event {
    /// A backend was asked.
    Asked,
    /// A backend was asked, and refused.
    Refused,
    /// A line was logged.
    Logged,
    /// The time of a refusal was spent.
    TimeSpent,
}

thread_local!(static EVENTS: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) });

/// Notes that something has happened.
pub(super) fn happen(event: Event) {
    EVENTS.with_borrow_mut(|events| events.push(event));
}

/// Returns what has happened since this was called last.
pub(super) fn take_events() -> Vec<Event> {
    EVENTS.take()
}

/// A log that keeps no line, and notes that there was one.
pub(super) struct LoggedEvent;

impl Journal for LoggedEvent {
    fn write(&self, _severity: Severity, _line: &str) {
        happen(Event::Logged);
    }
}
