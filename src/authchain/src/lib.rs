//! The login chain.
//!
//! A login asks an ordered list of backends who a person is. This crate holds every part of a login
//! that needs no server: the shared types, the configuration, the local files, the rule of the
//! chain, and the protocol with the worker process that asks servers. It runs inside `sshd`, `sudo`
//! and `login` as root, so it has no threads, no environment, no printing and no network.
//!
//! The folders are floors, lowest first. A file uses its own floor and those below; a test
//! (`tests/tests/house/walls.rs`) enforces it. Each floor's page says what is in it, who uses it
//! and where to begin:
//!
//! | floor | folder | holds |
//! |---|---|---|
//! | 0 | [`words`] | secret, username, user, verdict: the types that all floors share |
//! | 1 | [`tools`] | request, deadline, conversation, journal, trusted files, deferred work |
//! | 2 | [`files`] | password hashes; passwd and shadow files, read and edited |
//! | 3 | [`config`] | text to configuration, with errors that point at the key |
//! | 4 | [`backends`] | the `Backend` trait, `local`, and `remote` with its worker |
//! | 5 | [`factors`] | the `Factor` trait and `totp` |
//! | 6 | [`chain`] | the rule, and the registry of backend types |
//!
//! `docs/ARCHITECTURE.md` leads through a login file by file.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod backends;
pub mod chain;
pub mod config;
pub mod factors;
pub mod files;
pub mod tools;
pub mod words;
