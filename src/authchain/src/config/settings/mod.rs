//! What can be set for each type of backend.

pub mod local;
