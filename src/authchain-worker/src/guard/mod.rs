//! The guard between a server and ldap3, the library that parses its answers.
//!
//! ldap3 has four faults. Its parser recurses as deep as a message is nested, so that one packet
//! overflows its stack. It accepts an answer of any kind for a request. It panics on texts that are
//! not UTF-8. It accepts any number of entries.
//!
//! So the guard checks every byte before ldap3 reads it. It passes on only whole messages that
//! answer a pending request, have the shape of RFC 4511, and are small and few.
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

/// The largest message that is passed on, in bytes. An entry with the requested attributes has some
/// hundred bytes.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// The most bytes that one connection may receive in all.
pub const MAX_CONNECTION: usize = 4 * MAX_MESSAGE;

/// The most bytes that a connection may receive over which all people are listed: room for a
/// million entries.
pub const MAX_LIST: usize = 1 << 30;
