//! Reads and walks the stacks of PAM's service files as libpam does.
//!
//! These files use nothing else of this crate, so that a test can compile them and compare their
//! answers with those of the real libpam (`tests/tests/cli/check_stacks.rs`).

pub(crate) mod control;
mod dispatch;
mod stack;
mod syntax;

pub(crate) use control::Action;
pub(crate) use dispatch::run;
pub(crate) use stack::{Entry, Module, ServiceFiles, expand};
pub(crate) use syntax::{Facility, Instruction, Line, parse};

#[cfg(test)]
mod tests;
