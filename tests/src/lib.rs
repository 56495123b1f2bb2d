//! What the end-to-end tests share.

pub mod host;
pub mod need;
pub mod real;
