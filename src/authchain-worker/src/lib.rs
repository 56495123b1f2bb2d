//! The worker: asks a server about a person, so that sshd and sudo need not.
//!
//! It is a child process of the program that loaded the module, one for each call and backend. It
//! parses data from a network, so it must do no harm even if it is taken over: it gives up every
//! right that it does not need before its first packet ([`authchain_sandbox`]).
//!
//! | file | holds |
//! |---|---|
//! | [`arguments`], [`about`] | the command line; how far the worker can be confined here |
//! | [`launch`] | becomes a plugin, walled in |
//! | [`answer`] | the answer of a backend: a verdict, the state of the servers, lines for the log |
//! | [`dialogue`] | texts and prompts of a backend for the person |
//! | [`session`] | the conversation: hello, prepare, confine, answer until the socket ends |
//! | [`guard`] | checks what a server sends, in front of the parser of LDAP |
//! | [`ldap`] | the `ldap` backend |
//! | [`nis`] | the `nis` backend |
//! | [`net`] | the way to a server: names, sockets, TLS |
//! | [`servers`] | asks the servers of a backend one after the other |
//! | [`examination`] | examines servers step by step, for `authchain check --online` |
//! | [`account_gate`] | the verdict on a right password, by the state of the account |
//! | [`kind`] | the trait of a backend, as the session uses it |
//! | [`kinds`] | the types of backend there are |
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod about;
pub mod account_gate;
pub mod answer;
pub mod arguments;
mod asked;
mod change_gate;
mod clock;
pub mod dialogue;
pub mod examination;
pub mod guard;
pub mod kind;
pub mod kinds;
pub mod launch;
pub mod ldap;
pub mod net;
pub mod nis;
#[cfg(feature = "confinement-probe")]
mod probe;
pub mod servers;
pub mod session;
