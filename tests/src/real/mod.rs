//! Tests of the module in real programs: sshd, login, su, sudo, cron, at, chsh,
//! chfn, cupsd, vsftpd and dovecot.
//!
//! A [`Machine`](machine::Machine) is a private `/etc`, `/home`, `/root`, `/run`, `/var`, `/dev`,
//! process table and network on the real kernel. Nothing of the machine that runs the tests is
//! touched, and nothing is left when the machine is dropped. [`hosts`] drives the programs the way
//! people do; [`stories`] plays attempts and checks their results.

pub mod ask;
mod book;
pub mod changes;
mod cups;
pub mod dovecot;
pub mod factors;
pub mod failures;
pub mod faults;
mod floors;
pub use floors::TORMENTOR;
pub mod hosts;
pub mod ipc;
mod jobs;
pub mod log;
pub mod machine;
pub mod misbehaviour;
pub mod module;
mod own_entry;
pub mod people;
pub mod pty;
pub mod shipped;
pub mod ssh;
pub mod stacks;
pub mod stories;
mod vsftpd;
