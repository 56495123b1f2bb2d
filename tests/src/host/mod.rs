//! Host programs that do to a PAM module what no decent program does, and what all of them do.
//!
//! A [`Scene`](scene::Scene) says what a host has and does; [`Transaction`](transaction::Transaction)
//! sets it up in a directory of its own and has the program `pam-host` play it under the real
//! libpam with the real module; a [`Report`](scene::Report) says what came of it. A
//! [`Story`](story::Story) is a scene with what must come of it, read from TOML.

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
