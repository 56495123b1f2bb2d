//! Tests of what a login makes of a worker's replies, its silence and its end.

#[cfg(feature = "manage")]
mod accounts;
mod changes;
mod confirm;
mod marks;
mod stage;
mod talk;
