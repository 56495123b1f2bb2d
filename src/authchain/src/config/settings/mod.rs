//! Every setting, once: a field with its default, and a doc comment that is also its help text.

pub mod active_directory;
mod common;
mod global;
pub mod ldap;
pub mod local;
pub mod nis;
pub mod tls;

pub use common::{BackendSettings, Fault, Then};
pub use global::GlobalSettings;
