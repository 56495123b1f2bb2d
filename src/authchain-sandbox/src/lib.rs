//! The sandbox: takes from a process what it inherited, and confines it before it reads anything
//! that comes from a network.
//!
//! It knows no server and no protocol. A worker calls it between its hello and its first packet; a
//! program that is not ours can be started behind the same walls by calling it before the exec.
//!
//! | file | holds |
//! |---|---|
//! | [`process`] | the first steps: own ids, descriptors and limits, no inherited ones |
//! | [`confine`] | own user, no privileges, Landlock, seccomp; and the report of what took hold |
//! | `fault` | a step that failed |
//! | `ids` | user, groups and capabilities: changed only where they differ |
//! | `obstacle` | the settings of the host's service that forbid a step, in words, with the cure |
//! | `status` | the kernel's own account of the process |
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod confine;
mod fault;
mod ids;
mod obstacle;
pub mod process;
mod status;
