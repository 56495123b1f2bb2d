//! A stack of PAM's service files as libpam reads and walks it.
//!
//! It knows nothing of authchain, so that a test can hold it against the real libpam
//! (`tests/tests/cli/check_stacks.rs`, which compiles these files too).

pub(crate) mod control;
mod dispatch;
mod stack;
mod syntax;

pub(crate) use control::Action;
pub(crate) use dispatch::run;
pub(crate) use stack::{Entry, Module, ServiceFiles, expand};
pub(crate) use syntax::{Facility, Line, What, parse};

#[cfg(test)]
mod tests;
