//! The module under the real libpam, in test hosts: each scene is a new process.

mod changes;
mod config;
mod hint;
mod hosts;
mod stories;
mod suspend;
mod worker;
