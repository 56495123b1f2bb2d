//! Tests of the built command, with files in a temporary folder and a pseudoterminal.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod app_password;
mod backends;
mod check;
mod confined_worker;
mod deleted;
mod explain;
mod factors;
mod fixture;
mod login;
mod pam;
mod person_names;
mod plugin_test;
mod plugins;
mod printing;
mod rules;
mod totp;
mod units;
mod user;
mod worker;
