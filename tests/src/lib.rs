//! The code that the end-to-end tests share.

pub mod host;
pub mod imports;
pub mod namespace;
pub mod need;
pub mod pattern;
pub mod real;
pub mod servers;
pub mod worker;
