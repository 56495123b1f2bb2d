//! Floor 1: what a login is handed, and how files are opened.

pub mod conversation;
pub mod deadline;
pub mod deferred;
pub mod journal;
pub mod request;
pub mod trusted_file;
