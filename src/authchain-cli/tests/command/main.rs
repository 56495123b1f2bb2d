//! The command as its users meet it: the built program, files in a folder of their own, a terminal.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

mod check;
mod house;
mod login;
mod pam;
mod printing;
mod user;
