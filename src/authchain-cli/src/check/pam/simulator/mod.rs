//! Reads and walks the stacks of PAM's service files as libpam does.
//!
//! These files know nothing of authchain, so that a test can compile them and compare them with the
//! real libpam (`tests/tests/cli/check_stacks.rs`).

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
