//! The sandbox: makes a process its own and walls it in, before it touches what strangers send.
//!
//! It knows no server and no protocol: a worker calls it between its hello and its first packet,
//! and whoever runs a program that is not ours behind the same walls can call it before the exec.
//!
//! | file | holds |
//! |---|---|
//! | [`process`] | the first steps: own ids, descriptors, limits; nothing of the caller's is left |
//! | [`confine`] | own user, no privileges, Landlock, seccomp; and the report of what took hold |
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod confine;
pub mod process;
