//! The way to a server: names, sockets, TLS.
//!
//! | file | holds |
//! |---|---|
//! | [`failure`] | what went wrong, where, and whether another server may do better |
//! | [`resolve`] | names to addresses, by the system's own resolver, under a deadline |
//! | [`connect`] | a connection, encrypted as the settings say |
//! | [`peer`] | who answers at a socket of this machine |
//! | [`starttls`] | the request in the clear that asks for TLS |
//! | [`tls`] | what is trusted, from the settings and nowhere else |

pub mod connect;
pub mod failure;
mod peer;
pub mod resolve;
pub mod starttls;
pub mod tls;
