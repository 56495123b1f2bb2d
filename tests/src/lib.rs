//! What the end-to-end tests share: a machine made of namespaces, people, hosts and stories.
//!
//! A [`Machine`](machine::Machine) is a private `/etc`, `/home`, `/run`, `/var`, `/dev`, process table
//! and network on the real kernel with the real programs. Nothing of the machine that runs the
//! tests is touched, and nothing is left when the machine is dropped.

pub mod dovecot;
mod floors;
pub mod hosts;
pub mod ipc;
pub mod log;
pub mod machine;
pub mod module;
pub mod people;
pub mod pty;
pub mod root;
pub mod ssh;
pub mod stories;
