//! Host programs that use a PAM module as usual programs do, and as no usual program would.
//!
//! A [`Scene`](scene::Scene) says what a host has and does;
//! [`Transaction`](transaction::Transaction) sets it up in a directory of its own and has the
//! program `pam-host` play it under the real libpam with the real module; a
//! [`Report`](scene::Report) holds the results. A [`Story`](story::Story) is a scene with the
//! results that it must have, read from TOML.

pub mod app_passwords;
pub mod authenticator;
pub mod built;
pub mod codes;
pub mod conversation;
pub mod libpam;
pub mod log;
pub mod memory;
pub mod people;
pub mod perform;
pub mod sandbox;
pub mod scene;
pub mod story;
pub mod surroundings;
pub mod transaction;
