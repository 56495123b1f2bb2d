//! The guard: what stands between a server and the library that parses its answers.
//!
//! ldap3's parser recurses as deep as a message is nested, so one packet overflows its stack; it
//! takes an answer of any kind for the one it waits for, panics on texts that are not UTF-8, and
//! has no bound on entries. So nothing reaches it but whole messages of which every byte has been
//! looked at: answers to what was asked, of the shape RFC 4511 gives them, few and small.
//!
//! | file | holds |
//! |---|---|
//! | [`ber`] | elements, without recursion |
//! | [`message`] | the shape of each answer |
//! | [`ledger`] | what was asked, and what may still come |
//! | [`relay`] | the stream in between |

pub mod ber;
pub mod ledger;
pub mod message;
mod refusal;
pub mod relay;

pub use refusal::Refusal;

/// Largest message that is let through; an entry with the attributes we ask for has some hundred
/// bytes.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// Most bytes one connection may bring in all.
pub const MAX_CONNECTION: usize = 4 * MAX_MESSAGE;
