//! The way to a server: names, sockets, TLS.
//!
//! | file | holds |
//! |---|---|
//! | [`failure`] | what went wrong, where, and whether another server may do better |
//! | [`dns`] | names to addresses: /etc/hosts and the name servers, under a deadline |
//! | [`srv`] | a domain's servers, in the order they are to be tried, and how to know them |
//! | [`connect`] | servers, and connections to them |
//! | [`peer`] | who listens at a socket of this machine |
//! | [`pulse`] | whether this process was there to hear an answer |
//! | [`tls`] | what is trusted, from the settings and nowhere else |

pub mod connect;
pub mod dns;
pub mod failure;
mod peer;
mod pulse;
pub mod srv;
pub mod tls;
