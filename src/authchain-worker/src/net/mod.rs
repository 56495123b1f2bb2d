//! The way to a server: names, sockets, TLS.
//!
//! | file | holds |
//! |---|---|
//! | [`failure`] | the step that failed, the reason, and whether another server may do better |
//! | [`dns`] | resolves names by /etc/hosts and the name servers, under a deadline |
//! | [`srv`] | finds a domain's servers by SRV records, and their order |
//! | [`connect`] | servers, and connections to them |
//! | [`peer`] | checks which user listens at a Unix socket |
//! | [`pulse`] | tells whether this process was stopped or starved while it waited |
//! | [`tls`] | trust in certificates, from the settings alone |

pub mod connect;
pub mod dns;
pub mod failure;
mod peer;
mod pulse;
pub mod srv;
pub mod tls;
