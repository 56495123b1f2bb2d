//! What the end-to-end tests share.

pub mod host;
pub mod real;
pub mod servers;
pub mod worker;
