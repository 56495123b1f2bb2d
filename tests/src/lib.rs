//! What the end-to-end tests share.

pub mod host;
pub mod namespace;
pub mod need;
pub mod pattern;
pub mod real;
pub mod servers;
pub mod worker;
