//! The command as its users meet it: the built program, files in a folder of their own, a terminal.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod check;
mod confined_worker;
mod house;
mod login;
mod pam;
mod printing;
mod units;
mod user;
mod worker;
