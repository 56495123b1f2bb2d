//! Tests of what a login makes of a worker's replies, its silence and its end.

mod changes;
mod confirm;
mod marks;
mod stage;
mod talk;
