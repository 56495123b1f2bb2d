//! The sandbox: removes what a process inherited from its host, and confines the process before it
//! reads from a network.
//!
//! The sandbox knows no server and no protocol. The worker calls it between its hello and its first
//! packet.
//!
//! The *host* is the program that started the worker, such as sshd. The *host's filter* is the
//! filter of system calls that a service manager (`SystemCallFilter=` in systemd.exec(5)) or a
//! container installed for the host, and that the worker inherits.
//!
//! | file | holds |
//! |---|---|
//! | [`process`] | the first steps: replaces inherited ids, descriptors and limits |
//! | [`confine`] | changes the user, applies Landlock and seccomp, reports which of them hold |
//! | `fault` | the error of a step that failed |
//! | `ids` | changes the user and group ids where they differ |
//! | `priority` | the scheduling policy and nice value |
//! | `obstacle` | the settings of the host's service that forbid a step, and how to change them |
//! | `status` | `/proc/self/status` |
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod confine;
mod fault;
mod ids;
mod obstacle;
#[allow(
    unsafe_code,
    reason = "calls C, where no crate of the tree has a safe wrapper"
)]
mod priority;
pub mod process;
mod status;
