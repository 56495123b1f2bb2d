//! The guard between a server and ldap3, the library that parses its answers.
//!
//! ldap3's parser recurses as deep as a message is nested, so that one packet overflows its stack;
//! it takes an answer of any kind for the one it waits for, panics on texts that are not UTF-8, and
//! has no bound on entries. So the guard passes on only whole messages of which it has checked
//! every byte: answers to pending requests, of the shape RFC 4511 gives them, few and small.
//!
//! | file | holds |
//! |---|---|
//! | [`ber`] | BER elements, read without recursion |
//! | [`message`] | the shape of each answer |
//! | [`ledger`] | the requests that wait for an answer |
//! | [`relay`] | passing messages on, in both directions |

pub mod ber;
pub mod ledger;
pub mod message;
mod refusal;
pub mod relay;

pub use refusal::Refusal;

/// The largest message that is let through; an entry with the attributes that are asked for has
/// some hundred bytes.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// The most bytes that one connection may bring in all.
pub const MAX_CONNECTION: usize = 4 * MAX_MESSAGE;
