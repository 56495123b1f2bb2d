//! The way to a server: names, sockets, TLS.
//!
//! | file | holds |
//! |---|---|
//! | [`failure`] | what went wrong, where, and whether another server may do better |
//! | [`dns`] | names to addresses: /etc/hosts and the name servers, under a deadline |
//! | [`srv`] | a domain's servers from its SRV records, in the order they are tried |
//! | [`connect`] | servers, and connections to them |
//! | [`peer`] | who listens at a socket of this machine |
//! | [`pulse`] | whether a silence is ours: this process was stopped or starved |
//! | [`tls`] | trust in certificates, from the settings and nowhere else |

pub mod connect;
pub mod dns;
pub mod failure;
mod peer;
mod pulse;
pub mod srv;
pub mod tls;
