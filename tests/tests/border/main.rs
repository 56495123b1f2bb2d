//! The border under the real libpam, in hosts of our own: each scene is a process of its own.

mod config;
mod hint;
mod hosts;
mod stories;
mod suspend;
mod worker;
